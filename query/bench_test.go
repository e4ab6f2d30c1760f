package query

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kubewake/kubewake/record"
)

// BenchmarkMatch tells what one record costs: heads judged in Go, heads judged by CEL, states.
func BenchmarkMatch(b *testing.B) {
	big := strings.Replace(deployment, `"spec":{"replicas"`, `"padding":"`+strings.Repeat("x", 200)+`","fields":{`+
		strings.TrimSuffix(strings.Repeat(`"f:field":{"f:inner":{}},`, 150), ",")+`},"spec":{"replicas"`, 1)
	revision := sampleRevision()
	revision.Revision.Body = []byte(big)
	for _, bc := range []struct {
		name, filter string
		in           Input
	}{
		{"head/miss", `request.verb == "patch" && request.user.startsWith("system:serviceaccount:")`, Input{Record: sampleRequest()}},
		{"head/hit", `request.verb == "delete" && request.user.startsWith("system:serviceaccount:")`, Input{Record: sampleRequest()}},
		{"head/other-kind", `request.verb == "delete"`, Input{Record: sampleEvent()}},
		{"cel/user-matches", `request.user.matches("^system:.*:ci$")`, Input{Record: sampleRequest()}},
		{"cel/groups-exists", `request.groups.exists(g, g == "nobody")`, Input{Record: sampleRequest()}},
		{"state/guarded-miss", `resource == "pods" && object.spec.replicas > 3`, Input{Record: revision}},
		{fmt.Sprintf("state/%dB", len(big)), `object.spec.replicas > 10`, Input{Record: revision}},
		{"state/containers", `object.spec.template.spec.containers.exists(c, c.image.startsWith("redis:"))`, Input{Record: revision}},
		{"state/changed", `object.spec.replicas != oldObject.spec.replicas`, Input{Record: revision, OldObject: known([]byte(big))}},
	} {
		f, err := Compile(bc.filter)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(bc.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := f.Match(bc.in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkPreMatch goes over heads of many kinds, as a scan does.
func BenchmarkPreMatch(b *testing.B) {
	heads := []*record.Record{sampleRequest(), sampleRevision(), sampleEvent(), sampleRequest(), sampleGap()}
	f, err := Compile(`namespace == "shop" && request.verb in ["create", "patch"] && request.code >= 400`)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		f.PreMatch(heads[i%len(heads)])
		i++
	}
}

func BenchmarkCompile(b *testing.B) {
	for b.Loop() {
		if _, err := Compile(`request.verb == "delete" && object.spec.replicas > 3`); err != nil {
			b.Fatal(err)
		}
	}
}
