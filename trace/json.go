package trace

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MarshalText writes String.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads String.
func (id *ID) UnmarshalText(text []byte) error { return unhex(id[:], text, "a trace ID") }

// MarshalText writes String; nothing for the zero ID.
func (id SpanID) MarshalText() ([]byte, error) {
	if id == (SpanID{}) {
		return nil, nil
	}
	return []byte(id.String()), nil
}

// UnmarshalText reads what MarshalText writes.
func (id *SpanID) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*id = SpanID{}
		return nil
	}
	return unhex(id[:], text, "a span ID")
}

func unhex(id, text []byte, what string) error {
	if len(text) != 2*len(id) {
		return fmt.Errorf("%s is %d hexadecimal digits, not %d", what, 2*len(id), len(text))
	}
	if _, err := hex.Decode(id, text); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// MarshalJSON writes {"key": ..., "value": ...}; a float64 always has a point or an exponent, so that it is told from an int64;
// what is no finite one becomes a text.
func (a Attr) MarshalJSON() ([]byte, error) {
	out := append(make([]byte, 0, 96), `{"key":`...)
	out = append(appendJSON(out, a.Key), `,"value":`...)
	switch v := a.Value.(type) {
	case string:
		out = appendJSON(out, v)
	case int64:
		out = strconv.AppendInt(out, v, 10)
	case bool:
		out = strconv.AppendBool(out, v)
	case float64:
		text := strconv.FormatFloat(v, 'g', -1, 64)
		switch {
		case math.IsNaN(v) || math.IsInf(v, 0): // JSON has no such number
			text = `"` + text + `"`
		case !strings.ContainsAny(text, ".e"):
			text += ".0"
		}
		out = append(out, text...)
	default:
		b, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		out = append(out, b...)
	}
	return append(out, '}'), nil
}

// appendJSON writes a string as JSON. A trace has many: this is several times as quick as encoding/json.
func appendJSON(b []byte, s string) []byte {
	const digits = "0123456789abcdef"
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				b = append(append(b, s[from:i]...), `\ufffd`...)
				from = i + 1
			}
			i += size
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		b = append(b, s[from:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		default:
			b = append(b, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		}
		i++
		from = i
	}
	return append(append(b, s[from:]...), '"')
}

// UnmarshalJSON reads what MarshalJSON writes.
func (a *Attr) UnmarshalJSON(b []byte) error {
	var in struct {
		Key   string          `json:"key"`
		Value json.RawMessage `json:"value"`
	}
	if err := json.Unmarshal(b, &in); err != nil {
		return err
	}
	a.Key = in.Key
	if n, err := strconv.ParseInt(string(in.Value), 10, 64); err == nil {
		a.Value = n
		return nil
	}
	return json.Unmarshal(in.Value, &a.Value)
}
