package record

import "time"

// Revision is one state of one object. Its key is Ref.Cluster, Ref.UID and RV; two bodies for one key
// (another API version, a partial form) are kept beside each other as variants of it.
type Revision struct {
	RV ResourceVersion
	// Body is the manifest as compact JSON, redacted, with kind and apiVersion, managedFields included.
	// For a partial revision it is what the source told: Scale or PartialObjectMetadata.
	Body    []byte
	Partial Partial
	// Cut: the manifest was larger than our limit; Body is empty.
	Cut bool
}

// Partial says how much of the state a revision's body holds.
type Partial uint8

// Numbers are part of the stored format; a lower number holds more.
const (
	Whole           Partial = 0 // the whole manifest
	PartialMetadata Partial = 1 // PartialObjectMetadata: metadata only
	PartialScale    Partial = 2 // Scale: spec.replicas, status.replicas
	PartialMoved    Partial = 3 // no body at all: the object moved to this resourceVersion
)

var partialNames = [...]string{"whole", "metadata", "scale", "moved"}

// String is the word used in JSON.
func (p Partial) String() string { return word(partialNames[:], int(p)) }

// End is the end of an object's life: one fact per UID, merged from every source that told of it.
// Merging is commutative, associative and idempotent (see MergeEnd).
type End struct {
	// RV is the resourceVersion of the deletion itself, where a source told it (watch DELETED, some delete answers).
	RV ResourceVersion
	// LastBody is the state that the DELETED event or the answer carried, redacted; it is the last state with the
	// deletion's resourceVersion in it, and no Revision.
	LastBody []byte
	// Requests lists the requests that by their answer alone ended it, sorted by ID.
	Requests []EndRequest
	// After and Before bound the time for an object that a relist missed: it was alive at After, gone at Before,
	// in resourceVersions of its storage. Zero where not applicable.
	After, Before ResourceVersion
	Sources       Sources
}

// EndRequest is a request that by its answer alone ended an object's life.
type EndRequest struct {
	ID      ID
	At      time.Time // requestReceivedTimestamp
	StageAt time.Time
}

// KubeEvent is one stored state of a Kubernetes Event, in one neutral form for core/v1 and
// events.k8s.io/v1. The Record's Ref is the Event object itself (Cluster, Namespace, Name, UID; Kind "Event").
type KubeEvent struct {
	RV          ResourceVersion
	Type        string // Normal, Warning
	Reason      string
	Action      string
	Note        string // message
	Regarding   EventObject
	Related     EventObject
	Controller  string // reportingController, else source.component
	Instance    string // reportingInstance, else source.host
	FirstSeen   time.Time
	LastSeen    time.Time
	EventTime   time.Time
	Count       int64 // of the series; 1 for a single one
	CreatedAt   time.Time
	Labels      []KeyValue
	Annotations []KeyValue
}

// EventObject names the object that an Event is about.
type EventObject struct {
	Kind       string
	APIVersion string
	Namespace  string
	Name       string
	UID        UID
	RV         string
	FieldPath  string
}

// Gap is an interval and a scope in which something could not be observed, and why. The interval begins at the
// Record's OccurredAt (zero: unknown); the scope is the Record's Ref, where empty fields mean "all".
type Gap struct {
	Reason GapReason
	Until  time.Time // zero: unknown
	// FromRV and ToRV bound the gap in resourceVersions where the watch told them.
	FromRV, ToRV ResourceVersion
	// Detail is a sentence for people; no secrets. Key makes two gaps of one reason and scope different facts
	// (for example a digest of the line that could not be read).
	Detail string
	Key    string
	Count  int64 // how many facts were lost, where known
}

// GapReason says why something could not be observed.
type GapReason string

// The reasons that sources give. More are derived when asked (level too low, before the recording, epochs).
const (
	GapUndecodable GapReason = "undecodable"  // a line or event could not be read
	GapTruncated   GapReason = "truncated"    // a file ended in the middle of a line, an event was cut
	GapWatchError  GapReason = "watch-error"  // the watch reported ERROR; what it missed is unknown
	GapWatchMissed GapReason = "watch-missed" // an interval without a watch
	GapDropped     GapReason = "dropped"      // something was dropped by a limit
	GapLateFact    GapReason = "late"         // facts older than the floor were refused
)

// Progress is a source's word that it had seen every change of a resource up to RV: a list's own
// resourceVersion, a bookmark, or a run. The Record's Ref holds cluster, group, resource and namespace (empty: all).
type Progress struct {
	RV   ResourceVersion
	List bool // a complete list at RV; else a bookmark
	// From is where an unbroken watch began: every change behind From, up to RV, was delivered. Zero: no run. A run is
	// one fact, known by its beginning; deliveries of it merge to the greatest RV. Runs that touch or overlap, from
	// whatever watchers, are one stretch; what lies between two of them was not watched.
	From ResourceVersion
}
