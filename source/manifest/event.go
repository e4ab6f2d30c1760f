package manifest

import (
	"cmp"
	"slices"
	"time"

	"github.com/kubewake/kubewake/internal/rawjson"
	"github.com/kubewake/kubewake/record"
)

// IsKubeEvent reports whether the manifest is a Kubernetes Event of either API.
func (h *Head) IsKubeEvent() bool {
	if string(h.Kind) != "Event" {
		return false
	}
	group := h.Group()
	return group == "events.k8s.io" || group == "" && len(h.APIVersion) > 0
}

// KubeEvent reads an Event of core/v1 or events.k8s.io into the one neutral form: both shapes of one state give equal
// records. Nil where it has no UID or no numeric resourceVersion.
func KubeEvent(doc []byte, cluster record.Cluster, in *Interner) (*record.Record, error) {
	var e event
	c := rawjson.NewCursor(doc)
	if err := c.Object(func(key []byte) error { return e.member(&c, key, in) }); err != nil {
		return nil, err
	}
	if err := c.End(); err != nil {
		return nil, err
	}
	if e.uid == "" || e.v.RV == 0 {
		return nil, nil
	}
	e.finish()
	return &record.Record{
		Kind:       record.KindKubeEvent,
		OccurredAt: e.v.LastSeen,
		Ref: record.ObjectRef{Cluster: cluster, Kind: "Event", Resource: "events",
			Namespace: e.namespace, Name: e.name, UID: e.uid},
		KubeEvent: &e.v,
	}, nil
}

type event struct {
	v               record.KubeEvent
	namespace, name string
	uid             record.UID

	first, last     time.Time // first/lastTimestamp, deprecated or not
	seriesLast      time.Time
	count           int64
	seriesCount     int64
	component, host string // of source
}

func (e *event) finish() {
	v := &e.v
	v.Controller = cmp.Or(v.Controller, e.component)
	v.Instance = cmp.Or(v.Instance, e.host)
	v.Count = cmp.Or(e.seriesCount, e.count, 1)
	v.FirstSeen = firstSet(e.first, v.EventTime, v.CreatedAt)
	v.LastSeen = firstSet(e.seriesLast, e.last, v.EventTime, v.CreatedAt)
}

func firstSet(times ...time.Time) time.Time {
	for _, t := range times {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}

// member reads one member of either shape: the names differ, the meanings do not.
func (e *event) member(c *rawjson.Cursor, key []byte, in *Interner) (err error) {
	v := &e.v
	switch string(key) {
	case "metadata":
		return c.Object(func(key []byte) error { return e.metadata(c, key, in) })
	case "type":
		return in.text(c, &v.Type)
	case "reason":
		return in.text(c, &v.Reason)
	case "action":
		return in.text(c, &v.Action)
	case "message", "note":
		return plain(c, &v.Note)
	case "involvedObject", "regarding":
		return eventObject(c, &v.Regarding, in)
	case "related":
		return eventObject(c, &v.Related, in)
	case "reportingComponent", "reportingController":
		return in.text(c, &v.Controller)
	case "reportingInstance":
		return in.text(c, &v.Instance)
	case "source", "deprecatedSource":
		return c.Object(func(key []byte) error {
			switch string(key) {
			case "component":
				return in.text(c, &e.component)
			case "host":
				return in.text(c, &e.host)
			}
			return nil
		})
	case "eventTime":
		return moment(c, &v.EventTime)
	case "firstTimestamp", "deprecatedFirstTimestamp":
		return moment(c, &e.first)
	case "lastTimestamp", "deprecatedLastTimestamp":
		return moment(c, &e.last)
	case "count", "deprecatedCount":
		_, err = integer(c, &e.count)
	case "series":
		return c.Object(func(key []byte) (err error) {
			switch string(key) {
			case "count":
				_, err = integer(c, &e.seriesCount)
			case "lastObservedTime":
				err = moment(c, &e.seriesLast)
			}
			return err
		})
	}
	return err
}

func (e *event) metadata(c *rawjson.Cursor, key []byte, in *Interner) error {
	switch string(key) {
	case "namespace":
		return in.text(c, &e.namespace)
	case "name":
		return in.text(c, &e.name)
	case "uid":
		var uid string
		err := in.text(c, &uid)
		e.uid = record.UID(uid)
		return err
	case "resourceVersion":
		var rv []byte
		err := text(c, &rv)
		e.v.RV = ParseRV(rv)
		return err
	case "creationTimestamp":
		return moment(c, &e.v.CreatedAt)
	case "labels":
		return Pairs(c, &e.v.Labels, in)
	case "annotations":
		return Pairs(c, &e.v.Annotations, in)
	}
	return nil
}

func eventObject(c *rawjson.Cursor, o *record.EventObject, in *Interner) error {
	return c.Object(func(key []byte) error {
		switch string(key) {
		case "kind":
			return in.text(c, &o.Kind)
		case "apiVersion":
			return in.text(c, &o.APIVersion)
		case "namespace":
			return in.text(c, &o.Namespace)
		case "name":
			return in.text(c, &o.Name)
		case "uid":
			var uid string
			err := in.text(c, &uid)
			o.UID = record.UID(uid)
			return err
		case "resourceVersion":
			return in.text(c, &o.RV)
		case "fieldPath":
			return in.text(c, &o.FieldPath)
		}
		return nil
	})
}

// Pairs reads an object of strings, sorted by key; members that are no strings are left out.
func Pairs(c *rawjson.Cursor, dst *[]record.KeyValue, in *Interner) error {
	err := c.Object(func(key []byte) error {
		if c.Kind() != '"' {
			return nil
		}
		kv := record.KeyValue{Key: in.String(key)}
		err := in.text(c, &kv.Value)
		*dst = append(*dst, kv)
		return err
	})
	SortPairs(*dst)
	return err
}

// SortPairs by key, then value.
func SortPairs(kv []record.KeyValue) {
	slices.SortFunc(kv, func(a, b record.KeyValue) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Value, b.Value))
	})
}

// plain reads a string that is not worth sharing.
func plain(c *rawjson.Cursor, dst *string) error {
	var b []byte
	err := text(c, &b)
	*dst = string(b)
	return err
}

func moment(c *rawjson.Cursor, dst *time.Time) error {
	var b []byte
	if err := text(c, &b); err != nil {
		return err
	}
	*dst = Time(b)
	return nil
}

// Time reads an RFC 3339 time in UTC; zero where it is none, or lies outside what nanoseconds since 1970 can tell.
func Time(b []byte) time.Time {
	if len(b) < len("2006-01-02T15:04:05Z") {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, string(b))
	if err != nil || t.Year() < 1970 || t.Year() > 2200 {
		return time.Time{}
	}
	return t.UTC()
}
