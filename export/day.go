package export

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/trace"
)

// What is noted beside the facts. Numbers are big-endian, so that notes lie in the order of time:
//
//	'm' | age u16 | near u32 | first 8 bytes of the record's ID                    the record has its span
//	'o' | day u32 | the object's ID                                                what its span of the day will say, JSON (day)
//	'c' | day u32 | the object's ID                                                it has its span of the day, u32: made on that day
//
// age counts stretches of ageDays since 1970 at the time of the note. What is older than the stretch before this one is forgotten. near
// is, of what has a time of its own, that in seconds, else of whose life it is: what comes together lies together.
const (
	noteMade   = 'm'
	noteOpen   = 'o'
	noteClosed = 'c'

	ageDays = 32
)

func ageOf(now time.Time) uint16 { return uint16(dayOf(now) / ageDays) }

// madeKey is a function of the fact alone, as its ID is.
func madeKey(age uint16, r *record.Record, id record.ID) []byte {
	key := binary.BigEndian.AppendUint16(append(make([]byte, 0, 15), noteMade), age)
	switch r.Kind {
	case record.KindRevision, record.KindEnd:
		object := record.ObjectID(r.Ref.Cluster, r.Ref.UID)
		key = append(key, object[:4]...)
	default:
		key = binary.BigEndian.AppendUint32(key, uint32(r.OccurredAt.Unix()))
	}
	return append(key, id[:8]...)
}

func dayKey(kind byte, day int64, object record.ID) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{kind}, uint32(day)), object[:]...)
}

// dayOfKey is the day in a key of dayKey.
func dayOfKey(key []byte) (day int64, object record.ID, ok bool) {
	if len(key) != 5+len(object) {
		return 0, object, false
	}
	copy(object[:], key[5:])
	return int64(binary.BigEndian.Uint32(key[1:])), object, true
}

// day is what is known of an object's day while it is open.
type day struct {
	Object   record.ObjectRef `json:"object"`
	First    time.Time        `json:"first"`
	Last     time.Time        `json:"last"`
	Requests int64            `json:"requests,omitempty"`
	States   int64            `json:"states,omitempty"`
	Events   int64            `json:"events,omitempty"`
	Failed   int64            `json:"failed,omitempty"`
	Ended    bool             `json:"ended,omitempty"`
	Created  bool             `json:"created,omitempty"`
	Owners   []engine.Owner   `json:"owners,omitempty"`
}

// add takes a record's span in.
func (d *day) add(m *made) {
	if d.First.IsZero() || m.span.Start.Before(d.First) {
		d.First = m.span.Start
	}
	if m.span.End.After(d.Last) {
		d.Last = m.span.End
	}
	switch m.kind {
	case record.KindRequest:
		d.Requests++
	case record.KindKubeEvent:
		d.Events++
	case record.KindRevision:
		d.States++
		d.Created = d.Created || m.span.Name == "created"
	case record.KindEnd:
		d.Ended = true
	}
	if m.span.Failed {
		d.Failed++
	}
	d.Object = fuller(d.Object, m.object)
	for _, o := range m.owners {
		d.own(o)
	}
	for _, uid := range m.ownerUIDs {
		d.own(engine.Owner{UID: uid})
	}
}

// own adds an owner; one that is known by its UID alone gives way to the same one with a name.
func (d *day) own(o engine.Owner) {
	i, known := slices.BinarySearchFunc(d.Owners, o.UID, func(x engine.Owner, uid record.UID) int { return cmp.Compare(x.UID, uid) })
	switch {
	case !known && o.UID != "" && len(d.Owners) < maxOwners:
		d.Owners = slices.Insert(d.Owners, i, o)
	case known && d.Owners[i].Name == "":
		d.Owners[i] = o
	}
}

// fuller unites two references to one object; where both tell, the greater word wins, whatever came first.
func fuller(a, b record.ObjectRef) record.ObjectRef {
	return record.ObjectRef{Cluster: max(a.Cluster, b.Cluster), Group: max(a.Group, b.Group), Version: max(a.Version, b.Version), Kind: max(a.Kind, b.Kind),
		Resource: max(a.Resource, b.Resource), Namespace: max(a.Namespace, b.Namespace), Name: max(a.Name, b.Name), UID: max(a.UID, b.UID)}
}

func (d *day) encode() ([]byte, error) { return json.Marshal(d) }

// span of the object's day.
func (d *day) span(object record.ID) trace.Span {
	s := trace.Span{ID: trace.ObjectSpan(object), Service: clip(cmp.Or(d.Object.Resource, "unknown"), maxText), Name: clip(cmp.Or(trace.Operation(d.Object), d.Object.Resource, "unknown"), maxText),
		Start: d.First, End: d.Last}
	var a attrs
	a.object(d.Object)
	a.str("record", "object")
	a.num("requests", d.Requests)
	a.num("states", d.States)
	a.num("events", d.Events)
	a.num("failed", d.Failed)
	a.flag("created", d.Created)
	a.flag("ended", d.Ended)
	a.str("k8s.cluster.name", string(d.Object.Cluster))
	a.str("k8s.namespace.name", d.Object.Namespace)
	if kind := strings.ToLower(d.Object.Kind); slices.Contains(conventional(), kind) {
		a.str("k8s."+kind+".name", d.Object.Name)
		a.str("k8s."+kind+".uid", string(d.Object.UID))
	}
	a.owners(d.Owners)
	s.Links = links(d.Object.Cluster, d.Owners, d.First)
	s.Attrs = a.done()
	return s
}

// conventional kinds have attributes in OpenTelemetry's conventions, by which other telemetry of theirs is found.
func conventional() []string {
	return []string{"pod", "node", "deployment", "replicaset", "statefulset", "daemonset", "job", "cronjob"}
}
