package object

import (
	"strconv"
	"time"

	"github.com/kubewake/kubewake/record"
)

// Meta is what an object's metadata says, read into Go types; what is malformed is left zero.
type Meta struct {
	APIVersion   string
	Kind         string
	Namespace    string
	Name         string
	GenerateName string
	UID          record.UID
	RV           record.ResourceVersion
	Generation   int64
	CreatedAt    time.Time // creationTimestamp
	DeletedAt    time.Time // deletionTimestamp
	Labels       []record.KeyValue
	Owners       []OwnerRef
	Finalizers   []string
}

// OwnerRef is one of an object's ownerReferences.
type OwnerRef struct {
	APIVersion string
	Kind       string
	Name       string
	UID        record.UID
	Controller bool
}

// MetaOf reads the metadata of a manifest; it costs no more than the lists it copies.
func MetaOf(v *Value) Meta {
	meta := v.Get("metadata")
	m := Meta{
		APIVersion:   v.Get("apiVersion").Str(),
		Kind:         v.Get("kind").Str(),
		Namespace:    meta.Get("namespace").Str(),
		Name:         meta.Get("name").Str(),
		GenerateName: meta.Get("generateName").Str(),
		UID:          record.UID(meta.Get("uid").Str()),
		CreatedAt:    timeOf(meta.Get("creationTimestamp")),
		DeletedAt:    timeOf(meta.Get("deletionTimestamp")),
	}
	rv, _ := strconv.ParseUint(meta.Get("resourceVersion").Str(), 10, 64)
	m.RV = record.ResourceVersion(rv)
	m.Generation, _ = strconv.ParseInt(meta.Get("generation").Text(), 10, 64)
	for _, l := range meta.Get("labels").Members() {
		m.Labels = append(m.Labels, record.KeyValue{Key: l.Name, Value: l.Value.Str()})
	}
	for _, o := range meta.Get("ownerReferences").Items() {
		m.Owners = append(m.Owners, OwnerRef{
			APIVersion: o.Get("apiVersion").Str(), Kind: o.Get("kind").Str(), Name: o.Get("name").Str(),
			UID: record.UID(o.Get("uid").Str()), Controller: o.Get("controller").Text() == "true",
		})
	}
	for _, f := range meta.Get("finalizers").Items() {
		m.Finalizers = append(m.Finalizers, f.Str())
	}
	return m
}

func timeOf(v *Value) time.Time {
	t, err := time.Parse(time.RFC3339Nano, v.Str())
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
