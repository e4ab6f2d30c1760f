package audit

import (
	"github.com/kubewake/kubewake/internal/rawjson"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/manifest"
)

// Redacted appends an event as JSON with everything replaced that is replaced in records too. Members that no audit
// event has are left out, kind and apiVersion are put in where an item of a list has none. Decoded, it gives the same facts.
// On an error dst is returned as it came.
func (d *Decoder) Redacted(dst, raw []byte) ([]byte, error) {
	e := &d.event
	*e = event{}
	c := rawjson.NewCursor(raw)
	if c.Kind() != '{' {
		return dst, ErrNotEvent
	}
	if err := c.Object(func(key []byte) error { return e.member(&c, raw, key) }); err != nil {
		return dst, err
	}
	if err := c.End(); err != nil {
		return dst, err
	}
	out := append(dst, `{"kind":"Event","apiVersion":`...)
	if len(e.apiVersion) == 0 {
		e.apiVersion = []byte("audit.k8s.io/v1")
	}
	out = rawjson.AppendString(out, e.apiVersion)
	w := redactedWriter{d: d, e: e, gr: e.groupResource(), sub: string(e.subresource)}
	err := rawjson.Object(raw, func(key, value []byte) error {
		if value = w.member(string(key), value); value != nil {
			out = append(append(append(append(out, `,"`...), key...), `":`...), value...)
		}
		return nil
	})
	if err != nil {
		return dst, err
	}
	return append(out, '}'), nil
}

type redactedWriter struct {
	d   *Decoder
	e   *event
	gr  record.GroupResource
	sub string
}

// member gives a member's redacted value; nil: it is left out.
func (w *redactedWriter) member(key string, value []byte) []byte {
	value = rawjson.Compact(nil, value)
	switch key {
	case "level", "auditID", "stage", "verb", "user", "impersonatedUser", "sourceIPs", "userAgent", "objectRef",
		"requestReceivedTimestamp", "stageTimestamp", "authenticationMetadata":
		return value
	case "requestURI":
		uri, _ := rawjson.String(value)
		uri, _ = w.d.o.Redactor.URI(uri, w.gr, w.sub)
		return rawjson.AppendString(nil, []byte(uri))
	case "requestObject":
		if string(w.e.verb) == "patch" && isTree(value) {
			value, _ = w.d.o.Redactor.Patch(w.gr, w.sub, value)
			return value
		}
		return w.body(value)
	case "responseObject":
		return w.body(value)
	case "responseStatus":
		return w.status(value, "details", func(details []byte) []byte {
			return w.status(details, "causes", func(causes []byte) []byte { return w.causes(causes) })
		})
	case "annotations":
		return w.annotations(value)
	}
	return nil
}

func isTree(value []byte) bool { return value[0] == '{' || value[0] == '[' }

func (w *redactedWriter) body(value []byte) []byte {
	if !isTree(value) {
		if string(value) == skippedBody {
			return value
		}
		return nil
	}
	value, _ = w.d.o.Redactor.Body(w.gr, w.sub, value)
	return value
}

// status rewrites an object: its message, and the member named inner. One that is no object is left out.
func (w *redactedWriter) status(value []byte, name string, inner func([]byte) []byte) []byte {
	if value[0] != '{' {
		return nil
	}
	out := []byte{'{'}
	err := rawjson.Object(value, func(key, member []byte) error {
		switch string(key) {
		case "message":
			text, _ := rawjson.String(member)
			text, _ = w.d.o.Redactor.Message(w.gr, w.sub, text)
			member = rawjson.AppendString(nil, []byte(text))
		case name:
			member = inner(member)
		}
		if member == nil {
			return nil
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(rawjson.AppendString(out, key), ':'), member...)
		return nil
	})
	if err != nil {
		return nil
	}
	return append(out, '}')
}

func (w *redactedWriter) causes(value []byte) []byte {
	out := []byte{'['}
	err := rawjson.Array(value, func(item []byte) error {
		item = w.status(item, "", func([]byte) []byte { return nil })
		if item == nil {
			return nil
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(out, item...)
		return nil
	})
	if err != nil {
		return nil
	}
	return append(out, ']')
}

func (w *redactedWriter) annotations(value []byte) []byte {
	var pairs []record.KeyValue
	c := rawjson.NewCursor(value)
	if err := manifest.Pairs(&c, &pairs, &w.d.in); err != nil || value[0] != '{' {
		return nil
	}
	pairs, _ = w.d.o.Redactor.Annotations(w.gr, w.sub, pairs)
	out := []byte{'{'}
	for i, p := range pairs {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(rawjson.AppendString(out, []byte(p.Key)), ':'), rawjson.AppendString(nil, []byte(p.Value))...)
	}
	return append(out, '}')
}
