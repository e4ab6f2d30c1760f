// SPDX-License-Identifier: Apache-2.0

// Package otlp receives traces and logs as OpenTelemetry's exporters send them, over gRPC and over HTTP (protobuf or JSON), and keeps what
// belongs to a cluster's history: spans and log lines that name a Kubernetes object or an apiserver's request, and those of the services that
// the settings list.
//
// [New] makes a [Receiver]; its owner listens and calls [Receiver.ServeGRPC] and [Receiver.ServeHTTP]. A success means that the sink took all
// that was to be kept for good. What can not be taken now is answered so that senders come back (UNAVAILABLE, 503 with Retry-After; where too much is
// under way at once RESOURCE_EXHAUSTED with RetryInfo, 429 with Retry-After); what never can is refused and counted in the answer's partial success. Values are redacted before anything is delivered.
package otlp

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"golang.org/x/time/rate"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/internal/tokens"
	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
)

// Config of a Receiver.
type Config struct {
	Settings
	Sink     ingest.Sink      // required
	Redactor *redact.Redactor // required; redact.Off() to keep secrets
	// Callers tells who calls and for which clusters. The zero value lets nobody in.
	Callers tokens.Callers
	// Anonymous lets everybody in, for any cluster: on a loopback address only.
	Anonymous bool
	Now       func() time.Time // nil: time.Now
	Log       *slog.Logger     // nil: nothing is logged
	Metrics   *Metrics         // nil: nothing is counted
}

// Receiver takes what exporters send. Its methods may be called concurrently.
type Receiver struct {
	sink      ingest.Sink
	callers   tokens.Callers
	anonymous bool
	settings  Settings
	rules     rules
	decode    decoder
	now       func() time.Time
	log       *slog.Logger
	metrics   *Metrics
	room      chan struct{} // a place for each request under way
	memory    *memory       // of all of them
	warning   rate.Sometimes

	readWithin, answerWithin time.Duration // bounds of the two halves of an HTTP request
}

// New checks the configuration. It starts nothing.
func New(c Config) (*Receiver, error) {
	if c.Sink == nil || c.Redactor == nil {
		return nil, errors.New("otlp: a sink and a redactor are needed")
	}
	if err := c.Check(); err != nil {
		return nil, err
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	s := c.withDefaults()
	return &Receiver{sink: c.Sink, callers: c.Callers, anonymous: c.Anonymous, settings: s, rules: s.rules(), decode: decoder{redactor: c.Redactor},
		now: c.Now, log: c.Log, metrics: c.Metrics, room: make(chan struct{}, s.Requests), memory: &memory{bytes: int64(s.InFlightBytes), metrics: c.Metrics}, warning: rate.Sometimes{First: 5, Interval: time.Second},
		readWithin: readBodyWithin, answerWithin: answerWithin}, nil
}

// Why something is refused, in metrics and answers.
const (
	refusedCluster = "cluster" // none told, or one that the caller may not speak for
	refusedID      = "id"      // no trace or span ID
	refusedTime    = "time"    // none, or one that lies ahead or before the year 2000
)

// maxAhead is how far ahead of our clock a span may begin: the oldest facts are dropped counted from the newest one.
const maxAhead = time.Hour

// batch is one request under way.
type batch struct {
	r        *Receiver
	access   tokens.Access
	at       time.Time
	clusters map[record.Cluster][]*record.Record
	kept     int
	ignored  int
	refused  map[string]int
	first    string // the first refusal, in words
	copied   int    // bytes of what resources say, kept with each of their spans
}

func (r *Receiver) batch(access tokens.Access) *batch {
	return &batch{r: r, access: access, at: r.now().UTC(), clusters: map[record.Cluster][]*record.Record{}, refused: map[string]int{}}
}

func (b *batch) refuse(reason, words string, n int) {
	if n == 0 {
		return
	}
	b.refused[reason] += n
	if b.first == "" {
		b.first = words
	}
}

// add keeps a record, unless its time or what it says forbid that.
func (b *batch) add(rec *record.Record) {
	switch {
	case rec.OccurredAt.IsZero():
		b.refuse(refusedTime, "it has no time", 1)
		return
	case rec.OccurredAt.After(b.at.Add(maxAhead)), rec.Span.End.After(b.at.Add(maxAhead)):
		b.refuse(refusedTime, "its time lies ahead", 1)
		return
	case rec.OccurredAt.Year() < 2000: // of a clock that was not set yet
		b.refuse(refusedTime, "its time lies before the year 2000", 1)
		return
	case !rec.Names() && !b.r.settings.keeps(rec.Span.Service):
		b.ignored++
		return
	}
	rec.Provenance = record.Provenance{ReceivedAt: b.at, Sources: record.FromOTLP}
	b.clusters[rec.Ref.Cluster] = append(b.clusters[rec.Ref.Cluster], rec)
	b.kept++
}

// rejected is what the answer's partial success says.
func (b *batch) rejected() (n int64, message string) {
	for _, k := range b.refused {
		n += int64(k)
	}
	if n > 0 {
		message = "refused: " + b.first
	}
	return n, message
}

// deliver hands over what was gathered.
func (b *batch) deliver(ctx context.Context, signal string) error {
	ctx, cancel := context.WithTimeout(ctx, deliverWithin)
	defer cancel()
	for cluster, list := range b.clusters {
		if err := b.r.sink.Deliver(ctx, ingest.Batch{Cluster: cluster, Records: list}); err != nil {
			return err
		}
	}
	b.r.metrics.took(signal, b.kept, b.ignored, b.refused)
	if n, words := b.rejected(); n > 0 {
		b.r.warning.Do(func() {
			b.r.log.Warn("OTLP refused in part", "signal", signal, "who", b.access.Who, "refused", b.refused, "first", words)
		})
	}
	return nil
}

// deliverWithin bounds how long a sender waits for the sink; exporters wait ten seconds by default.
const deliverWithin = 9 * time.Second

// enter takes a place; false: too much is under way.
func (r *Receiver) enter() bool {
	select {
	case r.room <- struct{}{}:
		return true
	default:
		return false
	}
}

func (r *Receiver) leave() { <-r.room }
