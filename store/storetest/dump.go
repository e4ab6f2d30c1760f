package storetest

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// Dump tells everything that a store answers, a line each, in the order in which it answers. Stores that hold the same facts dump alike.
func Dump(ctx context.Context, s store.Store) ([]string, error) {
	d := &dump{ctx: ctx, s: s}
	clusters, err := s.Clusters(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range clusters {
		d.line("cluster", fmt.Sprintf("%+v", c))
		if err := d.cluster(c); err != nil {
			return nil, err
		}
	}
	reads := store.WindowScan{Kinds: Kinds(), Reads: true}
	return d.lines, each(s.Window(ctx, reads), func(r *record.Record) error { d.record("window", r); return nil })
}

// Kinds lists every kind of record.
func Kinds() []record.Kind {
	return []record.Kind{record.KindRequest, record.KindRevision, record.KindEnd, record.KindKubeEvent, record.KindGap, record.KindProgress, record.KindSpan}
}

type dump struct {
	ctx   context.Context
	s     store.Store
	lines []string
}

func (d *dump) line(what, text string) { d.lines = append(d.lines, what+" "+text) }

func (d *dump) record(what string, r *record.Record) {
	d.line(what, fmt.Sprintf("%s %x", r.ID(), record.Append(nil, r)))
}

func (d *dump) cluster(c store.ClusterInfo) error {
	var entries []*store.Entry
	err := each(d.s.Objects(d.ctx, store.ObjectScan{Cluster: c.Name}), func(e *store.Entry) error {
		entries = append(entries, e)
		return nil
	})
	for _, e := range entries {
		d.line("entry", fmt.Sprintf("%+v", *e))
		err = errors.Join(err, d.object(e))
	}
	take := func(what string) func(*record.Record) error {
		return func(r *record.Record) error { d.record(what, r); return nil }
	}
	err = errors.Join(err, each(d.s.Gaps(d.ctx, c.Name, store.TimeRange{}), take("gap")), each(d.s.Progress(d.ctx, c.Name), take("progress")),
		each(d.s.Seen(d.ctx, c.Name, store.TimeRange{}), func(s store.Seen) error { d.line("seen", fmt.Sprintf("%+v", s)); return nil }))
	for _, storage := range c.Storages {
		pin := func(p record.Pin) error { d.line("pin", fmt.Sprintf("%+v", p)); return nil }
		err = errors.Join(err, each(d.s.Pins(d.ctx, c.Name, storage, store.RVRange{}), pin), each(d.s.PinsDown(d.ctx, c.Name, storage, store.RVRange{}), pin))
	}
	return err
}

func (d *dump) object(e *store.Entry) error {
	take := func(what string) func(*record.Record) error {
		return func(r *record.Record) error { d.record(what, r); return nil }
	}
	err := each(d.s.Revisions(d.ctx, e.Key(), store.RVRange{}), take("revision"))
	before, e1 := d.s.RevisionBefore(d.ctx, e.Key(), e.LastRV)
	for _, r := range before {
		d.record("before", r)
	}
	end, e2 := d.s.End(d.ctx, e.Key())
	if end != nil {
		d.record("end", end)
	}
	for _, miss := range [...]error{e1, e2} {
		if miss != nil && !errors.Is(miss, store.ErrNotFound) {
			err = errors.Join(err, miss)
		}
	}
	return errors.Join(err,
		each(d.s.Requests(d.ctx, store.RequestScan{Cluster: e.Ref.Cluster, Resource: e.Ref.GroupResource(), Namespace: e.Ref.Namespace, Name: e.Ref.Name, Reads: true}), take("request")),
		each(d.s.Events(d.ctx, store.EventScan{Cluster: e.Ref.Cluster, Kind: e.Ref.Kind, Namespace: e.Ref.Namespace, Name: e.Ref.Name}), take("event")),
		each(d.s.Spans(d.ctx, store.SpanScan{Cluster: e.Ref.Cluster, Resource: e.Ref.GroupResource(), Namespace: e.Ref.Namespace, Name: e.Ref.Name}), take("span")))
}

func each[T any](seq iter.Seq2[T, error], f func(T) error) error {
	for v, err := range seq {
		if err != nil {
			return err
		}
		if err := f(v); err != nil {
			return err
		}
	}
	return nil
}

func collect[T any](seq iter.Seq2[T, error]) (out []T, err error) {
	err = each(seq, func(v T) error { out = append(out, v); return nil })
	return out, err
}
