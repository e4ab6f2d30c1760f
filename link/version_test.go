package link

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/claims.json anew")

// said is testdata/claims.json: what the rules of a version said of the manifests of these tests, by digests of both.
type said struct {
	Version int
	Claims  map[string]string
}

// TestVersion: derived data is stamped with builtinVersion, so rules that say something else of a state that they spoke about before must not go by the same
// number. New manifests are taken in with -update.
func TestVersion(t *testing.T) {
	const file = "testdata/claims.json"
	now := said{builtinVersion, map[string]string{}}
	rules := Builtin()
	for _, tc := range allCases() {
		ref, v := parse(t, tc.manifest)
		now.Claims[digest(tc.manifest)] = digest(fmt.Sprintf("%+v", rules.Read(ref, v)))
	}
	var before said
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &before)
	}
	if err != nil && !*update {
		t.Fatal(err)
	}
	for _, tc := range allCases() {
		is, was := now.Claims[digest(tc.manifest)], before.Claims[digest(tc.manifest)]
		switch {
		case before.Version == now.Version && was != "" && is != was:
			t.Fatalf("%s: the claims of this manifest changed: raise builtinVersion, then run this test with -update", tc.name)
		case is != was && !*update:
			t.Fatalf("%s: a new manifest, or a new version: run this test with -update", tc.name)
		}
	}
	if !*update {
		return
	}
	text, err = json.MarshalIndent(now, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append(text, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:8])
}

// allCases are the tables of all built-in rules.
func allCases() []claimCase {
	return slices.Concat(
		exposesCases(), scalesCases(), storageCases(), managesCases(), ownersCases(), parentCases(), podCases(),
		mountsCases(), ingressCases(), gatewayCases(), grantsCases(), callsCases(), leaseCases(), definitionCases(),
		serviceSelectorCases(), budgetSelectorCases(), policySelectorCases(),
	)
}
