package query

import (
	"strings"
	"time"

	"github.com/kubewake/kubewake/record"
)

// verdict is what the tree can say about a filter, or a part of it, on one record without running CEL.
type verdict uint8

const (
	no    verdict = iota // evaluates to false
	yes                  // evaluates to true
	fails                // evaluates to an error: what it reads is absent from the record, so at the top it is a miss
	maybe                // only CEL can tell
)

// view is the record as the tree sees it.
type view struct {
	rec *record.Record
	// maker is the record whose Request a revision or an end has; makerOpen: not asked for yet, or unknown.
	maker     *record.Record
	makerOpen bool
	at        time.Time // zero: unknown
	body      []byte    // the whole state after the record, where that is known without asking; else nil
}

// of gives the record that has the scope's body; nil with maybe or fails where there is none.
func (v view) of(s scope) (*record.Record, verdict) {
	switch s {
	case scopeRequest:
		switch {
		case v.rec.Kind == record.KindRequest:
			return v.rec, yes
		case v.rec.Kind != record.KindRevision && v.rec.Kind != record.KindEnd:
			return nil, fails
		case v.makerOpen:
			return nil, maybe
		case v.maker == nil:
			return nil, fails
		}
		return v.maker, yes
	case scopeEvent:
		return only(v.rec, record.KindKubeEvent)
	case scopeGap:
		return only(v.rec, record.KindGap)
	case scopeSpan:
		return only(v.rec, record.KindSpan)
	case scopeObject, scopeOldObject:
		if hasState(v.rec.Kind) {
			return v.rec, yes
		}
		return nil, fails
	}
	return v.rec, yes
}

func only(r *record.Record, k record.Kind) (*record.Record, verdict) {
	if r.Kind == k {
		return r, yes
	}
	return nil, fails
}

// hasState tells the kinds of record that object and oldObject exist for.
func hasState(k record.Kind) bool {
	return k == record.KindRequest || k == record.KindRevision || k == record.KindEnd
}

// node is a part of a filter that Go can judge. The truth of a verdict other than maybe is CEL's own.
type node interface {
	eval(view) verdict
	bounds() limits
}

// allOf is &&: as in CEL, false wins over an error, whichever comes first.
type allOf []node

func (n allOf) eval(v view) verdict {
	result := yes
	for _, child := range n {
		switch child.eval(v) {
		case no:
			return no
		case maybe:
			result = maybe
		case fails:
			if result == yes {
				result = fails
			}
		}
	}
	return result
}

// anyOf is ||: true wins over an error, whichever comes first.
type anyOf []node

func (n anyOf) eval(v view) verdict {
	result := no
	for _, child := range n {
		switch child.eval(v) {
		case yes:
			return yes
		case maybe:
			result = maybe
		case fails:
			if result == no {
				result = fails
			}
		}
	}
	return result
}

// atom is what the tree can not judge; strict lists the scopes without which it is an error for certain.
type atom struct{ strict scope }

func (n atom) eval(v view) verdict {
	for s := scopeRequest; s <= scopeOldObject; s <<= 1 {
		if n.strict&s != 0 {
			if _, got := v.of(s); got == fails {
				return fails
			}
		}
	}
	return maybe
}

// constant is a literal true or false.
type constant bool

func (n constant) eval(view) verdict { return truth(bool(n)) }

func truth(b bool) verdict {
	if b {
		return yes
	}
	return no
}

// place is a field of a scope, and its path as people write it.
type place struct {
	scope scope
	path  string
	field *field
}

// relation of a field to constants.
type relation uint8

const (
	isOneOf relation = iota
	startsWith
	endsWith
	contains
	less
	lessOrEqual
	greater
	greaterOrEqual
)

// textTest compares a string field, or the elements of a list of strings (has one that is).
type textTest struct {
	place
	relation relation
	values   []string
	not      bool
}

func (n *textTest) eval(v view) verdict {
	r, got := v.of(n.scope)
	if r == nil {
		return got
	}
	if n.field.list != nil {
		for _, s := range n.field.list(r) {
			if n.holds(s) {
				return truth(!n.not)
			}
		}
		return truth(n.not)
	}
	return truth(n.holds(n.field.str(r)) != n.not)
}

func (n *textTest) holds(s string) bool {
	for _, want := range n.values {
		var is bool
		switch n.relation {
		case isOneOf:
			is = s == want
		case startsWith:
			is = strings.HasPrefix(s, want)
		case endsWith:
			is = strings.HasSuffix(s, want)
		case contains:
			is = strings.Contains(s, want)
		}
		if is {
			return true
		}
	}
	return false
}

// numberTest compares an integer field.
type numberTest struct {
	place
	relation relation
	values   []int64
	not      bool
}

func (n *numberTest) eval(v view) verdict {
	r, got := v.of(n.scope)
	if r == nil {
		return got
	}
	have := n.field.num(r)
	for _, want := range n.values {
		if related(compare(have, want), n.relation) {
			return truth(!n.not)
		}
	}
	return truth(n.not)
}

// timeTest compares the variable time.
type timeTest struct {
	relation relation
	value    time.Time
	not      bool
}

func (n *timeTest) eval(v view) verdict {
	if v.at.IsZero() {
		return maybe
	}
	return truth(related(v.at.Compare(n.value), n.relation) != n.not)
}

// flagTest reads a boolean field.
type flagTest struct {
	place
	not bool
}

func (n *flagTest) eval(v view) verdict {
	r, got := v.of(n.scope)
	if r == nil {
		return got
	}
	return truth(n.field.flag(r) != n.not)
}

// setTest is has(field): false, not an error, where the record has no such body.
type setTest struct {
	place
	not bool
}

func (n *setTest) eval(v view) verdict {
	r, got := v.of(n.scope)
	switch {
	case r != nil:
		return truth(n.field.isSet(r) != n.not)
	case got == maybe:
		return maybe
	}
	return truth(n.not)
}

func compare(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func related(order int, r relation) bool {
	switch r {
	case isOneOf:
		return order == 0
	case less:
		return order < 0
	case lessOrEqual:
		return order <= 0
	case greater:
		return order > 0
	case greaterOrEqual:
		return order >= 0
	}
	return false
}
