package audit

import (
	"slices"
	"unicode/utf8"

	"github.com/kubewake/kubewake/internal/rawjson"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/manifest"
)

// truncated is the annotation with which the apiserver marks an event whose bodies it cut.
const truncated = "audit.k8s.io/truncated"

// request makes the Request of the event: everything but whole bodies.
func (d *Decoder) request(e *event) *record.Record {
	both := &struct {
		r record.Record
		q record.Request
	}{}
	r, q := &both.r, &both.q
	r.Kind, r.Request, r.OccurredAt = record.KindRequest, q, e.at
	if e.skipped {
		q.Flags |= record.FlagTruncated
	}
	gr := e.groupResource()
	sub := d.in.String(e.subresource)

	q.AuditID = d.id(q, string(e.auditID))
	q.Stage, q.Level = e.stage, record.ParseLevel(string(e.level))
	q.Verb = d.in.String(e.verb)
	q.URI = d.uri(q, e, gr, sub)
	q.Actor = d.actor(e, q)
	q.Code, q.StageAt = e.code, e.stageAt
	q.NamedRV, q.NamedUID = manifest.ParseRV(e.namedRV), record.UID(d.id(q, string(e.uid)))

	r.Ref = record.ObjectRef{
		Cluster: d.o.Cluster, Group: d.in.String(e.apiGroup), Version: d.in.String(e.refVersion), Resource: d.in.String(e.resource),
		Subresource: sub, Namespace: d.in.String(e.namespace), Name: d.id(q, string(e.name)), UID: q.NamedUID,
	}
	d.answer(e, r)
	d.status(e, q, gr, sub)
	q.Annotated = d.annotations(e, q, gr, sub)
	d.sent(e, r, gr, sub)
	return r
}

// cut bounds s and flags the cut.
func (d *Decoder) cut(q *record.Request, s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	q.Flags |= record.FlagFieldsCut
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}

func (d *Decoder) id(q *record.Request, s string) string { return d.cut(q, s, d.o.Limits.IDBytes) }

func (d *Decoder) uri(q *record.Request, e *event, gr record.GroupResource, sub string) string {
	uri, changed := d.o.Redactor.URI(d.in.String(e.uri), gr, sub)
	if changed {
		q.Flags |= record.FlagRedacted
	}
	return d.cut(q, uri, d.o.Limits.StringBytes)
}

// answer tells what the response was, and completes the reference from it.
func (d *Decoder) answer(e *event, r *record.Record) {
	q, h := r.Request, &e.answered
	q.Answer = e.classify()
	switch q.Answer {
	case record.BodyObject, record.BodyScale, record.BodyPartialMetadata:
		q.AnswerUID, q.AnswerRV = record.UID(d.id(q, string(h.UID))), h.RV
		if q.AnswerUID != "" {
			r.Ref.UID = q.AnswerUID
		}
		if len(h.Name) > 0 {
			r.Ref.Name = d.id(q, string(h.Name))
		}
		if q.Answer == record.BodyObject {
			r.Ref.Kind = d.in.String(h.Kind)
		}
	case record.BodyList:
		q.AnswerRV = h.RV
	case record.BodyStatus:
		details := e.details
		if details == nil {
			details = h.Details
		}
		if uid, ok := rawjson.String(rawjson.Get(details, "uid")); ok {
			q.AnswerUID = record.UID(d.id(q, uid))
			if r.Ref.UID == "" {
				r.Ref.UID = q.AnswerUID
			}
		}
	}
	if q.Verb == "create" && len(e.name) == 0 && e.generated() {
		q.Flags |= record.FlagGeneratedName
	}
}

// generated tells creates by generateName: at Metadata level a create without a name that is no review.
func (e *event) generated() bool {
	if len(e.sent.Raw) > 0 {
		return len(e.sent.GenerateName) > 0
	}
	n := len(e.resource)
	return e.hasRef && len(e.subresource) == 0 && n > 0 && !(n >= 7 && string(e.resource[n-7:]) == "reviews")
}

// classify says what the response's body was.
func (e *event) classify() record.BodyKind {
	h := &e.answered
	if len(h.Raw) == 0 || h.Raw[0] != '{' {
		if len(e.status) > 0 {
			return record.BodyStatus // bodies were not recorded, but a Status is copied into responseStatus
		}
		return record.BodyNone
	}
	group := h.Group()
	switch string(h.Kind) {
	case "Status":
		if group == "" {
			return record.BodyStatus
		}
	case "Scale":
		if string(e.subresource) == "scale" {
			return record.BodyScale
		}
	case "PartialObjectMetadata":
		if group == "meta.k8s.io" {
			if len(e.subresource) > 0 && !answersObject(string(e.subresource)) {
				return record.BodyOther
			}
			return record.BodyPartialMetadata
		}
	case "Table", "DeleteOptions", "Binding", "Eviction", "TokenRequest":
		if group != string(e.apiGroup) || group == "" || len(h.UID) == 0 {
			return record.BodyOther
		}
	}
	switch {
	case h.IsList():
		return record.BodyList
	case len(h.UID) > 0 && e.hasRef && group == string(e.apiGroup) && answersObject(string(e.subresource)):
		return record.BodyObject
	}
	return record.BodyOther
}

// answersObject lists the subresources that answer with the object itself.
func answersObject(subresource string) bool {
	switch subresource {
	case "", "status", "finalize", "approval", "ephemeralcontainers", "resize":
		return true
	}
	return false
}

// status takes over why a request failed.
func (d *Decoder) status(e *event, q *record.Request, gr record.GroupResource, sub string) {
	details := e.details
	if details == nil && q.Answer == record.BodyStatus {
		details = e.answered.Details
	}
	q.Reason = d.in.String(e.reason)
	q.Message = d.message(q, gr, sub, e.message)
	causes := rawjson.Get(details, "causes")
	if causes == nil {
		return
	}
	_ = rawjson.Array(causes, func(item []byte) error { // checked with the line
		if len(q.Causes) >= d.o.Limits.Fields {
			q.Flags |= record.FlagFieldsCut
			return nil
		}
		var cause record.Cause
		c := rawjson.NewCursor(item)
		err := c.Object(func(key []byte) error {
			switch string(key) {
			case "field":
				return d.in.Text(&c, &cause.Field)
			case "reason":
				return d.in.Text(&c, &cause.Reason)
			case "message":
				var m []byte
				err := text(&c, &m)
				cause.Message = d.message(q, gr, sub, m)
				return err
			}
			return nil
		})
		q.Causes = append(q.Causes, cause)
		return err
	})
}

func (d *Decoder) message(q *record.Request, gr record.GroupResource, sub string, b []byte) string {
	if len(b) == 0 {
		return ""
	}
	m, changed := d.o.Redactor.Message(gr, sub, string(b))
	if changed {
		q.Flags |= record.FlagRedacted
	}
	return d.cut(q, m, d.o.Limits.StringBytes)
}

func (d *Decoder) annotations(e *event, q *record.Request, gr record.GroupResource, sub string) []record.KeyValue {
	kv, ok := d.pairs[string(e.annotations)]
	if !ok && e.annotations != nil {
		c := rawjson.NewCursor(e.annotations)
		_ = manifest.Pairs(&c, &kv, &d.in) // checked with the line
		if d.pairs == nil || len(d.pairs) >= maxRemembered {
			d.pairs = make(map[string][]record.KeyValue, 64)
		}
		if len(e.annotations) <= maxRememberedSize {
			d.pairs[string(e.annotations)] = kv
		}
	}
	for _, p := range kv {
		if p.Key == truncated && p.Value == "true" {
			q.Flags |= record.FlagTruncated
		}
	}
	kv, changed := d.o.Redactor.Annotations(gr, sub, kv)
	if changed {
		q.Flags |= record.FlagRedacted
	}
	if len(kv) > d.o.Limits.Fields {
		kv, q.Flags = kv[:d.o.Limits.Fields:d.o.Limits.Fields], q.Flags|record.FlagFieldsCut
	}
	long := func(p record.KeyValue) bool { return len(p.Key)+len(p.Value) > d.o.Limits.StringBytes }
	if slices.ContainsFunc(kv, long) {
		kv = slices.Clone(kv)
		for i := range kv {
			kv[i] = record.KeyValue{Key: d.id(q, kv[i].Key), Value: d.cut(q, kv[i].Value, d.o.Limits.StringBytes)}
		}
	}
	return kv
}

// sent keeps the request's body in the form its verb asks for.
func (d *Decoder) sent(e *event, r *record.Record, gr record.GroupResource, sub string) {
	q := r.Request
	raw := e.sent.Raw
	if len(raw) == 0 {
		return
	}
	switch q.Verb {
	case "delete", "deletecollection":
		q.SentKind = record.SentDelete
	case "patch":
		q.SentKind = record.SentPatch
		if raw[0] == '[' {
			q.Flags |= record.FlagSentJSONPatch
		}
	case "get", "list", "watch", "head", "options":
		return
	default:
		q.SentKind = record.SentObject
		if q.Answer == record.BodyObject && raw[0] == '{' && e.code < 300 {
			q.SentKind = record.SentDelta
		}
	}
	if len(raw) > d.o.Limits.BodyBytes || q.SentKind == record.SentDelta && len(e.answered.Raw) > d.o.Limits.BodyBytes {
		q.Flags |= record.FlagBodyCut
		return
	}
	var changed bool
	if q.SentKind == record.SentPatch {
		raw, changed = d.o.Redactor.Patch(gr, sub, raw)
	} else {
		raw, changed = d.o.Redactor.Body(gr, sub, raw)
	}
	if changed {
		q.Flags |= record.FlagRedacted
	}
	if q.SentKind == record.SentDelta {
		raw = rawjson.DeltaOf(raw, d.answered(e, gr, sub))
	}
	q.Sent = d.slab.Copy(raw)
}

// answered is the response's body, redacted, once per event.
func (d *Decoder) answered(e *event, gr record.GroupResource, sub string) []byte {
	if !e.bodyTaken {
		e.body, e.bodyRedacted = d.o.Redactor.Body(gr, sub, e.answered.Raw)
		e.bodyTaken = true
	}
	return e.body
}
