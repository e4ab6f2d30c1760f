package local

import (
	"context"
	"slices"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/link"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// LinkCheck says how much is told of what rules link.
type LinkCheck struct {
	Limit    int               // links listed of each rule; zero: all
	Progress func(objects int) // may be nil
}

// CheckedLinks is what an operator's rules link in what is recorded.
type CheckedLinks struct {
	Rules []CheckedRule `json:"rules"`
}

// CheckedRule is what one rule links.
type CheckedRule struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	Objects int    `json:"objects"` // of the kind that its expression is evaluated for
	Total   int    `json:"total"`   // links, over all that is recorded
	// Stubs are links to objects that were never recorded: right where those lie elsewhere, else a sign that a name is wrong.
	Stubs  int           `json:"stubs"`
	Links  []engine.Link `json:"links"` // the first of them
	Failed int           `json:"failed,omitempty"`
	First  *engine.Ref   `json:"firstFailed,omitempty"`
	Error  string        `json:"error,omitempty"`
}

// CheckLinks tells what an operator's rules would link in a store, which is only read. It costs the states of all objects of the kinds that
// the rules name.
func CheckLinks(ctx context.Context, st store.Store, rules *link.Rules, how LinkCheck) (*CheckedLinks, error) {
	custom := rules.Custom()
	evaluated := func(c *link.Custom, ref record.ObjectRef) bool {
		k := c.Child
		if c.Yields == link.Children {
			k = c.Parent
		}
		return isKind(k, ref)
	}
	e := New(st, Config{LinkRules: rules})
	e.links.Patience, e.links.Progress = -1, how.Progress
	e.links.Only = func(ref record.ObjectRef) bool {
		return rules.Selectable(ref.GroupResource()) || slices.ContainsFunc(custom, func(c link.Custom) bool { return evaluated(&c, ref) })
	}
	r, err := e.relations(ctx, moments{}, nil)
	if err != nil {
		return nil, err
	}
	out := &CheckedLinks{Rules: make([]CheckedRule, len(custom))}
	at := map[string]*CheckedRule{}
	for i, c := range custom {
		typ := c.Type
		if typ == "" {
			typ = link.Owns
		}
		out.Rules[i] = CheckedRule{Name: c.Name, Type: string(typ), Links: []engine.Link{}}
		at[c.Name] = &out.Rules[i]
	}
	for entry, err := range st.Objects(ctx, store.ObjectScan{NoEvents: true}) {
		if err != nil {
			return nil, err
		}
		mine := false
		for i := range custom {
			if evaluated(&custom[i], entry.Ref) {
				out.Rules[i].Objects++
				mine = true
			}
		}
		if mine {
			if err := r.check(ctx, entry, at, how.Limit); err != nil {
				return nil, err
			}
		}
	}
	for _, f := range rules.Failures() {
		if c := at[f.Rule]; c != nil {
			first := refOf(f.First)
			c.Failed, c.First, c.Error = f.Count, &first, f.Error
		}
	}
	return out, nil
}

func isKind(k link.KindRef, ref record.ObjectRef) bool {
	if k.Group != ref.Group || k.Cluster != "" && k.Cluster != ref.Cluster {
		return false
	}
	if k.Resource != "" {
		return k.Resource == ref.Resource
	}
	return k.Kind == ref.Kind || record.GuessResource(k.Kind) == ref.Resource
}

// check counts the links that one object claims by an operator's rules.
func (r *relations) check(ctx context.Context, entry *store.Entry, rules map[string]*CheckedRule, limit int) error {
	defer clear(r.said) // of all objects there may be many
	ties, err := r.own(ctx, endOf(entry), upward|downward)
	if err != nil {
		return err
	}
	for _, t := range once(ties) {
		c := rules[t.claim.Rule]
		if c == nil {
			continue
		}
		c.Total++
		if t.parent.entry == nil || t.child.entry == nil {
			c.Stubs++
		}
		if limit > 0 && len(c.Links) >= limit {
			continue
		}
		l, err := r.link(ctx, t)
		if err != nil {
			return err
		}
		c.Links = append(c.Links, *l)
	}
	return nil
}
