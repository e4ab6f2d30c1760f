package export

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/ingest/spool"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/trace"
	"github.com/kubewake/kubewake/trace/otlp"
)

// Bounds of one step.
const (
	stepRecords = 4096
	maxPacked   = 32 << 20 // bytes of a frame in the queue
	recentMost  = 100_000  // records remembered without asking, twice
	daysMost    = 50_000   // open days remembered without asking
	look        = 2 * time.Second
	lookAtDays  = time.Minute
	tryAgain    = time.Second
)

// maker is the state of making spans.
type maker struct {
	at     spool.Position
	recent [2]map[record.ID]bool // which have their spans; the second is older
	days   map[string][]byte     // open days, by key: as noted
	age    uint16
	old    bool // there are notes of the age before
	aged   bool // age and old are set
	daysAt time.Time
}

// recover sets the notes of the newest frame: a crash may have come between the two. All before it are set, for one step follows another.
func (e *Exporter) recover(ctx context.Context) error {
	e.maker.at = e.in.Begin()
	last, ok, err := e.out.Last()
	for err != nil {
		e.said.begin(&e.said.disk, func() { e.log.Error("the export's queue can not be read now; trying again", "error", err) })
		if !sleep(ctx, tryAgain) {
			return ctx.Err()
		}
		last, ok, err = e.out.Last()
	}
	if !ok {
		return nil
	}
	f, err := e.packer.decode(last.Payload)
	if err != nil {
		e.lost(err.Error())
		return nil
	}
	for {
		if err = e.conf.Notes.Set(ctx, f.notes); err == nil || ctx.Err() != nil {
			return err
		}
		e.said.begin(&e.said.making, func() { e.log.Error("the export waits: its notes can not be written", "error", err) })
		if !sleep(ctx, tryAgain) {
			return ctx.Err()
		}
	}
}

// make makes spans of what has settled, until ctx ends.
func (e *Exporter) make(ctx context.Context) {
	for ctx.Err() == nil {
		changed := e.in.Changed()
		did, wait, err := e.round(ctx)
		if err == nil {
			err = e.tidy(ctx)
		}
		e.conf.Metrics.fill(e)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			e.said.begin(&e.said.making, func() { e.log.Error("the export waits: spans can not be made now; trying again", "error", err) })
			sleep(ctx, tryAgain)
			continue
		}
		e.said.over(&e.said.making, func() { e.log.Info("spans are made again") })
		if did {
			continue
		}
		if wait > 0 {
			sleep(ctx, min(wait, look))
			continue
		}
		select {
		case <-changed:
		case <-time.After(look):
		case <-ctx.Done():
		}
	}
}

// round makes the spans of what has settled, as much as one step takes. Where nothing has, wait says when something will; zero: not known.
func (e *Exporter) round(ctx context.Context) (did bool, wait time.Duration, err error) {
	records, at, frames, wait, err := e.settled()
	if err != nil || frames == 0 {
		return false, wait, err
	}
	if err := e.spans(ctx, records); err != nil {
		return false, 0, err
	}
	e.maker.at = at
	if err := e.in.Done(at, frames); err != nil { // it is read again, and dropped for what is noted
		e.log.Warn("the export can not note how far it read", "error", err)
	}
	return true, 0, nil
}

// spans makes the spans of records, in as many steps as the queue's size takes.
func (e *Exporter) spans(ctx context.Context, records []*record.Record) error {
	s, err := e.build(ctx, records)
	if err != nil {
		return err
	}
	err = e.do(ctx, s)
	half := len(records) / 2
	switch {
	case !errors.Is(err, errLarge):
		return err
	case half == 0: // it must not keep all behind it from being sent
		e.large("id", records[0].ID().String())
		return nil
	}
	if err := e.spans(ctx, records[:half]); err != nil {
		return err
	}
	return e.spans(ctx, records[half:])
}

// large tells of something that no frame takes, however little is beside it.
func (e *Exporter) large(what, which string) {
	e.log.Error("a span is too large for the export's queue, and is not exported; allow the queue more (export.otlp.queue.bytes)", what, which)
	e.conf.Metrics.drop("large", 1)
}

// settled reads what came long enough ago.
func (e *Exporter) settled() (records []*record.Record, at spool.Position, frames int, wait time.Duration, err error) {
	settle, now := time.Duration(e.settings().Settle), e.now()
	at = e.maker.at
	for len(records) < stepRecords {
		fr, ok, err := e.in.Next(at)
		if fr.Lost != "" {
			e.lost(fr.Lost)
		}
		if err != nil || !ok {
			return records, at, frames, 0, err
		}
		if left := fr.At.Add(settle).Sub(now); left > 0 && left <= settle { // a clock that was set back holds nothing up
			return records, at, frames, left, nil
		}
		b, err := e.codec.Decode(fr.Payload)
		if err != nil {
			e.lost(err.Error())
		}
		records, at, frames = append(records, b.Records...), fr.End, frames+1
	}
	return records, at, frames, 0, nil
}

// step is what one frame does.
type step struct {
	frame
	made   []record.ID
	days   map[string][]byte // nil: closed
	counts map[string]int    // spans, by kind
}

// errLarge: a step is too large for one frame, or would never find room in the queue; nothing of it was done.
var errLarge = errors.New("more spans than one frame of the queue takes")

// do makes a step durable: first its frame, with all that it does, then what is noted. What is tried again is the same bytes. With errLarge it is to be
// done in parts.
func (e *Exporter) do(ctx context.Context, s *step) error {
	if len(s.notes) == 0 && len(s.requests) == 0 {
		return nil
	}
	raw := 0
	for _, r := range s.requests {
		raw += len(r.body)
	}
	if raw > maxFrameBytes/2 {
		return errLarge
	}
	payload := e.packer.encode(s.frame)
	if int64(len(payload)) > min(maxPacked, e.out.Status().MaxBytes/4) {
		return errLarge
	}
	for {
		err := e.once(ctx, payload, s.notes)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		e.said.begin(&e.said.making, func() { e.log.Warn("spans wait to be taken up; trying again", "why", err) })
		e.conf.Metrics.fill(e)
		if !sleep(ctx, tryAgain) {
			return ctx.Err()
		}
	}
	e.maker.keep(s)
	e.conf.Metrics.made(s.counts)
	return nil
}

// once tries; an error says that nothing of it was done, or that ctx ended in between, which the next process puts right.
func (e *Exporter) once(ctx context.Context, payload []byte, notes []engine.Note) error {
	e.step.Lock()
	defer e.step.Unlock()
	if err := e.out.Add(payload); err != nil {
		return err
	}
	e.owed = notes
	for {
		err := e.conf.Notes.Set(ctx, notes)
		if err == nil {
			e.owed = nil
			return nil
		}
		e.said.begin(&e.said.making, func() { e.log.Error("the export waits: its notes can not be written", "error", err) })
		if !sleep(ctx, tryAgain) {
			return ctx.Err()
		}
	}
}

// keep remembers what was noted.
func (m *maker) keep(s *step) {
	for _, id := range s.made {
		m.remember(id)
	}
	if len(m.days) > daysMost {
		m.days = nil
	}
	if m.days == nil {
		m.days = map[string][]byte{}
	}
	for key, value := range s.days {
		if value == nil {
			delete(m.days, key)
		} else {
			m.days[key] = value
		}
	}
}

func (m *maker) remember(id record.ID) {
	if m.recent[0] == nil || len(m.recent[0]) >= recentMost {
		m.recent[0], m.recent[1] = make(map[record.ID]bool, 1024), m.recent[0]
	}
	m.recent[0][id] = true
}

// build makes the spans of records that have none.
func (e *Exporter) build(ctx context.Context, records []*record.Record) (*step, error) {
	fresh, ids, err := e.fresh(ctx, records)
	if err != nil {
		return nil, err
	}
	s := &step{made: ids, days: map[string][]byte{}, counts: map[string]int{}}
	if len(fresh) == 0 {
		return s, nil
	}
	told, err := e.conf.Facts.Tell(ctx, fresh)
	if err != nil {
		return nil, fmt.Errorf("ask what is known: %w", err)
	}
	selector := e.selector.Load()
	list := make([]made, 0, len(fresh))
	for i, r := range fresh {
		s.notes = append(s.notes, engine.Note{Key: madeKey(e.maker.age, r, ids[i]), Value: []byte{}})
		if !selector.matches(r, query.Input{Time: told[i].At}) {
			continue
		}
		list = append(list, spanOf(r, &told[i]))
		s.counts[r.Kind.String()]++
	}
	if err := e.noteDays(ctx, s, list); err != nil {
		return nil, err
	}
	s.requests, err = e.requests(list)
	return s, err
}

// fresh leaves out records that have their spans, and repeats.
func (e *Exporter) fresh(ctx context.Context, records []*record.Record) (out []*record.Record, ids []record.ID, err error) {
	if err := e.ages(ctx); err != nil {
		return nil, nil, err
	}
	m := &e.maker
	here := make(map[record.ID]bool, len(records))
	var keys [][]byte
	for _, r := range records {
		id := r.ID()
		if here[id] || m.recent[0][id] || m.recent[1][id] {
			continue
		}
		here[id] = true
		out, ids = append(out, r), append(ids, id)
		keys = append(keys, madeKey(m.age, r, id))
		if m.old {
			keys = append(keys, madeKey(m.age-1, r, id))
		}
	}
	values, err := e.conf.Notes.Values(ctx, keys)
	if err != nil {
		return nil, nil, fmt.Errorf("ask which records have spans: %w", err)
	}
	per := 1
	if m.old {
		per = 2
	}
	n := 0
	for i := range out {
		if slices.ContainsFunc(values[i*per:(i+1)*per], func(v []byte) bool { return v != nil }) {
			m.remember(ids[i])
			continue
		}
		out[n], ids[n] = out[i], ids[i]
		n++
	}
	e.conf.Metrics.repeat(len(records) - n)
	return out[:n], ids[:n], nil
}

// ages finds out which notes are asked for.
func (e *Exporter) ages(ctx context.Context) error {
	m := &e.maker
	age := ageOf(e.now())
	if m.aged && m.age == age {
		return nil
	}
	m.age, m.old, m.aged = age, false, false
	for _, err := range e.conf.Notes.Scan(ctx, agePrefix(age-1)) {
		if err != nil {
			return fmt.Errorf("look for older notes: %w", err)
		}
		m.old = true
		break
	}
	m.aged = true
	return nil
}

// noteDays takes the spans into what is noted of their objects' days.
func (e *Exporter) noteDays(ctx context.Context, s *step, list []made) error {
	open := map[string]*day{}
	order := []string{}
	ask := [][]byte{}
	today := dayOf(e.now())
	for i := range list {
		m := &list[i]
		key := string(dayKey(noteOpen, m.day, m.id))
		if _, known := open[key]; known {
			continue
		}
		order, open[key] = append(order, key), &day{}
		if value, known := e.maker.days[key]; known {
			if err := json.Unmarshal(value, open[key]); err != nil {
				return fmt.Errorf("read a day's note: %w", err)
			}
			continue
		}
		ask = append(ask, []byte(key))
		if m.day < today {
			ask = append(ask, dayKey(noteClosed, m.day, m.id))
		}
	}
	values, err := e.conf.Notes.Values(ctx, ask)
	if err != nil {
		return fmt.Errorf("ask for open days: %w", err)
	}
	for i, value := range values {
		switch key := string(ask[i]); {
		case value == nil:
		case ask[i][0] == noteClosed: // its span of the day is sent, and does not change
			delete(open, string(append([]byte{noteOpen}, ask[i][1:]...)))
		default:
			if err := json.Unmarshal(value, open[key]); err != nil {
				e.log.Warn("a note of an object's day can not be read; it is made anew", "error", err)
				open[key] = &day{}
			}
		}
	}
	for i := range list {
		m := &list[i]
		if d := open[string(dayKey(noteOpen, m.day, m.id))]; d != nil {
			d.add(m)
		}
	}
	for _, key := range order {
		if open[key] == nil {
			continue
		}
		value, err := open[key].encode()
		if err != nil {
			return fmt.Errorf("note a day: %w", err)
		}
		s.days[key] = value
		s.notes = append(s.notes, engine.Note{Key: []byte(key), Value: value})
	}
	return nil
}

// requests packs spans, those of one trace together.
func (e *Exporter) requests(list []made) ([]request, error) {
	slices.SortFunc(list, func(a, b made) int {
		return cmp.Or(bytes.Compare(a.id[:], b.id[:]), cmp.Compare(a.day, b.day), a.span.Start.Compare(b.span.Start), bytes.Compare(a.span.ID[:], b.span.ID[:]))
	})
	p := pieces{most: int(e.settings().BatchBytes)}
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].id == list[0].id && list[n].day == list[0].day {
			n++
		}
		spans := make([]trace.Span, n)
		for i := range spans {
			spans[i] = list[i].span
		}
		p.add(trace.DayID(list[0].id, startOf(list[0].day)), spans)
		list = list[n:]
	}
	return p.done()
}

// pieces cuts spans into requests of bounded size.
type pieces struct {
	most int
	now  collectorpb.ExportTraceServiceRequest
	size int
	n    int
	out  []request
	err  error
}

// add takes spans of one trace; more than one request holds are cut.
func (p *pieces) add(id trace.ID, spans []trace.Span) {
	resources := otlp.Services(id, spans)
	for _, r := range resources {
		r.Resource.Attributes = append(r.Resource.Attributes, whence()...)
		for _, s := range r.ScopeSpans[0].Spans { // of one that ends when it begins Jaeger warns that its duration is negative
			s.EndTimeUnixNano = max(s.EndTimeUnixNano, s.StartTimeUnixNano+uint64(time.Microsecond))
		}
	}
	size := proto.Size(&tracepb.TracesData{ResourceSpans: resources})
	if size > p.most && len(spans) > 1 {
		p.add(id, spans[:len(spans)/2])
		p.add(id, spans[len(spans)/2:])
		return
	}
	if p.size > 0 && p.size+size > p.most {
		p.flush()
	}
	p.now.ResourceSpans = append(p.now.ResourceSpans, resources...)
	p.size, p.n = p.size+size, p.n+len(spans)
}

// whence are attributes of all that we send. Its host is one for Jaeger: where hosts differ, or are not told, it takes what lies outside of its
// parent for a clock that goes wrong, and warns of it.
func whence() []*commonpb.KeyValue {
	value := &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: "kubewake"}}
	return []*commonpb.KeyValue{{Key: "service.namespace", Value: value}, {Key: "host.id", Value: value}, {Key: "ip", Value: value}}
}

func (p *pieces) flush() {
	if p.n == 0 || p.err != nil {
		return
	}
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(&p.now)
	if err != nil {
		p.err = fmt.Errorf("encode spans: %w", err)
		return
	}
	p.out = append(p.out, request{p.n, body})
	p.now.ResourceSpans, p.size, p.n = nil, 0, 0
}

func (p *pieces) done() ([]request, error) {
	p.flush()
	return p.out, p.err
}
