// SPDX-License-Identifier: Apache-2.0

// Package golden holds what a test got against a file of the repository. It is for tests.
package golden

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// maxDiff bounds what is told of a difference, in bytes.
const maxDiff = 8 << 10

// Equal fails the test where got differs from the file. With update, the test's flag -update, the file is written anew first: its difference is to
// be reviewed as code is. The file's folder has to be there.
func Equal(tb testing.TB, path, got string, update bool) {
	tb.Helper()
	if update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			tb.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	diff := cmp.Diff(string(want), got)
	if len(diff) > maxDiff {
		diff = diff[:maxDiff] + "\n…"
	}
	if diff != "" {
		tb.Errorf("%s differs (-want +got; go test -run %s -update writes it anew):\n%s", path, tb.Name(), diff)
	}
}
