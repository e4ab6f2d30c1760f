package join

import (
	"slices"
	"time"
)

// Turn is the moment at which the resourceVersions of a storage ran back, as watches tell it: from Begin on some of them heard nothing any
// more of the old past, and by Until all of them had listed the new one. At is taken for the moment itself.
type Turn struct{ Begin, At, Until time.Time }

// restoreTakes is the least time between the last write before a restore and the first one after it. Times in bodies are cut to
// seconds: with it no second belongs to both epochs.
const restoreTakes = time.Second

// Turns makes one of the windows that overlap: each resource of a storage has a watch of its own, and its own window. A window without a
// beginning tells nothing. The moment lies where most windows agree, as early as it can.
func Turns(windows []Turn) []Turn {
	windows = slices.DeleteFunc(slices.Clone(windows), func(w Turn) bool { return w.Begin.IsZero() || !w.Begin.Before(w.Until) })
	slices.SortFunc(windows, func(a, b Turn) int { return a.Begin.Compare(b.Begin) })
	var out []Turn
	for from := 0; from < len(windows); {
		turn, to := windows[from], from+1
		least := turn.Until
		for to < len(windows) && windows[to].Begin.Before(turn.Until) {
			turn.Until, least = latest(turn.Until, windows[to].Until), earliest(least, windows[to].Until)
			to++
		}
		for _, w := range windows[from:to] {
			if w.Begin.Before(least) {
				turn.At = earliest(w.Begin.Add(restoreTakes), least)
			}
		}
		out = append(out, turn)
		from = to
	}
	return out
}

// turnBefore is the beginning of the next epoch behind from: next, as pins tell it (zero: they tell none), or the first turn, if that is earlier.
// Where pins tell a moment of the same turn, the earlier one counts.
func turnBefore(turns []Turn, from, next time.Time) time.Time {
	for _, t := range turns {
		if t.Begin.After(from) {
			return earliest(t.At, next)
		}
	}
	return next
}

// Tells reports whether an epoch that began at from is the one that the turns tell of.
func Tells(turns []Turn, from time.Time) bool {
	return slices.ContainsFunc(turns, func(t Turn) bool { return !from.Before(t.Begin) && !from.After(t.Until) })
}
