package audit

import (
	"bytes"
	"encoding/hex"
	"errors"
	"time"

	"github.com/kubewake/kubewake/internal/rawjson"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/manifest"
)

// Refused is an event that could not be taken. Only what it was refused for, a digest and its times are kept of it.
type Refused struct {
	Cluster record.Cluster
	Reason  record.GapReason
	Detail  string // for people; no content
	Digest  [32]byte
	Raw     []byte // the event or the end of it; its times are looked for in it
	Count   int64  // zero: one
	// ReceivedAt is our clock.
	ReceivedAt time.Time
}

// Gap is the fact that an event was lost. It is a function of the event's bytes: refused again, it is the same fact.
func (f Refused) Gap() *record.Record {
	from, until := manifest.Time(salvage(f.Raw, `"requestReceivedTimestamp"`)), manifest.Time(salvage(f.Raw, `"stageTimestamp"`))
	if until.IsZero() {
		until = from
	}
	if until.Before(from) {
		from = until
	}
	return &record.Record{
		Kind: record.KindGap, Ref: record.ObjectRef{Cluster: f.Cluster}, OccurredAt: from,
		Gap:        &record.Gap{Reason: f.Reason, Until: until, Detail: f.Detail, Key: hex.EncodeToString(f.Digest[:12]), Count: max(f.Count, 1)},
		Provenance: record.Provenance{ReceivedAt: f.ReceivedAt, Sources: record.FromAudit},
	}
}

// Reason tells why Decode refused an event: a word for counters, a sentence for people. Neither quotes it.
func Reason(err error) (word, detail string) {
	var syntax *rawjson.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return "syntax", "not JSON: " + syntax.Reason
	case errors.Is(err, ErrNotEvent):
		return "no-event", ErrNotEvent.Error()
	case errors.Is(err, ErrNoID):
		return "no-id", ErrNoID.Error()
	case errors.Is(err, ErrNoTime):
		return "no-time", ErrNoTime.Error()
	}
	return "other", "could not be decoded"
}

// salvage finds the string behind a member name in bytes that are no JSON as a whole.
func salvage(raw []byte, name string) []byte {
	i := bytes.LastIndex(raw, []byte(name))
	if i < 0 {
		return nil
	}
	rest := bytes.TrimLeft(raw[i+len(name):], " \t:")
	if len(rest) < 2 || rest[0] != '"' {
		return nil
	}
	end := bytes.IndexByte(rest[1:], '"')
	if end < 0 || end > 40 {
		return nil
	}
	return rest[1 : 1+end]
}
