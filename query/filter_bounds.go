package query

import (
	"maps"
	"math"
	"slices"
	"time"

	"github.com/kubewake/kubewake/record"
)

// limits is what a part of a filter says about the records that it can be true of: an over-approximation.
type limits struct {
	kinds    scopeKinds
	sets     map[string][]string // by path; a path that is absent is not bounded
	from, to time.Time           // both included
	min, max int64               // of request.code
}

// scopeKinds is a set of record.Kind as bits.
type scopeKinds uint16

const allKinds scopeKinds = 1<<record.KindRequest | 1<<record.KindRevision | 1<<record.KindEnd | 1<<record.KindKubeEvent |
	1<<record.KindGap | 1<<record.KindProgress | 1<<record.KindSpan

func unbounded() limits {
	return limits{kinds: allKinds, min: math.MinInt64, max: math.MaxInt64}
}

// kindsWith lists the kinds of record that have every scope of s.
func kindsWith(s scope) scopeKinds {
	kinds := allKinds
	if s&scopeRequest != 0 || s&scopeObject != 0 || s&scopeOldObject != 0 {
		kinds &= 1<<record.KindRequest | 1<<record.KindRevision | 1<<record.KindEnd
	}
	if s&scopeEvent != 0 {
		kinds &= 1 << record.KindKubeEvent
	}
	if s&scopeGap != 0 {
		kinds &= 1 << record.KindGap
	}
	if s&scopeSpan != 0 {
		kinds &= 1 << record.KindSpan
	}
	return kinds
}

func (n allOf) bounds() limits {
	all := unbounded()
	all.sets = map[string][]string{}
	for _, child := range n {
		l := child.bounds()
		all.kinds &= l.kinds
		all.min, all.max = max(all.min, l.min), min(all.max, l.max)
		if all.from.Before(l.from) {
			all.from = l.from
		}
		if !l.to.IsZero() && (all.to.IsZero() || l.to.Before(all.to)) {
			all.to = l.to
		}
		for path, values := range l.sets {
			if have, bounded := all.sets[path]; bounded {
				values = slices.DeleteFunc(slices.Clone(values), func(s string) bool { return !slices.Contains(have, s) })
			}
			all.sets[path] = values
		}
	}
	return all
}

func (n anyOf) bounds() limits {
	one := n[0].bounds()
	one.sets = maps.Clone(one.sets)
	for _, child := range n[1:] {
		l := child.bounds()
		one.kinds |= l.kinds
		one.min, one.max = min(one.min, l.min), max(one.max, l.max)
		if l.from.Before(one.from) {
			one.from = l.from
		}
		if !one.to.IsZero() && (l.to.IsZero() || l.to.After(one.to)) {
			one.to = l.to
		}
		for path, values := range one.sets {
			if more, bounded := l.sets[path]; bounded {
				one.sets[path] = slices.Concat(values, more)
			} else {
				delete(one.sets, path)
			}
		}
	}
	return one
}

func (n atom) bounds() limits {
	l := unbounded()
	l.kinds = kindsWith(n.strict)
	return l
}

func (n constant) bounds() limits {
	l := unbounded()
	if !n {
		l.kinds = 0
	}
	return l
}

func (p place) limits() limits {
	l := unbounded()
	l.kinds = kindsWith(p.scope)
	return l
}

func (n *textTest) bounds() limits {
	l := n.limits()
	if n.not || n.relation != isOneOf || n.field.list != nil {
		return l
	}
	if n.path == "kind" {
		l.kinds = 0
		for _, v := range n.values {
			if k, ok := record.ParseKind(v); ok {
				l.kinds |= 1 << k
			}
		}
		return l
	}
	l.sets = map[string][]string{n.path: n.values}
	return l
}

func (n *numberTest) bounds() limits {
	l := n.limits()
	if n.path != "request.code" || n.not {
		return l
	}
	switch n.relation {
	case isOneOf:
		if len(n.values) > 0 {
			l.min, l.max = slices.Min(n.values), slices.Max(n.values)
		}
	case greater, greaterOrEqual:
		l.min = n.values[0]
	case less, lessOrEqual:
		l.max = n.values[0]
	}
	return l
}

func (n *timeTest) bounds() limits {
	l := unbounded()
	switch {
	case n.relation == isOneOf && !n.not:
		l.from, l.to = n.value, n.value
	case (n.relation == greater || n.relation == greaterOrEqual) != n.not && n.relation != isOneOf:
		l.from = n.value
	case n.relation != isOneOf:
		l.to = n.value
	}
	return l
}

func (n *flagTest) bounds() limits { return n.limits() }

func (n *setTest) bounds() limits {
	if n.not {
		return unbounded()
	}
	return n.limits()
}
