package join

import (
	"cmp"
	"slices"
	"sort"
	"time"

	"github.com/kubewake/kubewake/record"
)

// PinClock bounds the commits of one epoch of one storage from its pins. For a resourceVersion rv
//
//	notBefore(rv) = max { p.After  : p.Made and p.RV <= rv }
//	notAfter(rv)  = min { p.Before : p.RV >= rv }
type PinClock struct {
	rvs    []record.ResourceVersion // rising, one each
	after  []time.Time              // latest beginning of a maker up to here
	before []time.Time              // earliest end from here on
}

// NewPinClock takes the pins of one epoch in any order.
func NewPinClock(pins []record.Pin) *PinClock {
	pins = slices.Clone(pins)
	slices.SortFunc(pins, func(a, b record.Pin) int { return cmp.Compare(a.RV, b.RV) })
	c := &PinClock{}
	for _, p := range pins {
		n := len(c.rvs) - 1
		if n < 0 || c.rvs[n] != p.RV {
			c.rvs, c.after, c.before = append(c.rvs, p.RV), append(c.after, time.Time{}), append(c.before, time.Time{})
			n++
		}
		if p.Made {
			c.after[n] = latest(c.after[n], p.After)
		}
		c.before[n] = earliest(c.before[n], p.Before)
	}
	for i := 1; i < len(c.rvs); i++ {
		c.after[i] = latest(c.after[i], c.after[i-1])
	}
	for i := len(c.rvs) - 2; i >= 0; i-- {
		c.before[i] = earliest(c.before[i], c.before[i+1])
	}
	return c
}

// When bounds the commit of rv; an end that no pin bounds is zero.
func (c *PinClock) When(rv record.ResourceVersion) Interval {
	if rv == 0 {
		return Interval{}
	}
	var out Interval
	if i := sort.Search(len(c.rvs), func(i int) bool { return c.rvs[i] > rv }); i > 0 {
		out.NotBefore = c.after[i-1]
	}
	if i := sort.Search(len(c.rvs), func(i int) bool { return c.rvs[i] >= rv }); i < len(c.rvs) {
		out.NotAfter = c.before[i]
	}
	return out
}

// earliest is the earlier time; a zero time is not known.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
