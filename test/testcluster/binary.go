// SPDX-License-Identifier: Apache-2.0

package testcluster

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/kubewake/kubewake/test/nested"
)

// EnvBinary names a testcluster binary that is used as it is.
const EnvBinary = "KUBEWAKE_TESTCLUSTER"

// EnvKubernetes names the minor version of Kubernetes that is built: one of the releases, "1.36"; empty: the newest.
const EnvKubernetes = "KUBEWAKE_KUBERNETES"

// release is a Kubernetes that the nested module can be built with.
type release struct {
	minor   string
	version string // what the components call themselves; the module file decides what they are
	modfile string
}

func releases() []release {
	return []release{{"1.37", "v1.37.1", "go.mod"}, {"1.36", "v1.36.3", "kubernetes-1.36.mod"}}
}

func wanted() (release, error) {
	all := releases()
	minor := os.Getenv(EnvKubernetes)
	if minor == "" {
		return all[0], nil
	}
	for _, r := range all {
		if r.minor == minor {
			return r, nil
		}
	}
	return release{}, fmt.Errorf("%s=%s: there is no such release here: see releases in test/testcluster", EnvKubernetes, minor)
}

// Binary returns the path of the testcluster binary: the one that KUBEWAKE_TESTCLUSTER names, else the one in the cache
// that was built from these sources, else it builds that one. A cold build takes 6 to 10 minutes of two cores, and
// the linker 3.3 GiB of memory; later ones take seconds. Progress goes to out.
func Binary(ctx context.Context, out io.Writer) (string, error) {
	r, err := wanted()
	if err != nil {
		return "", err
	}
	const component, client = "k8s.io/component-base/version", "k8s.io/client-go/pkg/version"
	ldflags := "-s -w"
	for _, stamp := range []string{
		component + ".gitVersion=" + r.version, component + ".gitMajor=1", component + ".gitMinor=" + strings.TrimPrefix(r.minor, "1."),
		component + ".gitCommit=" + r.version, component + ".gitTreeState=clean",
		// Without these two, audit logs say "kubectl/v0.0.0 (linux/amd64) kubernetes/$Format".
		client + ".gitVersion=" + r.version, client + ".gitCommit=" + r.version,
	} {
		ldflags += " -X " + stamp
	}
	return nested.Program{Name: "testcluster", Module: "test/cluster", Modfile: r.modfile, Package: ".", Ldflags: ldflags, Version: r.version, Env: EnvBinary}.Binary(ctx, out)
}
