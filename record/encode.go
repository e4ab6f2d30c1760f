package record

import (
	"encoding/binary"
	"time"
)

// encodingVersion is the first byte of every encoded record.
//
// Version 1 (2026-11): kind, header, body; strings and bytes are length-prefixed, numbers varints,
// times nanoseconds relative to a base time in the header.
const encodingVersion = 1

// Append encodes r behind dst and returns the extended slice. Equal records encode equally.
// It panics if the body that Kind names is missing: that is a programming error, never foreign input.
func Append(dst []byte, r *Record) []byte {
	e := encoder{buf: append(dst, encodingVersion, byte(r.Kind)), base: unixNano(r.OccurredAt)}
	e.int(e.base)
	e.ref(r.Ref)
	switch r.Kind {
	case KindRequest:
		e.request(r.Request)
	case KindRevision:
		e.num(uint64(r.Revision.RV))
		e.num(uint64(r.Revision.Partial))
		e.bool(r.Revision.Cut)
		e.bytes(r.Revision.Body)
	case KindEnd:
		e.end(r.End)
	case KindKubeEvent:
		e.event(r.KubeEvent)
	case KindGap:
		g := r.Gap
		e.str(string(g.Reason))
		e.time(g.Until)
		e.num(uint64(g.FromRV))
		e.num(uint64(g.ToRV))
		e.str(g.Detail)
		e.str(g.Key)
		e.int(g.Count)
	case KindProgress:
		e.progress(r.Progress)
	case KindSpan:
		e.span(r.Span)
	default:
		panic("record: encode a record of unknown kind")
	}
	e.int(unixNano(r.Provenance.ReceivedAt))
	e.num(uint64(r.Provenance.Sources))
	return e.buf
}

type encoder struct {
	buf  []byte
	base int64
}

func (e *encoder) num(n uint64)   { e.buf = binary.AppendUvarint(e.buf, n) }
func (e *encoder) int(n int64)    { e.buf = binary.AppendVarint(e.buf, n) }
func (e *encoder) str(s string)   { e.num(uint64(len(s))); e.buf = append(e.buf, s...) }
func (e *encoder) bytes(b []byte) { e.num(uint64(len(b))); e.buf = append(e.buf, b...) }

func (e *encoder) bool(b bool) {
	if b {
		e.num(1)
		return
	}
	e.num(0)
}

// time is relative to the header's: most times of a record lie close to it. The zero time is flagged apart.
func (e *encoder) time(t time.Time) {
	if t.IsZero() {
		e.num(0)
		return
	}
	e.num(1)
	e.int(t.UnixNano() - e.base)
}

func (e *encoder) ref(r ObjectRef) {
	for _, s := range [...]string{string(r.Cluster), r.Group, r.Version, r.Kind, r.Resource, r.Subresource, r.Namespace, r.Name, string(r.UID)} {
		e.str(s)
	}
}

func (e *encoder) pairs(kv []KeyValue) {
	e.num(uint64(len(kv)))
	for _, p := range kv {
		e.str(p.Key)
		e.str(p.Value)
	}
}

func (e *encoder) strs(list []string) {
	e.num(uint64(len(list)))
	for _, s := range list {
		e.str(s)
	}
}

// progress: 0 is a bookmark, 1 a list, 2 a run, which tells where it began.
func (e *encoder) progress(p *Progress) {
	e.num(uint64(p.RV))
	if p.From != 0 {
		e.num(2)
		e.num(uint64(p.From))
		return
	}
	e.bool(p.List)
}

func (e *encoder) request(q *Request) {
	e.str(q.AuditID)
	e.num(uint64(q.Stage))
	e.num(uint64(q.Level))
	e.num(uint64(q.Flags))
	e.str(q.Verb)
	e.str(q.URI)
	e.str(q.Actor.User)
	e.str(q.Actor.UserUID)
	e.strs(q.Actor.Groups)
	e.pairs(q.Actor.Extra)
	e.str(q.Actor.Impersonator)
	e.str(q.Actor.UserAgent)
	e.strs(q.Actor.SourceIPs)
	e.num(uint64(q.Code))
	e.str(q.Reason)
	e.str(q.Message)
	e.num(uint64(len(q.Causes)))
	for _, c := range q.Causes {
		e.str(c.Field)
		e.str(c.Reason)
		e.str(c.Message)
	}
	e.time(q.StageAt)
	e.pairs(q.Annotated)
	e.num(uint64(q.NamedRV))
	e.str(string(q.NamedUID))
	e.num(uint64(q.Answer))
	e.str(string(q.AnswerUID))
	e.num(uint64(q.AnswerRV))
	e.bool(q.AnswerEnds)
	e.num(uint64(q.SentKind))
	e.bytes(q.Sent)
	e.num(uint64(len(q.Items)))
	for _, it := range q.Items {
		e.str(it.Namespace)
		e.str(it.Name)
		e.str(string(it.UID))
		e.num(uint64(it.RV))
		e.bool(it.Ends)
	}
}

func (e *encoder) end(d *End) {
	e.num(uint64(d.RV))
	e.bytes(d.LastBody)
	e.num(uint64(len(d.Requests)))
	for _, q := range d.Requests {
		e.buf = append(e.buf, q.ID[:]...)
		e.time(q.At)
		e.time(q.StageAt)
	}
	e.num(uint64(d.After))
	e.num(uint64(d.Before))
	e.num(uint64(d.Sources))
}

func (e *encoder) eventObject(o EventObject) {
	for _, s := range [...]string{o.Kind, o.APIVersion, o.Namespace, o.Name, string(o.UID), o.RV, o.FieldPath} {
		e.str(s)
	}
}

func (e *encoder) event(v *KubeEvent) {
	e.num(uint64(v.RV))
	for _, s := range [...]string{v.Type, v.Reason, v.Action, v.Note, v.Controller, v.Instance} {
		e.str(s)
	}
	e.eventObject(v.Regarding)
	e.eventObject(v.Related)
	for _, t := range [...]time.Time{v.FirstSeen, v.LastSeen, v.EventTime, v.CreatedAt} {
		e.time(t)
	}
	e.int(v.Count)
	e.pairs(v.Labels)
	e.pairs(v.Annotations)
}
