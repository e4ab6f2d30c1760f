package otlp

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	common "go.opentelemetry.io/proto/otlp/common/v1"

	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
)

// Limits of what is kept of one span or log line; how many attributes, the settings say.
const (
	maxKeyBytes   = 256
	maxValueBytes = 2 << 10
	maxTextBytes  = 8 << 10
	maxEvents     = 64
	maxLinks      = 32
	maxNested     = 8 // of values
	maxInner      = 16
	maxRead       = 1024     // attributes that are looked at at all
	maxSteps      = 16 << 10 // values looked at of one span, those within others included
)

// decoder turns OTLP's values into redacted text.
type decoder struct{ redactor *redact.Redactor }

// reading is what became of some values.
type reading struct {
	d     *decoder
	gr    record.GroupResource // what they are about
	cut   bool
	found bool // something was redacted
	steps int
}

// pairs gives attributes sorted by name, maps among them as one pair for each of their keys. Of a name that comes twice the last one counts,
// as in the SDKs.
func (v *reading) pairs(list []*common.KeyValue, limit int) []record.KeyValue {
	var out []record.KeyValue
	for i, kv := range list {
		if i == maxRead {
			v.cut = true
			break
		}
		if kv != nil {
			out = v.flat(out, kv.GetKey(), kv.GetValue(), 0)
		}
	}
	slices.SortStableFunc(out, func(a, b record.KeyValue) int { return strings.Compare(a.Key, b.Key) })
	kept := out[:0]
	for i, kv := range out {
		if i+1 < len(out) && out[i+1].Key == kv.Key {
			continue
		}
		kept = append(kept, kv)
	}
	if len(kept) > limit {
		kept, v.cut = kept[:limit], true
	}
	if len(kept) == 0 {
		return nil
	}
	return slices.Clip(kept)
}

// step counts a value; false: enough of this span was looked at.
func (v *reading) step() bool {
	if v.steps++; v.steps > maxSteps {
		v.cut = true
	}
	return v.steps <= maxSteps
}

func (v *reading) flat(out []record.KeyValue, key string, value *common.AnyValue, depth int) []record.KeyValue {
	if !v.step() {
		return out
	}
	if inner := value.GetKvlistValue(); inner != nil && depth < maxNested && len(out) < maxRead {
		for _, kv := range inner.GetValues() {
			if kv != nil {
				out = v.flat(out, key+"."+kv.GetKey(), kv.GetValue(), depth+1)
			}
		}
		return out
	}
	if key = v.short(key, maxKeyBytes); key == "" || len(out) >= maxRead {
		v.cut = v.cut || key != ""
		return out
	}
	return append(out, record.KeyValue{Key: key, Value: v.attribute(key, v.plain(value, 0))})
}

// attribute redacts, then cuts: half a secret would no longer be found.
func (v *reading) attribute(name, value string) string {
	if len(value) > 16*maxValueBytes {
		value, v.cut = value[:16*maxValueBytes], true
	}
	out, changed := v.d.redactor.Attribute(v.gr, name, strings.ToValidUTF8(value, "\ufffd"))
	v.found = v.found || changed
	return v.short(out, maxValueBytes)
}

// text redacts what people read.
func (v *reading) text(s string, limit int) string {
	if len(s) > 4*maxTextBytes {
		s, v.cut = s[:4*maxTextBytes], true
	}
	out, changed := v.d.redactor.Text(v.gr, strings.ToValidUTF8(s, "\ufffd"))
	v.found = v.found || changed
	return v.short(out, limit)
}

// short cuts at a limit, not within a letter.
func (v *reading) short(s string, limit int) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	if len(s) <= limit {
		return s
	}
	v.cut = true
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}

// plain gives a value as text: lists as their values with commas, bytes as base64.
func (v *reading) plain(value *common.AnyValue, depth int) string {
	if !v.step() {
		return ""
	}
	switch x := value.GetValue().(type) {
	case *common.AnyValue_StringValue:
		return x.StringValue
	case *common.AnyValue_BoolValue:
		return strconv.FormatBool(x.BoolValue)
	case *common.AnyValue_IntValue:
		return strconv.FormatInt(x.IntValue, 10)
	case *common.AnyValue_DoubleValue:
		return strconv.FormatFloat(x.DoubleValue, 'g', -1, 64)
	case *common.AnyValue_BytesValue:
		return base64.StdEncoding.EncodeToString(x.BytesValue[:min(len(x.BytesValue), maxValueBytes)])
	case *common.AnyValue_ArrayValue:
		var parts []string
		for i, e := range x.ArrayValue.GetValues() {
			if i == maxInner || depth == maxNested {
				v.cut = true
				break
			}
			parts = append(parts, v.plain(e, depth+1))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case *common.AnyValue_KvlistValue:
		var parts []string
		for i, kv := range x.KvlistValue.GetValues() {
			if i == maxInner || depth == maxNested {
				v.cut = true
				break
			}
			inner, changed := v.d.redactor.Attribute(v.gr, kv.GetKey(), v.plain(kv.GetValue(), depth+1))
			v.found = v.found || changed
			parts = append(parts, kv.GetKey()+"="+inner)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return ""
}
