package timeline

import "strings"

// Frame is the part of the time axis that is drawn: [From, To) in columns of Bin microseconds.
type Frame struct {
	From, To int64
	Bin      int64
}

// Column of a moment, counted from the frame's beginning; below zero before it.
func (f Frame) Column(at int64) int64 {
	bin := max(1, f.Bin)
	d := at - f.From
	if d < 0 {
		return (d+1)/bin - 1
	}
	return d / bin
}

// Columns of the frame.
func (f Frame) Columns() int64 {
	if f.To <= f.From {
		return 1
	}
	return f.Column(f.To-1) + 1
}

// Bar is a status that holds from From until To; several that are narrower than a column together are one with N.
type Bar struct {
	From int64
	To   int64 // 0: it still holds at the end of what is known
	// Early is the earliest moment at which it may have begun, where From lies in the frame and that is at least a column before it; else 0.
	Early int64
	Status
	ID, RV string // of the state that began it; of several, of the worst
	N      int    // states told as one; 0: it is one
	// Earlier: it may have begun before From, by states that were not given.
	Earlier bool
	Soft    string // why the state is not known exactly

	told int64 // of several, how long the one told lasted
}

// track is what one row of bars is made of: a status from each moment on until the next.
type track []Bar

// add tells the status from b.From on. A status that goes on is no new bar; one without a class is none at all.
func (t *track) add(b Bar) {
	list := *t
	if n := len(list); n > 0 {
		last := &list[n-1]
		b.From = max(b.From, last.From)
		if last.Status == b.Status && last.Soft == b.Soft {
			return
		}
		last.To = b.From
		if last.Class == "" && last.To == last.From {
			list = list[:n-1]
		}
	} else if b.Class == "" {
		return
	}
	b.Text = strings.Clone(b.Text) // of a whole manifest
	*t = append(list, b)
}

// bars of a track within a frame: cut to those that touch it, and merged by column. The last one ends at until; 0: it is open.
func (f Frame) bars(t track, until int64) []Bar {
	var out []Bar
	for i := range t {
		b := t[i]
		if i == len(t)-1 {
			b.To = until
		}
		open := b.To == 0
		switch {
		case b.Class == "", b.From >= f.To:
			continue
		case !open && (b.To < f.From || b.To == f.From && b.From < b.To):
			continue
		}
		if b.From-b.Early < f.Bin || b.From < f.From {
			b.Early = 0
		}
		if n := len(out); n > 0 && f.narrow(&b) && f.narrow(&out[n-1]) && out[n-1].To == b.From && f.Column(out[n-1].From) == f.Column(b.From) {
			out[n-1].take(&b)
			continue
		}
		out = append(out, b)
	}
	return out
}

// narrow reports whether a bar is to be told together with its neighbours.
func (f Frame) narrow(b *Bar) bool { return b.To != 0 && (b.N > 0 || b.To-b.From < f.Bin) }

// take makes b and the one behind it one. Of equally bad ones that which lasted longest is told.
func (b *Bar) take(next *Bar) {
	if b.N == 0 {
		b.N, b.told = 1, b.To-b.From
	}
	b.N++
	b.To = next.To
	if lasted := next.To - next.From; next.Class.WorseThan(b.Class) || next.Class == b.Class && lasted > b.told {
		b.Status, b.ID, b.RV, b.Soft, b.told = next.Status, next.ID, next.RV, next.Soft, lasted
	}
}
