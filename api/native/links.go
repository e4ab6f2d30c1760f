package native

import (
	"context"
	"strings"
	"time"

	"github.com/kubewake/kubewake/query"
)

func (h *Handler) links(ctx context.Context, p *params) (any, error) {
	q := query.Links{Object: p.oneObject(), Types: p.words("types"), Limit: p.limit(maxListed)}
	q.At, q.Window = p.moment()
	return asked(ctx, p, q, h.engine.Links)
}

func (h *Handler) tree(ctx context.Context, p *params) (any, error) {
	q := query.Tree{Object: p.oneObject(), Up: p.depth("up"), Down: p.depth("down"), Siblings: p.bool("siblings"), Types: p.words("types"), Limit: p.limit(maxListed)}
	q.At, q.Window = p.moment()
	return asked(ctx, p, q, h.engine.Tree)
}

// moment reads at, or from and to.
func (p *params) moment() (time.Time, query.Window) {
	at, w := p.time("at"), p.window()
	if !at.IsZero() && w != (query.Window{}) {
		p.wrong("give at, or from and to, not both")
	}
	return at, w
}

// depth is query.All where it is left out.
func (p *params) depth(name string) int {
	if p.values.Get(name) == "" {
		p.str(name)
		return query.All
	}
	return p.num(name)
}

// words reads a list with commas.
func (p *params) words(name string) []string {
	p.known = append(p.known, name)
	var out []string
	for _, list := range p.values[name] {
		for word := range strings.SplitSeq(list, ",") {
			if word = strings.TrimSpace(word); word != "" {
				out = append(out, word)
			}
		}
	}
	return out
}
