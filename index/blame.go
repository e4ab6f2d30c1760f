package index

import (
	"fmt"
	"slices"
	"time"

	"github.com/kubewake/kubewake/join"
	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/record"
)

// BlameOptions of Life.Blame.
type BlameOptions struct {
	Under object.Path // only fields at or below; empty: all
	Noise bool        // also managedFields, resourceVersion, generation
}

// Blame says for every field of the state at since which state it holds its value. What the floor kept of older
// states counts; a blame kept by another release that can not be read is an error.
func (l *Life) Blame(at int, options BlameOptions) ([]object.Blamed, error) {
	o := object.BlameOptions{Schema: l.Schema, Created: l.createdHere(), Under: options.Under, Noise: options.Noise}
	if l.Floor != nil && len(l.Floor.Blame) > 0 && l.startsAtFloor() {
		carried, err := object.DecodeBlame(l.Floor.Blame)
		if err != nil {
			return nil, fmt.Errorf("read the floor of %s: %w", l.Entry.Ref.UID, err)
		}
		o.Floor = carried
	}
	return object.Blame(l.States[:at+1], o), nil
}

// createdHere reports whether the first state is the one that the object was created with.
func (l *Life) createdHere() bool {
	if len(l.States) == 0 || l.startsAtFloor() {
		return false
	}
	return (l.Entry.Created && l.States[0].RV == l.Entry.FirstRV) || l.BeginsWithCreate()
}

// BeginsWithCreate reports whether a request that created the object made its first recorded state: the one maker, or
// each of the candidates.
func (l *Life) BeginsWithCreate() bool {
	if len(l.Makers) == 0 {
		return false
	}
	creates := func(r *record.Record) bool {
		return r.Ref.Subresource == "" && (r.Request.Verb == "create" || r.Request.Code == 201)
	}
	m := l.Makers[0]
	if m.Request != nil {
		return creates(m.Request)
	}
	return len(m.Candidates) > 0 && !slices.ContainsFunc(m.Candidates, func(r *record.Record) bool { return !creates(r) })
}

// startsAtFloor reports whether the first state was carried over when older records were dropped.
func (l *Life) startsAtFloor() bool {
	return len(l.States) > 0 && l.States[0].Chosen.Best().Provenance.Sources.Has(record.FromFloor)
}

// Within reports whether a moment lies in the life, as far as its bounds are known.
func (l *Life) Within(t time.Time) bool {
	if !l.Entry.CreatedAt.IsZero() && t.Before(l.Entry.CreatedAt.Add(-slack)) {
		return false
	}
	end := l.EndWhen.NotAfter
	return l.End == nil || end.IsZero() || !t.After(end.Add(slack))
}

// KeptMaker is a maker as a floor keeps it, and when what it made was committed.
type KeptMaker struct {
	join.Maker
	When Interval
}

// keptMakerVersion is the first byte of the encoding: certainty, two times, then the request's record if there is one.
const keptMakerVersion = 1

// encodeMaker keeps who made a state: of candidates only that there were some.
func encodeMaker(m join.Maker, w Interval) []byte {
	b := []byte{keptMakerVersion, byte(m.Certainty)}
	b = appendTime(b, w.NotBefore)
	b = appendTime(b, w.NotAfter)
	if m.Request == nil {
		return b
	}
	head, body := *m.Request, *m.Request.Request
	body.Sent, body.SentKind, body.Items = nil, record.SentNone, nil
	head.Request = &body
	return record.Append(b, &head)
}

// DecodeMaker reads what a floor kept of a maker; ok is false where nothing was kept.
func DecodeMaker(b []byte) (m KeptMaker, ok bool) {
	if len(b) < 2 || b[0] != keptMakerVersion || b[1] > byte(join.Unknown) {
		return m, false
	}
	m.Certainty = join.Certainty(b[1])
	d := clockDecoder{buf: b[2:]}
	m.When = Interval{NotBefore: d.time(), NotAfter: d.time()}
	if d.bad {
		return m, false
	}
	m.Evidence = []string{"kept when older records were dropped"}
	if len(d.buf) == 0 {
		return m, true
	}
	r, err := record.Decode(d.buf)
	if err != nil || r.Kind != record.KindRequest {
		return m, false
	}
	m.Request = r
	return m, true
}
