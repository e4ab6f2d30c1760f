package spool

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"
)

func framesOn(t *testing.T, d disk) *Frames {
	t.Helper()
	if err := d.Make(); err != nil && !errors.Is(err, errDead) {
		t.Fatal(err)
	}
	f, err := openFrames(d, newBounds(1<<20, time.Now))
	if err != nil {
		if errors.Is(err, errDead) {
			return nil
		}
		t.Fatal(err)
	}
	return f
}

func allFrames(t *testing.T, f *Frames) (got []string) {
	t.Helper()
	for p := f.Begin(); ; {
		fr, ok, err := f.Next(p)
		if err != nil || fr.Lost != "" {
			t.Fatal(err, fr.Lost)
		}
		if !ok {
			return got
		}
		got, p = append(got, string(fr.Payload)), fr.End
	}
}

// TestFramesCrash: wherever the power goes, what Add took and Done was not told of is there again, in order.
func TestFramesCrash(t *testing.T) {
	const frames = 12
	for kill := 1; ; kill++ {
		d := newMemDisk()
		d.killAt, d.after = (kill+1)/2, kill%2 == 0 // before its effect, and after
		f := framesOn(t, d)
		var taken []string
		done := 0
		if f != nil {
			p := f.Begin()
			for i := range frames {
				payload := fmt.Sprintf("%d %s", i, make([]byte, 20_000)) // several segments
				if f.Add([]byte(payload)) == nil {
					taken = append(taken, payload)
				}
				if fr, ok, err := f.Next(p); i%3 == 2 && ok && err == nil {
					p = fr.End
					_ = f.Done(p, 1) // it may have failed; the frame is dealt with all the same
					done++
				}
			}
		}
		dead := d.dead
		if d.dead {
			d = d.crash()
		}
		again := framesOn(t, d)
		got := allFrames(t, again)
		if want := taken[min(done, len(taken)):]; !isTail(got, want) {
			t.Fatalf("killed at %d: %d taken, %d done, %d there", kill, len(taken), done, len(got))
		}
		last, ok, err := again.Last()
		if err != nil || ok != (len(got) > 0) || (ok && string(last.Payload) != got[len(got)-1]) {
			t.Fatalf("killed at %d: last is %.10q %v %v", kill, last.Payload, ok, err)
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
		if !dead {
			if kill < 20 {
				t.Fatalf("only %d operations", kill)
			}
			return
		}
	}
}

// isTail: want is what all ends with; before it stands what is given again, behind it at most what was on its way.
func isTail(all, want []string) bool {
	for i := range all {
		if rest := all[i:]; len(rest) >= len(want) && slices.Equal(rest[:len(want)], want) && len(rest)-len(want) <= 1 {
			return true
		}
	}
	return len(want) == 0
}

func TestFramesFull(t *testing.T) {
	f, err := openFrames(newMemDisk(), newBounds(64<<10, time.Now))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for ; err == nil; n++ {
		err = f.Add(make([]byte, 1000))
	}
	if !errors.Is(err, ErrFull) || n < 20 || n > 64 {
		t.Fatalf("after %d: %v", n, err)
	}
	if st := f.Status(); !st.Refuses || st.Batches != n-1 || f.Waiting() != n-1 {
		t.Errorf("%+v after %d frames", st, n)
	}
	p := f.Begin()
	for range n - 1 {
		fr, ok, err := f.Next(p)
		if !ok || err != nil {
			t.Fatal(ok, err)
		}
		p = fr.End
	}
	changed := f.Changed()
	if err := f.Done(p, n-1); err != nil {
		t.Fatal(err)
	}
	<-changed
	if err := f.Add([]byte("there is room")); err != nil {
		t.Error(err)
	}
}
