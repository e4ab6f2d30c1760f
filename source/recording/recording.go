// SPDX-License-Identifier: Apache-2.0

// Package recording turns what a watch or a list told into records: lines of {"type", "object"}, and the objects of
// List documents. Use [New], then [Decoder.Watch], [Decoder.Object] and [Decoder.List], one Decoder per goroutine.
//
// A recorded object does not say under which resource it is served; the name is record.GuessResource of its kind
// unless Options.Resources knows better. A list is taken to be whole: of all namespaces, without a selector.
//
// [Live] does the same for a list or watch that is going on, where the resource is known and nothing need be guessed.
package recording

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kubewake/kubewake/internal/rawjson"
	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/manifest"
)

// Options of a Decoder.
type Options struct {
	Cluster  record.Cluster
	Redactor *redact.Redactor // required; redact.Off() to keep secrets
	// Resources names the resource of kinds whose plural does not follow the rule.
	Resources map[GroupKind]string
	BodyBytes int // longest body kept; default 4 MiB
	// ReceivedAt is written into every record's provenance.
	ReceivedAt time.Time
}

// GroupKind names a kind whatever its version.
type GroupKind struct{ Group, Kind string }

// Reasons for refusing a value. Malformed JSON gives a *rawjson.SyntaxError instead.
var (
	ErrNotWatch  = errors.New("not a watch event")
	ErrType      = errors.New("watch event of unknown type")
	ErrNotObject = errors.New("not a Kubernetes object with UID and resourceVersion")
)

// Decoder turns watch events and objects into records. It belongs to one goroutine.
type Decoder struct {
	o    Options
	in   manifest.Interner
	slab manifest.Slab
}

// New fills a Decoder.
func New(o Options) *Decoder {
	if o.BodyBytes <= 0 {
		o.BodyBytes = 4 << 20
	}
	return &Decoder{o: o}
}

// Cluster of the records to come.
func (d *Decoder) Cluster(name record.Cluster) { d.o.Cluster = name }

// Watch appends the record of one watch event to dst: a Revision, an End, a state of a Kubernetes Event, Progress or
// a Gap. Nothing in it aliases raw. On an error dst is returned as it came.
func (d *Decoder) Watch(dst []*record.Record, raw []byte) ([]*record.Record, error) {
	kind, h, err := d.event(raw)
	if err != nil {
		return dst, err
	}
	switch kind {
	case "ADDED", "MODIFIED", "DELETED":
		return d.object(dst, &h, record.FromWatch, kind == "DELETED")
	case "BOOKMARK":
		if h.RV == 0 {
			return dst, ErrNotObject
		}
		return append(dst, d.progress(&h, string(h.Kind), false)), nil
	case "ERROR":
		return append(dst, d.gap(raw, &h)), nil
	}
	return dst, ErrType
}

// event reads the two members of a watch event; the Head's Raw is compact.
func (d *Decoder) event(raw []byte) (kind string, h manifest.Head, err error) {
	c := rawjson.NewCursor(raw)
	if c.Kind() != '{' {
		return "", h, ErrNotWatch
	}
	err = c.Object(func(key []byte) (err error) {
		switch string(key) {
		case "type":
			return d.in.Text(&c, &kind)
		case "object":
			h, err = manifest.Scan(&c, raw)
		}
		return err
	})
	if err == nil {
		err = c.End()
	}
	if err != nil {
		return "", h, err
	}
	if len(h.Raw) == 0 || h.Raw[0] != '{' {
		return "", h, ErrNotWatch
	}
	if c.Spaced() {
		h.Raw = rawjson.Compact(nil, h.Raw)
	}
	return kind, h, nil
}

// Object appends the record of one object of a list. apiVersion and kind are those of the list's items where the
// list tells them (ItemKind), else empty.
func (d *Decoder) Object(dst []*record.Record, raw []byte, apiVersion, kind string) ([]*record.Record, error) {
	h, err := manifest.Read(raw)
	if err != nil {
		return dst, err
	}
	if (len(h.Kind) == 0 || len(h.APIVersion) == 0) && kind != "" {
		h.Raw = manifest.WithKind(h.Raw, &h, apiVersion, kind)
		if len(h.Kind) == 0 {
			h.Kind = []byte(kind)
		}
		if len(h.APIVersion) == 0 {
			h.APIVersion = []byte(apiVersion)
		}
	}
	h.Raw = rawjson.Compact(nil, h.Raw)
	return d.object(dst, &h, record.FromList, false)
}

// ItemKind gives the kind of a list's items: "PodList" gives "Pod", kubectl's "List" of anything gives "".
func ItemKind(listKind string) string { return strings.TrimSuffix(listKind, "List") }

// List appends the Progress that a complete list proves. A list without a resourceVersion of its own, or of which more was
// to come, proves none.
func (d *Decoder) List(dst []*record.Record, head []byte) ([]*record.Record, error) {
	h, err := manifest.Read(head)
	if err != nil {
		return dst, err
	}
	kind := ItemKind(string(h.Kind))
	more, _ := rawjson.Unquote(rawjson.Get(head, "metadata", "continue"))
	if h.RV == 0 || kind == "" || kind == "PartialObjectMetadata" || len(more) > 0 {
		return dst, nil
	}
	return append(dst, d.progress(&h, kind, true)), nil
}

func (d *Decoder) object(dst []*record.Record, h *manifest.Head, from record.Sources, deleted bool) ([]*record.Record, error) {
	if len(h.Kind) == 0 || len(h.APIVersion) == 0 || len(h.UID) == 0 || h.RV == 0 {
		return dst, ErrNotObject
	}
	ref := d.ref(h, string(h.Kind))
	ref.Namespace, ref.Name, ref.UID = d.in.String(h.Namespace), string(h.Name), record.UID(h.UID)
	partial := record.Whole
	if string(h.Kind) == "PartialObjectMetadata" {
		// The object is not the PartialObjectMetadata: what it is, another record of its UID may tell.
		ref.Group, ref.Version, ref.Kind, ref.Resource = "", "", "", ""
		partial = record.PartialMetadata
	}
	var body []byte
	if len(h.Raw) <= d.o.BodyBytes {
		body, _ = d.o.Redactor.Body(ref.GroupResource(), "", h.Raw)
	}
	provenance := record.Provenance{ReceivedAt: d.o.ReceivedAt, Sources: from}
	if h.IsKubeEvent() {
		if deleted || body == nil {
			return dst, nil
		}
		v, err := manifest.KubeEvent(body, d.o.Cluster, &d.in)
		if err != nil || v == nil {
			return dst, err
		}
		v.Provenance = provenance
		return append(dst, v), nil
	}
	r := &record.Record{Ref: ref, Provenance: provenance}
	if deleted {
		r.Kind, r.End = record.KindEnd, &record.End{RV: h.RV, Sources: from}
		if partial == record.Whole {
			r.End.LastBody = d.slab.Copy(body)
		}
		return append(dst, r), nil
	}
	r.Kind = record.KindRevision
	r.Revision = &record.Revision{RV: h.RV, Partial: partial, Body: d.slab.Copy(body), Cut: body == nil}
	return append(dst, r), nil
}

func (d *Decoder) ref(h *manifest.Head, kind string) record.ObjectRef {
	group, version := record.SplitAPIVersion(d.in.String(h.APIVersion))
	resource, ok := d.o.Resources[GroupKind{group, kind}]
	if !ok {
		resource = d.in.String([]byte(record.GuessResource(kind)))
	}
	return record.ObjectRef{Cluster: d.o.Cluster, Group: group, Version: version, Kind: d.in.String([]byte(kind)), Resource: resource}
}

func (d *Decoder) progress(h *manifest.Head, kind string, list bool) *record.Record {
	ref := d.ref(h, kind)
	from := record.FromWatch
	if list {
		from = record.FromList
	}
	return &record.Record{
		Kind: record.KindProgress, Ref: record.ObjectRef{Cluster: ref.Cluster, Group: ref.Group, Resource: ref.Resource},
		Progress:   &record.Progress{RV: h.RV, List: list},
		Provenance: record.Provenance{ReceivedAt: d.o.ReceivedAt, Sources: from},
	}
}

// gap tells of an ERROR event: its Status says why, never what was missed.
func (d *Decoder) gap(line []byte, h *manifest.Head) *record.Record {
	sum := sha256.Sum256(line)
	reason, _ := rawjson.String(rawjson.Get(h.Raw, "reason"))
	code, _ := rawjson.Uint(rawjson.Get(h.Raw, "code"))
	if len(reason) > 64 {
		reason = ""
	}
	return &record.Record{
		Kind: record.KindGap, Ref: record.ObjectRef{Cluster: d.o.Cluster},
		Gap: &record.Gap{Reason: record.GapWatchError, Key: hex.EncodeToString(sum[:8]),
			Detail: strings.TrimSpace(fmt.Sprintf("the watch reported an error: %d %s", code, reason))},
		Provenance: record.Provenance{ReceivedAt: d.o.ReceivedAt, Sources: record.FromWatch},
	}
}
