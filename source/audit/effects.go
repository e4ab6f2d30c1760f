package audit

import (
	"github.com/kubewake/kubewake/internal/rawjson"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/manifest"
)

// effects appends what a successful answer proves beyond the request itself.
func (d *Decoder) effects(dst []*record.Record, e *event, r *record.Record) []*record.Record {
	q := r.Request
	events := r.Ref.GroupResource().IsEvents()
	switch q.Answer {
	case record.BodyStatus:
		if q.Verb == "delete" && !events && r.Ref.Subresource == "" {
			return d.endByStatus(dst, e, r)
		}
	case record.BodyList:
		if q.Verb == "deletecollection" {
			return d.items(dst, e, r)
		}
	case record.BodyObject, record.BodyPartialMetadata, record.BodyScale:
		if events {
			return d.kubeEvent(dst, e, r)
		}
		return d.object(dst, e, r)
	}
	return dst
}

// endByStatus: a delete answered Status Success with the UID, at once (200), ended the object. 202 says that it goes on.
func (d *Decoder) endByStatus(dst []*record.Record, e *event, r *record.Record) []*record.Record {
	q := r.Request
	success := string(e.status) == "Success" || string(e.answered.Status) == "Success"
	if !success || q.AnswerUID == "" || q.Code != 200 {
		return dst
	}
	q.AnswerEnds = true
	return append(dst, d.end(r, d.objectRef(r, &e.answered), 0, nil))
}

// object: the answer is a state of the object, or tells its end.
func (d *Decoder) object(dst []*record.Record, e *event, r *record.Record) []*record.Record {
	q, h := r.Request, &e.answered
	if q.AnswerUID == "" {
		return dst
	}
	gr := r.Ref.GroupResource()
	ref := d.objectRef(r, h)
	switch q.Verb {
	case "delete":
		if q.Answer == record.BodyObject && r.Ref.Subresource == "" && !d.stays(gr, h) {
			q.AnswerEnds = true
			return append(dst, d.end(r, ref, h.RV, d.lastBody(e, r)))
		}
		if q.Answer == record.BodyPartialMetadata && !isNamespaces(gr) && !d.stays(gr, h) {
			q.AnswerEnds = true
			return append(dst, d.end(r, ref, h.RV, nil))
		}
	case "update", "patch":
		// The last finalizer went: the apiserver deletes the object instead of storing the body it answers, which
		// carries the resourceVersion of the state before. PartialObjectMetadata does not show a namespace's
		// spec.finalizers, so it proves nothing for namespaces.
		partialNamespace := q.Answer == record.BodyPartialMetadata && isNamespaces(gr)
		if q.Answer != record.BodyScale && h.Deleting && !d.stays(gr, h) && !partialNamespace {
			q.AnswerEnds = true
			var last []byte
			if q.Answer == record.BodyObject {
				last = d.lastBody(e, r)
			}
			return append(dst, d.end(r, ref, 0, last))
		}
	case "create", "get":
	default:
		return dst
	}
	if h.RV == 0 {
		return dst
	}
	return append(dst, d.revision(e, r, ref))
}

// stays reports whether something holds the object: a finalizer, or a grace period that runs.
func (d *Decoder) stays(gr record.GroupResource, h *manifest.Head) bool {
	return h.Finalizers || h.GraceSeconds > 0 || h.SpecFinalizers && isNamespaces(gr)
}

func (d *Decoder) revision(e *event, r *record.Record, ref record.ObjectRef) *record.Record {
	both := &struct {
		r record.Record
		v record.Revision
	}{}
	both.r = record.Record{Kind: record.KindRevision, Ref: ref, Revision: &both.v}
	both.v.RV = r.Request.AnswerRV
	switch r.Request.Answer {
	case record.BodyPartialMetadata:
		both.v.Partial = record.PartialMetadata
	case record.BodyScale:
		both.v.Partial = record.PartialScale
	}
	both.v.Body = d.lastBody(e, r)
	both.v.Cut = both.v.Body == nil
	return &both.r
}

// lastBody is the answer's body as it is kept: redacted, bounded; nil where the limit cut it.
func (d *Decoder) lastBody(e *event, r *record.Record) []byte {
	q := r.Request
	if len(e.answered.Raw) > d.o.Limits.BodyBytes {
		q.Flags |= record.FlagBodyCut
		return nil
	}
	body := d.answered(e, r.Ref.GroupResource(), r.Ref.Subresource)
	if e.bodyRedacted {
		q.Flags |= record.FlagRedacted
	}
	return d.slab.Copy(body)
}

// objectRef names the object that an answer is or tells of.
func (d *Decoder) objectRef(r *record.Record, h *manifest.Head) record.ObjectRef {
	ref := r.Ref
	ref.Subresource = ""
	ref.UID = r.Request.AnswerUID
	if r.Request.Answer == record.BodyObject {
		_, version := record.SplitAPIVersion(string(h.APIVersion))
		ref.Version = d.in.String([]byte(version))
	}
	return ref
}

// end makes the End that a request told of.
func (d *Decoder) end(r *record.Record, ref record.ObjectRef, rv record.ResourceVersion, last []byte) *record.Record {
	return &record.Record{Kind: record.KindEnd, Ref: ref, End: &record.End{
		RV: rv, LastBody: last, Sources: record.FromAudit,
		Requests: []record.EndRequest{{ID: r.ID(), At: r.OccurredAt, StageAt: r.Request.StageAt}},
	}}
}

func (d *Decoder) kubeEvent(dst []*record.Record, e *event, r *record.Record) []*record.Record {
	switch r.Request.Verb {
	case "create", "update", "patch", "get":
	default:
		return dst
	}
	if r.Request.Answer != record.BodyObject || !e.answered.IsKubeEvent() {
		return dst
	}
	if len(e.answered.Raw) > d.o.Limits.BodyBytes {
		r.Request.Flags |= record.FlagBodyCut
		return dst
	}
	body := d.answered(e, r.Ref.GroupResource(), r.Ref.Subresource)
	v, err := manifest.KubeEvent(body, d.o.Cluster, &d.in)
	if err != nil || v == nil {
		return dst // without UID or resourceVersion it is no state; the request is kept
	}
	return append(dst, v)
}

// items reads the list that a deletecollection answered with: the objects as they were before it deleted them, each a
// state of its object, and which of them it ended.
func (d *Decoder) items(dst []*record.Record, e *event, r *record.Record) []*record.Record {
	q, list := r.Request, &e.answered
	if list.Items == nil {
		return dst
	}
	kind := string(list.Kind[:len(list.Kind)-len("List")])
	apiVersion := string(list.APIVersion)
	c := rawjson.NewCursor(list.Items)
	_ = c.Array(func() error { // checked with the line
		h, err := manifest.Scan(&c, list.Items)
		if err != nil || len(h.UID) == 0 {
			return err
		}
		if len(q.Items) >= d.o.Limits.Items {
			q.Flags |= record.FlagItemsCut
		} else {
			q.Items = append(q.Items, record.Item{Namespace: d.in.String(h.Namespace), Name: d.id(q, string(h.Name)),
				UID: record.UID(d.id(q, string(h.UID))), RV: h.RV})
		}
		dst = d.item(dst, e, r, manifest.WithKind(h.Raw, &h, apiVersion, kind), &h)
		return nil
	})
	return dst
}

func (d *Decoder) item(dst []*record.Record, e *event, r *record.Record, body []byte, h *manifest.Head) []*record.Record {
	q, gr := r.Request, r.Ref.GroupResource()
	if len(body) > d.o.Limits.BodyBytes {
		q.Flags |= record.FlagBodyCut
		body = nil
	}
	if body != nil {
		var changed bool
		if body, changed = d.o.Redactor.Body(gr, "", body); changed {
			q.Flags |= record.FlagRedacted
		}
	}
	if gr.IsEvents() {
		if v, err := manifest.KubeEvent(body, d.o.Cluster, &d.in); err == nil && v != nil {
			dst = append(dst, v)
		}
		return dst
	}
	ref := r.Ref
	ref.Namespace, ref.Name, ref.UID = d.in.String(h.Namespace), d.id(q, string(h.Name)), record.UID(d.id(q, string(h.UID)))
	v := &record.Revision{RV: h.RV, Cut: body == nil, Body: d.slab.Copy(body)}
	if kind := rawjson.Get(body, "kind"); string(kind) == `"PartialObjectMetadata"` {
		v.Partial = record.PartialMetadata
	} else if kind, ok := rawjson.String(kind); ok {
		ref.Kind = d.in.String([]byte(kind))
	}
	if h.RV != 0 {
		dst = append(dst, &record.Record{Kind: record.KindRevision, Ref: ref, Revision: v})
	}
	if d.itemEnds(e, gr, h, v.Partial) {
		if n := len(q.Items); n > 0 && q.Items[n-1].UID == ref.UID {
			q.Items[n-1].Ends = true
		}
		dst = append(dst, d.end(r, ref, 0, nil))
	}
	return dst
}

// itemEnds decides, as the apiserver does, whether deleting an item of a collection ends it at once. The item is the
// state before. What the item does not show (a partial pod's grace period) is not claimed.
func (d *Decoder) itemEnds(e *event, gr record.GroupResource, h *manifest.Head, partial record.Partial) bool {
	if d.stays(gr, h) && (!isPods(gr) || h.Finalizers) || e.addsFinalizer(gr) {
		return false
	}
	switch {
	case isNamespaces(gr):
		return partial == record.Whole && !h.SpecFinalizers
	case !isPods(gr):
		return true
	case partial != record.Whole:
		return false
	case h.Deleting:
		return e.options.HasGrace && e.options.GraceSeconds == 0 && h.GraceSeconds > 0
	case !h.Scheduled, string(h.Phase) == "Failed", string(h.Phase) == "Succeeded":
		return true
	case e.options.HasGrace:
		return e.options.GraceSeconds == 0
	}
	return !h.HasSpecGrace || h.SpecGrace == 0
}

func isPods(gr record.GroupResource) bool { return gr == record.GroupResource{Resource: "pods"} }

func isNamespaces(gr record.GroupResource) bool {
	return gr == record.GroupResource{Resource: "namespaces"}
}

// addsFinalizer: foreground deletion and orphaning hold the object with a finalizer of their own. Jobs and replication
// controllers orphan unless told otherwise.
func (e *event) addsFinalizer(gr record.GroupResource) bool {
	switch e.propagation {
	case "Foreground", "Orphan":
		return true
	case "":
		if e.hasOrphan {
			return e.orphans
		}
		return gr == record.GroupResource{Group: "batch", Resource: "jobs"} || gr == record.GroupResource{Resource: "replicationcontrollers"}
	}
	return false
}
