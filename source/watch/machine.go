package watch

import (
	"time"

	"github.com/kubewake/kubewake/record"
)

// verb is what a machine wants done.
type verb uint8

const (
	doList   verb = iota + 1 // a list in pages
	doStream                 // a watch that begins with a list
	doVerify                 // ask how far the cluster's resourceVersions have come
	doWatch                  // watch from step.from
)

// step is one thing to do, after a wait.
type step struct {
	do   verb
	from record.ResourceVersion
	wait time.Duration
}

// failure says how a step ended, where it did not do what it should.
type failure uint8

const (
	ended        failure = iota // the server ended the watch in order
	quiet                       // the watch told nothing for long: it may wait beyond the end of a cluster that was restored
	cut                         // the connection broke, or was never made
	expired                     // the server has forgotten what we ask for (410)
	tooLarge                    // we ask for what the server has not reached
	unauthorized                // 401
	forbidden                   // 403
	missing                     // 404: the resource is not served
	unsupported                 // the server does not know what we ask
	throttled                   // 429
	serverError                 // 5xx and whatever else
	garbage                     // the answer can not be read
	noEnd                       // a watch that should list does not say where its list ends
)

func (f failure) String() string {
	return [...]string{"ended", "quiet", "cut", "expired", "too-large", "unauthorized", "forbidden", "missing", "unsupported", "throttled", "server", "garbage", "no-list-end"}[f]
}

// What a machine waits between attempts.
const (
	backoffLeast   = 500 * time.Millisecond
	backoffMost    = time.Minute
	backoffRefused = 5 * time.Minute // permissions do not change by asking
	shortWatch     = 5 * time.Second
	quietWatch     = 150 * time.Second // bookmarks come every minute: a watch that told nothing for so long proves nothing
	garbledMost    = 3
)

// loss says why a position can not be watched on from.
type loss uint8

const (
	lossNone loss = iota
	lossExpired
	lossRanBack
	lossGarbled
)

// machine decides what to do next for one resource in one scope. It does nothing itself: its owner does the steps and says
// how they went. It belongs to one goroutine.
type machine struct {
	jitter   func() float64 // in [0, 1)
	noStream bool           // the server can not list by a watch, or it is not wanted
	least    time.Duration  // a watch that ends before was not ended by its time: the apiserver stops, and what comes back may be another

	position record.ResourceVersion // every change up to it was seen; zero: none
	from     record.ResourceVersion // where the unbroken run up to position began; zero: there is no run
	since    time.Time              // when that run began
	covered  time.Time              // when something was last heard that proves position; zero: not by this process
	silent   time.Time              // until when a watch was open that told nothing for long
	verified bool                   // the cluster is known to have reached position
	lost     loss

	failures int // in a row
	refused  int // 403s in a row
	garbled  int // in a row
	hold     time.Duration
}

func (m *machine) at() position { return position{rv: m.position, from: m.from, since: m.since} }

// next is what to do now.
func (m *machine) next() step {
	s := step{wait: m.hold}
	switch {
	case m.position == 0 || m.lost != lossNone:
		s.do = doStream
		if m.noStream {
			s.do = doList
		}
	case !m.verified:
		s.do = doVerify
	default:
		s.do, s.from = doWatch, m.position
	}
	return s
}

// saw notes an event or a bookmark of the watch. One that lies behind the position is no reason to stop, what it tells is
// true; but resourceVersions may have run backwards, so the position is verified before it is used again.
func (m *machine) saw(rv record.ResourceVersion, at time.Time) {
	m.failures, m.refused, m.garbled, m.hold = 0, 0, 0, 0
	m.covered = at
	if rv < m.position {
		m.verified = false
		return
	}
	m.position = rv
}

// heldUntil notes that a watch was open until now, and all that happened was told, although nothing says up to which resourceVersion. A gap
// that opens now, because the apiserver has forgotten the last one seen, begins here. It matters for Events, of which an apiserver
// sends no bookmarks. A watch that was silent for long is believed only once the cluster is seen not to have run backwards.
func (m *machine) heldUntil(at time.Time, f failure, lasted time.Duration) {
	switch {
	case f == ended && lasted >= m.least: // by its time, not by an apiserver that stops
		m.covered = at
	case f == quiet:
		m.silent = at
	}
}

// found is what a complete list means for what was known before.
type found struct {
	gap     *record.Gap // what was not watched; nil where nothing is missing, or nothing was known
	begin   time.Time   // of the gap; zero: unknown
	ranBack bool        // resourceVersions ran backwards
	since   time.Time   // when the run began that ended so
}

// listed notes a complete list at rv: a new run begins, and what lies between it and the old one was missed.
func (m *machine) listed(rv record.ResourceVersion, at time.Time) found {
	var f found
	if m.position != 0 && rv != m.position {
		f.gap = &record.Gap{Reason: record.GapWatchMissed, FromRV: m.position, ToRV: rv, Until: at, Detail: m.lost.sentence()}
		f.begin = m.covered
		f.since = m.since
		if f.ranBack = rv < m.position; f.ranBack {
			f.gap.Detail = lossRanBack.sentence()
		}
	}
	if rv != m.position || m.from == 0 {
		m.from, m.since = rv, at
	}
	m.position, m.covered, m.verified, m.lost = rv, at, true, lossNone
	m.failures, m.refused, m.garbled, m.hold = 0, 0, 0, 0
	return f
}

func (l loss) sentence() string {
	switch l {
	case lossRanBack:
		return "the cluster's resourceVersions ran backwards, as after a restore of etcd from an older snapshot; a new run begins with a list"
	case lossGarbled:
		return "the watch sent what could not be read; the list shows what became of it"
	default:
		return "the apiserver no longer had the changes since the last one seen; the list shows what became of them"
	}
}

// reached notes how far the cluster's resourceVersions have come.
func (m *machine) reached(rv record.ResourceVersion) {
	m.hold = 0
	if rv < m.position {
		m.lost = lossRanBack
		return
	}
	m.verified = true
	if m.silent.After(m.covered) {
		m.covered = m.silent
	}
}

// failed notes how a step ended. lasted is how long a watch was open, heard whether it told anything; after is how long the
// server asked to wait.
func (m *machine) failed(s step, f failure, lasted time.Duration, heard bool, after time.Duration) {
	if f != forbidden {
		m.refused = 0
	}
	switch f {
	case ended:
		if lasted < m.least {
			m.verified = false
		}
		if heard || lasted > shortWatch {
			m.failures, m.hold = 0, 0
			return
		}
	case quiet:
		m.verified, m.failures, m.hold = false, 0, 0
		return
	case cut, serverError, unauthorized, tooLarge:
		m.verified = false
	case expired:
		// A list's continue token expires too: the list begins anew.
		if s.do == doWatch && m.lost == lossNone {
			m.lost, m.hold = lossExpired, m.spread(backoffLeast)
			return
		}
	case forbidden: // an apiserver that has just started refuses everybody until it has read the roles
		m.hold = m.spread(min(backoffRefused, backoffLeast<<min(2*m.refused, 20)))
		m.refused++
		return
	case unsupported, noEnd:
		if s.do == doStream {
			m.noStream, m.hold = true, 0
			return
		}
		m.hold = m.spread(backoffRefused)
		return
	case garbage:
		m.verified = false
		if m.garbled++; m.garbled >= garbledMost && s.do == doWatch {
			m.lost = lossGarbled
		}
	case missing, throttled:
	}
	if lasted > quietWatch/2 {
		m.failures = 0
	}
	m.hold = max(after, m.spread(min(backoffMost, backoffLeast<<min(m.failures, 10))))
	m.failures++
}

// spread gives between half of d and d, so that many machines do not move in step.
func (m *machine) spread(d time.Duration) time.Duration {
	return d/2 + time.Duration(m.jitter()*float64(d/2))
}
