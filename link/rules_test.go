package link

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/record"
)

// parse reads a manifest and names it as a recorder would.
func parse(tb testing.TB, manifest string) (record.ObjectRef, *object.Value) {
	tb.Helper()
	v, err := object.Parse([]byte(manifest))
	if err != nil {
		tb.Fatalf("%v in\n%s", err, manifest)
	}
	return refOf(v), v
}

func refOf(v *object.Value) record.ObjectRef {
	m := object.MetaOf(v)
	group, version := record.SplitAPIVersion(m.APIVersion)
	return record.ObjectRef{
		Cluster: "here", Group: group, Version: version, Kind: m.Kind, Resource: record.GuessResource(m.Kind), Namespace: m.Namespace, Name: m.Name, UID: m.UID,
	}
}

// line prints a claim as the tables of these tests have it: "↑owns replicasets.apps shop/web-1 uid=u2 controller".
func line(c Claim) string {
	var b strings.Builder
	b.WriteString("↓")
	if c.Up {
		b.Reset()
		b.WriteString("↑")
	}
	t := c.Target
	fmt.Fprintf(&b, "%s %s ", c.Type, record.GroupResource{Group: t.Group, Resource: t.Resource})
	if t.Cluster != "" {
		fmt.Fprintf(&b, "%s:", t.Cluster)
	}
	switch {
	case t.AllNamespaces:
		b.WriteString("*/")
	case t.Namespace != "":
		b.WriteString(t.Namespace + "/")
	}
	if t.Selects() {
		fmt.Fprintf(&b, "{%s}", t.Selector)
	}
	b.WriteString(t.Name)
	if t.UID != "" {
		fmt.Fprintf(&b, " uid=%s", t.UID)
	}
	if c.Controller {
		b.WriteString(" controller")
	}
	if c.Inferred {
		b.WriteString(" inferred")
	}
	return b.String()
}

func lines(claims []Claim) []string {
	var all []string
	for _, c := range claims {
		all = append(all, line(c))
	}
	return all
}

// claimCase is one manifest and what it claims, in the claims' order.
type claimCase struct {
	name     string
	manifest string
	want     []string
}

func testClaims(t *testing.T, cases []claimCase) {
	t.Helper()
	rules := Builtin()
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			ref, v := parse(t, tc.manifest)
			reading := rules.Read(ref, v)
			if diff := cmp.Diff(tc.want, lines(reading.Claims)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if len(reading.Failed) > 0 || reading.Cut > 0 {
				t.Errorf("failed %v, cut %d", reading.Failed, reading.Cut)
			}
			if len(reading.Claims) > 0 && !rules.Wants(ref.GroupResource(), []byte(tc.manifest)) {
				t.Error("Wants says that there is no claim")
			}
		})
	}
}
