package export

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/trace"
)

// Bounds of what one span says, beside those of records themselves.
const (
	maxText   = 2000 // bytes of one attribute
	maxOwners = 8
	maxIPs    = 4
)

// objectID is whose trace a record stands in: the object's identity, or, of one that is known by its name alone, the name's. No UID looks like
// that.
func objectID(ref record.ObjectRef) record.ID {
	if ref.UID != "" {
		return record.ObjectID(ref.Cluster, ref.UID)
	}
	return record.ObjectID(ref.Cluster, record.UID(strings.Join([]string{"", ref.Group, ref.Resource, ref.Namespace, ref.Name}, "/")))
}

// attrs gathers attributes; empty values are left out.
type attrs []trace.Attr

func (a *attrs) str(key, value string) {
	if value != "" {
		*a = append(*a, trace.Attr{Key: key, Value: clip(value, maxText)})
	}
}

func (a *attrs) num(key string, value int64) {
	if value != 0 {
		*a = append(*a, trace.Attr{Key: key, Value: value})
	}
}

func (a *attrs) flag(key string, value bool) {
	if value {
		*a = append(*a, trace.Attr{Key: key, Value: true})
	}
}

// done sorts; of one key the first counts.
func (a attrs) done() []trace.Attr {
	slices.SortStableFunc(a, func(x, y trace.Attr) int { return cmp.Compare(x.Key, y.Key) })
	return slices.CompactFunc(a, func(x, y trace.Attr) bool { return x.Key == y.Key })
}

// clip cuts a text, and shows that it did. What is not UTF-8 would make a receiver refuse the whole request.
func clip(s string, most int) string {
	if len(s) <= most && utf8.ValidString(s) {
		return s
	}
	if len(s) <= most {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// object names an object.
func (a *attrs) object(ref record.ObjectRef) {
	a.str("cluster", string(ref.Cluster))
	a.str("group", ref.Group)
	a.str("version", ref.Version)
	a.str("kind", ref.Kind)
	a.str("resource", ref.Resource)
	a.str("namespace", ref.Namespace)
	a.str("name", ref.Name)
	a.str("uid", string(ref.UID))
}

// made is one record's span, and whose day it belongs to.
type made struct {
	span   trace.Span
	object record.ObjectRef
	id     record.ID // of the object
	day    int64     // days since 1970, UTC
	kind   record.Kind
	owners []engine.Owner // that the record's own state names
	// ownerUIDs are all that the object ever had.
	ownerUIDs []record.UID
}

// dayOf counts days of UTC since 1970; what happened before is the first.
func dayOf(t time.Time) int64 { return max(t.Unix()/secondsOfDay, 0) }

const secondsOfDay = 24 * 3600

func startOf(day int64) time.Time { return time.Unix(day*secondsOfDay, 0).UTC() }

// spanOf makes a record's span from it and from what the facts say of it now.
func spanOf(r *record.Record, told *engine.Told) made {
	m := made{object: told.Object, id: objectID(told.Object), kind: r.Kind, owners: ownersOf(told), ownerUIDs: told.OwnerUIDs}
	id := r.ID()
	s := trace.Span{ID: trace.RecordSpan(id), Parent: trace.ObjectSpan(m.id), Service: cmp.Or(told.Object.Resource, "unknown"), Start: told.At, End: told.At}
	var a attrs
	a.object(told.Object)
	a.str("record", r.Kind.String())
	a.str("id", id.String())
	switch r.Kind {
	case record.KindRequest:
		requestSpan(&s, &a, r)
	case record.KindKubeEvent:
		eventSpan(&s, &a, r)
	case record.KindRevision:
		revisionSpan(&s, &a, r, told)
	case record.KindEnd:
		s.Name = "ended"
		a.time(told)
	}
	s.Start, s.End = s.Start.UTC(), s.End.UTC()
	s.Service, s.Name = clip(s.Service, maxText), clip(s.Name, maxText)
	m.day = dayOf(s.Start)
	a.owners(m.owners)
	s.Links = links(told.Object.Cluster, m.owners, s.Start)
	s.Attrs = a.done()
	m.span = s
	return m
}

// owners are said in words too: receivers drop links' attributes.
func (a *attrs) owners(list []engine.Owner) {
	var names, uids []string
	for _, o := range list {
		if o.Name != "" {
			names = append(names, o.Kind+"/"+o.Name)
		}
		uids = append(uids, string(o.UID))
	}
	a.str("owner", strings.Join(names, ", "))
	a.str("owner uid", strings.Join(uids, ", "))
}

// links point to the days of the owners. An owner of another cluster is none: ownerReferences do not leave theirs.
func links(cluster record.Cluster, owners []engine.Owner, at time.Time) []trace.Link {
	var out []trace.Link
	for _, o := range owners {
		id := record.ObjectID(cluster, o.UID)
		link := trace.Link{Trace: trace.DayID(id, at), Span: trace.ObjectSpan(id), Attrs: []trace.Attr{{Key: "link", Value: "owns"}}}
		out = append(out, link)
	}
	return out
}

// ownersOf are those that the state names, the controller first; of what shows no state none.
func ownersOf(told *engine.Told) []engine.Owner {
	out := slices.DeleteFunc(slices.Clone(told.Owners), func(o engine.Owner) bool { return o.UID == "" })
	slices.SortFunc(out, func(x, y engine.Owner) int {
		if x.Controller != y.Controller {
			if x.Controller {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Name, y.Name), cmp.Compare(x.UID, y.UID))
	})
	return out[:min(len(out), maxOwners)]
}

func requestSpan(s *trace.Span, a *attrs, r *record.Record) {
	q := r.Request
	s.Name = q.Verb
	if r.Ref.Subresource != "" {
		s.Name += " " + r.Ref.Subresource
	}
	s.Start, s.End = r.OccurredAt, r.OccurredAt
	if q.StageAt.After(r.OccurredAt) {
		s.End = q.StageAt
	}
	s.Failed = q.Code >= 400 || q.Stage == record.StagePanic
	if s.Failed {
		s.Status = clip(strings.TrimSuffix(cmp.Or(q.Reason, "failed")+": "+q.Message, ": "), maxText)
	}
	o := q.Options()
	a.str("user", q.Actor.User)
	a.str("impersonator", q.Actor.Impersonator)
	a.str("user agent", q.Actor.UserAgent)
	a.str("source", strings.Join(q.Actor.SourceIPs[:min(len(q.Actor.SourceIPs), maxIPs)], ", "))
	a.str("field manager", o.FieldManager)
	a.flag("dry run", o.DryRun)
	a.str("verb", q.Verb)
	a.str("subresource", r.Ref.Subresource)
	a.num("code", int64(q.Code))
	a.str("reason", q.Reason)
	a.str("message", q.Message)
	a.str("audit id", q.AuditID)
	a.str("stage", q.Stage.String())
	if q.AnswerRV != 0 {
		a.str("resourceVersion", fmt.Sprint(uint64(q.AnswerRV)))
	}
}

func eventSpan(s *trace.Span, a *attrs, r *record.Record) {
	v := r.KubeEvent
	s.Name = cmp.Or(v.Reason, "event")
	a.str("type", v.Type)
	a.str("reason", v.Reason)
	a.str("action", v.Action)
	a.str("message", v.Note)
	a.num("count", v.Count)
	a.str("controller", v.Controller)
	a.str("instance", v.Instance)
	a.str("field", v.Regarding.FieldPath)
	a.str("event", r.Ref.Name)
}

func revisionSpan(s *trace.Span, a *attrs, r *record.Record, told *engine.Told) {
	s.Name = "changed"
	switch {
	case told.Created:
		s.Name = "created"
	case told.First:
		s.Name = "first seen"
	}
	a.str("resourceVersion", fmt.Sprint(uint64(r.Revision.RV)))
	a.str("summary", told.Words)
	a.str("partial", told.Partial)
	var lines []string
	for _, c := range told.Changes {
		line := trace.Change{Path: c.Path, Op: c.Op, From: c.From, To: c.To, Note: c.Note}
		lines = append(lines, line.Line())
	}
	if told.MoreChanges > 0 {
		lines = append(lines, fmt.Sprintf("%d more", told.MoreChanges))
	}
	a.str("diff", strings.Join(lines, "\n"))
	a.time(told)
}

// time says how well the moment of what has no time of its own is known.
func (a *attrs) time(told *engine.Told) {
	a.str("basis", told.Basis)
	if !told.NotBefore.IsZero() {
		a.str("not before", told.NotBefore.UTC().Format(time.RFC3339Nano))
	}
	if told.Gone {
		a.str("note", "the record was dropped before its span was made: its time is when it was received")
	}
}
