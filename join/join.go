package join

import (
	"slices"
	"time"

	"github.com/kubewake/kubewake/record"
)

// Input is everything recorded that can concern one object (one UID).
type Input struct {
	Ref record.ObjectRef // the object: UID, name, namespace, resource
	// Revisions in order: of epochs, then of resourceVersions; one for each resourceVersion.
	Revisions []Revision
	End       *record.Record // or nil
	EndWhen   Interval       // what the clock of the storage says about End.RV
	// Requests are writes to its name (whatever UID, any stage, failures too) and to its collection, in the time of its
	// life. Reads and requests that can not concern it are passed over. In any order.
	Requests []*record.Record
	// Along are the requests that may have ended the object that this one goes with (GoesWith); they bear on the end
	// alone. In any order.
	Along []*record.Record
	// Siblings are the other objects of its collection that were created by generateName in its time, all of them
	// within SiblingsWithin or none: they tell parallel creates without a name apart. In any order.
	Siblings []Sibling
	// CreatedInRecording: the object was created while it was watched and its writes were recorded.
	CreatedInRecording bool
	// Skew is how far the clocks of the cluster's apiservers may lie apart. Zero: one clock.
	Skew time.Duration
}

// Revision is one state of the object.
type Revision struct {
	Record *record.Record // of kind Revision, the body chosen where there are several
	When   Interval       // what the clock of the storage says about its resourceVersion; zero ends are not known
	Epoch  int
}

// Sibling is another object that a create without a name may have made.
type Sibling struct {
	UID       record.UID
	RV        record.ResourceVersion // of its first revision
	CreatedAt time.Time              // metadata.creationTimestamp
	When      Interval               // of its first revision
}

// Interval bounds the moment of a commit; a zero end is not known.
type Interval struct{ NotBefore, NotAfter time.Time }

// And gives what holds where both bounds hold.
func (i Interval) And(o Interval) Interval {
	if o.NotBefore.After(i.NotBefore) {
		i.NotBefore = o.NotBefore
	}
	if i.NotAfter.IsZero() || (!o.NotAfter.IsZero() && o.NotAfter.Before(i.NotAfter)) {
		i.NotAfter = o.NotAfter
	}
	return i
}

// Certainty says how sure it is that a request made a state.
type Certainty uint8

// The certainties, from sure to unknown.
const (
	Exact Certainty = iota
	Inferred
	Candidates
	Unknown
)

// Rule names what decided.
type Rule string

// The rules.
const (
	RuleAnswer   Rule = "answer"
	RuleLock     Rule = "lock"
	RuleUID      Rule = "uid"
	RuleInfer    Rule = "infer"
	RuleSiblings Rule = "siblings"
	RuleNone     Rule = ""
)

// Maker is the request that made a state or an end, or the candidates for it.
type Maker struct {
	Certainty  Certainty
	Request    *record.Record   // set where Certainty is Exact or Inferred
	Candidates []*record.Record // set where it is Candidates; ordered by received time, then identity
	Rule       Rule
	Evidence   []string // sentences
}

// Result is what joining one object says. Maps are keyed by resourceVersion, or by request identity.
type Result struct {
	Makers    map[record.ResourceVersion]Maker
	End       Maker // of Input.End
	Intervals map[record.ResourceVersion]Interval
	EndWhen   Interval
	// MadeBy lists what each request made, by rising resourceVersion; only Exact and Inferred makers.
	MadeBy map[record.ID][]record.ResourceVersion
	// NoOps are successful writes that provably changed nothing.
	NoOps map[record.ID]bool
	// Losses are what the records show to be lost, by resourceVersion.
	Losses []Loss
	// Reused are audit IDs that several requests with another user or URI share.
	Reused []string
}

// Undecided lists the resourceVersions, the end's included, that have several candidates: pins of their neighbours in
// the storage (see Pins) may tell them apart.
func (r Result) Undecided(in Input) []record.ResourceVersion {
	var list []record.ResourceVersion
	for rv, m := range r.Makers {
		if m.Certainty == Candidates && len(m.Candidates) > 1 {
			list = append(list, rv)
		}
	}
	if r.End.Certainty == Candidates && len(r.End.Candidates) > 1 && in.End != nil && in.End.End.RV != 0 {
		list = append(list, in.End.End.RV)
	}
	slices.Sort(list)
	return list
}

// WithPins narrows the intervals of in by more pins of its storage, for example Result.Pins of its neighbours.
func (in Input) WithPins(pins []record.Pin) Input {
	clock := NewPinClock(pins)
	in.Revisions = slices.Clone(in.Revisions)
	for i := range in.Revisions {
		if r := &in.Revisions[i]; r.Record != nil && r.Record.Revision != nil {
			r.When = r.When.And(clock.When(r.Record.Revision.RV))
		}
	}
	if in.End != nil && in.End.End != nil {
		in.EndWhen = in.EndWhen.And(clock.When(in.End.End.RV))
	}
	return in
}

// Object joins the records of one object. Its cost grows with revisions times requests that name no resourceVersion;
// each body is scanned once or twice, and decoded only where it changed.
func Object(in Input) Result {
	return newJoiner(in).run()
}
