// SPDX-License-Identifier: Apache-2.0

package testcluster

import (
	"context"
	"io"
	"strings"

	"github.com/kubewake/kubewake/test/nested"
)

// EnvBinary names a testcluster binary that is used as it is.
const EnvBinary = "KUBEWAKE_TESTCLUSTER"

// version is what the components call themselves; the nested module's go.mod decides what they are.
const version = "v1.37.1"

// Binary returns the path of the testcluster binary: the one that KUBEWAKE_TESTCLUSTER names, else the one in the cache
// that was built from these sources, else it builds that one. A cold build takes 6 to 10 minutes of two cores, and
// the linker 3.3 GiB of memory; later ones take seconds. Progress goes to out.
func Binary(ctx context.Context, out io.Writer) (string, error) {
	const component, client = "k8s.io/component-base/version", "k8s.io/client-go/pkg/version"
	ldflags := "-s -w"
	for _, stamp := range []string{
		component + ".gitVersion=" + version, component + ".gitMajor=1", component + ".gitMinor=" + strings.Split(version, ".")[1],
		component + ".gitCommit=" + version, component + ".gitTreeState=clean",
		// Without these two, audit logs say "kubectl/v0.0.0 (linux/amd64) kubernetes/$Format".
		client + ".gitVersion=" + version, client + ".gitCommit=" + version,
	} {
		ldflags += " -X " + stamp
	}
	return nested.Program{Name: "testcluster", Module: "test/cluster", Package: ".", Ldflags: ldflags, Version: version, Env: EnvBinary}.Binary(ctx, out)
}
