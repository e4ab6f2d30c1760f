package engine

import "time"

// Moment is microseconds since 1970 (UTC): what is drawn is told in numbers. They are exact in a browser until the year 2255.
type Moment int64

// MomentOf gives t, and 0 for the zero time.
func MomentOf(t time.Time) Moment {
	if t.IsZero() {
		return 0
	}
	return Moment(t.UnixMicro())
}

// Time is the moment in UTC; zero for 0.
func (m Moment) Time() time.Time {
	if m == 0 {
		return time.Time{}
	}
	return time.UnixMicro(int64(m)).UTC()
}

// MaxLanes bounds the objects of one query.Lanes.
const MaxLanes = 200

// Rows answers query.Rows: depth first, each behind the row it stands below; by cluster, namespace, kind, name otherwise, and below one row by kind and creation.
type Rows struct {
	From     Moment    `json:"from"` // the window; where the question left it open, of what is recorded of these objects
	To       Moment    `json:"to"`
	Rows     []Row     `json:"rows"`
	Total    int       `json:"total"` // at least; exact where Cut is empty
	Cut      string    `json:"cut,omitempty"`
	Pending  string    `json:"pending,omitempty"` // as in Links
	Refused  *Refusals `json:"refused,omitempty"` // nil: none is known
	Coverage *Coverage `json:"coverage"`
}

// Refusals are what was asked for in the window and never made: it has no UID, and so no row.
type Refusals struct {
	Names []Refused `json:"names"` // the newest first; what the end of a namespace refused behind all others
	Total int       `json:"total"` // of those that were looked for
	Cut   string    `json:"cut,omitempty"`
}

// Refused is a name of which every create and server-side apply in the window failed, and that had no life in it. Where the name is not known, of generateName and of what was
// refused before it was read, it is all such creates of one resource in a namespace by one user, for one owner.
type Refused struct {
	Ref            // without UID; without a name where that is not known
	Owner   *Ref   `json:"owner,omitempty"` // that the bodies name, the controller before others
	Code    int    `json:"code"`            // of the last one, but for what was refused because its namespace ended, where others were not; so are reason and message
	Reason  string `json:"reason,omitempty"`
	Message string `json:"message,omitempty"`
	// Users are those who asked, sorted; More is how many are left out.
	Users []string `json:"users"`
	More  int      `json:"more,omitempty"`
	Count int      `json:"count"` // failed creates that were no dry runs
	First Moment   `json:"first"`
	Last  Moment   `json:"last"`
}

// Row is one object of a timeline.
type Row struct {
	Ref
	Parent  int    `json:"parent"`        // index of the row of its owner, or of the node above it in a tree; -1: none
	Via     string `json:"via,omitempty"` // type of the link to it
	Stub    bool   `json:"stub,omitempty"`
	Created Moment `json:"created,omitempty"` // creation
	Ended   Moment `json:"ended,omitempty"`   // end of its life
	Over    bool   `json:"over,omitempty"`    // it ended, at a time that may not be known
	First   Moment `json:"first,omitempty"`   // first and last record
	Last    Moment `json:"last,omitempty"`
}

// Lanes answers query.Lanes, in the order asked.
type Lanes struct {
	From  Moment `json:"from"`
	To    Moment `json:"to"`
	Bin   int64  `json:"bin"` // microseconds of one column
	Lanes []Lane `json:"lanes"`
}

// Lane is what is drawn of one object within the window.
type Lane struct {
	UID   string `json:"uid"`
	Error string `json:"error,omitempty"` // why there is no lane; all else is empty then
	// Bars are the object's states by time, each until the next; Early bars begin before the window and are told from their true beginning.
	Bars []Bar `json:"bars"`
	// Marks are single records by time. Where more than one falls in a column, Bins counts them instead, unless the lane has few: one for eight
	// columns, at near zoom for two. So a lane has at most as many of both as there are columns, or 16.
	Marks   []Mark    `json:"marks"`
	Bins    []LaneBin `json:"bins,omitempty"`
	Unknown []Stretch `json:"unknown,omitempty"` // not seen, hatched
	Derived []Derived `json:"derived,omitempty"`
	Records int       `json:"records"` // in the window, drawn one by one or not
	Failed  int       `json:"failed,omitempty"`
	Cut     string    `json:"cut,omitempty"`
}

// Bar is a state that holds until To; several that are narrower than a column together are one with N.
type Bar struct {
	From Moment `json:"from"`
	To   Moment `json:"to,omitempty"` // 0: it still holds at the end of what is recorded
	// Early is the earliest moment at which it may have begun, where From lies in the window and that is at least a column before it.
	Early Moment `json:"early,omitempty"`
	// Earlier: it may have begun before From, by states before the window that were not read.
	Earlier bool   `json:"earlier,omitempty"`
	State   string `json:"state"` // one of timeline's states: good, progressing, bad, done, there, deleting, deleted, unknown
	Text    string `json:"text,omitempty"`
	ID      string `json:"id,omitempty"` // of the entry that began it; of several states, of the one told
	RV      string `json:"rv,omitempty"`
	N       int    `json:"n,omitempty"`    // states told as one; State is then the worst of them
	Soft    string `json:"soft,omitempty"` // why the state is not known exactly: partial, assumed, inferred
}

// Mark is one record.
type Mark struct {
	ID       string `json:"id"`
	At       Moment `json:"at"`
	Until    Moment `json:"until,omitempty"` // of a request its answer, of a span its end
	Kind     string `json:"kind"`            // revision (with its request), request, event, end, span, gap
	Verb     string `json:"verb,omitempty"`
	Sub      string `json:"sub,omitempty"` // subresource
	Code     int    `json:"code,omitempty"`
	Failed   bool   `json:"failed,omitempty"`
	Severity string `json:"severity,omitempty"` // of Events: Normal, Warning
	Who      string `json:"who,omitempty"`
	Text     string `json:"text,omitempty"` // summary
	NoOp     bool   `json:"noop,omitempty"` // it changed nothing
}

// LaneBin counts the records of one column.
type LaneBin struct {
	Bin     int `json:"bin"`               // column, from 0
	Changes int `json:"changes,omitempty"` // revisions, ends, and requests that may change something
	Reads   int `json:"reads,omitempty"`
	Failed  int `json:"failed,omitempty"` // requests that failed; they are among the others too
	Normal  int `json:"normal,omitempty"` // Events
	Warning int `json:"warning,omitempty"`
	Spans   int `json:"spans,omitempty"`
	Gaps    int `json:"gaps,omitempty"`
}

// Stretch is a time in which something could not be seen.
type Stretch struct {
	From     Moment `json:"from,omitempty"` // 0: open
	To       Moment `json:"to,omitempty"`
	Reason   string `json:"reason"` // as of a Gap
	Sentence string `json:"sentence"`
}

// Derived is a row made from an object's states.
type Derived struct {
	Group string `json:"group"` // phase, conditions, containers, replicas, rollout
	Name  string `json:"name"`  // "Ready", "web", ...
	Bars  []Bar  `json:"bars,omitempty"`
	Steps []Step `json:"steps,omitempty"` // of numbers
	Max   int64  `json:"max,omitempty"`
}

// Step is a number that holds until the next step.
type Step struct {
	At     Moment `json:"at"`
	Value  int64  `json:"value"`
	Wanted *int64 `json:"wanted,omitempty"`
}

// OneEntry answers query.Entry.
type OneEntry struct {
	Object Ref   `json:"object"`
	Entry  Entry `json:"entry"`
	// Before and After are the revisions around it: what stepping goes to.
	Before *EntryRef `json:"before,omitempty"`
	After  *EntryRef `json:"after,omitempty"`
}

// EntryRef names a revision.
type EntryRef struct {
	ID              string `json:"id"`
	ResourceVersion string `json:"resourceVersion"`
	When            When   `json:"when"`
}

// Activity answers query.Activity.
type Activity struct {
	From    Moment           `json:"from"`
	To      Moment           `json:"to"`
	Bin     int64            `json:"bin"`  // microseconds of one column
	Bins    []LaneBin        `json:"bins"` // those that are not empty
	Records int              `json:"records"`
	Objects []ObjectActivity `json:"objects"` // that changed most
	People  []PersonChange   `json:"people"`  // changes made by people, newest first
	Actors  []ActorActivity  `json:"actors"`  // who changed most
	Errors  []ErrorSource    `json:"errors"`  // most first
	Cut     string           `json:"cut,omitempty"`
	// Coverage of the window.
	Coverage *Coverage `json:"coverage"`
}

// ObjectActivity counts what happened to one object.
type ObjectActivity struct {
	Ref
	Changes int    `json:"changes"`
	Failed  int    `json:"failed,omitempty"`
	Warning int    `json:"warning,omitempty"`
	Last    Moment `json:"last,omitempty"`
}

// PersonChange is a change that a person asked for: not a service account, node or component.
type PersonChange struct {
	Object Ref  `json:"object"`
	Mark   Mark `json:"mark"`
}

// ActorActivity counts what one user did.
type ActorActivity struct {
	User    string `json:"user"`
	Person  bool   `json:"person,omitempty"`
	Changes int    `json:"changes"`
	Failed  int    `json:"failed,omitempty"`
	Last    Moment `json:"last,omitempty"`
}

// ErrorSource is what failed the same way.
type ErrorSource struct {
	User     string `json:"user,omitempty"`
	Cluster  string `json:"cluster"`
	Group    string `json:"group,omitempty"`
	Resource string `json:"resource,omitempty"`
	Verb     string `json:"verb"`
	Code     int    `json:"code"`
	Reason   string `json:"reason,omitempty"`
	Count    int    `json:"count"`
	Last     Moment `json:"last"`
	// Example is one of them, the newest.
	Example string `json:"example,omitempty"` // its ID
	Object  *Ref   `json:"object,omitempty"`
	Message string `json:"message,omitempty"`
}

// Failing answers query.Failing: what still fails first, then by its newest failure.
type Failing struct {
	From     Moment          `json:"from"`
	To       Moment          `json:"to"`
	Objects  []FailingObject `json:"objects"`
	Cut      string          `json:"cut,omitempty"`
	Coverage *Coverage       `json:"coverage"`
}

// FailingObject is a workload that failed or was stuck.
type FailingObject struct {
	Ref
	Text  string `json:"text"`  // "2 of 5 ready: ImagePullBackOff (web:v3)"
	Since Moment `json:"since"` // when it began; the earliest moment at which it may have, where that is only known to more than a second
	// Certain is when it had certainly begun, where that is more than a second later: its lanes begin there, and are soft from Since on.
	Certain Moment `json:"certain,omitempty"`
	Until   Moment `json:"until,omitempty"` // the latest at which it ended; 0: it still does at the end of the window
	Over    bool   `json:"over,omitempty"`  // the object itself was gone at the end of the window
	// Change is the change of what was asked for (spec) that led to it, who made it, and what it was: the last one before the first failing Pod was made, of those
	// that left the template which that Pod is made by. Absent where the records do not decide it.
	Change *Mark `json:"change,omitempty"`
	Events int   `json:"events,omitempty"` // Warnings about it and what it owns meanwhile
}

// Tick says that something new was recorded.
type Tick struct {
	Number uint64            `json:"number"` // of the last delivery; rises
	Newest map[string]Moment `json:"newest"` // by cluster: the newest fact
	Added  int               `json:"added"`  // deliveries since the tick before
}

// Field is one word that filters may use.
type Field struct {
	Name string `json:"name"` // request.verb
	Type string `json:"type"`
	Doc  string `json:"doc"`
}
