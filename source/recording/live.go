package recording

import (
	"errors"
	"time"

	"github.com/kubewake/kubewake/internal/rawjson"
	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/manifest"
)

// ErrKind says that a value is of another kind than its resource serves: a Table, a Status.
var ErrKind = errors.New("not of the resource's kind")

// Resource is what a cluster's discovery told of a resource; live records carry it, nothing is guessed.
type Resource struct {
	Group, Version, Resource, Kind string
}

// GroupResource of the resource, whatever its version.
func (r Resource) GroupResource() record.GroupResource {
	return record.GroupResource{Group: r.Group, Resource: r.Resource}
}

// EventType is the type of a watch event.
type EventType string

// The types of watch events.
const (
	Added    EventType = "ADDED"
	Modified EventType = "MODIFIED"
	Deleted  EventType = "DELETED"
	Bookmark EventType = "BOOKMARK"
	Error    EventType = "ERROR"
)

// Told is what one line of a watch, or one item of a list, told. Nothing in it aliases what was read.
type Told struct {
	Type      EventType
	RV        record.ResourceVersion // of the object or bookmark
	UID       record.UID
	Namespace string
	// Record is the Revision, the End or the state of a Kubernetes Event; nil for the other types, and for an Event that was
	// deleted: Events have no End.
	Record *record.Record
	// InitialEnd: this bookmark ends the initial events of a watch that lists.
	InitialEnd bool
	// Code and Reason are those of the Status in an ERROR; TooLarge: its cause is a resourceVersion that the server has not
	// reached; RetryAfter is how long the server asks to wait.
	Code       int
	Reason     string
	TooLarge   bool
	RetryAfter time.Duration
}

// Live decodes what a live list or watch of one resource says. It belongs to one goroutine.
type Live struct {
	d        *Decoder
	resource Resource
}

// NewLive fills a Live.
func NewLive(cluster record.Cluster, r Resource, redactor *redact.Redactor, bodyBytes int) *Live {
	return &Live{
		d: New(Options{Cluster: cluster, Redactor: redactor, BodyBytes: bodyBytes,
			Resources: map[GroupKind]string{{r.Group, r.Kind}: r.Resource}}),
		resource: r,
	}
}

// Event reads one line of a watch, received at the given time.
func (l *Live) Event(line []byte, at time.Time) (Told, error) {
	kind, h, err := l.d.event(line)
	if err != nil {
		return Told{}, err
	}
	t := Told{Type: EventType(kind), RV: h.RV}
	switch t.Type {
	case Added, Modified, Deleted:
		err = l.object(&t, &h, record.FromWatch, at)
	case Bookmark:
		if h.RV == 0 {
			return Told{}, ErrNotObject
		}
		end, _ := rawjson.String(rawjson.Get(h.Raw, "metadata", "annotations", "k8s.io/initial-events-end"))
		t.InitialEnd = end == "true"
	case Error:
		t.status(h.Raw)
	default:
		err = ErrType
	}
	return t, err
}

// Item reads one item of a list.
func (l *Live) Item(raw []byte, at time.Time) (Told, error) {
	h, err := manifest.Read(raw)
	if err != nil {
		return Told{}, err
	}
	apiVersion := record.ObjectRef{Group: l.resource.Group, Version: l.resource.Version}.APIVersion()
	if len(h.Kind) == 0 || len(h.APIVersion) == 0 {
		h.Raw = manifest.WithKind(h.Raw, &h, apiVersion, l.resource.Kind)
		if len(h.Kind) == 0 {
			h.Kind = []byte(l.resource.Kind)
		}
		if len(h.APIVersion) == 0 {
			h.APIVersion = []byte(apiVersion)
		}
	}
	h.Raw = rawjson.Compact(nil, h.Raw)
	t := Told{Type: Added, RV: h.RV}
	return t, l.object(&t, &h, record.FromList, at)
}

// ErrorOf reads the Status in the body of an answer that is no list and no watch. What can not be read leaves code alone.
func ErrorOf(code int, body []byte) Told {
	t := Told{Type: Error, Code: code}
	if _, err := rawjson.Valid(body); err == nil {
		t.status(body)
	}
	t.Code = code
	return t
}

func (l *Live) object(t *Told, h *manifest.Head, from record.Sources, at time.Time) error {
	if string(h.Kind) != l.resource.Kind {
		return ErrKind
	}
	t.UID, t.Namespace = record.UID(h.UID), l.d.in.String(h.Namespace)
	l.d.o.ReceivedAt = at
	var one [1]*record.Record
	got, err := l.d.object(one[:0], h, from, t.Type == Deleted)
	if err != nil {
		return err
	}
	if len(got) == 1 {
		t.Record = got[0]
	}
	return nil
}

// status reads what decides of a Status. Its message may quote secrets and is left alone.
func (t *Told) status(raw []byte) {
	code, _ := rawjson.Uint(rawjson.Get(raw, "code"))
	t.Code = int(min(code, 999))
	if reason, _ := rawjson.String(rawjson.Get(raw, "reason")); len(reason) <= 64 {
		t.Reason = reason
	}
	seconds, _ := rawjson.Uint(rawjson.Get(raw, "details", "retryAfterSeconds"))
	t.RetryAfter = time.Duration(min(seconds, 3600)) * time.Second
	_ = rawjson.Array(rawjson.Get(raw, "details", "causes"), func(cause []byte) error {
		reason, _ := rawjson.String(rawjson.Get(cause, "reason"))
		t.TooLarge = t.TooLarge || reason == "ResourceVersionTooLarge"
		return nil
	})
}
