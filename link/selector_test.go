package link

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/kubewake/kubewake/query"
)

func TestCanonical(t *testing.T) {
	for text, want := range map[string]string{
		"":                                   "",
		" app = web ":                        "app=web",
		"app==web,app=web":                   "app=web",
		"tier in (b,a,b),!gone,there":        "!gone,there,tier in (a,b)",
		"tier in (a)":                        "tier=a",
		"tier notin (a)":                     "tier!=a",
		"tier notin (b,a)":                   "tier notin (a,b)",
		"tier in (,a)":                       "tier in (,a)",
		"tier=":                              "tier=",
		"size>3,size<7":                      "size<7,size>3",
		"example.com/app=web,a.b/c in (x,y)": "a.b/c in (x,y),example.com/app=web",
	} {
		got, err := canonical(text)
		if err != nil || got != want {
			t.Errorf("%q: %q, %v, want %q", text, got, err, want)
		}
		if again, err := canonical(got); again != got || err != nil {
			t.Errorf("%q is not canonical: %q, %v", got, again, err)
		}
	}
	for _, text := range []string{"app in (", "=web", "a=b c", strings.Repeat("a,", 300) + "b" + strings.Repeat("c", 70), strings.Repeat("a=b,", 3000) + "a=b"} {
		if got, err := canonical(text); err == nil {
			t.Errorf("%.40q: %q", text, got)
		}
	}
}

// TestCanonicalMeansTheSame compares the canonical text with the one it was made of, on random labels.
func TestCanonicalMeansTheSame(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // not a secret
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	key := func() string { return pick("a", "b", "c", "x.y/d") }
	value := func() string { return pick("", "1", "2", "v") }
	hits := 0
	for range 3000 {
		var parts []string
		for range 1 + r.IntN(4) {
			parts = append(parts, pick(key(), "!"+key(), key()+"="+value(), key()+"!="+value(), key()+" in ("+value()+","+value()+")", key()+" notin ("+value()+","+value()+")", key()+">1"))
		}
		text := strings.Join(parts, ",")
		short, err := canonical(text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		before, errBefore := query.ParseSelector(text)
		after, errAfter := query.ParseSelector(short)
		if errBefore != nil || errAfter != nil {
			t.Fatalf("%q: %v, %q: %v", text, errBefore, short, errAfter)
		}
		labels := map[string]string{}
		for range r.IntN(4) {
			labels[key()] = value()
		}
		if before.Matches(labels) != after.Matches(labels) {
			t.Errorf("%q and %q differ on %v", text, short, labels)
		}
		if after.Matches(labels) {
			hits++
		}
	}
	if hits < 100 {
		t.Errorf("only %d hits: the comparison says little", hits)
	}
}
