// SPDX-License-Identifier: Apache-2.0

// Package doctor looks at a running kubewake and at the cluster that it records, and says in plain sentences what is missing and how
// to mend it.
//
// [LookAtInstance] and [LookAtCluster] gather what is; they change nothing. [Examine] is pure: it makes findings of what they saw, and
// can do with either alone.
package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Severity of a finding.
type Severity string

// Severities, the worst first.
const (
	Failure Severity = "failure" // something is not recorded, or soon will not be
	Warning Severity = "warning" // something was lost, or is about to go wrong
	Hint    Severity = "hint"    // works, but answers would be better otherwise
)

// Finding is one thing that is wrong.
type Finding struct {
	Check    string   `json:"check"` // which check found it: one of Checks
	Severity Severity `json:"severity"`
	Sentence string   `json:"sentence"`           // what is wrong
	Evidence []string `json:"evidence,omitempty"` // what shows it
	Mend     string   `json:"mend,omitempty"`     // what to do
	Paste    []Paste  `json:"paste,omitempty"`    // what to put where
}

// Checks are the names of all checks: one word each, for scripts.
func Checks() []string {
	return []string{"agents", "audit", "certificate", "clock", "cluster", "discovery", "disk", "dropped", "election", "epoch", "export", "identity",
		"instance", "late", "level", "rbac", "ready", "recorded", "spool", "store", "tail", "truncated", "unreadable", "watch", "webhook"}
}

// Paste is text for a file or a shell.
type Paste struct {
	Into string `json:"into"` // where it goes
	Text string `json:"text"`
}

// Report is everything that was found, the worst first.
type Report struct {
	Findings []Finding `json:"findings"`
	Fine     []string  `json:"fine"`    // what was looked at and is in order
	Skipped  []string  `json:"skipped"` // what could not be looked at, and why
}

// Worst is the highest severity found; empty if there is no finding.
func (r *Report) Worst() Severity {
	if len(r.Findings) == 0 {
		return ""
	}
	return r.Findings[0].Severity
}

// Seen is what was looked at; nil parts were not.
type Seen struct {
	Instance *Instance
	Cluster  *Cluster
	Now      time.Time
	// WebhookURL is where apiservers should send audit batches, for what is to be pasted; empty: a placeholder.
	WebhookURL string
	// Receiver is the certificate there, and ReceiverErr why it was not seen, where it was looked for.
	Receiver    []Cert
	ReceiverErr error
	// Ignore names checks whose findings are left out.
	Ignore []string
}

// examination gathers what checks say.
type examination struct {
	Seen
	report Report
}

func (x *examination) found(f Finding) {
	if !slices.Contains(x.Ignore, f.Check) {
		x.report.Findings = append(x.report.Findings, f)
	}
}
func (x *examination) fine(s string)    { x.report.Fine = append(x.report.Fine, s) }
func (x *examination) skipped(s string) { x.report.Skipped = append(x.report.Skipped, s) }

// Examine makes findings of what was seen.
func Examine(seen Seen) *Report {
	x := &examination{Seen: seen, report: Report{Findings: []Finding{}, Fine: []string{}, Skipped: []string{}}}
	if x.Instance != nil {
		x.instance(x.Instance)
	} else {
		x.skipped("No running kubewake was looked at: name one with --server or --data.")
	}
	if x.Cluster != nil {
		x.cluster(x.Cluster)
	} else {
		x.skipped("No cluster was looked at: name one with --kubeconfig and --context.")
	}
	x.certs(x.Receiver)
	if x.ReceiverErr != nil {
		x.found(Finding{Check: "webhook", Severity: Failure, Sentence: fmt.Sprintf("Nobody takes audit batches at %s, as far as this machine can see.", x.WebhookURL), Evidence: []string{x.ReceiverErr.Error()},
			Mend: "Let kubewake listen there (receive.listen), or correct the address; the apiservers have to reach it, not this machine."})
	}
	x.together()
	if len(x.Ignore) > 0 {
		x.skipped(fmt.Sprintf("Ignored, as asked: what these checks find: %s.", strings.Join(x.Ignore, ", ")))
	}
	rank := map[Severity]int{Failure: 0, Warning: 1, Hint: 2}
	slices.SortStableFunc(x.report.Findings, func(a, b Finding) int { return cmp.Compare(rank[a.Severity], rank[b.Severity]) })
	return &x.report
}
