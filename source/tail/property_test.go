package tail

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/record"
)

var seedFlag = flag.Uint64("seed", 0, "run the property test with this seed alone")

// model is a log with everything that was ever written to it.
type model struct {
	*world
	r       *rand.Rand
	written []fact
	open    string // a line that was begun and not ended
	next    int
	aside   []string // files put aside, the oldest first
	down    bool
	seen    bool            // something in the log was looked at since it was made or emptied
	known   map[string]bool // those of aside in which something was looked at
	ops     []string
	// harmless: nothing is truncated or removed, so there must be no gaps.
	harmless bool
}

type fact struct {
	id string
	at time.Time
}

// begin makes an event that will be written whole, in one or more pieces.
func (m *model) begin() string {
	id := fmt.Sprint("e", m.next)
	m.next++
	line := m.event(id) + "\n"
	m.written = append(m.written, fact{id, m.at})
	return line
}

func (m *model) lines() {
	text := m.open
	m.open = ""
	for range 1 + m.r.IntN(5) {
		text += m.begin()
	}
	m.write(text)
}

func (m *model) piece() {
	if m.open == "" {
		m.open = m.begin()
	}
	n := m.r.IntN(len(m.open))
	if len(m.open) > 2*tellingBytes-20 { // its beginning: less of it would be taken for lost when it moves
		n = max(n, tellingBytes)
	}
	m.write(m.open[:n])
	m.open = m.open[n:]
}

func (m *model) whole() {
	m.write(m.open)
	m.open = ""
}

func (m *model) exists() bool {
	_, err := os.Stat(m.log)
	return err == nil
}

func (m *model) rename() {
	m.whole()
	if m.exists() {
		to := m.rotate()
		m.aside = append(m.aside, to)
		m.known[to] = m.seen
		m.write("") // the apiserver makes the next file at once
		m.seen = false
	}
}

func (m *model) copyTruncate() {
	m.whole()
	if !m.exists() {
		return
	}
	to := m.world.aside()
	copyFile(m.t, m.log, to)
	m.must(os.Truncate(m.log, 0))
	m.aside = append(m.aside, to)
	m.known[to] = m.seen
	m.seen = false
}

// packOne packs a file. While nobody looks it may be one that was empty when it was looked at: nothing tells that it is the
// same one, and a Gap says that something may be missing.
func (m *model) packOne() {
	if m.down && m.harmless {
		return
	}
	for i, path := range m.aside {
		if filepath.Ext(path) == ".log" {
			pack(m.t, path)
			m.aside[i], m.known[path+".gz"] = path+".gz", m.known[path]
			return
		}
	}
}

// truncate empties a log that was looked at: what was written to another one can not be known of.
func (m *model) truncate() {
	m.whole()
	if m.exists() && m.seen {
		m.must(os.Truncate(m.log, 0))
		m.seen = false
	}
}

// removeOldest removes a file in which something was looked at: of another one nobody can know.
func (m *model) removeOldest() {
	if len(m.aside) > 0 && m.known[m.aside[0]] {
		m.must(os.Remove(m.aside[0]))
		m.aside = m.aside[1:]
	}
}

func (m *model) look() {
	if !m.down {
		m.poll()
		info, err := os.Stat(m.log)
		m.seen = err == nil && info.Size() > 0
		for _, path := range m.aside {
			m.known[path] = true
		}
	}
}

func (m *model) kill() {
	m.crash()
	m.down = true
}

func (m *model) up() {
	m.restart()
	m.down = false
}

// flaky makes the next delivery fail before or after its effect.
func (m *model) flaky() {
	left := 1
	m.sink.fail = func() error {
		if left--; left == 0 {
			return errors.Join(errors.New("x"), &ingest.Busy{Reason: "x", After: time.Nanosecond})
		}
		return nil
	}
}

// Whatever happens to the files and to the reader: what was written is delivered, or a Gap says that something is missing
// at its time. Where nothing was truncated or removed there is no Gap.
func TestNothingIsLostUnseen(t *testing.T) {
	seeds := uint64(100)
	if testing.Short() {
		seeds = 20
	}
	first := uint64(1)
	if *seedFlag != 0 {
		first, seeds = *seedFlag, *seedFlag
	}
	for seed := first; seed <= seeds; seed++ {
		m := &model{world: newWorld(t), r: rand.New(rand.NewPCG(seed, 1)), harmless: seed%2 == 0, known: map[string]bool{}}
		type op struct {
			name string
			do   func()
		}
		ops := []op{{"lines", m.lines}, {"lines", m.lines}, {"lines", m.lines}, {"piece", m.piece}, {"look", m.look}, {"look", m.look}, {"look", m.look},
			{"rename", m.rename}, {"pack", m.packOne}, {"kill", m.kill}, {"up", m.up}, {"up", m.up}, {"flaky", m.flaky}, {"copytruncate", m.copyTruncate},
			{"time", func() { m.at = m.at.Add(20 * time.Second) }}}
		if !m.harmless {
			ops = append(ops, op{"truncate", m.truncate}, op{"remove", m.removeOldest})
		}
		m.lines()
		m.look() // before its first look nobody knows of anything
		for range 60 {
			o := ops[m.r.IntN(len(ops))]
			m.ops = append(m.ops, o.name)
			o.do()
			if o.name == "rename" || o.name == "copytruncate" {
				// The next file is there and looked at before the one after it: two rotations between two looks of which the first
				// file is removed at once leave nothing to see.
				m.look()
			}
		}
		m.whole()
		m.sink.fail = nil
		m.up()
		m.settle()
		m.check(seed)
		m.crash()
		if t.Failed() {
			return
		}
	}
}

func (m *model) check(seed uint64) {
	m.t.Helper()
	got, gaps := m.sink.ids(), m.sink.gaps()
	missing := 0
	for _, f := range m.written {
		if got[f.id] {
			delete(got, f.id)
			continue
		}
		missing++
		covered := slices.ContainsFunc(gaps, func(r *record.Record) bool {
			return !f.at.Before(r.OccurredAt) && !f.at.After(r.Gap.Until)
		})
		if !covered || m.harmless {
			m.t.Errorf("seed %d: %s of %v is missing and no gap says so\n%v", seed, f.id, f.at, m.ops)
			for _, g := range gaps {
				m.t.Logf("gap %v to %v: %s", g.OccurredAt, g.Gap.Until, g.Gap.Detail)
			}
			return
		}
	}
	if len(got) > 0 {
		m.t.Errorf("seed %d: never written: %v", seed, got)
	}
	if m.harmless && len(gaps) > 0 {
		m.t.Errorf("seed %d: a gap where nothing was lost: %v to %v: %s\n%v", seed, gaps[0].OccurredAt, gaps[0].Gap.Until, gaps[0].Gap.Detail, m.ops)
	}
}
