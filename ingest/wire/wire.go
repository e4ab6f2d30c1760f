package wire

import "github.com/kubewake/kubewake/record"

// The paths of the receiver, which api/intake serves. Each takes the parameter "cluster".
const (
	Prefix       = "/intake/v1/"
	PathBatch    = Prefix + "batch"    // POST: a batch's bytes; 200 once it is durable
	PathProgress = Prefix + "progress" // GET: a batch's bytes that holds records of Progress
	PathAlive    = Prefix + "alive"    // GET with group, resource, namespace: lines of AliveLine, the last says so
	PathMark     = Prefix + "mark"     // GET with key: the mark's bytes; 204 where there is none
	PathKey      = Prefix + "key"      // GET: the receiver's redaction key
)

// ContentType of an encoded batch.
const ContentType = "application/vnd.kubewake.batch"

// AliveLine is one object that has no known end, or the end of the list: a list without it was cut.
type AliveLine struct {
	Ref *record.ObjectRef      `json:"ref,omitempty"`
	RV  record.ResourceVersion `json:"rv,omitempty"`
	End bool                   `json:"end,omitempty"`
}

// Problem is the body of every answer that is no success.
type Problem struct {
	Reason string `json:"reason"` // a sentence for people
}
