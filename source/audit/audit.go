// SPDX-License-Identifier: Apache-2.0

// Package audit turns audit.k8s.io events into records: the Request, and what its answer proves: Revisions, the
// End of an object, states of Kubernetes Events. It also opens the envelopes in which managed clouds deliver audit events.
//
// Use [New] and [Decoder.Decode], one Decoder per goroutine. Bodies are never decoded into maps. Everything passes
// the Redactor before it leaves the decoder.
package audit

import (
	"errors"
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
	Limits   Limits
	// ReceivedAt is written into every record's provenance.
	ReceivedAt time.Time
}

// Limits bound what one event may bring; every cut is flagged on the record. A zero field means its default.
type Limits struct {
	BodyBytes   int // of one body kept; default 4 MiB
	Fields      int // entries of annotations, groups, extra, source addresses, causes, each; default 256
	StringBytes int // of one annotation's value, message or URI; default 64 KiB
	IDBytes     int // of an audit ID, name, UID; default 1 KiB
	Items       int // of a deletecollection's answer; default 10,000
}

// WithDefaults fills the zero fields.
func (l Limits) WithDefaults() Limits {
	for _, f := range [...]struct {
		field *int
		value int
	}{{&l.BodyBytes, 4 << 20}, {&l.Fields, 256}, {&l.StringBytes, 64 << 10}, {&l.IDBytes, 1 << 10}, {&l.Items, 10_000}} {
		if *f.field <= 0 {
			*f.field = f.value
		}
	}
	return l
}

// Reasons for refusing an event. Malformed JSON gives a *rawjson.SyntaxError instead.
var (
	ErrNotEvent = errors.New("not an audit event")
	ErrNoID     = errors.New("audit event without auditID or stage")
	ErrNoTime   = errors.New("audit event without a time")
)

// Decoder turns events into records. It belongs to one goroutine; its memory is bounded.
type Decoder struct {
	o        Options
	in       manifest.Interner
	slab     manifest.Slab
	actors   map[string]*record.Actor
	pairs    map[string][]record.KeyValue
	arrays   map[string][]string
	event    event
	identity []byte
}

// New fills a Decoder.
func New(o Options) *Decoder {
	o.Limits = o.Limits.WithDefaults()
	return &Decoder{o: o}
}

// Decode is New(o).Decode for one event.
func Decode(raw []byte, o Options) ([]*record.Record, error) { return New(o).Decode(nil, raw) }

// Cluster of the records to come; the caller sets it where an envelope names one.
func (d *Decoder) Cluster(name record.Cluster) { d.o.Cluster = name }

// ReceivedAt of the records to come; for those that keep decoders.
func (d *Decoder) ReceivedAt(t time.Time) { d.o.ReceivedAt = t }

// Decode appends the records of one event to dst. The first is its Request. Nothing in them aliases raw. On an
// error dst is returned as it came.
func (d *Decoder) Decode(dst []*record.Record, raw []byte) ([]*record.Record, error) {
	return d.decode(dst, raw, false)
}

// Item is Decode for an item of an EventList, which mostly comes without kind and apiVersion.
func (d *Decoder) Item(dst []*record.Record, raw []byte) ([]*record.Record, error) {
	return d.decode(dst, raw, true)
}

func (d *Decoder) decode(dst []*record.Record, raw []byte, item bool) ([]*record.Record, error) {
	e := &d.event
	*e = event{}
	c := rawjson.NewCursor(raw)
	if c.Kind() != '{' {
		if err := c.Skip(); err != nil {
			return dst, err
		}
		return dst, ErrNotEvent
	}
	if err := c.Object(func(key []byte) error { return e.member(&c, raw, key) }); err != nil {
		return dst, err
	}
	if err := c.End(); err != nil {
		return dst, err
	}
	e.spaced = c.Spaced()
	if item && len(e.kind) == 0 && len(e.apiVersion) == 0 {
		e.kind, e.apiVersion = []byte("Event"), []byte("audit.k8s.io/v1")
	}
	if err := e.check(); err != nil {
		return dst, err
	}
	return d.records(dst, e, record.FromAudit), nil
}

// records appends what the event tells.
func (d *Decoder) records(dst []*record.Record, e *event, from record.Sources) []*record.Record {
	d.compact(e)
	r := d.request(e)
	first := len(dst)
	dst = append(dst, r)
	if e.stage == record.StageResponseComplete && e.code >= 200 && e.code < 300 && !e.dryRun {
		dst = d.effects(dst, e, r)
	}
	for _, r := range dst[first:] {
		r.Provenance = record.Provenance{ReceivedAt: d.o.ReceivedAt, Sources: from}
	}
	return dst
}

// compact drops whitespace from the bodies of a pretty-printed event; the others need no second look.
func (d *Decoder) compact(e *event) {
	if !e.spaced {
		return
	}
	for _, h := range [...]*manifest.Head{&e.sent, &e.answered} {
		if len(h.Raw) > 0 {
			h.Raw = rawjson.Compact(nil, h.Raw)
		}
		if len(h.Items) > 0 {
			h.Items = rawjson.Compact(nil, h.Items)
		}
	}
}
