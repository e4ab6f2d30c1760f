package native

import (
	"context"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
)

func (h *Handler) rows(ctx context.Context, p *params) (any, error) {
	q := query.Rows{Set: p.set(), Window: p.window(), Limit: p.limit(maxListed)}
	return asked(ctx, p, q, h.engine.Rows)
}

func (h *Handler) lanes(ctx context.Context, p *params) (any, error) {
	q := query.Lanes{Cluster: p.cluster(), UIDs: p.uids("uid"), Window: p.window(), Bins: p.num("bins"), Derived: p.bool("derived"), Reads: p.bool("reads")}
	if len(q.UIDs) == 0 {
		p.wrong("which lanes? give the uid of each object")
	}
	if q.Window.From.IsZero() || q.Window.To.IsZero() {
		p.wrong("lanes are drawn in a window: give from and to")
	}
	return asked(ctx, p, q, h.engine.Lanes)
}

func (h *Handler) entry(ctx context.Context, p *params) (any, error) {
	q := query.Entry{Object: p.oneObject(), ID: p.str("id")}
	if q.ID == "" {
		p.wrong("which entry? give its id, as histories and lanes have it")
	}
	return asked(ctx, p, q, h.engine.Entry)
}

func (h *Handler) activity(ctx context.Context, p *params) (any, error) {
	q := query.Activity{Set: p.set(), Window: p.window(), Bins: p.num("bins"), Top: p.num("top")}
	return asked(ctx, p, q, h.engine.Activity)
}

func (h *Handler) failing(ctx context.Context, p *params) (any, error) {
	q := query.Failing{Cluster: p.cluster(), Namespace: p.str("namespace"), Window: p.window(), Limit: p.limit(maxTraces)}
	return asked(ctx, p, q, h.engine.Failing)
}

// fields answers from the filter language itself: the words are the same whatever is recorded.
func (h *Handler) fields(_ context.Context, p *params) (any, error) {
	if err := p.done(); err != nil {
		return nil, err
	}
	words := query.Fields()
	answer := struct {
		Fields []engine.Field `json:"fields"`
	}{make([]engine.Field, len(words))}
	for i, word := range words {
		answer.Fields[i] = engine.Field(word)
	}
	return answer, nil
}

// set reads which objects are meant. With object they are a tree; cluster and namespace are then those of its root.
func (p *params) set() query.Set {
	s := query.Set{Cluster: p.cluster(), Kind: p.str("kind"), Namespace: p.str("namespace"), Name: p.str("name"), Selector: p.str("selector"), Filter: p.str("filter")}
	root, up, down, siblings, types := p.str("object"), p.depth("up"), p.depth("down"), p.bool("siblings"), p.words("types")
	if root == "" {
		if up != query.All || down != query.All || siblings || len(types) > 0 {
			p.wrong("up, down, siblings and types are of a tree: give its object")
		}
		return s
	}
	object, err := query.ParseObject([]string{root})
	if err != nil {
		p.wrong("object: %v", err)
	}
	object.Cluster, object.Namespace = s.Cluster, s.Namespace
	s.Namespace = ""
	s.Object, s.Up, s.Down, s.Siblings, s.Types = object, up, down, siblings, types
	return s
}

// uids reads a parameter that may be given any number of times.
func (p *params) uids(name string) []record.UID {
	p.known = append(p.known, name)
	var uids []record.UID
	for _, uid := range p.values[name] {
		if uid == "" {
			p.wrong("%s: empty", name)
		}
		uids = append(uids, record.UID(uid))
	}
	return uids
}
