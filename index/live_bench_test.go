package index

import (
	"testing"
	"time"

	"github.com/kubewake/kubewake/record"
)

// BenchmarkLive: a store with a million pins, to which a hundred requests are appended before each question.
func BenchmarkLive(b *testing.B) {
	const pins, batch = 1_000_000, 100
	ctx, st := b.Context(), liveStore(b)
	at := func(i int) time.Time { return begin.Add(time.Duration(i) * time.Millisecond) }
	list := make([]*record.Record, 0, 4096)
	next := 0
	add := func(n int) {
		list = list[:0]
		for range n {
			r := pin(next, record.ResourceVersion(next+1), next%2 == 0, at(next), at(next+20))
			r.Request.AnswerUID, r.Request.Level = "", record.LevelRequestResponse
			list = append(list, r)
			next++
		}
		if _, err := st.Append(ctx, list); err != nil {
			b.Fatal(err)
		}
	}
	for next < pins {
		add(4000)
	}
	c := NewClocks(st)
	began := time.Now()
	if err := c.Renew(ctx, "test", record.MainStorage); err != nil {
		b.Fatal(err)
	}
	b.Logf("made from %d pins in %v", next, time.Since(began))
	began = time.Now()
	if _, err := NewClocks(st).Of(ctx, "test", record.MainStorage); err != nil {
		b.Fatal(err)
	}
	b.Logf("read from what is kept in %v", time.Since(began))
	c.live.Store(true)
	b.Run("append", func(b *testing.B) {
		for b.Loop() {
			add(batch)
		}
	})
	b.Run("append and question", func(b *testing.B) {
		for b.Loop() {
			add(batch)
			if _, err := c.Of(ctx, "test", record.MainStorage); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("late append and question", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			rv := 1 + (i*7919)%pins
			r := pin(-1-i, record.ResourceVersion(rv), true, at(rv), at(rv+20))
			r.Request.AnswerUID, r.Request.Level = "", record.LevelRequestResponse
			if _, err := st.Append(ctx, []*record.Record{r}); err != nil {
				b.Fatal(err)
			}
			if _, err := c.Of(ctx, "test", record.MainStorage); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("question", func(b *testing.B) {
		for b.Loop() {
			if _, err := c.Of(ctx, "test", record.MainStorage); err != nil {
				b.Fatal(err)
			}
		}
	})
}
