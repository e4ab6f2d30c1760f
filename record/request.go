package record

import (
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Level is the audit level at which a request was recorded.
type Level uint8

// Audit levels, in rising order. Numbers are part of the stored format.
const (
	LevelUnknown Level = iota
	LevelNone
	LevelMetadata
	LevelRequest
	LevelRequestResponse
)

var levelNames = [...]string{"", "None", "Metadata", "Request", "RequestResponse"}

// String is the word the audit log uses.
func (l Level) String() string { return word(levelNames[:], int(l)) }

// ParseLevel reads the audit log's word; unknown words give LevelUnknown.
func ParseLevel(s string) Level { return Level(index(levelNames[:], s)) }

// Stage is the moment in a request's life that an audit event tells of.
type Stage uint8

// Audit stages. StageAdmission is ours: an AdmissionReview, whose request has an unknown outcome.
// Numbers are part of the stored format.
const (
	StageUnknown Stage = iota
	StageRequestReceived
	StageResponseStarted
	StageResponseComplete
	StagePanic
	StageAdmission
)

var stageNames = [...]string{"", "RequestReceived", "ResponseStarted", "ResponseComplete", "Panic", "Admission"}

// String is the word the audit log uses.
func (s Stage) String() string { return word(stageNames[:], int(s)) }

// ParseStage reads the audit log's word; unknown words give StageUnknown.
func ParseStage(s string) Stage { return Stage(index(stageNames[:], s)) }

// BodyKind says what the response's body was.
type BodyKind uint8

// What a response can hold. Numbers are part of the stored format.
const (
	BodyNone            BodyKind = iota // none recorded (level too low, or an empty answer)
	BodyObject                          // the object itself: made a Revision unless the rules say no
	BodyScale                           // autoscaling Scale
	BodyPartialMetadata                 // PartialObjectMetadata
	BodyStatus                          // meta/v1 Status
	BodyList                            // a list of objects
	BodyOther                           // Table, review, TokenRequest, Binding, Eviction, ...
)

var bodyKindNames = [...]string{"none", "object", "scale", "partialMetadata", "status", "list", "other"}

// String is the word used in JSON.
func (b BodyKind) String() string { return word(bodyKindNames[:], int(b)) }

// SentKind says in which form the request's body is kept.
type SentKind uint8

// How a request's body is kept. Numbers are part of the stored format.
const (
	SentNone   SentKind = iota // none recorded, or of no interest (reads)
	SentDelta                  // create, update: its difference from the response, as a JSON object {path: value}; see Request.Sent
	SentObject                 // the whole body as sent (no response to compare with; bindings, evictions, scales, reviews)
	SentPatch                  // the patch as sent: a JSON object (merge, strategic, apply) or array (JSON patch)
	SentDelete                 // DeleteOptions
)

var sentKindNames = [...]string{"none", "delta", "object", "patch", "deleteOptions"}

// String is the word used in JSON.
func (s SentKind) String() string { return word(sentKindNames[:], int(s)) }

// Request is one stage of one call to an apiserver: everything its audit event says, except whole bodies.
// The object asked for is in the Record's Ref; its name and UID come from the answer where the request did not tell them.
type Request struct {
	AuditID   string
	Stage     Stage
	Level     Level
	Verb      string // audit verb: get list watch create update patch delete deletecollection
	URI       string // with secrets redacted
	Actor     Actor
	Code      int       // HTTP status, zero where no response was recorded
	Reason    string    // Status.reason of a failure, for example "Conflict"
	Message   string    // Status.message, redacted
	Causes    []Cause   // Status.details.causes
	StageAt   time.Time // stageTimestamp; Record.OccurredAt is requestReceivedTimestamp
	Annotated []KeyValue

	// NamedRV is objectRef.resourceVersion: the state an update says it replaces. NamedUID is objectRef.uid.
	NamedRV  ResourceVersion
	NamedUID UID

	// What the response told. For BodyStatus, AnswerUID is details.uid.
	Answer    BodyKind
	AnswerUID UID
	AnswerRV  ResourceVersion // of a list: the list's own
	// AnswerEnds: this request, by its answer alone, ended the object's life (see End).
	AnswerEnds bool

	// Sent is the request's body in the form that SentKind tells; compact JSON, redacted.
	// SentDelta is {"set": {pointer: value sent}, "unset": [pointers that only the response has]} with RFC 6901 pointers;
	// managedFields, resourceVersion, uid, generation and creationTimestamp are left out.
	SentKind SentKind
	Sent     []byte

	// Items are the objects that a deletecollection answered with.
	Items []Item

	Flags RequestFlags
}

// Cause is one entry of Status.details.causes.
type Cause struct {
	Field   string
	Reason  string
	Message string
}

// Item is one object in the answer of a deletecollection.
type Item struct {
	Namespace string
	Name      string
	UID       UID
	RV        ResourceVersion
	Ends      bool // its life ended by this request; otherwise it was only marked for deletion
}

// RequestFlags marks what was cut or odd about a request.
type RequestFlags uint16

// Numbers are part of the stored format.
const (
	FlagTruncated     RequestFlags = 1 << iota // the apiserver cut the event's bodies (audit.k8s.io/truncated)
	FlagBodyCut                                // a body was larger than our limit and was not kept
	FlagItemsCut                               // more items than our limit
	FlagFieldsCut                              // annotations, groups, causes or strings were cut at our limits
	FlagRedacted                               // something in it was redacted
	FlagGeneratedName                          // created by generateName
	FlagSentJSONPatch                          // Sent is a JSON patch (an array)
	FlagUnknownResult                          // AdmissionReview: whether it was carried out is not known
)

// Has reports whether all flags of g are set.
func (f RequestFlags) Has(g RequestFlags) bool { return f&g == g }

// Succeeded reports whether the apiserver answered with success (1xx for upgraded connections, 2xx).
func (r *Request) Succeeded() bool { return r.Code >= 100 && r.Code < 300 }

// IsRead reports whether the request can not change anything. exec, attach and port-forward come
// as get with code 101 and are not reads; neither are connects by another verb.
func (r *Request) IsRead() bool {
	switch r.Verb {
	case "get":
		return r.Code != 101 && !strings.Contains(r.URI, "/exec?") && !strings.Contains(r.URI, "/attach?") &&
			!strings.Contains(r.URI, "/portforward")
	case "list", "watch", "head", "options":
		return true
	}
	return false
}

// MayChange reports whether a request can change the state of the object that it names. Reads can not, nor can what goes to a
// subresource through which an object is only used, as exec does: such a request lacks nothing, at whatever level it was recorded.
func (r *Record) MayChange() bool {
	return !r.Request.IsRead() && !IsPassive(r.Ref.Subresource)
}

// IsPassive reports whether nothing of an object changes through its subresource. Bindings and evictions do change it.
func IsPassive(subresource string) bool {
	switch subresource {
	case "token", "log", "exec", "attach", "portforward", "proxy":
		return true
	}
	return strings.HasPrefix(subresource, "proxy/")
}

// Options are the parameters of a request's URI that matter to its meaning.
type Options struct {
	FieldManager      string
	FieldValidation   string
	DryRun            bool
	Force             bool
	Limit             int64
	Continue          bool
	ResourceVersion   string
	Timeout           string
	LabelSelector     string
	FieldSelector     string
	PropagationPolicy string
	GracePeriod       string
}

// Options parses the URI's query. DryRun is also true where the DeleteOptions sent say so.
func (r *Request) Options() Options {
	var o Options
	if _, query, ok := strings.Cut(r.URI, "?"); ok {
		v, _ := url.ParseQuery(query) // the good pairs of a bad query still count
		o.FieldManager = v.Get("fieldManager")
		o.FieldValidation = v.Get("fieldValidation")
		o.DryRun = v.Get("dryRun") != ""
		o.Force, _ = strconv.ParseBool(v.Get("force"))
		o.Limit, _ = strconv.ParseInt(v.Get("limit"), 10, 64)
		o.Continue = v.Get("continue") != ""
		o.ResourceVersion = v.Get("resourceVersion")
		o.Timeout = v.Get("timeout")
		o.LabelSelector = v.Get("labelSelector")
		o.FieldSelector = v.Get("fieldSelector")
		o.PropagationPolicy = v.Get("propagationPolicy")
		o.GracePeriod = v.Get("gracePeriodSeconds")
	}
	if r.SentKind == SentDelete && !o.DryRun {
		o.DryRun = strings.Contains(string(r.Sent), `"dryRun":["All"]`)
	}
	return o
}

// Latency between the apiserver's receiving the request and this stage.
func (r *Record) Latency() time.Duration {
	if r.Request == nil || r.Request.StageAt.IsZero() || r.OccurredAt.IsZero() {
		return 0
	}
	return r.Request.StageAt.Sub(r.OccurredAt)
}

func word(names []string, i int) string {
	if i < len(names) {
		return names[i]
	}
	return "unknown"
}

func index(names []string, s string) int {
	for i, n := range names {
		if n == s {
			return i
		}
	}
	return 0
}
