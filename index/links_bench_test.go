package index

import (
	"testing"
	"time"

	"github.com/kubewake/kubewake/link"
)

// BenchmarkLinksFollow takes a recording in as it came, 200 records at a time, and works each part into the links; what it tells is the time for
// one record, without that of storing it.
func BenchmarkLinksFollow(b *testing.B) {
	list := recordsOf(b, 0, "scenarios")
	var took time.Duration
	records := 0
	for b.Loop() {
		st := liveStore(b)
		l := NewLinks(st, link.Builtin())
		l.Patience = -1
		for rest := list; len(rest) > 0; {
			n := min(200, len(rest))
			if _, err := st.Append(b.Context(), rest[:n]); err != nil {
				b.Fatal(err)
			}
			rest, records = rest[n:], records+n
			began := time.Now()
			if _, err := l.View(b.Context()); err != nil {
				b.Fatal(err)
			}
			took += time.Since(began)
		}
	}
	b.ReportMetric(float64(took.Nanoseconds())/float64(records), "ns/record")
}
