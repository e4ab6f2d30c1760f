package spool

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/ingest/wire"
	"github.com/kubewake/kubewake/record"
)

// receiver keeps the names of what it was delivered.
type receiver struct {
	mu    sync.Mutex
	names []string
	gaps  []*record.Gap
	fails func() error // nil: never
}

func (r *receiver) Deliver(ctx context.Context, b ingest.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r.mu.Lock()
	fails := r.fails
	r.mu.Unlock()
	if fails != nil {
		if err := fails(); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rec := range b.Records {
		if rec.Gap != nil {
			r.gaps = append(r.gaps, rec.Gap)
			continue
		}
		r.names = append(r.names, rec.Ref.Name)
	}
	return nil
}

func (r *receiver) setFails(f func() error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fails = f
}

func (r *receiver) got() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.names)
}

func (r *receiver) Progress(context.Context, record.Cluster) ([]*record.Record, error) {
	return nil, nil
}

func (r *receiver) Mark(context.Context, record.Cluster, string) ([]byte, error) {
	return []byte("marked"), nil
}

func (r *receiver) Alive(context.Context, record.Cluster, record.GroupResource, string) iter.Seq2[ingest.Alive, error] {
	return func(yield func(ingest.Alive, error) bool) { yield(ingest.Alive{RV: 7}, nil) }
}

func batchOf(name string) ingest.Batch {
	return ingest.Batch{Cluster: "c", Records: []*record.Record{{Kind: record.KindRevision, Ref: record.ObjectRef{Cluster: "c", Name: name, UID: record.UID(name)},
		Revision: &record.Revision{RV: 1, Body: []byte(`{"name":"` + name + `"}`)}}}}
}

// sinkOn makes a Sink with a spool on a disk.
func sinkOn(t *testing.T, d disk, next ingest.Sink, maxBytes int64) *Sink {
	t.Helper()
	s, err := tryOn(d, next, maxBytes)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func tryOn(d disk, next ingest.Sink, maxBytes int64) (*Sink, error) {
	s, err := New(Config{Next: next})
	if err != nil {
		return nil, err
	}
	s.retry = time.Millisecond
	if s.codec, err = wire.NewCodec(); err != nil {
		return nil, err
	}
	if s.spool, err = open(d, maxBytes, 400, time.Now); err != nil {
		return nil, err
	}
	return s, s.move()
}

// drainAll delivers all there is.
func drainAll(t *testing.T, s *Sink) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	for deadline := time.Now().Add(time.Minute); s.Status().Batches > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not delivered: %+v", s.Status())
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

// play adds batches and delivers some of them in between, one step after the other, until the disk dies. It gives what was acknowledged.
func play(s *Sink) (acknowledged []string) {
	drains := map[*queue]*drain{}
	for i := range 14 {
		name := fmt.Sprintf("batch-%02d", i)
		b := batchFor(record.Cluster([]string{"c", "d"}[i%2]), name)
		payload, err := s.codec.Encode(b)
		if err != nil {
			return acknowledged
		}
		if s.spool.Add(b.Cluster, payload) == nil {
			acknowledged = append(acknowledged, name)
		}
		if i == 4 || i == 9 { // some is delivered, and what is empty then goes away
			for range i - 3 {
				s.turn(context.Background(), drains)
			}
			for _, d := range drains {
				d.save()
			}
		}
	}
	_ = s.spool.Close() // it may be dead
	return acknowledged
}

// TestCrashAnywhere cuts the power at every operation that changes the disk, before and after its effect: what was acknowledged is delivered,
// and nothing is told as lost.
func TestCrashAnywhere(t *testing.T) {
	whole := newMemDisk()
	s := sinkOn(t, whole, &receiver{}, 0)
	if n := len(play(s)); n != 14 {
		t.Fatalf("%d of 14 acknowledged on a good disk", n)
	}
	if whole.ops < 50 {
		t.Fatalf("only %d operations", whole.ops)
	}
	for at := 1; at <= whole.ops; at++ {
		for _, after := range []bool{false, true} {
			for range 4 { // what a crash leaves is a matter of luck
				d := newMemDisk()
				d.killAt, d.after = at, after
				r := &receiver{}
				s := sinkOn(t, d, r, 0)
				acknowledged := play(s)
				again := sinkOn(t, d.crash(), r, 0)
				drainAll(t, again)
				check(t, fmt.Sprintf("operation %d, after %v", at, after), acknowledged, r)
				if err := again.Close(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if t.Failed() {
			return
		}
	}
}

func check(t *testing.T, when string, acknowledged []string, r *receiver) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, name := range acknowledged {
		if !slices.Contains(r.names, name) {
			t.Errorf("%s: %s was acknowledged and is not delivered", when, name)
		}
	}
	for _, g := range r.gaps {
		t.Errorf("%s: told as lost: %s", when, g.Detail)
	}
}

// TestCrashesAtRandom: several writers and the reader run beside each other on a disk that fails now and then and loses its power again and again.
func TestCrashesAtRandom(t *testing.T) {
	rounds := 60
	if testing.Short() {
		rounds = 15
	}
	d, r := newMemDisk(), &receiver{}
	r.fails = func() error {
		switch rand.IntN(4) {
		case 0:
			return &ingest.Busy{Reason: "away"}
		case 1:
			return errors.New("denied")
		}
		return nil
	}
	var mu sync.Mutex
	var acknowledged []string
	for life := range rounds {
		d.shaky = func() bool { return rand.IntN(25) == 0 }
		d.killAt = 20 + rand.IntN(200)
		s, err := tryOn(d, r, 1<<20)
		if err != nil { // the disk was shaky
			d = d.crash()
			continue
		}
		base := time.Now()
		s.spool.bounds.now = func() time.Time { return base.Add(time.Since(base) * 2000) } // it soon asks the disk again
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() { _ = s.Run(ctx) }) // its disk dies
		for w := range 4 {
			all.Go(func() {
				for i := range 30 {
					name := fmt.Sprintf("life-%d-%d-%d", life, w, i)
					c := record.Cluster(fmt.Sprint("c", w%3))
					payload, err := s.codec.Encode(batchFor(c, name))
					if err != nil {
						t.Error(err)
					}
					if s.spool.Add(c, payload) == nil {
						mu.Lock()
						acknowledged = append(acknowledged, name)
						mu.Unlock()
					}
				}
			})
		}
		time.Sleep(time.Duration(rand.IntN(10)) * time.Millisecond)
		next := d.crash()
		cancel()
		all.Wait()
		d = next
	}
	r.setFails(nil)
	drainAll(t, sinkOn(t, d, r, 1<<20))
	check(t, "at random", acknowledged, r)
	if len(acknowledged) < 10 {
		t.Errorf("only %d acknowledged", len(acknowledged))
	}
	t.Logf("%d acknowledged, %d delivered", len(acknowledged), len(r.names))
}

// damagedDisk has several segments of acknowledged batches, the last one not sealed.
func damagedDisk(t *testing.T) (d *memDisk, names []string) {
	t.Helper()
	d = newMemDisk()
	s := sinkOn(t, d, &receiver{}, 0)
	for i := range 9 {
		names = append(names, fmt.Sprintf("batch-%02d", i))
		if err := s.put(batchOf(names[i])); err != nil {
			t.Fatal(err)
		}
	}
	if len(files(d)) < 3 {
		t.Fatalf("%d segments", len(files(d)))
	}
	return d, names
}

// TestDamage flips each byte of each segment in turn: nothing panics, all batches but the one hit are delivered, and what is lost in the middle
// becomes a Gap and is set aside.
func TestDamage(t *testing.T) {
	d, names := damagedDisk(t)
	segments := slices.Sorted(maps.Keys(files(d)))
	told := 0
	for i, segment := range segments {
		last := i == len(segments)-1
		for at := 0; at < len(files(d)[segment].data); at += 7 {
			if at == 7 { // the version: refused, not damage
				continue
			}
			hurt := d.crash()
			files(hurt)[segment].data[at] ^= 0x55
			r := &receiver{}
			s, err := tryOn(hurt, r, 0)
			if err != nil {
				t.Fatalf("%s byte %d: %v", segment, at, err)
			}
			drainAll(t, s)
			got := r.got()
			missing := 0
			for _, name := range names {
				if !slices.Contains(got, name) {
					missing++
				}
			}
			if missing > 1 {
				t.Fatalf("%s byte %d: %d batches are missing", segment, at, missing)
			}
			if missing == 1 && len(r.gaps) != 1 && !last {
				t.Fatalf("%s byte %d: a batch is missing, and %d gaps tell it", segment, at, len(r.gaps))
			}
			told += len(r.gaps)
			if _, aside := files(hurt)[segment+damagedSuffix]; aside != (len(r.gaps) > 0) {
				t.Fatalf("%s byte %d: set aside %v, %d gaps", segment, at, aside, len(r.gaps))
			}
		}
	}
	if told == 0 {
		t.Error("no damage was told")
	}
	// damagedDisk's crash() above kills the original disk; what it held is not touched.
}

// TestOtherVersion: what another release wrote is refused with a sentence, not thrown away.
func TestOtherVersion(t *testing.T) {
	d, _ := damagedDisk(t)
	files(d)[segmentName(1)].data[len(segmentMagic)]++
	if _, err := open(d, 0, 0, time.Now); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "another directory") {
		t.Errorf("got %v", err)
	}
}

// files of cluster c.
func files(d *memDisk) map[string]*memData {
	if sub := d.subs[queueName("c")]; sub != nil {
		return sub.names
	}
	return nil
}

func FuzzSegment(f *testing.F) {
	b := segmentHead(time.Unix(1, 0))
	b = appendFrame(b, headBytes, time.Unix(2, 0), []byte("payload"))
	b = appendFrame(b, int64(len(b)), time.Unix(3, 0), nil)
	f.Add(b, uint16(0))
	f.Add(b, uint16(20))
	f.Fuzz(func(t *testing.T, b []byte, from uint16) {
		d := newMemDisk()
		d.names[segmentName(1)] = &memData{data: b}
		s, err := openQueue(d, newBounds(1<<20, time.Now), 1<<20)
		if err != nil {
			return
		}
		p := position{1, int64(from)}
		for range len(b) + 2 {
			e, ok := s.read(p)
			if !ok {
				return
			}
			if e.next.offset <= p.offset {
				t.Fatalf("reading goes from %v to %v", p, e.next)
			}
			p = e.next
		}
		t.Fatal("reading does not end")
	})
}
