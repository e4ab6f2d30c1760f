package tempo

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
)

// labelField begins a field that names a label of the object.
const labelField = "label."

// modeField chooses how the traces that are found are shown, as Jaeger's services do.
const modeField = "kubewake.mode"

// field is what a name in a query stands for.
type field struct {
	kind fieldKind
	tag  string // in query.Traces
	cel  string // the same in the filter language
}

type fieldKind uint8

const (
	fieldText     fieldKind = iota
	fieldNumber             // an HTTP status
	fieldSpanName           // NAMESPACE/NAME, or NAME
	fieldStatus
	fieldFailed
	fieldDuration
	fieldKindOfSpan
	fieldLabel
	fieldMode
	fieldFilter
)

// attributes are those of the spans of a trace that can be searched by.
func attributes() map[string]field {
	return map[string]field{
		"service.name": {fieldText, "resource", "resource"},
		"cluster":      {fieldText, "cluster", "cluster"},
		"group":        {fieldText, "group", "group"},
		"resource":     {fieldText, "resource", "resource"},
		"namespace":    {fieldText, "namespace", "namespace"},
		"name":         {fieldText, "name", "name"},
		"uid":          {fieldText, "uid", "uid"},
		"user":         {fieldText, "user", "request.user"},
		"verb":         {fieldText, "verb", "request.verb"},
		"code":         {fieldNumber, "code", "request.code"},
		"error":        {kind: fieldFailed},
		"cel":          {kind: fieldFilter},
		modeField:      {kind: fieldMode},
	}
}

// intrinsics are what TraceQL says of every span without a scope.
func intrinsics() map[string]field {
	return map[string]field{
		"name": {kind: fieldSpanName}, "span:name": {kind: fieldSpanName},
		"rootName": {kind: fieldSpanName}, "trace:rootName": {kind: fieldSpanName},
		"rootServiceName": {fieldText, "resource", "resource"}, "trace:rootService": {fieldText, "resource", "resource"},
		"status": {kind: fieldStatus}, "span:status": {kind: fieldStatus},
		"kind": {kind: fieldKindOfSpan}, "span:kind": {kind: fieldKindOfSpan},
		"duration": {kind: fieldDuration}, "span:duration": {kind: fieldDuration},
		"traceDuration": {kind: fieldDuration}, "trace:duration": {kind: fieldDuration},
	}
}

// fieldOf finds what a name in a query stands for. Attributes may have any of the scopes that Grafana offers.
func fieldOf(name string) (field, bool) {
	if f, ok := intrinsics()[name]; ok {
		return f, true
	}
	attribute := ""
	for _, scope := range []string{"resource.", "span.", "event.", "."} {
		if rest, ok := strings.CutPrefix(name, scope); ok {
			attribute = rest
			break
		}
	}
	if key, ok := strings.CutPrefix(attribute, labelField); ok && key != "" {
		return field{fieldLabel, attribute, ""}, true
	}
	f, ok := attributes()[attribute]
	return f, ok
}

// meaning is what a query asks of the engine.
type meaning struct {
	q       query.Traces
	filters []string // in the filter language, all to be met
	never   bool     // the conditions exclude each other
}

// mean turns conditions into a question: what the engine has a tag for becomes one, the rest a filter.
func mean(n node) (*meaning, error) {
	m := &meaning{q: query.Traces{Tags: map[string]string{}}}
	for _, c := range n.list {
		if err := m.add(c); err != nil {
			return nil, err
		}
	}
	if len(m.filters) > 0 {
		m.q.Tags["cel"] = strings.Join(m.filters, " && ")
	}
	if m.q.MaxDuration > 0 && m.q.MaxDuration < m.q.MinDuration {
		m.never = true
	}
	return m, nil
}

func (m *meaning) add(n node) error {
	if n.op != opCond {
		text, err := filterOf(n)
		m.filters = append(m.filters, text)
		return err
	}
	f, err := known(&n.cond)
	if err != nil {
		return err
	}
	switch f.kind {
	case fieldStatus:
		return m.status(&n.cond)
	case fieldFailed:
		return m.failed(&n.cond)
	case fieldDuration:
		return m.duration(&n.cond)
	case fieldKindOfSpan:
		return m.kindOfSpan(&n.cond)
	case fieldLabel:
		return m.label(&n.cond, f)
	case fieldMode:
		return m.mode(&n.cond)
	case fieldFilter:
		return m.filter(&n.cond)
	}
	if m.tag(f, &n.cond) {
		return nil
	}
	text, err := filterOf(n)
	m.filters = append(m.filters, text)
	return err
}

func known(c *condition) (field, error) {
	f, ok := fieldOf(c.field)
	if ok {
		return f, nil
	}
	return f, c.fail("%s is nothing that can be searched by; there are %s, any label as .label.KEY, and status, name, duration", clip(c.field),
		strings.Join(slices.Sorted(maps.Keys(attributes())), ", "))
}

func (c *condition) fail(format string, args ...any) error {
	return &queryError{c.column, fmt.Sprintf(format, args...)}
}

func (c *condition) failValue(format string, args ...any) error {
	return &queryError{c.valued, fmt.Sprintf(format, args...)}
}

func (c *condition) only(ops ...string) error {
	if slices.Contains(ops, c.op) {
		return nil
	}
	return c.fail("%s takes %s here, not %s", clip(c.field), strings.Join(ops, " "), c.op)
}

// tag says a condition as a tag, which finds its objects by an index; false where that can not say it.
func (m *meaning) tag(f field, c *condition) bool {
	switch f.kind {
	case fieldNumber:
		_, err := strconv.ParseUint(c.value, 10, 16)
		return c.op == "=" && err == nil && m.set(f.tag, c.value)
	case fieldSpanName:
		return m.tagName(c)
	}
	switch c.op {
	case "=":
		return plain(c.value) && m.set(f.tag, c.value)
	case "=~":
		glob, ok := globOf(c.value)
		return ok && (f.tag == "namespace" || f.tag == "name") && m.set(f.tag, glob)
	}
	return false
}

// tagName says the name of an object's span by the tags namespace and name. A name without a slash is one in any namespace.
func (m *meaning) tagName(c *condition) bool {
	value, ok := c.value, plain(c.value)
	if c.op == "=~" {
		value, ok = globOf(c.value)
		ok = ok && strings.Count(value, "/") == 1
	}
	if !ok || c.op != "=" && c.op != "=~" {
		return false
	}
	namespace, name, both := strings.Cut(value, "/")
	if !both {
		return m.set("name", value)
	}
	if namespace == "" || name == "" || !m.free("namespace", namespace) || !m.free("name", name) {
		return false
	}
	return m.set("namespace", namespace) && m.set("name", name)
}

// plain: the value is no pattern to the engine.
func plain(value string) bool { return value != "" && !strings.ContainsAny(value, "*?") }

// set takes a tag; false where it has another value already.
func (m *meaning) set(tag, value string) bool {
	if !m.free(tag, value) {
		return false
	}
	if tag == "cluster" {
		m.q.Cluster = record.Cluster(value)
		return true
	}
	m.q.Tags[tag] = value
	return true
}

func (m *meaning) free(tag, value string) bool {
	now := m.q.Tags[tag]
	if tag == "cluster" {
		now = string(m.q.Cluster)
	}
	return now == "" || now == value
}

// must takes a tag that no filter can say; where it has another value already, nothing can be found.
func (m *meaning) must(tag, value string) {
	if !m.set(tag, value) {
		m.never = true
	}
}

func (m *meaning) status(c *condition) error {
	if err := c.only("=", "!="); err != nil {
		return err
	}
	is := c.op == "="
	switch c.value {
	case "error":
		m.must("error", strconv.FormatBool(is))
	case "unset":
		m.must("error", strconv.FormatBool(!is))
	case "ok": // a state that spans of ours never have
		m.never = m.never || is
	default:
		return c.failValue("%s is none of error, ok, unset", clip(c.value))
	}
	return nil
}

func (m *meaning) failed(c *condition) error {
	if err := c.only("=", "!="); err != nil {
		return err
	}
	b, err := strconv.ParseBool(c.value)
	if err != nil {
		return c.failValue("%s is neither true nor false", clip(c.value))
	}
	m.must("error", strconv.FormatBool(b == (c.op == "=")))
	return nil
}

func (m *meaning) duration(c *condition) error {
	d, err := time.ParseDuration(c.value)
	if err != nil || d < 0 {
		return c.failValue("%s is no duration, as 100ms, 1.5s or 2h", clip(c.value))
	}
	least, most := time.Duration(0), time.Duration(0)
	switch c.op {
	case ">":
		least = d + 1
	case ">=":
		least = d
	case "<":
		most = d - 1
	case "<=":
		most = d
	case "=":
		least, most = d, d
	default:
		return c.only("=", ">", ">=", "<", "<=")
	}
	m.q.MinDuration = max(m.q.MinDuration, least)
	if c.op == ">" || c.op == ">=" {
		return nil
	}
	if most < 0 {
		m.never = true
		return nil
	}
	most = max(most, 1) // zero would be no bound
	if m.q.MaxDuration == 0 || most < m.q.MaxDuration {
		m.q.MaxDuration = most
	}
	return nil
}

// kindOfSpan: all spans of ours are internal.
func (m *meaning) kindOfSpan(c *condition) error {
	if err := c.only("=", "!="); err != nil {
		return err
	}
	if !slices.Contains([]string{"internal", "server", "client", "producer", "consumer", "unspecified"}, c.value) {
		return c.failValue("%s is no kind of span; all spans here are internal", clip(c.value))
	}
	if (c.value == "internal") != (c.op == "=") {
		m.never = true
	}
	return nil
}

func (m *meaning) label(c *condition, f field) error {
	if err := c.only("="); err != nil {
		return err
	}
	if now, ok := m.q.Tags[f.tag]; ok && now != c.value {
		m.never = true
		return nil
	}
	m.q.Tags[f.tag] = c.value
	return nil
}

func (m *meaning) mode(c *condition) error {
	if err := c.only("="); err != nil {
		return err
	}
	mode, modifier, _ := strings.Cut(strings.TrimSpace(c.value), " ")
	m.q.Mode, m.q.Modifier = mode, strings.TrimSpace(modifier)
	return nil
}

// filter takes an expression of the filter language as it is.
func (m *meaning) filter(c *condition) error {
	if err := c.only("="); err != nil {
		return err
	}
	if strings.TrimSpace(c.value) == "" {
		return c.failValue("the expression is empty")
	}
	if _, err := query.Compile(c.value); err != nil { // by itself, so that it can not close the parentheses around it
		return c.failValue("%s", err.Error())
	}
	m.filters = append(m.filters, "("+c.value+"\n)") // it may end in a comment
	return nil
}
