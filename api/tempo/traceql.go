package tempo

import (
	"fmt"
	"strings"
)

// node is a part of what stands between the braces of a query: a condition, or several of them joined.
type node struct {
	op   nodeOp
	list []node // of all, any and not
	cond condition
}

type nodeOp uint8

const (
	opAll  nodeOp = iota // every one; of none: true
	opAny                // at least one
	opNot                // its one is not
	opCond               // a condition
)

// condition compares a field with a value.
type condition struct {
	field  string // as written: "resource.service.name", ".verb", "status"
	op     string // = != =~ !~ > >= < <=
	value  string
	quoted bool // the value was a string
	column int  // of the field
	valued int  // column of the value
}

// parse reads { CONDITION && CONDITION ... }, with ||, ! and parentheses, and gives the conditions that all have to be met. An empty query
// has none. What TraceQL has besides, relations of spans, pipelines and metrics, is an error that names its column.
func parse(q string) (node, error) {
	tokens, err := split(q)
	if err != nil {
		return node{}, err
	}
	p := &parser{q: q, tokens: tokens}
	if p.peek().kind == tokenEnd {
		return node{}, nil
	}
	if !p.take("{") {
		return node{}, p.fail("a query is { conditions }, for example { resource.service.name = \"deployments\" && status = error }")
	}
	if p.take("}") {
		return node{}, p.close()
	}
	n, err := p.any(0)
	if err != nil {
		return node{}, err
	}
	if !p.take("}") {
		return node{}, p.fail("expected && or } here")
	}
	if n.op != opAll {
		n = node{op: opAll, list: []node{n}}
	}
	return n, p.close()
}

type parser struct {
	q          string
	tokens     []token
	i          int
	conditions int
}

func (p *parser) peek() token { return p.tokens[p.i] }

func (p *parser) pop() token {
	t := p.tokens[p.i]
	if t.kind != tokenEnd {
		p.i++
	}
	return t
}

func (p *parser) take(sign string) bool {
	if t := p.peek(); t.kind != tokenSign || t.text != sign {
		return false
	}
	p.i++
	return true
}

func (p *parser) fail(format string, args ...any) error {
	return &queryError{column(p.q, p.peek().at), fmt.Sprintf(format, args...)}
}

// close reads what may stand behind the braces: hints, which change nothing here.
func (p *parser) close() error {
	if t := p.peek(); t.kind == tokenWord && t.text == "with" {
		p.i++
		if !p.take("(") {
			return p.fail("expected ( behind with")
		}
		for !p.take(")") {
			if p.pop().kind == tokenEnd {
				return p.fail("expected ) here")
			}
		}
	}
	if p.peek().kind != tokenEnd {
		return p.fail("only one { ... } is served here: no relations of spans, no pipelines, no metrics")
	}
	return nil
}

func (p *parser) any(depth int) (node, error) {
	return p.joined("||", opAny, func() (node, error) {
		return p.joined("&&", opAll, func() (node, error) { return p.one(depth) })
	})
}

// joined reads parts with a sign between them. One alone stands for itself.
func (p *parser) joined(sign string, op nodeOp, part func() (node, error)) (node, error) {
	var list []node
	for {
		n, err := part()
		if err != nil {
			return node{}, err
		}
		if n.op == op && op == opAll {
			list = append(list, n.list...) // (a && b) && c
		} else {
			list = append(list, n)
		}
		if !p.take(sign) {
			break
		}
	}
	if len(list) == 1 {
		return list[0], nil
	}
	return node{op: op, list: list}, nil
}

func (p *parser) one(depth int) (node, error) {
	if depth > maxNesting {
		return node{}, p.fail("more than %d parentheses within each other", maxNesting)
	}
	if p.take("!") {
		n, err := p.one(depth + 1)
		return node{op: opNot, list: []node{n}}, err
	}
	if p.take("(") {
		n, err := p.any(depth + 1)
		if err == nil && !p.take(")") {
			err = p.fail("expected ) here")
		}
		return n, err
	}
	return p.condition()
}

func (p *parser) condition() (node, error) {
	if p.conditions++; p.conditions > maxConditions {
		return node{}, p.fail("more than %d conditions", maxConditions)
	}
	t := p.peek()
	if t.kind != tokenWord {
		return node{}, p.fail("expected a condition here, for example span.verb = \"update\"")
	}
	p.i++
	c := condition{field: t.text, column: column(p.q, t.at)}
	op := p.peek()
	if !isComparison(op) {
		if t.text == "true" {
			return node{op: opAll}, nil
		}
		return node{}, p.fail("expected one of = != =~ !~ > >= < <= behind %s", clip(t.text))
	}
	p.i++
	c.op = op.text
	v := p.peek()
	if v.kind != tokenWord && v.kind != tokenString {
		return node{}, p.fail("expected a value behind %s", c.op)
	}
	p.i++
	c.value, c.quoted, c.valued = v.text, v.kind == tokenString, column(p.q, v.at)
	return node{op: opCond, cond: c}, nil
}

func isComparison(t token) bool {
	switch t.text {
	case "=", "!=", "=~", "!~", ">", ">=", "<", "<=":
		return t.kind == tokenSign
	}
	return false
}

// clip shortens what is shown of foreign text.
func clip(s string) string {
	if len(s) > 64 {
		s = s[:64] + "..."
	}
	return strings.ToValidUTF8(s, "")
}
