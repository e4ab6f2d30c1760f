package local

import (
	"sync"

	"github.com/kubewake/kubewake/store"
)

// maxAnswers bounds the answers that are kept for who asks again.
const maxAnswers = 32

// answerCache keeps the last answers to questions that cost a scan. They hold as long as nothing more is written.
type answerCache struct {
	mu      sync.Mutex // guards all below
	written uint64     // the number of the last append when the answers were given
	answers map[string]any
	order   []string
}

// askedBefore is a question whose answer may be kept.
type askedBefore struct {
	e       *Engine
	digest  string
	written uint64
	holds   bool // the answer is the same until something is written
}

// asked begins a question whose answer is kept for who asks again until something is written: not in a store that does not tell that, nor while clocks have
// yet to learn from what was written before.
func (e *Engine) asked(kind string, question any) askedBefore {
	_, feeds := e.st.(store.Feed)
	return askedBefore{e: e, digest: questionDigest(kind, question), written: e.written(), holds: feeds && e.clocks.Settled()}
}

// answer gives what was answered before; nil: nothing that still holds.
func (a askedBefore) answer() any {
	if !a.holds {
		return nil
	}
	return a.e.answers.of(a.digest, a.written)
}

// keep keeps an answer for who asks again. It is not changed any more.
func (a askedBefore) keep(answer any) {
	if a.holds {
		a.e.answers.keep(a.digest, a.written, answer)
	}
}

// of gives the answer to a question, if nothing was written since.
func (c *answerCache) of(digest string, written uint64) any {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.written != written {
		return nil
	}
	return c.answers[digest]
}

// keep takes the answer in that was given after written was read.
func (c *answerCache) keep(digest string, written uint64, answer any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if written < c.written {
		return
	}
	if written != c.written || c.answers == nil {
		c.written, c.answers, c.order = written, map[string]any{}, nil
	}
	if _, known := c.answers[digest]; known {
		return
	}
	if len(c.order) == maxAnswers {
		delete(c.answers, c.order[0])
		c.order = c.order[1:]
	}
	c.answers[digest] = answer
	c.order = append(c.order, digest)
}
