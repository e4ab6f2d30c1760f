package record

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"net/url"
	"strings"
	"time"
)

// ID is the identity of a fact: a hash of what the fact is, never of how it was delivered.
type ID [16]byte

// String is 32 hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// ParseID reads the form of String.
func ParseID(s string) (ID, error) {
	var id ID
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(id) {
		return id, errors.New("a record ID is 32 hexadecimal digits")
	}
	copy(id[:], b)
	return id, nil
}

// ID computes the record's identity. It costs one SHA-256 over the identifying fields.
//
// Requests: cluster, audit ID, stage, requestReceivedTimestamp, verb, URI without redacted parameters, and
// the authenticated user. The audit ID alone is none: clients may set it, aggregated apiservers share it.
// Revisions and KubeEvents: cluster, UID, resourceVersion. Ends: cluster, UID. Spans: cluster, trace ID and span ID; log lines: all
// that they say; pushed records: cluster, source and the key that it gave.
func (r *Record) ID() ID {
	h := (&hasher{buf: make([]byte, 0, hashed)}).begin(r.Kind, r.Ref.Cluster)
	switch r.Kind {
	case KindRequest:
		h.str(r.Request.AuditID)
		h.num(uint64(r.Request.Stage))
		h.time(r.OccurredAt)
		h.str(r.Request.Verb)
		h.str(uriWithoutRedacted(r.Request.URI))
		h.str(r.Request.Actor.Authenticated())
	case KindRevision:
		h.str(string(r.Ref.UID))
		h.num(uint64(r.Revision.RV))
	case KindEnd:
		h.str(string(r.Ref.UID))
	case KindKubeEvent:
		h.str(string(r.Ref.UID))
		h.num(uint64(r.KubeEvent.RV))
	case KindGap:
		g := r.Gap
		h.ref(r.Ref)
		h.str(string(g.Reason))
		h.time(r.OccurredAt)
		h.time(g.Until)
		h.num(uint64(g.FromRV))
		h.num(uint64(g.ToRV))
		h.str(g.Key)
	case KindSpan:
		h.span(r)
	case KindProgress:
		h.ref(r.Ref)
		if r.Progress.From != 0 {
			h.str("run")
			h.num(uint64(r.Progress.From))
			break
		}
		h.num(uint64(r.Progress.RV))
		if r.Progress.List {
			h.num(1)
		}
	}
	return h.sum()
}

// RevisionID is the ID of a revision known by its key alone.
func RevisionID(cluster Cluster, uid UID, rv ResourceVersion) ID {
	h := (&hasher{buf: make([]byte, 0, hashed)}).begin(KindRevision, cluster)
	h.str(string(uid))
	h.num(uint64(rv))
	return h.sum()
}

// RedactedMark begins every value that redaction put in place of a secret.
const RedactedMark = "redacted:"

// uriWithoutRedacted drops the query parameters whose value was redacted, so that the identity does not
// depend on the redaction key.
func uriWithoutRedacted(uri string) string {
	path, query, ok := strings.Cut(uri, "?")
	if !ok || !(strings.Contains(query, "redacted:") || strings.Contains(query, "redacted%3A")) {
		return uri
	}
	kept := make([]string, 0, 8)
	for pair := range strings.SplitSeq(query, "&") {
		_, value, _ := strings.Cut(pair, "=")
		if v, err := url.QueryUnescape(value); err == nil && strings.HasPrefix(v, RedactedMark) {
			continue
		}
		kept = append(kept, pair)
	}
	return path + "?" + strings.Join(kept, "&")
}

// hasher feeds length-prefixed fields to SHA-256, so that no two field lists look alike.
type hasher struct{ buf []byte }

// hashed is how many bytes most identities are made of; that many lie on the stack.
const hashed = 512

func (h *hasher) begin(k Kind, c Cluster) *hasher {
	h.num(uint64(k))
	h.str(string(c))
	return h
}

func (h *hasher) num(n uint64) { h.buf = binary.AppendUvarint(h.buf, n) }

func (h *hasher) str(s string) {
	h.buf = binary.AppendUvarint(h.buf, uint64(len(s)))
	h.buf = append(h.buf, s...)
}

func (h *hasher) time(t time.Time) { h.num(uint64(unixNano(t))) }

func (h *hasher) ref(r ObjectRef) {
	h.str(r.Group)
	h.str(r.Resource)
	h.str(r.Kind)
	h.str(r.Subresource)
	h.str(r.Namespace)
	h.str(r.Name)
	h.str(string(r.UID))
}

func (h *hasher) sum() (id ID) {
	s := sha256.Sum256(h.buf)
	copy(id[:], s[:])
	return id
}

// unixNano maps the zero time to 0 and every other to nanoseconds since 1970.
func unixNano(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func fromUnixNano(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

// ObjectID is the identity of an object, not of a fact about it: a function of its cluster and UID. Trace IDs carry its last seven bytes.
func ObjectID(cluster Cluster, uid UID) ID {
	h := (&hasher{buf: make([]byte, 0, hashed)}).begin(0, cluster)
	h.str(string(uid))
	return h.sum()
}
