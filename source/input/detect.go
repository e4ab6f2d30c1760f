package input

import (
	"bytes"
	"strings"

	"github.com/kubewake/kubewake/internal/rawjson"
	"github.com/kubewake/kubewake/source/audit"
	"github.com/kubewake/kubewake/source/manifest"
)

// shape is what one JSON value is.
type shape uint8

const (
	shapeUnknown   shape = iota
	shapeAudit           // an audit.k8s.io event
	shapeAuditList       // an audit.k8s.io EventList
	shapeWatch           // {"type", "object"}
	shapeList            // a list of objects
	shapeObject          // one object with UID and resourceVersion
	shapeEnvelope        // of a managed cloud
	shapeGoogle          // a LogEntry with protoPayload
	shapeAdmission       // an AdmissionReview
)

var shapeNames = [...]string{"", "audit", "audit EventList", "watch", "list", "object", "envelope", "Google LogEntry", "AdmissionReview"}

// Beginnings that decide without a look at the rest: how the apiserver and kubectl write.
const (
	auditStart = `{"kind":"Event","apiVersion":"audit.k8s.io/`
	watchStart = `{"type":"`
)

// outline is what the top-level members of a value, or of the part of it that is there, tell.
type outline struct {
	kind, apiVersion []byte
	keys             keys
	uid              bool
}

// keys is a set of top-level member names that matter.
type keys uint16

const (
	keyType keys = 1 << iota
	keyObject
	keyItems
	keyEnvelope
	keyProto
	keyRequest
)

// outlineOf reads as far as raw is JSON.
func outlineOf(raw []byte) outline {
	var o outline
	c := rawjson.NewCursor(raw)
	_ = c.Object(func(key []byte) error {
		switch string(key) {
		case "kind":
			return word(&c, &o.kind)
		case "apiVersion":
			return word(&c, &o.apiVersion)
		case "type":
			o.keys |= keyType
		case "object":
			o.keys |= keyObject
		case "items":
			o.keys |= keyItems
		case "protoPayload":
			o.keys |= keyProto
		case "request":
			o.keys |= keyRequest
		case "metadata":
			return c.Object(func(key []byte) error {
				o.uid = o.uid || string(key) == "uid"
				return nil
			})
		case "logEvents", "message", "@message", "log", "log_s", "records", "properties", "messageType", "events", "AuditId":
			o.keys |= keyEnvelope
		}
		return nil
	})
	return o
}

func word(c *rawjson.Cursor, dst *[]byte) error {
	value, err := c.Raw()
	if err != nil {
		return err
	}
	*dst, _ = rawjson.Unquote(value)
	return nil
}

func (o outline) shape() shape {
	isAudit := bytes.HasPrefix(o.apiVersion, []byte("audit.k8s.io/"))
	switch kind := string(o.kind); {
	case isAudit && kind == "Event":
		return shapeAudit
	case isAudit && kind == "EventList":
		return shapeAuditList
	case isAudit:
		return shapeUnknown // a policy
	case kind == "AdmissionReview" && o.keys&keyRequest != 0:
		return shapeAdmission
	case strings.HasSuffix(kind, "List") && !o.uid && len(o.apiVersion) > 0:
		return shapeList
	case kind != "" && len(o.apiVersion) > 0 && o.uid:
		return shapeObject
	case o.keys&(keyType|keyObject) == keyType|keyObject:
		return shapeWatch
	case o.keys&keyProto != 0:
		return shapeGoogle
	case o.keys&keyEnvelope != 0 && kind == "":
		return shapeEnvelope
	}
	return shapeUnknown
}

func shapeOf(raw []byte) shape {
	switch {
	case bytes.HasPrefix(raw, []byte(auditStart)):
		return shapeAudit
	case bytes.HasPrefix(raw, []byte(watchStart)):
		return shapeWatch
	}
	return outlineOf(raw).shape()
}

// detected tells how to read a file.
type detected struct {
	format    string
	documents bool   // values that span lines, or are better read in a stream; else one value a line
	skip      string // why not to read it
}

// linesTried bounds how many lines are looked at until one is known.
const linesTried = 50

// detect decides by the first bytes of a file. whole says that there are no more than these.
func detect(peek []byte, whole bool) detected {
	peek = bytes.TrimPrefix(peek, []byte("\xef\xbb\xbf"))
	if len(bytes.TrimSpace(peek)) == 0 {
		if whole {
			return detected{skip: "it is empty"}
		}
		return detected{skip: "it begins with nothing but whitespace"}
	}
	rest, tried, values := peek, 0, 0
	for len(rest) > 0 && tried < linesTried {
		line, after, ended := bytes.Cut(rest, []byte("\n"))
		if !ended && !whole {
			break
		}
		rest = after
		line = stripTime(bytes.TrimRight(line, " \t\r"))
		if len(line) == 0 {
			continue
		}
		tried++
		if line[0] != '{' {
			continue
		}
		if _, err := rawjson.Valid(line); err != nil {
			continue
		}
		values++
		if s := known(line); s != "" {
			return detected{format: s}
		}
	}
	return detectDocument(peek, values)
}

// known names the shape of a whole value; empty where it is none of ours.
func known(value []byte) string {
	s := shapeOf(value)
	if s != shapeEnvelope {
		return shapeNames[s]
	}
	e, ok := audit.Unwrap(value)
	if !ok || len(e.Events) == 0 && e.Other == 0 {
		return ""
	}
	for _, inner := range e.Events {
		if s := shapeOf(inner); s != shapeUnknown {
			return e.Form
		}
	}
	if e.Cluster != "" {
		return e.Form // an envelope of a cluster, with other logs up to here
	}
	return ""
}

// detectDocument judges a file by the beginning of its first value.
func detectDocument(peek []byte, values int) detected {
	text := bytes.TrimLeft(peek, " \t\r\n")
	other := "it is JSON, but no audit event, watch event, object or list, nor an envelope of one"
	switch text[0] {
	case '[':
		inner := bytes.TrimLeft(text[1:], " \t\r\n")
		if s := outlineOf(inner).shape(); s != shapeUnknown {
			return detected{format: shapeNames[s] + " array", documents: true}
		}
		return detected{skip: other}
	case '{':
		o := outlineOf(text)
		s := o.shape()
		if s == shapeUnknown {
			if values > 0 || !looksLikeJSON(text) {
				return detected{skip: other}
			}
			// kind may come behind items that are longer than what was read so far.
			if o.keys&keyItems == 0 || len(o.apiVersion) == 0 {
				return detected{skip: other}
			}
			s = shapeList
		}
		first, _, ended := bytes.Cut(text, []byte("\n"))
		_, err := rawjson.Valid(first)
		spansLines := ended && err != nil && !bytes.Contains(text, []byte("\n"+auditStart)) && !bytes.Contains(text, []byte("\n"+watchStart))
		return detected{format: shapeNames[s], documents: spansLines || s == shapeList || s == shapeAuditList}
	}
	if values > 0 {
		return detected{skip: other}
	}
	return detected{skip: "it is not JSON"}
}

// looksLikeJSON: a member name behind the brace.
func looksLikeJSON(text []byte) bool {
	inner := bytes.TrimLeft(text[1:], " \t\r\n")
	return len(inner) > 0 && inner[0] == '"'
}

// stripTime drops the time that an export of CloudWatch writes before each message.
func stripTime(line []byte) []byte {
	if len(line) < 22 || line[0] < '0' || line[0] > '9' {
		return line
	}
	i := bytes.IndexByte(line[:min(len(line), 64)], ' ')
	if i < 0 || manifest.Time(line[:i]).IsZero() {
		return line
	}
	return bytes.TrimLeft(line[i:], " ")
}
