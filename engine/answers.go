package engine

import (
	"encoding/json"
	"strings"
	"time"
)

// Certainty says how sure a statement is.
type Certainty string

// The certainties, from sure to unknown.
const (
	Exact     Certainty = "exact"             // follows from the records by the rules of the API machinery
	Inferred  Certainty = "inferred"          // likely, with its evidence
	Candidate Certainty = "candidates"        // one of several, all named
	Assumed   Certainty = "assumed unchanged" // carried over a partial or missing state
	Unknown   Certainty = "unknown"
)

// Ref names an object in an answer.
type Ref struct {
	Cluster   string `json:"cluster"`
	Group     string `json:"group,omitempty"`
	Version   string `json:"version,omitempty"`
	Kind      string `json:"kind,omitempty"`
	Resource  string `json:"resource,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name,omitempty"`
	UID       string `json:"uid,omitempty"`
}

// When is a moment as well as it is known: a revision lies between NotBefore and NotAfter; At is what is shown.
type When struct {
	At        *time.Time `json:"at,omitempty"` // the interval's end, or its beginning where only that is known
	NotBefore *time.Time `json:"notBefore,omitempty"`
	NotAfter  *time.Time `json:"notAfter,omitempty"`
	// Basis is "received" where at is the moment at which a live watch delivered the state, which lies within the interval; else absent.
	Basis string `json:"basis,omitempty"`
}

// Actor is who did something.
type Actor struct {
	User         string   `json:"user,omitempty"`
	Impersonator string   `json:"impersonator,omitempty"`
	Groups       []string `json:"groups,omitempty"`
	UserAgent    string   `json:"userAgent,omitempty"`
	FieldManager string   `json:"fieldManager,omitempty"`
	SourceIPs    []string `json:"sourceIPs,omitempty"`
}

// Request is one call to an apiserver, as answers show it.
type Request struct {
	ID          string            `json:"id"`
	AuditID     string            `json:"auditID"`
	Stage       string            `json:"stage"`
	Level       string            `json:"level"`
	Verb        string            `json:"verb"`
	Subresource string            `json:"subresource,omitempty"`
	URI         string            `json:"uri"`
	Code        int               `json:"code,omitempty"`
	Reason      string            `json:"reason,omitempty"`
	Message     string            `json:"message,omitempty"`
	Causes      []Cause           `json:"causes,omitempty"`
	Actor       Actor             `json:"actor"`
	ReceivedAt  time.Time         `json:"receivedAt"` // by the apiserver
	LatencyMS   float64           `json:"latencyMs"`
	DryRun      bool              `json:"dryRun,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
	Sent        json.RawMessage   `json:"sent,omitempty"`
	SentKind    string            `json:"sentKind,omitempty"`
	Notes       []string          `json:"notes,omitempty"` // "truncated", "reused audit ID", ...
}

// Cause is one field error of a refused request.
type Cause struct {
	Field   string `json:"field,omitempty"`
	Reason  string `json:"reason,omitempty"`
	Message string `json:"message,omitempty"`
}

// Maker says which request made a revision or an end.
type Maker struct {
	Certainty Certainty `json:"certainty"` // exact, inferred, candidates, unknown
	// Request is the one; Candidates, where it is one of several; both empty where it was not recorded.
	Request    *Request   `json:"request,omitempty"`
	Candidates []*Request `json:"candidates,omitempty"`
	// Actor is common to Request or all Candidates, as far as they agree; it may be known where the request is not.
	Actor    *Actor   `json:"actor,omitempty"`
	Evidence []string `json:"evidence"` // sentences
}

// NotAudited reports whether the evidence says that no audit event can tell the actor: writes to the resource were not audited then.
func (m *Maker) NotAudited() bool {
	return m != nil && m.Certainty == Unknown && len(m.Evidence) > 0 && strings.HasPrefix(m.Evidence[0], "Actor not audited")
}

// Objects answers query.Objects.
type Objects struct {
	Objects  []ObjectEntry `json:"objects"`
	Total    int           `json:"total"`            // matches counted, at least; exact where Cut is empty
	Cut      string        `json:"cut,omitempty"`    // why the list is not whole
	Cursor   string        `json:"cursor,omitempty"` // to go on
	Coverage *Coverage     `json:"coverage,omitempty"`
}

// ObjectEntry is one object in a list.
type ObjectEntry struct {
	Ref
	CreatedAt *time.Time        `json:"createdAt,omitempty"` // creationTimestamp
	FirstSeen *time.Time        `json:"firstSeen,omitempty"`
	LastSeen  *time.Time        `json:"lastSeen,omitempty"`
	EndedAt   *time.Time        `json:"endedAt,omitempty"`
	Ended     bool              `json:"ended"`
	FirstRV   string            `json:"firstResourceVersion,omitempty"`
	LastRV    string            `json:"lastResourceVersion,omitempty"`
	Revisions int               `json:"revisions"`
	Labels    map[string]string `json:"labels,omitempty"` // at the time asked for
}

// History answers query.History: entries by time, oldest first.
type History struct {
	Object   Ref       `json:"object"`
	Lives    []Life    `json:"lives"` // of the name, oldest first
	Entries  []Entry   `json:"entries"`
	Cut      string    `json:"cut,omitempty"`
	Cursor   string    `json:"cursor,omitempty"`
	Coverage *Coverage `json:"coverage"`
}

// Life is one object that had the name.
type Life struct {
	UID       string     `json:"uid"`
	CreatedAt *time.Time `json:"createdAt,omitempty"`
	Ended     *When      `json:"ended,omitempty"`
	Revisions int        `json:"revisions"`
}

// Entry is one line of a history: exactly one of Revision, Request, Event, End, Gap, Span is set. A request that made
// revisions stands with the first revision it made, as its Maker, and is not listed again.
type Entry struct {
	ID      string `json:"id"`
	Kind    string `json:"kind"` // revision, request, event, end, gap, span
	When    When   `json:"when"`
	UID     string `json:"uid,omitempty"` // which life
	Summary string `json:"summary"`       // "spec.replicas 2 → 4", "no-op", "409 Conflict: ..."
	// Actor, Verb, Subresource and Code are those of the maker or the request, for display.
	Actor       *Actor    `json:"actor,omitempty"`
	Verb        string    `json:"verb,omitempty"`
	Subresource string    `json:"subresource,omitempty"`
	Code        int       `json:"code,omitempty"`
	Certainty   Certainty `json:"certainty,omitempty"`

	Revision *Revision `json:"revision,omitempty"`
	Request  *Request  `json:"request,omitempty"`
	Event    *Event    `json:"event,omitempty"`
	End      *End      `json:"end,omitempty"`
	Gap      *Gap      `json:"gap,omitempty"`
	Span     *Span     `json:"span,omitempty"`

	// Spans are those of the request, or of the maker's, by their beginning; SpansLeft counts those that a limit left out.
	Spans     []Span `json:"spans,omitempty"`
	SpansLeft int    `json:"spansLeft,omitempty"`
}

// Revision is one state of an object in a history.
type Revision struct {
	ResourceVersion string   `json:"resourceVersion"`
	Epoch           int      `json:"epoch,omitempty"`   // 0 unless resourceVersions ran backwards
	Partial         string   `json:"partial,omitempty"` // metadata, scale, moved
	Conflict        bool     `json:"conflict,omitempty"`
	Sources         []string `json:"sources"`
	Maker           *Maker   `json:"maker"`
	Changes         []Change `json:"changes"`         // to the state before, noise folded
	First           bool     `json:"first,omitempty"` // nothing recorded before it
}

// Change is one field that differs.
type Change struct {
	Path  string          `json:"path"` // spec.template.spec.containers[name=web].image
	Op    string          `json:"op"`   // add, remove, change, move
	From  json.RawMessage `json:"from,omitempty"`
	To    json.RawMessage `json:"to,omitempty"`
	Match string          `json:"match,omitempty"` // how list items were matched where not by a known merge key: "name", "position"
	Note  string          `json:"note,omitempty"`  // "not comparable: redacted under another key", "equal quantity"
}

// Event is one stored state of a Kubernetes Event, or a folded series.
type Event struct {
	Name      string    `json:"name"`
	UID       string    `json:"uid"`
	Type      string    `json:"type"`
	Reason    string    `json:"reason"`
	Note      string    `json:"note"`
	Action    string    `json:"action,omitempty"`
	Source    string    `json:"source,omitempty"`
	Regarding Ref       `json:"regarding"`
	FieldPath string    `json:"fieldPath,omitempty"`
	FirstSeen time.Time `json:"firstSeen"`
	LastSeen  time.Time `json:"lastSeen"`
	Count     int64     `json:"count"`
	States    int       `json:"states,omitempty"` // stored states folded into this one
	Matched   string    `json:"matched"`          // "uid" or "name within its life"
}

// End of an object's life.
type End struct {
	ResourceVersion string   `json:"resourceVersion,omitempty"`
	Maker           *Maker   `json:"maker"`
	Sources         []string `json:"sources"`
}

// State answers query.State.
type State struct {
	Object    Ref             `json:"object"`
	Manifest  json.RawMessage `json:"manifest"`
	Revision  string          `json:"resourceVersion"`
	When      When            `json:"when"`
	Certainty Certainty       `json:"certainty"` // exact, or why not
	Reason    string          `json:"reason,omitempty"`
	// Next is the following revision, where the time asked for lies in its interval: it may have been in force already.
	Next *NextRevision `json:"next,omitempty"`
	// Assumed lists the fields carried over from an earlier whole state.
	Assumed  []string  `json:"assumed,omitempty"`
	Conflict bool      `json:"conflict,omitempty"`
	Coverage *Coverage `json:"coverage"`
}

// NextRevision is one that may or may not have been in force.
type NextRevision struct {
	ResourceVersion string `json:"resourceVersion"`
	When            When   `json:"when"`
}

// Diff answers query.Diff.
type Diff struct {
	Object   Ref       `json:"object"`
	From     *State    `json:"from,omitempty"` // without manifests; absent: nothing before
	To       *State    `json:"to"`
	Changes  []Change  `json:"changes"`
	Folded   int       `json:"folded"`           // changes left out as noise
	Makers   []Maker   `json:"makers,omitempty"` // of the revisions in between, in order
	Cut      string    `json:"cut,omitempty"`
	Coverage *Coverage `json:"coverage"`
}

// Blame answers query.Blame.
type Blame struct {
	Object   Ref       `json:"object"`
	Revision string    `json:"resourceVersion"`
	When     When      `json:"when"`
	Fields   []Blamed  `json:"fields"`
	Coverage *Coverage `json:"coverage"`
}

// Blamed is one field and who set its value.
type Blamed struct {
	Path  string          `json:"path"`
	Value json.RawMessage `json:"value"`
	// Since is when the field got this value; Before is set instead where that lies before the recording (or the floor).
	Since           *When     `json:"since,omitempty"`
	Before          *When     `json:"before,omitempty"`
	ResourceVersion string    `json:"resourceVersion,omitempty"`
	Actor           *Actor    `json:"actor,omitempty"`
	Manager         string    `json:"manager,omitempty"`   // by managedFields
	Operation       string    `json:"operation,omitempty"` // Update, Apply
	Webhook         string    `json:"webhook,omitempty"`   // the mutating webhook that changed it
	Verb            string    `json:"verb,omitempty"`
	Subresource     string    `json:"subresource,omitempty"`
	RequestID       string    `json:"requestID,omitempty"`
	Certainty       Certainty `json:"certainty"`
	Reason          string    `json:"reason"`
}

// Hit is one record that a search found.
type Hit struct {
	ID      string   `json:"id"`
	Kind    string   `json:"kind"`
	When    When     `json:"when"`
	Object  Ref      `json:"object"`
	Summary string   `json:"summary"`
	Actor   *Actor   `json:"actor,omitempty"`
	Request *Request `json:"request,omitempty"`
	RV      string   `json:"resourceVersion,omitempty"`
	Event   *Event   `json:"event,omitempty"`
	Gap     *Gap     `json:"gap,omitempty"`
	Span    *Span    `json:"span,omitempty"`
	Cursor  string   `json:"cursor,omitempty"` // to go on behind this hit
}

// SearchEnd closes a search.
type SearchEnd struct {
	Hits      int       `json:"hits"`
	Scanned   int       `json:"scanned"`
	Unknown   int       `json:"unknown"`          // records whose state was not known: neither hit nor miss
	Failed    int       `json:"failed,omitempty"` // records on which the filter failed (a missing field, a wrong type)
	FirstFail string    `json:"firstFail,omitempty"`
	Cut       string    `json:"cut,omitempty"`
	Cursor    string    `json:"cursor,omitempty"`
	Coverage  *Coverage `json:"coverage"`
}

// Coverage says what could not be seen, for a window and a scope.
type Coverage struct {
	Complete bool  `json:"complete"` // there is evidence that everything was seen; never true for want of evidence
	Gaps     []Gap `json:"gaps"`
	Cut      int   `json:"cut,omitempty"` // gaps not listed
	// Resources is how each resource was seen, where coverage itself is asked for and of whole clusters.
	Resources []SeenResource `json:"resources,omitempty"`
}

// SeenResource says which records tell of the objects of a resource.
type SeenResource struct {
	Cluster  string   `json:"cluster"`
	Group    string   `json:"group,omitempty"`
	Resource string   `json:"resource"`
	Watched  bool     `json:"watched,omitempty"` // watched or listed at some time; the gaps say when not
	Audited  bool     `json:"audited,omitempty"` // a write to it was audited in the window
	Levels   []string `json:"levels,omitempty"`  // of these writes
}

// Gap is one hole.
type Gap struct {
	Reason   string     `json:"reason"` // before-recording, after-recording, level, not-watched, undecodable, truncated, watch-error, missing-revision, missing-request, epoch, floor, ...
	Scope    Ref        `json:"scope"`
	From     *time.Time `json:"from,omitempty"`
	To       *time.Time `json:"to,omitempty"`
	FromRV   string     `json:"fromResourceVersion,omitempty"`
	ToRV     string     `json:"toResourceVersion,omitempty"`
	Count    int64      `json:"count,omitempty"`
	Sentence string     `json:"sentence"` // for people: what, and what would close it
}

// Info says what is recorded.
type Info struct {
	Version  string        `json:"version"`
	Data     string        `json:"data,omitempty"` // directory, or server
	Clusters []ClusterInfo `json:"clusters"`
	Disk     int64         `json:"diskBytes"`
}

// ClusterInfo is one recorded cluster.
type ClusterInfo struct {
	Name         string     `json:"name"`
	First        *time.Time `json:"first,omitempty"`
	Last         *time.Time `json:"last,omitempty"`
	Incarnations []string   `json:"incarnations,omitempty"` // UIDs of kube-system; more than one: rebuilt
	Epochs       int        `json:"epochs"`
	Objects      int        `json:"objects"`
}

// Stat answers query.Stat.
type Stat struct {
	Records  []Count   `json:"records"`   // per kind of record
	Disk     []Class   `json:"disk"`      // per class
	RawBytes int64     `json:"rawBytes"`  // of what was read in, where known
	OnDisk   int64     `json:"diskBytes"` // everything
	Tables   []Table   `json:"tables"`    // requests by cluster, verb, user, resource, code, user agent; revisions by resource; events by reason
	Errors   []ErrRate `json:"errors"`    // by user and resource, worst first
	Coverage *Coverage `json:"coverage"`
}

// Count is a word and how often.
type Count struct {
	Name  string `json:"name"`
	Count int64  `json:"count"`
	Bytes int64  `json:"bytes,omitempty"` // encoded
}

// Class is what one class of stored data costs.
type Class struct {
	Name    string `json:"name"`
	Records int64  `json:"records"`
	Raw     int64  `json:"rawBytes"`
	Disk    int64  `json:"diskBytes"`
}

// Table is one ranking.
type Table struct {
	Name string  `json:"name"`
	Rows []Count `json:"rows"`
	More int     `json:"more,omitempty"` // rows not listed
}

// ErrRate is how often requests failed.
type ErrRate struct {
	User     string  `json:"user"`
	Resource string  `json:"resource"`
	Failed   int64   `json:"failed"`
	Total    int64   `json:"total"`
	Rate     float64 `json:"rate"`
}
