package query

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"github.com/kubewake/kubewake/record"
)

// Result is what a filter says of one record.
type Result uint8

// The results.
const (
	Miss    Result = iota
	Hit            // the filter is true
	Unknown        // it depends on something that is not known: neither hit nor miss
	Failed         // it does not apply to this record: types that do not compare, a limit reached
)

// String is the word for messages.
func (r Result) String() string {
	return [...]string{"miss", "hit", "unknown", "failed"}[r&3]
}

// Manifest gives a state: raw JSON ([]byte, json.RawMessage, string), a decoded map[string]any, or nil where the object did not
// exist. Known is false where the state can not be told. Raw JSON is fastest: it is read no further than the filter asks.
type Manifest func() (state any, known bool)

// Input is one record and what belongs to it. The functions are called once at most, and only if the result depends on them.
type Input struct {
	Record *record.Record
	// Maker is the request that made a revision or an end, where it is known: "request" reads it. FindMaker finds it on demand
	// instead; known is false where it can not be told.
	Maker     *record.Record
	FindMaker func() (maker *record.Record, known bool)
	// Time is the derived time of a revision or an end; zero where it is not known. Other kinds have OccurredAt.
	Time time.Time
	// Object is the state after the record, OldObject the one before it. Nil Object of a whole revision is its body, of an end
	// no object; else nil means unknown. Events, gaps, spans and progress never have a state.
	Object, OldObject Manifest
}

// PreMatch looks at the record's head alone and reports whether Match could say anything but Miss. It takes some tens of
// nanoseconds and does not allocate. The bodies of revisions, ends and requests may be missing (heads only).
func (f *Filter) PreMatch(r *record.Record) bool {
	v := view{rec: r, makerOpen: true, at: r.OccurredAt}
	switch f.tree.eval(v) {
	case no, fails:
		return false
	}
	return true
}

// Match says whether the filter matches. The error is not nil exactly when the result is Failed. A record that lacks what the filter
// reads (request.verb of an Event, spec.replicas of a Pod) is a Miss.
func (f *Filter) Match(in Input) (Result, error) {
	v := view{rec: in.Record, maker: in.Maker, at: in.Time}
	if v.at.IsZero() {
		v.at = in.Record.OccurredAt
	}
	v.makerOpen = v.maker == nil && in.FindMaker != nil
	if r := in.Record; in.Object == nil && r.Kind == record.KindRevision && r.Revision.Partial == record.Whole && len(r.Revision.Body) > 0 {
		v.body = r.Revision.Body
	}
	got := f.tree.eval(v)
	if got == maybe && v.makerOpen && f.reads&scopeRequest != 0 && in.Record.Kind != record.KindRequest && hasState(in.Record.Kind) {
		maker, known := in.FindMaker()
		v.maker, v.makerOpen = maker, !known
		if v.makerOpen && f.tests {
			return Unknown, nil
		}
		got = f.tree.eval(v)
	}
	switch got {
	case yes:
		return Hit, nil
	case no, fails:
		return Miss, nil
	}
	out, _, err := f.program.Eval(&activation{view: v, in: in})
	return result(out, err)
}

func result(out ref.Val, err error) (Result, error) {
	if err != nil {
		if isMissing(err) {
			return Miss, nil
		}
		return Failed, fmt.Errorf("evaluate the filter: %s", plainMessage(err.Error()))
	}
	switch v := out.(type) {
	case types.Bool:
		if v {
			return Hit, nil
		}
		return Miss, nil
	case *types.Unknown:
		return Unknown, nil
	}
	return Failed, fmt.Errorf("evaluate the filter: it gives %s, not true or false", out.Type().TypeName())
}

// isMissing tells the errors of reading what is not there from those of a filter that does not apply. CEL's own have no type to test.
func isMissing(err error) bool {
	if errors.Is(err, errAbsent) {
		return true
	}
	m := err.Error()
	return strings.HasPrefix(m, "no such key") || strings.HasPrefix(m, "index out of bounds")
}

// activation hands the record's parts to CEL as it asks for them.
type activation struct {
	view
	in          Input
	object, old any // the states, once loaded
}

func (a *activation) Parent() cel.Activation { return nil }

func (a *activation) ResolveName(name string) (any, bool) {
	switch name {
	case "time":
		if a.at.IsZero() {
			return unknown(name), true
		}
		return types.Timestamp{Time: a.at}, true
	case "request":
		r, got := a.of(scopeRequest)
		if got == maybe {
			return unknown(name), true
		}
		return &body{table: requestTable, rec: r}, true
	case "event":
		r, _ := a.of(scopeEvent)
		return &body{table: eventTable, rec: r}, true
	case "gap":
		r, _ := a.of(scopeGap)
		return &body{table: gapTable, rec: r}, true
	case "span":
		r, _ := a.of(scopeSpan)
		return &body{table: spanTable, rec: r}, true
	case "object":
		if a.object == nil {
			a.object = a.state(name, a.in.Object)
		}
		return a.object, true
	case "oldObject":
		if a.old == nil {
			a.old = a.state(name, a.in.OldObject)
		}
		return a.old, true
	}
	if f := headFields[name]; f != nil {
		return types.String(f.str(a.rec)), true
	}
	return nil, false
}

func unknown(name string) *types.Unknown { return types.NewUnknown(0, types.NewAttributeTrail(name)) }

func (a *activation) state(name string, load Manifest) any {
	if !hasState(a.rec.Kind) {
		return types.NullValue
	}
	if load == nil {
		return a.ownState(name)
	}
	state, known := load()
	if !known {
		return unknown(name)
	}
	switch s := state.(type) {
	case nil:
		return types.NullValue
	case []byte:
		return rawState(s)
	case json.RawMessage:
		return rawState(s)
	case string:
		return rawState([]byte(s))
	}
	b, err := json.Marshal(state)
	if err != nil {
		return types.WrapErr(errJSON)
	}
	return rawState(b)
}

func rawState(b []byte) ref.Val {
	if len(b) == 0 {
		return types.NullValue
	}
	return jsonValue(b)
}

// ownState is what the record itself tells.
func (a *activation) ownState(name string) any {
	switch r := a.rec; {
	case name != "object":
	case r.Kind == record.KindEnd:
		return types.NullValue
	case r.Kind == record.KindRevision && r.Revision.Partial == record.Whole && len(r.Revision.Body) > 0:
		return jsonValue(r.Revision.Body)
	}
	return unknown(name)
}
