package remote

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
)

// errTorn: the stream ended without its last line, so the server died or the connection broke.
var errTorn = errors.New("the answer ends in the middle")

// line is one line of a search: a hit, or the end, or the error that ended it.
type line struct {
	engine.Hit
	End   *engine.SearchEnd `json:"end"`
	Error *problem          `json:"error"`
}

// Search asks GET /api/v1/search and hands on each hit as its line arrives.
func (e *Engine) Search(ctx context.Context, q query.Search, emit func(*engine.Hit) error) (*engine.SearchEnd, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the server's work when emit gives up
	body, err := e.get(ctx, "search", searchValues(q), "application/x-ndjson")
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	lines := json.NewDecoder(bufio.NewReaderSize(body, 64<<10))
	for {
		var l line
		if err := lines.Decode(&l); err != nil {
			if errors.Is(err, io.EOF) {
				err = errTorn
			}
			return nil, fmt.Errorf("read the answer of %s: %w", e.Server(), ctxOr(ctx, err))
		}
		switch {
		case l.End != nil:
			return l.End, nil
		case l.Error != nil:
			if err := l.Error.err(); err != nil {
				return nil, err
			}
			return nil, fmt.Errorf("ask %s: %s", e.Server(), l.Error.text())
		}
		hit := l.Hit
		if err := emit(&hit); err != nil {
			return nil, err
		}
	}
}
