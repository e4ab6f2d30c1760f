package local

import "sync"

// maxAnswers bounds the answers that are kept for who asks again.
const maxAnswers = 32

// answerCache keeps the last answers to questions that cost a scan. They hold as long as nothing more is written.
type answerCache struct {
	mu      sync.Mutex // guards all below
	written uint64     // the number of the last append when the answers were given
	answers map[string]any
	order   []string
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
