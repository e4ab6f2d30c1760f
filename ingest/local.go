package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// Limits of what one batch may carry beside its records, and of its cluster's name.
const (
	MaxMarks        = 64
	MaxMarkKeyBytes = 256
	MaxMarkBytes    = 64 << 10
	MaxClusterBytes = 256
)

// LocalConfig is what a Local does beside storing. The zero value is right.
type LocalConfig struct {
	// Appended is told each batch after it became durable and before Deliver returns; it must be quick, and safe to be called concurrently.
	Appended func(batch []*record.Record)
	// WaitingBytes bounds the estimated memory of batches that wait to be durable, those of callers that gave up among them; beyond it callers are
	// told Busy. Zero: 64 MiB.
	WaitingBytes int64
	// Concurrent appends in the store; further callers wait. They share the log's syncs. Zero: 32.
	Concurrent int
	// LateEvery bounds how often refused late facts become a Gap, per cluster. Zero: a minute.
	LateEvery time.Duration
	Metrics   *Metrics
	Log       *slog.Logger // nil: discarded
	Now       func() time.Time
}

// Local is the Sink on a store of this process.
type Local struct {
	st      store.Store
	conf    LocalConfig
	turns   chan struct{}
	lates   lates
	health  health
	waiting struct {
		sync.Mutex
		bytes int64
	}
}

var _ Sink = (*Local)(nil)

// NewLocal fills a Local; the store stays the caller's.
func NewLocal(st store.Store, c LocalConfig) *Local {
	if c.WaitingBytes <= 0 {
		c.WaitingBytes = 64 << 20
	}
	if c.Concurrent <= 0 {
		c.Concurrent = 32
	}
	if c.LateEvery <= 0 {
		c.LateEvery = time.Minute
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Local{st: st, conf: c, turns: make(chan struct{}, c.Concurrent), lates: lates{open: map[record.Cluster]*late{}}}
}

// Deliver implements Sink: records, then marks, each synced. A crash between leaves the old marks: the source hands over again what is there
// already, and merging makes that harmless.
func (l *Local) Deliver(ctx context.Context, b Batch) error {
	began := l.conf.Now()
	if err := Check(b); err != nil {
		l.conf.Metrics.refuse("invalid")
		return err
	}
	leave, err := l.enter(ctx, b)
	if err != nil {
		return err
	}
	// A caller whose ctx ends is let go; the store has the batch until its disk took it, however long that hangs, and so long it counts as waiting.
	done := make(chan error, 1)
	go func() {
		defer leave()
		l.health.begin(l.conf.Now())
		err := l.store(ctx, b, began)
		l.health.end(l.conf.Now())
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		l.conf.Metrics.refuse("canceled")
		return ctx.Err()
	}
}

// store writes a batch and tells of it. It does not end with ctx, but leaves out the marks then: the source may have come further meanwhile.
func (l *Local) store(ctx context.Context, b Batch, began time.Time) error {
	on := context.WithoutCancel(ctx)
	var appended store.Appended
	var err error
	if len(b.Records) > 0 {
		if appended, err = l.st.Append(on, b.Records); err != nil {
			return l.refused(err)
		}
	}
	now := l.conf.Now()
	l.conf.Metrics.stored(b, appended, began, now)
	if l.conf.Appended != nil {
		l.conf.Appended(b.Records)
	}
	for _, m := range b.Marks {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := l.st.SetMeta(on, markKey(b.Cluster, m.Key), m.Value); err != nil {
			return l.refused(err)
		}
	}
	l.note(nil)
	l.tellLate(on, b.Cluster, appended.Late, now)
	return nil
}

// enter takes the batch's share of memory, then a turn. Leave gives both back.
func (l *Local) enter(ctx context.Context, b Batch) (leave func(), err error) {
	if err := ctx.Err(); err != nil {
		l.conf.Metrics.refuse("canceled")
		return nil, err
	}
	size := b.Size()
	l.waiting.Lock()
	if l.waiting.bytes > 0 && l.waiting.bytes+size > l.conf.WaitingBytes {
		l.waiting.Unlock()
		l.conf.Metrics.refuse("busy")
		return nil, &Busy{Reason: "more is arriving than the store can take", After: time.Second}
	}
	l.waiting.bytes += size
	l.waiting.Unlock()
	l.conf.Metrics.wait(size)
	free := func() {
		l.waiting.Lock()
		l.waiting.bytes -= size
		l.waiting.Unlock()
		l.conf.Metrics.wait(-size)
	}
	select {
	case l.turns <- struct{}{}:
		return func() { <-l.turns; free() }, nil
	case <-ctx.Done():
		free()
		l.conf.Metrics.refuse("canceled")
		return nil, ctx.Err()
	}
}

// refused turns a store's error into what the caller can do about it.
func (l *Local) refused(err error) error {
	if errors.Is(err, ErrInvalid) {
		l.conf.Metrics.refuse("invalid")
		return err
	}
	state := stateOf(err)
	l.conf.Metrics.refuse(state.word)
	l.note(err)
	return fmt.Errorf("%w: %w", &Busy{Reason: state.sentence, After: state.after}, err)
}

// Size estimates the memory that a batch takes.
func (b Batch) Size() int64 {
	n := int64(0)
	for _, r := range b.Records {
		n += int64(Size(r))
	}
	for _, m := range b.Marks {
		n += int64(len(m.Key) + len(m.Value))
	}
	return n
}

// Check says what a batch breaks: records without their body or of another cluster, marks over their limits. Its errors wrap ErrInvalid.
func Check(b Batch) error {
	if err := CheckCluster(b.Cluster); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	for i, r := range b.Records {
		if !hasBody(r) {
			return fmt.Errorf("%w: record %d of %d has no body of its kind", ErrInvalid, i, len(b.Records))
		}
		if r.Ref.Cluster != b.Cluster {
			return fmt.Errorf("%w: record %d of %d is of another cluster than its batch, %q", ErrInvalid, i, len(b.Records), b.Cluster)
		}
	}
	if len(b.Marks) > MaxMarks {
		return fmt.Errorf("%w: %d marks in a batch, %d are the limit", ErrInvalid, len(b.Marks), MaxMarks)
	}
	for _, m := range b.Marks {
		if m.Key == "" || len(m.Key) > MaxMarkKeyBytes || len(m.Value) > MaxMarkBytes {
			return fmt.Errorf("%w: a mark's key takes 1 to %d bytes, its value %d", ErrInvalid, MaxMarkKeyBytes, MaxMarkBytes)
		}
	}
	return nil
}

// CheckCluster says what is wrong with a cluster's name: it stands in keys, logs and metrics, which take text of some length only.
func CheckCluster(name record.Cluster) error {
	switch {
	case name == "":
		return errors.New("a cluster without a name")
	case len(name) > MaxClusterBytes:
		return fmt.Errorf("a cluster's name of %d bytes, %d are the limit", len(name), MaxClusterBytes)
	case !utf8.ValidString(string(name)) || strings.ContainsFunc(string(name), unicode.IsControl):
		return errors.New("a cluster's name that is no text, or has control characters in it")
	}
	return nil
}

func hasBody(r *record.Record) bool {
	switch {
	case r == nil:
		return false
	case r.Kind == record.KindRequest:
		return r.Request != nil
	case r.Kind == record.KindRevision:
		return r.Revision != nil
	case r.Kind == record.KindEnd:
		return r.End != nil
	case r.Kind == record.KindKubeEvent:
		return r.KubeEvent != nil
	case r.Kind == record.KindGap:
		return r.Gap != nil
	case r.Kind == record.KindProgress:
		return r.Progress != nil
	case r.Kind == record.KindSpan:
		return r.Span != nil
	}
	return false
}
