package webhook

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/audit"
)

// maxGaps bounds how many refused events of one batch have a Gap each; the others share one.
const maxGaps = 100

// batch gathers the records of one request.
type batch struct {
	ctx     context.Context
	sink    ingest.Sink
	cluster record.Cluster
	decoder *audit.Decoder
	at      time.Time

	records   []*record.Record
	bytes     int64 // of the events in records
	events    int
	delivered int

	refused map[string]int64 // by reason
	gaps    int
	first   string // where and why, for the log
	shared  *record.Record
	digests []byte
}

// deliverError is an error of the sink.
type deliverError struct{ err error }

func (e *deliverError) Error() string { return e.err.Error() }
func (e *deliverError) Unwrap() error { return e.err }

// add decodes one event.
func (b *batch) add(it item) {
	b.events++
	b.bytes += it.size
	if it.long {
		b.refuse(it, "too-long", record.GapDropped, fmt.Sprintf("an audit event of %d bytes, longer than the limit", it.size))
		return
	}
	var err error
	if b.records, err = b.decoder.Item(b.records, it.raw); err != nil {
		word, detail := audit.Reason(err)
		it.digest = sha256.Sum256(it.raw)
		b.refuse(it, word, record.GapUndecodable, detail)
	}
}

// refuse keeps that an event was lost.
func (b *batch) refuse(it item, word string, reason record.GapReason, detail string) {
	if b.refused == nil {
		b.refused = map[string]int64{}
		b.first = fmt.Sprintf("%s at byte %d", detail, it.offset)
	}
	b.refused[word]++
	gap := audit.Refused{Cluster: b.cluster, Reason: reason, Detail: detail, Digest: it.digest, Raw: it.raw, ReceivedAt: b.at}.Gap()
	if b.gaps < maxGaps {
		b.gaps++
		b.records = append(b.records, gap)
		return
	}
	sum := sha256.Sum256(append(b.digests, it.digest[:]...))
	b.digests = sum[:]
	if b.shared == nil {
		b.shared = gap
		return
	}
	b.shared.Gap.Count++
	if gap.OccurredAt.Before(b.shared.OccurredAt) {
		b.shared.OccurredAt = gap.OccurredAt
	}
	if gap.Gap.Until.After(b.shared.Gap.Until) {
		b.shared.Gap.Until = gap.Gap.Until
	}
}

// finish adds what is known at the end of the batch only.
func (b *batch) finish() {
	if b.shared == nil {
		return
	}
	b.shared.Gap.Reason, b.shared.Gap.Key = record.GapUndecodable, fmt.Sprintf("%x", b.digests[:12])
	b.shared.Gap.Detail = "further audit events of one batch"
	b.records = append(b.records, b.shared)
}

// deliver hands over what was gathered; the records are the sink's from then on.
func (b *batch) deliver() error {
	if len(b.records) == 0 {
		return nil
	}
	if err := b.sink.Deliver(b.ctx, ingest.Batch{Cluster: b.cluster, Records: b.records}); err != nil {
		return &deliverError{err}
	}
	b.delivered += len(b.records)
	b.records, b.bytes = nil, 0
	return nil
}
