package local

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
)

// herd is the recording "deployment" with one of its pods copied many times under its ReplicaSet, at its side: names, UIDs and audit IDs are
// new, all else is as recorded. Between two resourceVersions of the recording there is room for those of all copies.
func herd(t testing.TB, copies int) []*record.Record { return herdOf(t, "deployment", copies) }

// herdOf is herd of another recording: below RequestResponse the creates of pods have no names, and each copy has one.
func herdOf(t testing.TB, name string, copies int) []*record.Record {
	t.Helper()
	all := recording(t, name)
	var pod record.ObjectRef
	for _, r := range all {
		if r.Kind == record.KindRevision && r.Ref.Resource == "pods" && strings.HasPrefix(r.Ref.Name, "web-") && (pod.Name == "" || r.Ref.Name < pod.Name) {
			pod = r.Ref
		}
	}
	var out []*record.Record
	created := false
	for _, r := range all {
		if r.Kind == record.KindGap || r.Kind == record.KindProgress {
			continue
		}
		original := copier{every: copies + 1}
		out = append(out, original.copy(t, r))
		about := r.Ref
		if r.Kind == record.KindKubeEvent {
			about.Name, about.Namespace = r.KubeEvent.Regarding.Name, r.KubeEvent.Regarding.Namespace
		}
		if !created && r.Kind == record.KindRequest && r.Request.Verb == "create" && r.Ref.Resource == "pods" && r.Ref.Name == "" && r.Ref.Namespace == pod.Namespace {
			about, created = pod, r.Request.Stage == record.StageResponseComplete
		}
		if about.Name != pod.Name || about.Namespace != pod.Namespace || (r.Kind == record.KindRequest && r.Request.IsRead()) {
			continue
		}
		for n := range copies {
			c := copier{name: pod.Name, newName: fmt.Sprintf("web-copy-%05d", n), uid: string(pod.UID), newUID: fmt.Sprintf("c0000000-0000-4000-8000-%012d", n),
				n: n + 1, every: copies + 1}
			out = append(out, c.copy(t, r))
		}
	}
	return out
}

// copier makes the copy n of a record; copy 0 has its name.
type copier struct {
	name, newName, uid, newUID string
	n, every                   int
}

func (c *copier) rv(rv record.ResourceVersion) record.ResourceVersion {
	if rv == 0 {
		return 0
	}
	return rv*record.ResourceVersion(c.every) + record.ResourceVersion(c.n)
}

func (c *copier) copy(t testing.TB, r *record.Record) *record.Record {
	t.Helper()
	out, err := record.Decode(record.Append(nil, r))
	if err != nil {
		t.Fatal(err)
	}
	shift := time.Duration(c.n) * time.Microsecond
	if !out.OccurredAt.IsZero() {
		out.OccurredAt = out.OccurredAt.Add(shift)
	}
	uid := func(u *record.UID) {
		if c.n > 0 && string(*u) == c.uid {
			*u = record.UID(c.newUID)
		}
	}
	name := func(s *string) {
		if c.n > 0 {
			*s = strings.ReplaceAll(*s, c.name, c.newName)
		}
	}
	uid(&out.Ref.UID)
	name(&out.Ref.Name)
	switch out.Kind {
	case record.KindRequest:
		q := out.Request
		name(&q.URI)
		uid(&q.AnswerUID)
		uid(&q.NamedUID)
		if c.n > 0 {
			q.AuditID = fmt.Sprintf("%s-%d", q.AuditID, c.n)
		}
		q.AnswerRV, q.NamedRV = c.rv(q.AnswerRV), c.rv(q.NamedRV)
		for i := range q.Items {
			q.Items[i].RV = c.rv(q.Items[i].RV)
		}
		if !q.StageAt.IsZero() {
			q.StageAt = q.StageAt.Add(shift)
		}
	case record.KindRevision:
		out.Revision.Body = c.body(out.Revision.Body, out.Revision.RV)
		out.Revision.RV = c.rv(out.Revision.RV)
	case record.KindEnd:
		d := out.End
		d.LastBody = c.body(d.LastBody, d.RV)
		d.RV, d.After, d.Before = c.rv(d.RV), c.rv(d.After), c.rv(d.Before)
		if c.n > 0 {
			d.Requests = nil
		}
	case record.KindKubeEvent:
		v := out.KubeEvent
		v.RV = c.rv(v.RV)
		if c.n > 0 {
			out.Ref.UID = record.UID(fmt.Sprintf("%s-%d", out.Ref.UID, c.n))
		}
		name(&v.Regarding.Name)
		uid(&v.Regarding.UID)
	}
	return out
}

// body replaces the names and the resourceVersion.
func (c *copier) body(b []byte, rv record.ResourceVersion) []byte {
	if len(b) == 0 {
		return b
	}
	if c.n > 0 {
		b = bytes.ReplaceAll(b, []byte(c.name), []byte(c.newName))
		b = bytes.ReplaceAll(b, []byte(c.uid), []byte(c.newUID))
	}
	return bytes.ReplaceAll(b, fmt.Appendf(nil, `"resourceVersion":"%d"`, rv), fmt.Appendf(nil, `"resourceVersion":"%d"`, c.rv(rv)))
}

// BenchmarkTrace asks for the trace of a tree of about a thousand objects and twenty thousand records, then of one ten times that size. The bar is
// 500 ms on two cores for the first, and linear growth.
func BenchmarkTrace(b *testing.B) {
	for _, size := range []struct {
		recording string
		copies    int
	}{{"deployment", 1000}, {"deployment", 4000}, {"deployment-metadata", 300}, {"deployment-metadata", 1000}} {
		b.Run(fmt.Sprintf("%s-%d", size.recording, size.copies), func(b *testing.B) {
			ctx := context.Background()
			records := herdOf(b, size.recording, size.copies)
			st := openStore(b)
			e := engineOver(b, st, records, 1000)
			if err := st.Seal(ctx, func(int, int) {}); err != nil {
				b.Fatal(err)
			}
			q := query.Trace{Object: query.Object{Kind: "deploy", Namespace: "shop", Name: "web"}}
			if _, err := e.Trace(ctx, q); err != nil { // the index of links is built
				b.Fatal(err)
			}
			spans, logs := 0, 0
			b.ReportAllocs()
			cpu := cpuSeconds(b)
			for b.Loop() {
				t, err := e.Trace(ctx, q)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := json.Marshal(t); err != nil {
					b.Fatal(err)
				}
				spans, logs = len(t.Spans), 0
				for i := range t.Spans {
					logs += len(t.Spans[i].Events)
				}
			}
			b.ReportMetric((cpuSeconds(b)-cpu)*1000/float64(b.N), "cpu-ms/op")
			b.ReportMetric(float64(spans), "objects")
			b.ReportMetric(float64(logs), "logs")
			facts := map[record.ID]bool{}
			for _, r := range records {
				facts[r.ID()] = true
			}
			b.ReportMetric(float64(len(facts)), "facts")
		})
	}
}

// cpuSeconds that this process has used: unlike the wall clock it does not count what other processes take.
func cpuSeconds(tb testing.TB) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}
