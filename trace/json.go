package trace

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
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

// MarshalJSON writes {"key": ..., "value": ...}; a float64 always has a point or an exponent, so that it is told from an int64.
func (a Attr) MarshalJSON() ([]byte, error) {
	out := struct {
		Key   string `json:"key"`
		Value any    `json:"value"`
	}{a.Key, a.Value}
	if f, ok := a.Value.(float64); ok {
		text := strconv.FormatFloat(f, 'g', -1, 64)
		if !strings.ContainsAny(text, ".eIN") {
			text += ".0"
		}
		out.Value = json.RawMessage(text)
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	err := enc.Encode(out)
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), err
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
