package input

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"strings"

	"github.com/kubewake/kubewake/internal/rawjson"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/audit"
	"github.com/kubewake/kubewake/source/recording"
)

// Reasons for refusing that do not come from a decoder.
const (
	reasonLong      = "longer than the limit"
	reasonTruncated = "the file ends in the middle of it"
	reasonUnknown   = "not an audit event, watch event, object or list"
	reasonOther     = "another log in the same envelope"
)

var errUnknown = errors.New(reasonUnknown)

// maxNested bounds envelopes in envelopes.
const maxNested = 4

// worker decodes tasks. It belongs to one goroutine.
type worker struct {
	r         *reader
	audit     *audit.Decoder
	recording *recording.Decoder
	cluster   record.Cluster
	out       []*record.Record

	file *file // of the task
	at   place // of the line or value
}

func newWorker(r *reader) *worker {
	w := &worker{r: r, cluster: r.o.Cluster}
	if w.cluster == "" {
		w.cluster = DefaultCluster
	}
	w.audit = audit.New(audit.Options{Cluster: w.cluster, Redactor: r.o.Redactor, Limits: r.o.Limits, ReceivedAt: r.o.ReceivedAt})
	w.recording = recording.New(recording.Options{Cluster: w.cluster, Redactor: r.o.Redactor, Resources: r.o.Resources,
		BodyBytes: r.o.Limits.BodyBytes, ReceivedAt: r.o.ReceivedAt})
	return w
}

func (w *worker) do(t task) {
	w.file = t.file
	before := len(w.out)
	n := 0
	switch {
	case t.buffer != nil:
		n = w.lines(*t.buffer, t.place, t.last)
	default:
		for _, v := range t.values {
			n++
			w.one(v, t)
		}
	}
	t.file.count(n, len(w.out)-before)
}

func (w *worker) lines(data []byte, at place, last bool) int {
	n := 0
	for len(data) > 0 {
		line, rest, ended := bytes.Cut(data, []byte("\n"))
		size := int64(len(data) - len(rest))
		trimmed := bytes.TrimRight(line, " \t\r")
		if at.offset == 0 {
			trimmed = bytes.TrimPrefix(trimmed, []byte("\xef\xbb\xbf"))
		}
		if len(bytes.TrimLeft(trimmed, " \t")) > 0 {
			n++
			w.at = at
			w.outcome(trimmed, at, last && !ended, w.value(trimmed, 0))
		}
		at.line++
		at.offset += size
		data = rest
	}
	return n
}

// one decodes a value that was cut out of a document.
func (w *worker) one(v value, t task) {
	w.at = v.place
	switch {
	case v.raw == nil: // left out for its length; counted already
		w.gap(nil, v.place, record.GapDropped, reasonLong)
	case t.list != nil && strings.HasPrefix(t.list.apiVersion, "audit.k8s.io/"):
		err := w.auditItem(v.raw)
		w.outcome(v.raw, v.place, false, err)
	case t.list != nil && t.list.kind != "":
		w.outcome(v.raw, v.place, false, w.item(v.raw, t.list.apiVersion, t.list.kind))
	default:
		w.outcome(v.raw, v.place, t.last, w.value(v.raw, 0))
	}
}

// outcome counts a value that was refused, and keeps a Gap for it.
func (w *worker) outcome(raw []byte, at place, open bool, err error) {
	if err == nil {
		return
	}
	reason, column := err.Error(), int64(-1)
	var syntax *rawjson.SyntaxError
	if errors.As(err, &syntax) {
		reason, column = "not JSON: "+syntax.Reason, int64(syntax.Offset)
		if open && syntax.Offset >= len(raw) {
			reason = reasonTruncated
			w.file.mu.Lock()
			w.file.Truncated = true
			w.file.mu.Unlock()
		}
	}
	w.file.refuse(at, column, reason)
	kind := record.GapUndecodable
	if reason == reasonTruncated {
		kind = record.GapTruncated
	}
	w.gap(raw, at, kind, reason)
}

// gap records that a line was lost. Its key is the digest of the line, so that reading the file again tells nothing
// new; its times are those that the bytes still show.
func (w *worker) gap(raw []byte, at place, kind record.GapReason, reason string) {
	h := sha256.New()
	if raw == nil {
		_, _ = h.Write([]byte(w.file.Path))
		_, _ = h.Write([]byte{0, byte(at.offset), byte(at.offset >> 8), byte(at.offset >> 16), byte(at.offset >> 24), byte(at.offset >> 32)})
	}
	_, _ = h.Write(raw)
	lost := audit.Refused{Cluster: w.cluster, Reason: kind, Detail: reason, Raw: raw, ReceivedAt: w.r.o.ReceivedAt}
	h.Sum(lost.Digest[:0])
	g := lost.Gap()
	if bytes.Contains(raw[:min(len(raw), 64)], []byte(watchStart)) {
		g.Provenance.Sources = record.FromWatch
	}
	w.out = append(w.out, g)
}

// value decodes one JSON value, whatever it is.
func (w *worker) value(raw []byte, nested int) (err error) {
	if len(raw) > 0 && raw[0] != '{' {
		raw = bytes.TrimLeft(stripTime(raw), " \t")
	}
	switch shapeOf(raw) {
	case shapeAudit:
		if w.r.o.Events != nil {
			w.r.o.Events(raw)
			return nil
		}
		w.out, err = w.audit.Decode(w.out, raw)
		return err
	case shapeAuditList:
		return w.auditList(raw)
	case shapeWatch:
		w.out, err = w.recording.Watch(w.out, raw)
		return err
	case shapeList:
		return w.listOf(raw)
	case shapeObject:
		return w.item(raw, "", "")
	case shapeGoogle:
		return w.google(raw)
	case shapeAdmission:
		w.out, err = w.audit.Admission(w.out, raw)
		return err
	case shapeEnvelope:
		return w.envelope(raw, nested)
	}
	if _, err := rawjson.Valid(raw); err != nil {
		return err
	}
	return errUnknown
}

func (w *worker) item(raw []byte, apiVersion, listKind string) (err error) {
	kind := recording.ItemKind(listKind)
	w.out, err = w.recording.Object(w.out, raw, apiVersion, kind)
	return err
}

func (w *worker) auditItem(raw []byte) (err error) {
	if w.r.o.Events != nil {
		w.r.o.Events(raw)
		return nil
	}
	w.out, err = w.audit.Item(w.out, raw)
	return err
}

func (w *worker) auditList(raw []byte) error {
	items := rawjson.Get(raw, "items")
	if _, err := rawjson.Valid(raw); err != nil {
		return err
	}
	if len(items) == 0 || items[0] != '[' {
		return nil
	}
	_ = rawjson.Array(items, func(item []byte) (err error) { // checked above
		err = w.auditItem(item)
		w.outcome(item, w.at, false, err)
		return nil
	})
	return nil
}

// listOf decodes a list that lies in one line.
func (w *worker) listOf(raw []byte) error {
	if _, err := rawjson.Valid(raw); err != nil {
		return err
	}
	of, _ := listOf(raw)
	if items := rawjson.Get(raw, "items"); len(items) > 0 && items[0] == '[' {
		_ = rawjson.Array(items, func(item []byte) error { // checked above
			w.outcome(item, w.at, false, w.item(item, of.apiVersion, of.kind))
			return nil
		})
	}
	var err error
	w.out, err = w.recording.List(w.out, raw)
	return err
}

// envelope opens an envelope and decodes what is inside.
func (w *worker) envelope(raw []byte, nested int) error {
	e, ok := audit.Unwrap(raw)
	if !ok || nested >= maxNested {
		if _, err := rawjson.Valid(raw); err != nil {
			return err
		}
		return errUnknown
	}
	if e.Other > 0 {
		w.file.ignore(reasonOther, e.Other)
	}
	outer := w.cluster
	if e.Cluster != "" && w.r.o.Cluster == "" {
		w.name(e.Cluster)
		defer w.name(outer)
	}
	for _, inner := range e.Events {
		w.outcome(inner, w.at, false, w.value(inner, nested+1))
	}
	return nil
}

// name sets the cluster of the records to come.
func (w *worker) name(cluster record.Cluster) {
	w.cluster = cluster
	w.audit.Cluster(cluster)
	w.recording.Cluster(cluster)
}

// google decodes a LogEntry of Google Cloud, whose cluster its resource names.
func (w *worker) google(raw []byte) (err error) {
	outer := w.cluster
	if name := audit.GoogleCluster(raw); name != "" && w.r.o.Cluster == "" {
		w.name(name)
		defer w.name(outer)
	}
	w.out, err = w.audit.Google(w.out, raw)
	return err
}
