package spool

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/ingest/wire"
	"github.com/kubewake/kubewake/record"
)

// oldDisk is a spool as an earlier release left it: segments of all clusters in the directory itself, some of them delivered.
func oldDisk(t *testing.T, sealed bool) (d *memDisk, names []string) {
	t.Helper()
	codec, err := wire.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	d = newMemDisk()
	q, err := openQueue(d, newBounds(1<<20, time.Now), 600)
	if err != nil {
		t.Fatal(err)
	}
	q.made = true
	for i := range 12 {
		name := fmt.Sprintf("batch-%02d", i)
		payload, err := codec.Encode(batchFor(record.Cluster([]string{"c", "x"}[i%2]), name))
		if err != nil {
			t.Fatal(err)
		}
		if err := q.add(payload); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	e, ok := q.read(position{})
	if !ok || len(q.segs) < 3 {
		t.Fatalf("read %v, %d segments", ok, len(q.segs))
	}
	if err := q.writePosition(e.next); err != nil {
		t.Fatal(err)
	}
	if sealed {
		if err := q.close(); err != nil {
			t.Fatal(err)
		}
	}
	return d, names[1:]
}

// TestOldForm: what an earlier release spooled is delivered, and one cluster's refusal stops no other of it.
func TestOldForm(t *testing.T) {
	for _, sealed := range []bool{false, true} {
		d, names := oldDisk(t, sealed)
		r := &receiver{}
		s := sinkOn(t, d, gate{r, map[record.Cluster]error{"c": wire.ErrDenied}}, 1<<20)
		if st := s.Status(); st.Batches != len(names) || st.Oldest.IsZero() {
			t.Errorf("%+v", st)
		}
		for name := range d.names {
			t.Errorf("%s is left where it was", name)
		}
		drains := map[*queue]*drain{}
		for range 10 {
			s.turn(t.Context(), drains)
		}
		if diff := cmp.Diff([]string{"batch-01", "batch-03", "batch-05", "batch-07", "batch-09", "batch-11"}, r.got()); diff != "" {
			t.Error(diff)
		}
		closeSink(t, s)
		s = sinkOn(t, d, r, 1<<20)
		drainAll(t, s)
		check(t, "moved", names, r)
		if len(r.got()) != len(names) {
			t.Errorf("%d batches delivered of %d", len(r.got()), len(names))
		}
		closeSink(t, s)
		if len(d.subs) > 0 {
			t.Errorf("empty, and there is %v", slices.Collect(maps.Keys(d.subs)))
		}
	}
}

// TestOldFormCrashes cuts the power at every operation of the move.
func TestOldFormCrashes(t *testing.T) {
	whole, names := oldDisk(t, false)
	began := whole.ops
	sinkOn(t, whole, &receiver{}, 0)
	if whole.ops < began+20 {
		t.Fatalf("only %d operations", whole.ops-began)
	}
	for at := began + 1; at <= whole.ops; at++ {
		for _, after := range []bool{false, true} {
			for range 4 { // what a crash leaves is a matter of luck
				d, _ := oldDisk(t, false)
				d.killAt, d.after = at, after
				_, _ = tryOn(d, &receiver{}, 0) // it dies
				r := &receiver{}
				drainAll(t, sinkOn(t, d.crash(), r, 0))
				check(t, fmt.Sprintf("operation %d, after %v", at, after), names, r)
			}
		}
	}
}

// TestOldFormDamaged: what can not be read of an old spool is set aside and told, whatever byte it is.
func TestOldFormDamaged(t *testing.T) {
	d, names := oldDisk(t, true)
	for _, segment := range slices.Sorted(maps.Keys(d.names)) {
		if !strings.HasSuffix(segment, suffix) {
			continue
		}
		for at := 0; at < len(d.names[segment].data); at += 11 {
			if at == 7 { // the version: refused, not damage
				continue
			}
			hurt := d.crash()
			hurt.names[segment].data[at] ^= 0x55
			r := &receiver{}
			drainAll(t, sinkOn(t, hurt, r, 0))
			missing := 0
			for _, name := range names {
				if !slices.Contains(r.got(), name) {
					missing++
				}
			}
			if _, aside := hurt.names[segment+damagedSuffix]; missing > 1 || missing == 1 && len(r.gaps) == 0 || aside != (len(r.gaps) > 0) {
				t.Fatalf("%s byte %d: %d missing, %d gaps, set aside %v", segment, at, missing, len(r.gaps), aside)
			}
		}
	}
}

// TestQueueNames: each cluster has a directory that people recognise, and the name is found again in it unless it was cut.
func TestQueueNames(t *testing.T) {
	long := strings.Repeat("ä", 128)
	seen := map[string]bool{}
	for _, c := range []record.Cluster{"prod", "Prod", "arn:aws:eks:eu-west-1:1234:cluster/prod", "..", "a.b", "x.0123456789abcdef", record.Cluster(long), record.Cluster(long[2:] + "b")} {
		name := queueName(c)
		if len(name) > 255 || strings.ContainsAny(name, "/\x00") || seen[strings.ToLower(name)] {
			t.Errorf("%q for %q", name, c)
		}
		seen[strings.ToLower(name)] = true
		if got := queueCluster(name); got != c && (got != "" || len(c) < 100) {
			t.Errorf("%q is of %q, want %q", name, got, c)
		}
	}
	for _, name := range []string{queueSuffix, "prod.queue", "prod.0123456789abcdef.queue", "%zz.0123456789abcdef.queue"} {
		if got := queueCluster(name); got != "" {
			t.Errorf("%q is of %q", name, got)
		}
	}
}

// TestIdle: with nothing to do nothing is done.
func TestIdle(t *testing.T) {
	d := newMemDisk()
	s := sinkOn(t, d, &receiver{}, 0)
	if err := s.put(batchOf("a")); err != nil {
		t.Fatal(err)
	}
	drains := map[*queue]*drain{}
	for range 3 {
		s.turn(context.Background(), drains)
	}
	select {
	case <-s.spool.bounds.wake: // of put
	default:
	}
	before := d.ops
	if next := s.turn(context.Background(), drains); next != idle || d.ops != before || len(drains) > 0 || len(s.spool.all()) > 0 || len(d.subs) > 0 {
		t.Errorf("next %v, %d operations, %d drains, %d queues, %d directories", next, d.ops-before, len(drains), len(s.spool.all()), len(d.subs))
	}
	select {
	case <-s.spool.bounds.wake:
		t.Error("it wakes itself")
	default:
	}
	closeSink(t, s)
}
