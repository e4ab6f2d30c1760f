// SPDX-License-Identifier: Apache-2.0

// Package show writes answers for people: aligned lines, short names, local time, marks for what is not certain.
//
// One function per answer, each to one writer, all under one [Style]. What an answer could not hold (cuts, gaps,
// the meaning of marks) is written by [Notes], so that it can go elsewhere than the answer itself. Nothing here asks an engine.
package show

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/kubewake/kubewake/engine"
)

// Style says how answers are written.
type Style struct {
	Width int  // of the terminal, in columns; 0: lines are not cut
	Color bool // with ANSI colours
	Wide  bool // more columns, nothing shortened
	Zone  *time.Location
}

// Marks in front of a name that is not certain, and of a time that is only bounded.
const (
	markInferred  = "~"
	markCandidate = "?"
	markAssumed   = "="
	markLatest    = "≤"
	markEarliest  = "≥"
	markReceived  = "«"
)

// The colours used, by meaning.
const (
	plain  = ""
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
)

func (s Style) paint(color, text string) string {
	if !s.Color || color == plain || text == "" {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

// clean makes foreign text safe for a terminal and for one line: control and format characters cannot act, and lines
// and tabs become spaces.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case !unicode.IsPrint(r):
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// cleanLines is clean for text of several lines.
func cleanLines(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = clean(lines[i])
	}
	return strings.Join(lines, "\n")
}

// cut shortens text to width columns, marking the cut.
func cut(text string, width int) string {
	runes := []rune(text)
	if width <= 0 || len(runes) <= width {
		return text
	}
	if width == 1 {
		return "…"
	}
	return string(runes[:width-1]) + "…"
}

// cutLeft keeps the end: of a path, it tells most.
func cutLeft(text string, width int) string {
	runes := []rune(text)
	if len(runes) <= width {
		return text
	}
	return "…" + string(runes[len(runes)-width+1:])
}

const (
	serviceAccount = "system:serviceaccount:"
	kubeSystem     = "kube-system:"
)

// user gives the short name: service accounts of kube-system are controllers that everybody knows by name.
func (s Style) user(name string) string {
	if s.Wide {
		return name
	}
	if account, ok := strings.CutPrefix(name, serviceAccount); ok {
		if controller, ok := strings.CutPrefix(account, kubeSystem); ok {
			return controller
		}
		return "sa:" + strings.Replace(account, ":", "/", 1)
	}
	return strings.TrimPrefix(name, "system:")
}

// who names an actor, with its mark.
func (s Style) who(actor *engine.Actor, certainty engine.Certainty) string {
	name := "(not recorded)"
	switch {
	case actor == nil:
		return " " + name
	case actor.User != "":
		name = s.user(actor.User)
	case actor.FieldManager != "":
		name = "manager " + actor.FieldManager
	case actor.UserAgent != "":
		name = "agent " + actor.UserAgent
	}
	if actor.Impersonator != "" {
		name += " (by " + s.user(actor.Impersonator) + ")"
	}
	return mark(certainty) + name
}

// maker names who made a state: where several candidates have no actor in common, each of them.
func (s Style) maker(actor *engine.Actor, certainty engine.Certainty, m *engine.Maker) string {
	if actor == nil && m.NotAudited() {
		return " actor not audited"
	}
	if actor != nil || m == nil || len(m.Candidates) == 0 {
		return s.who(actor, certainty)
	}
	var names []string
	for _, q := range m.Candidates {
		if name := strings.TrimSpace(s.who(&q.Actor, engine.Exact)); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return markCandidate + strings.Join(names, " or ")
}

func mark(certainty engine.Certainty) string {
	switch certainty {
	case engine.Inferred:
		return markInferred
	case engine.Candidate:
		return markCandidate
	case engine.Assumed:
		return markAssumed
	}
	return " "
}

// ref names an object as one would ask for it: deployments.apps/web.
func ref(r engine.Ref) string {
	word := r.Resource
	if word == "" {
		word = r.Kind
	}
	if r.Group != "" && word != "" {
		word += "." + r.Group
	}
	switch {
	case r.Name == "" && r.UID != "":
		return word + "/(uid " + r.UID + ")"
	case r.Name == "":
		return word
	case word == "":
		return r.Name
	}
	return word + "/" + r.Name
}

// fullRef is ref with its namespace in front.
func fullRef(r engine.Ref) string {
	if r.Namespace == "" {
		return ref(r)
	}
	return strings.TrimSpace(ref(r) + " -n " + r.Namespace)
}
