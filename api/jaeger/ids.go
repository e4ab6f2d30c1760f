package jaeger

import (
	"encoding/hex"
	"strings"

	"github.com/kubewake/kubewake/trace"
)

// parseID reads a trace ID as Jaeger does: up to 32 hexadecimal digits, where leading zeros may be missing.
func parseID(s string) (trace.ID, error) {
	var id trace.ID
	if len(s) > 2*len(id) {
		return id, badParam("TraceID cannot be longer than 32 hex characters: %.64s", s)
	}
	b, err := hex.DecodeString(strings.Repeat("0", 2*len(id)-len(s)) + s)
	if err != nil || s == "" {
		return id, badParam("TraceID %q is no hexadecimal number", s)
	}
	copy(id[:], b)
	return id, nil
}

// idFromBytes reads the ID of a message; 8 bytes are those of an old, short one.
func idFromBytes(b []byte) (trace.ID, error) {
	var id trace.ID
	if len(b) != len(id) && len(b) != 8 {
		return id, badParam("trace_id has %d bytes, not 16", len(b))
	}
	copy(id[len(id)-len(b):], b)
	return id, nil
}
