package webhook

import (
	"compress/flate"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/audit"
)

// Outcomes of a request, in metrics.
const (
	outcomeStored       = "stored"
	outcomeBusy         = "busy"      // the sink can not take it now
	outcomeFailed       = "failed"    // the sink failed, or took too long
	outcomeOverload     = "overload"  // our own bounds
	outcomeTooLarge     = "too-large" // the body
	outcomeSlow         = "slow"
	outcomeAborted      = "aborted" // by the caller
	outcomeBad          = "bad"     // no batch
	outcomeUnauthorized = "unauthorized"
	outcomeForbidden    = "forbidden"
)

const (
	jsonType = "application/json"
	// timeoutMargin is the part of the caller's patience that is left for the answer's way back.
	timeoutMargin = 15
	// chunkBytes and chunkRecords are how much is decoded before it is delivered: large batches go in parts, and only the
	// last one is followed by the answer.
	chunkBytes   = 8 << 20
	chunkRecords = 8192
	stepBytes    = 1 << 20
)

var (
	errTooLarge = errors.New("the batch is larger than the limit")
	errNoRoom   = errors.New("too much is being received")
)

// answer to a request.
type answer struct {
	status     int
	outcome    string
	text       string
	cause      error // for the log alone
	retryAfter time.Duration
	hangUp     bool // the rest of the body is not wanted
}

func refuse(status int, outcome, text string) *answer {
	return &answer{status: status, outcome: outcome, text: text}
}

func later(status int, outcome, text string, after time.Duration) *answer {
	return &answer{status: status, outcome: outcome, text: text, retryAfter: max(after, time.Second)}
}

func (a *answer) write(rw http.ResponseWriter) {
	h := rw.Header()
	if a.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int((a.retryAfter+time.Second-1)/time.Second)))
	}
	if a.hangUp {
		h.Set("Connection", "close")
	}
	switch a.status {
	case http.StatusOK:
		rw.WriteHeader(a.status)
		return
	case http.StatusMethodNotAllowed:
		h.Set("Allow", http.MethodPost)
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", "Bearer")
	}
	http.Error(rw, strings.ToValidUTF8(a.text, "\ufffd"), a.status)
}

// ServeHTTP takes one batch.
func (w *Webhook) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	started := time.Now()
	var cluster record.Cluster
	var a *answer
	if r.Method != http.MethodPost {
		a = refuse(http.StatusMethodNotAllowed, outcomeBad, "batches are posted")
	} else if cluster, a = w.clusterOf(r); a == nil {
		a = w.take(rw, r, cluster, started)
	}
	a.write(rw)
	w.metrics.answered(cluster, a.outcome, time.Since(started))
	if a.outcome != outcomeStored {
		w.warning.Do(func() {
			w.log.Warn("audit batch not taken", "cluster", cluster, "remote", r.RemoteAddr, "status", a.status, "reason", a.text, "error", a.cause)
		})
	}
}

// take checks what can be checked before a byte of the body was read, and holds the request's place while it is read and stored.
func (w *Webhook) take(rw http.ResponseWriter, r *http.Request, cluster record.Cluster, started time.Time) *answer {
	if t := mediaType(r); t != jsonType && t != "" {
		return refuse(http.StatusUnsupportedMediaType, outcomeBad, "batches are "+jsonType)
	}
	packed := r.Header.Get("Content-Encoding")
	if packed != "" && packed != "identity" && packed != "gzip" {
		return refuse(http.StatusUnsupportedMediaType, outcomeBad, "batches are packed by gzip or not at all")
	}
	ctx, cancel := context.WithDeadline(r.Context(), started.Add(w.patience(r)))
	defer cancel()
	if r.ContentLength > w.limits.BatchBytes {
		w.lost(ctx, cluster, started)
		return w.tooLarge()
	}
	reserved := r.ContentLength
	if reserved < 0 {
		reserved = stepBytes
	}
	if !w.budget.enter(reserved) {
		return later(http.StatusTooManyRequests, outcomeOverload, errNoRoom.Error(), 0)
	}
	in := &intake{w: w, reserved: reserved}
	defer func() { w.budget.leave(in.reserved) }()
	body, err := in.open(ctx, rw, r, packed == "gzip")
	if err != nil {
		return w.failed(err)
	}
	return w.store(ctx, cluster, started, in, body)
}

// patience is how long the caller waits, less what the answer needs.
func (w *Webhook) patience(r *http.Request) time.Duration {
	timeout := w.limits.Timeout
	if d, err := time.ParseDuration(r.URL.Query().Get("timeout")); err == nil && d > 0 {
		timeout = min(timeout, d)
	}
	return timeout - timeout/timeoutMargin
}

// store decodes the body and delivers it.
func (w *Webhook) store(ctx context.Context, cluster record.Cluster, started time.Time, in *intake, body io.Reader) *answer {
	d := w.decoder()
	defer w.release(d)
	d.Cluster(cluster)
	d.ReceivedAt(started)
	l := &list{in: body, itemBytes: int(w.limits.EventBytes)}
	b := &batch{ctx: ctx, sink: w.sink, cluster: cluster, decoder: d, at: started}
	err := l.each(func(it item) error {
		b.add(it)
		if !l.known() || b.bytes < chunkBytes && len(b.records) < chunkRecords {
			return nil
		}
		return b.deliver()
	})
	w.metrics.read(cluster, in.unpacked)
	if err == nil {
		in.done()
		w.forward(cluster, in)
		b.finish()
		err = b.deliver()
	}
	if errors.Is(err, errTooLarge) {
		w.lost(ctx, cluster, started)
	}
	if err != nil {
		return w.failed(err)
	}
	w.metrics.stored(cluster, b.events, b.delivered, b.refused)
	if len(b.refused) > 0 {
		w.log.Warn("audit events refused", "cluster", cluster, "refused", b.refused, "of", b.events, "first", b.first)
	}
	return &answer{status: http.StatusOK, outcome: outcomeStored}
}

// failed tells the caller why, and whether to come back.
func (w *Webhook) failed(err error) *answer {
	var bad *badList
	var undelivered *deliverError
	var corrupt flate.CorruptInputError
	switch {
	case errors.As(err, &undelivered):
		if busy := ingest.IsBusy(err); busy != nil {
			return later(http.StatusServiceUnavailable, outcomeBusy, "can not store now: "+busy.Reason, busy.After)
		}
		a := later(http.StatusServiceUnavailable, outcomeFailed, "the batch could not be stored", 0)
		a.cause = undelivered.err
		return a
	case errors.As(err, &bad):
		return refuse(http.StatusBadRequest, outcomeBad, "the body is no audit.k8s.io EventList: "+bad.Error())
	case errors.Is(err, errTooLarge):
		return w.tooLarge()
	case errors.Is(err, errNoRoom):
		a := later(http.StatusTooManyRequests, outcomeOverload, err.Error(), 0)
		a.hangUp = true
		return a
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &answer{status: http.StatusRequestTimeout, outcome: outcomeSlow, text: "the body came too slowly", hangUp: true}
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.As(err, &corrupt):
		return refuse(http.StatusBadRequest, outcomeBad, "the body is not packed by gzip as its head says")
	}
	return &answer{status: http.StatusBadRequest, outcome: outcomeAborted, text: "the body could not be read", hangUp: true}
}

func (w *Webhook) tooLarge() *answer {
	return &answer{status: http.StatusRequestEntityTooLarge, outcome: outcomeTooLarge, hangUp: true,
		text: fmt.Sprintf("the batch is larger than %d bytes; lower --audit-webhook-batch-max-size or raise the limit batchBytes", w.limits.BatchBytes)}
}

// lost keeps that a batch was too large to be taken: events of about now are missing. Repetitions of it within a minute are one Gap.
func (w *Webhook) lost(ctx context.Context, cluster record.Cluster, at time.Time) {
	minute := at.UTC().Truncate(time.Minute)
	gap := audit.Refused{Cluster: cluster, Reason: record.GapDropped, Detail: "a batch of audit events that was larger than the limit", ReceivedAt: at}.Gap()
	gap.OccurredAt, gap.Gap.Until, gap.Gap.Key, gap.Gap.Count = minute, minute.Add(time.Minute), "batch", 0
	if err := w.sink.Deliver(ctx, ingest.Batch{Cluster: cluster, Records: []*record.Record{gap}}); err != nil {
		w.log.Warn("gap not stored", "cluster", cluster, "error", err)
	}
}

// mediaType of the request's body; empty if it names none.
func mediaType(r *http.Request) string {
	t := r.Header.Get("Content-Type")
	if parsed, _, err := mime.ParseMediaType(t); err == nil {
		return parsed
	}
	return t
}
