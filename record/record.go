package record

import "time"

// Kind tells what a Record's body is.
type Kind uint8

// The kinds of record. Numbers are part of the stored format and never change.
const (
	KindRequest   Kind = 1 // one stage of one call to an apiserver
	KindRevision  Kind = 2 // one state of one object
	KindEnd       Kind = 3 // the end of one object's life
	KindKubeEvent Kind = 4 // one stored state of a Kubernetes Event
	KindGap       Kind = 5 // something could not be observed
	KindProgress  Kind = 6 // a watch or list had seen everything up to a resourceVersion
	KindSpan      Kind = 7 // a span or log line received over OTLP, or a record of a custom source
)

// Kinds is one more than the greatest Kind: the length of an array by kind.
const Kinds = int(KindSpan) + 1

var kindNames = [Kinds]string{"", "request", "revision", "end", "event", "gap", "progress", "span"}

// String is the word used in the API, the command line and CEL: "request", "revision", "end", "event", "gap", "progress", "span".
func (k Kind) String() string {
	if int(k) < len(kindNames) && k != 0 {
		return kindNames[k]
	}
	return "unknown"
}

// ParseKind reads the word that String gives.
func ParseKind(word string) (Kind, bool) {
	for k, name := range kindNames {
		if k != 0 && name == word {
			return Kind(k), true
		}
	}
	return 0, false
}

// Record is one stored fact: the header, and exactly one body, the one that Kind names.
// A Record is not changed after it was handed on; copies share the bodies.
type Record struct {
	Kind Kind
	// OccurredAt is the source's clock. Requests: when the apiserver received the call. KubeEvents:
	// when it was last seen. Gaps: where it begins, zero if unknown. Spans: their beginning. Revisions, Ends and Progress carry no time of
	// their own (a revision's time is derived, as an interval): zero.
	OccurredAt time.Time
	Ref        ObjectRef

	Request   *Request
	Revision  *Revision
	End       *End
	KubeEvent *KubeEvent
	Gap       *Gap
	Progress  *Progress
	Span      *Span

	// Provenance lies beside the fact: it is no part of identity or of compared answers.
	Provenance Provenance
}

// Provenance tells how a fact reached us. Merging two deliveries of one fact keeps the earliest time and all sources.
type Provenance struct {
	ReceivedAt time.Time // our clock; the earliest delivery
	Sources    Sources
}

// Merge of two deliveries of the same fact. It is commutative, associative and idempotent.
func (p Provenance) Merge(q Provenance) Provenance {
	p.Sources |= q.Sources
	if p.ReceivedAt.IsZero() || (!q.ReceivedAt.IsZero() && q.ReceivedAt.Before(p.ReceivedAt)) {
		p.ReceivedAt = q.ReceivedAt
	}
	return p
}

// Sources is a set of the streams that a fact came from.
type Sources uint8

// The streams. Numbers are part of the stored format.
const (
	FromAudit     Sources = 1 << 0
	FromWatch     Sources = 1 << 1
	FromList      Sources = 1 << 2 // a List object: a baseline, or a relist
	FromAdmission Sources = 1 << 3 // AdmissionReview: before the outcome was known
	FromFloor     Sources = 1 << 4 // carried over when an older bucket was dropped
	FromOTLP      Sources = 1 << 5
	FromPush      Sources = 1 << 6 // a custom source
)

// Has reports whether all streams of t are in s.
func (s Sources) Has(t Sources) bool { return s&t == t }

// Words lists the streams in s, for JSON and display: "audit", "watch", "list", "admission", "floor", "otlp", "push".
func (s Sources) Words() []string {
	var words []string
	for i, w := range [...]string{"audit", "watch", "list", "admission", "floor", "otlp", "push"} {
		if s&(1<<i) != 0 {
			words = append(words, w)
		}
	}
	return words
}
