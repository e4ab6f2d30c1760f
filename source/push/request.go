package push

import (
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
)

// request is the body, as schema.json says.
type request struct {
	Cluster string   `json:"cluster"`
	Source  string   `json:"source"`
	Records []pushed `json:"records"`
}

type pushed struct {
	Key        string            `json:"key"`
	At         time.Time         `json:"at"`
	End        time.Time         `json:"end"`
	Name       string            `json:"name"`
	Text       string            `json:"text"`
	Severity   string            `json:"severity"`
	Status     string            `json:"status"`
	Objects    []named           `json:"objects"`
	AuditID    string            `json:"auditID"`
	TraceID    string            `json:"traceID"`
	SpanID     string            `json:"spanID"`
	Attributes map[string]string `json:"attributes"`
}

type named struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Resource   string `json:"resource"`
	Namespace  string `json:"namespace"`
	Name       string `json:"name"`
	UID        string `json:"uid"`
}

// wrong is one thing that is wrong.
type wrong struct {
	Record int    `json:"record"` // counted from 0; -1: the request itself
	Field  string `json:"field"`
	Error  string `json:"error"`
}

func (w wrong) String() string {
	if w.Record < 0 {
		return w.Field + ": " + w.Error
	}
	return fmt.Sprintf("records[%d].%s: %s", w.Record, w.Field, w.Error)
}

const (
	maxRecords    = 1000
	maxErrors     = 20 // told
	maxAttributes = 64
	maxObjects    = 8
	maxTextBytes  = 8 << 10
	maxAhead      = time.Hour
)

// sourceName: see the schema.
var sourceName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._/-]{0,126}[A-Za-z0-9])?$`)

// check lists what is wrong, the first twenty.
func (q *request) check(now time.Time) []wrong {
	c := &checker{at: -1}
	c.unless(sourceName.MatchString(q.Source), "source", "want letters, digits, and . _ / - between them, 128 at most")
	c.unless(len(q.Records) > 0, "records", "there are none")
	c.unless(len(q.Records) <= maxRecords, "records", "%d, %d are the limit", len(q.Records), maxRecords)
	keys := make(map[string]int, len(q.Records))
	for i := range q.Records {
		if c.at = i; len(c.list) >= maxErrors || i == maxRecords {
			break
		}
		r := &q.Records[i]
		c.record(r, now)
		if before, again := keys[r.Key]; again {
			c.unless(q.Records[before].At.Equal(r.At), "key", "records[%d] has the same key and another time", before)
		}
		keys[r.Key] = i
	}
	return c.list[:min(len(c.list), maxErrors)]
}

type checker struct {
	at   int
	list []wrong
}

func (c *checker) unless(fine bool, field, format string, args ...any) {
	if !fine {
		c.list = append(c.list, wrong{c.at, field, fmt.Sprintf(format, args...)})
	}
}

func (c *checker) text(field, value string, least, most int) {
	c.unless(len(value) >= least, field, "is needed")
	c.unless(len(value) <= most, field, "%d bytes, %d are the limit", len(value), most)
	c.unless(utf8.ValidString(value) && !strings.ContainsRune(value, 0), field, "is no text")
}

func (c *checker) record(r *pushed, now time.Time) {
	c.text("key", r.Key, 1, 256)
	c.text("name", r.Name, 1, 256)
	c.text("text", r.Text, 0, maxTextBytes)
	c.text("severity", r.Severity, 0, 32)
	c.text("auditID", r.AuditID, 0, 256)
	c.unless(!r.At.IsZero(), "at", "is needed")
	c.unless(!r.At.After(now.Add(maxAhead)), "at", "lies ahead: this machine has %s", now.Format(time.RFC3339))
	c.unless(r.At.IsZero() || r.At.Year() >= 2000, "at", "lies before the year 2000")
	c.unless(r.End.IsZero() || !r.End.Before(r.At), "end", "lies before at")
	c.unless(r.End.IsZero() || !r.End.After(now.Add(maxAhead)), "end", "lies ahead")
	c.unless(r.Status == "" || r.Status == "ok" || r.Status == "error", "status", "%q: want ok or error", r.Status)
	c.unless(r.TraceID == "" || isHex(r.TraceID, 16), "traceID", "want 32 hexadecimal digits")
	c.unless(r.SpanID == "" || isHex(r.SpanID, 8), "spanID", "want 16 hexadecimal digits")
	c.unless(r.SpanID == "" || r.TraceID != "", "traceID", "is needed with spanID")
	c.unless(len(r.Objects) <= maxObjects, "objects", "%d, %d are the limit", len(r.Objects), maxObjects)
	for i := range r.Objects[:min(len(r.Objects), maxObjects)] {
		o, at := &r.Objects[i], fmt.Sprintf("objects[%d].", i)
		c.text(at+"kind", o.Kind, 1, 128)
		c.text(at+"name", o.Name, 1, 256)
		c.text(at+"apiVersion", o.APIVersion, 0, 256)
		c.text(at+"resource", o.Resource, 0, 128)
		c.text(at+"namespace", o.Namespace, 0, 256)
		c.text(at+"uid", o.UID, 0, 128)
	}
	c.unless(len(r.Attributes) <= maxAttributes, "attributes", "%d, %d are the limit", len(r.Attributes), maxAttributes)
	if len(r.Attributes) <= maxAttributes {
		for _, key := range slices.Sorted(maps.Keys(r.Attributes)) {
			c.text("attributes", key, 1, 256)
			c.text("attributes."+key, r.Attributes[key], 0, 2048)
		}
	}
}

func isHex(s string, bytes int) bool {
	raw, err := hex.DecodeString(s)
	return err == nil && len(raw) == bytes && strings.ToLower(s) == s
}

// record makes the neutral form of what was checked, redacted.
func (q *request) record(p *pushed, redactor *redact.Redactor, now time.Time) *record.Record {
	s := &record.Span{Form: record.FormPushed, Service: q.Source, Key: p.Key, Severity: p.Severity, End: p.End.UTC(), AuditID: p.AuditID}
	if p.End.IsZero() {
		s.End = time.Time{}
	}
	switch p.Status {
	case "ok":
		s.Status = record.SpanOK
	case "error":
		s.Status = record.SpanError
	}
	_, _ = hex.Decode(s.TraceID[:], []byte(p.TraceID)) // checked
	_, _ = hex.Decode(s.SpanID[:], []byte(p.SpanID))
	r := &record.Record{Kind: record.KindSpan, OccurredAt: p.At.UTC(), Ref: record.ObjectRef{Cluster: record.Cluster(q.Cluster)}, Span: s,
		Provenance: record.Provenance{ReceivedAt: now, Sources: record.FromPush}}
	for i, o := range p.Objects {
		ref := o.ref()
		if i == 0 {
			ref.Cluster = r.Ref.Cluster
			r.Ref = ref
			continue
		}
		s.Also = append(s.Also, ref)
	}
	gr := r.Ref.GroupResource()
	keep := func(text string, changed bool) string {
		if changed {
			s.Flags |= record.SpanRedacted
		}
		return text
	}
	s.Name, s.Text = keep(redactor.Text(gr, p.Name)), keep(redactor.Text(gr, p.Text))
	for _, key := range slices.Sorted(maps.Keys(p.Attributes)) {
		s.Attributes = append(s.Attributes, record.KeyValue{Key: key, Value: keep(redactor.Attribute(gr, key, p.Attributes[key]))})
	}
	return r
}

func (o *named) ref() record.ObjectRef {
	group, version := record.SplitAPIVersion(o.APIVersion)
	ref := record.ObjectRef{Group: group, Version: version, Kind: o.Kind, Resource: o.Resource, Namespace: o.Namespace, Name: o.Name, UID: record.UID(o.UID)}
	if ref.Resource == "" {
		ref.Resource = record.GuessResource(o.Kind)
	}
	return ref
}
