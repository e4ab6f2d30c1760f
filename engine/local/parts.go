package local

import (
	"time"

	"github.com/kubewake/kubewake/query"
)

const (
	// maxCuts bounds the parts of a window, and longestPart each that has two ends, whatever times records claim.
	maxCuts     = 20
	longestPart = 10 * 365 * 24 * time.Hour
)

// cutWindow cuts a window at hours within what is recorded: the first part is at most an hour long, each next one so many times as long, and the outermost
// are open where the window is. They come in the order of time, or the newest first.
func cutWindow(w, recorded query.Window, newest bool, growth time.Duration) []query.Window {
	if recorded.From.IsZero() {
		return []query.Window{w} // no record tells a time of its own: there is no beginning to cut from
	}
	known, step := intersect(recorded, w), time.Hour
	at := known.From.Truncate(step).Add(step)
	if newest {
		at = known.To.Add(-1).Truncate(step)
	}
	var parts []query.Window
	for at.After(known.From) && at.Before(known.To) && len(parts) < maxCuts {
		if step = min(growth*step, longestPart); newest {
			parts, w.To, at = append(parts, query.Window{From: at, To: w.To}), at, at.Add(-step)
		} else {
			parts, w.From, at = append(parts, query.Window{From: w.From, To: at}), at, at.Add(step)
		}
	}
	return append(parts, w)
}
