package link

import "testing"

// BenchmarkClaims reads the states of a real recording, parsed before.
func BenchmarkClaims(b *testing.B) { benchmark(b, func(r *Rules, s state) { r.Claims(s.ref, s.obj) }) }

// BenchmarkWants asks of each whether it is to be parsed at all.
func BenchmarkWants(b *testing.B) {
	benchmark(b, func(r *Rules, s state) { r.Wants(s.ref.GroupResource(), s.body) })
}

// BenchmarkCustom is a rule of the operator on every Pod.
func BenchmarkCustom(b *testing.B) {
	rules := rulesWith(b, Custom{Name: "mine", Child: KindRef{Kind: "Pod"}, Parent: KindRef{Group: "apps", Kind: "Deployment"}, CEL: `{"name": object.metadata.labels["app"]}`})
	var pods []state
	for _, s := range states(b, "scenarios") {
		if s.ref.Kind == "Pod" {
			pods = append(pods, s)
		}
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		rules.Claims(pods[i%len(pods)].ref, pods[i%len(pods)].obj)
		i++
	}
}

func benchmark(b *testing.B, do func(*Rules, state)) {
	b.Helper()
	all := states(b, "scenarios")
	size := 0
	for _, s := range all {
		size += len(s.body)
	}
	rules := Builtin()
	b.SetBytes(int64(size / len(all)))
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		do(rules, all[i%len(all)])
		i++
	}
}
