package auditpolicy

import (
	"fmt"
	"sync"
	"time"

	"github.com/kubewake/kubewake/record"
)

// Costs is what a policy would have cost on recorded requests, rule by rule.
type Costs struct {
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Events int64     `json:"events"` // in the recording
	Bytes  int64     `json:"bytes"`
	// Rules in the order of the policy; the last one, with Rule 0, is what no rule matches.
	Rules []RuleCost `json:"rules"`
	Total RuleCost   `json:"total"`
	Notes []string   `json:"notes,omitempty"` // what the figures do not tell
}

// RuleCost is the part of one rule. Bytes are those of JSON lines, as the apiserver writes them.
type RuleCost struct {
	Rule     int    `json:"rule"` // from 1
	Level    string `json:"level,omitempty"`
	Matches  string `json:"matches,omitempty"`
	Recorded int64  `json:"recorded"` // events of the recording that the rule matches
	Events   int64  `json:"events"`   // of these, what the rule would record
	Bytes    int64  `json:"bytes"`
	// EstimatedBytes is the part of Bytes that was not recorded, but concluded from like requests that were.
	EstimatedBytes int64   `json:"estimatedBytes"`
	EventsPerDay   float64 `json:"eventsPerDay"`
	BytesPerDay    float64 `json:"bytesPerDay"`
	// Changes are the requests that changed objects. Who and What are the shares of all changes in the recording of which this
	// rule keeps who made them, and their content.
	Changes int64   `json:"changes"`
	Who     float64 `json:"who"`
	What    float64 `json:"what"`
}

// Meter measures a policy on recorded requests. It may be used from several goroutines. Its memory grows with the number of
// different resources, not of requests.
type Meter struct {
	p *Policy

	mu       sync.Mutex // guards all below
	from, to time.Time
	events   int64
	bytes    int64
	refused  int64
	early    bool // the recording has events of the stage RequestReceived
	rules    []tally
	bodies   map[like]*sizes // of requests that were recorded whole
}

// like names requests whose bodies are taken to be of like size.
type like struct{ verb, group, resource, subresource string }

// sizes are sums over n events.
type sizes struct{ n, request, response int64 }

type tally struct {
	recorded, events, bytes, changes int64
	received, receivedBytes          int64 // events of RequestReceived that would come in addition
	lacking                          map[like]*lacks
}

// lacks counts events whose bodies the recording does not have, though the rule would record them.
type lacks struct{ request, response int64 }

// NewMeter measures p.
func NewMeter(p *Policy) *Meter {
	return &Meter{p: p, rules: make([]tally, len(p.Rules)+1), bodies: map[like]*sizes{}}
}

// Add takes in one audit event; what is none is counted and otherwise left out.
func (m *Meter) Add(raw []byte) {
	e, err := ReadEvent(raw)
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil {
		m.refused++
		return
	}
	m.events++
	m.bytes += int64(e.Bytes)
	if !e.At.IsZero() {
		if m.from.IsZero() || e.At.Before(m.from) {
			m.from = e.At
		}
		if e.At.After(m.to) {
			m.to = e.At
		}
	}
	m.early = m.early || e.Stage == record.StageRequestReceived
	key := like{e.Verb, e.Group, e.Resource, e.Subresource}
	if e.Level == record.LevelRequestResponse && e.Stage == record.StageResponseComplete && e.Code < 300 {
		m.learn(key, e)
	}
	d := m.p.Match(&e.Attributes)
	at := d.Rule
	if at < 0 {
		at = len(m.p.Rules)
	}
	t := &m.rules[at]
	t.recorded++
	if e.changes() {
		t.changes++
	}
	if d.Level > record.LevelNone {
		t.add(e, d, key)
	}
}

func (m *Meter) learn(key like, e *Event) {
	s := m.bodies[key]
	if s == nil {
		s = &sizes{}
		m.bodies[key] = s
	}
	s.n++
	s.request += int64(e.Request)
	s.response += int64(e.Response)
}

func (t *tally) add(e *Event, d Decision, key like) {
	head := e.Bytes - e.Request - e.Response
	if e.ends() && !d.Omits(record.StageRequestReceived) {
		t.received++
		t.receivedBytes += int64(head - e.annotated - e.reply)
	}
	if d.Omits(e.Stage) {
		return
	}
	t.events++
	n := head
	if d.Level >= record.LevelRequest {
		n += e.Request
		if d.OmitManagedFields {
			n -= e.RequestManaged
		}
	}
	if d.Level >= record.LevelRequestResponse {
		n += e.Response
		if d.OmitManagedFields {
			n -= e.ResponseManaged
		}
	}
	t.bytes += int64(n)
	if e.Level >= d.Level || e.Stage != record.StageResponseComplete || e.Resource == "" || e.Code >= 300 {
		return
	}
	if t.lacking == nil {
		t.lacking = map[like]*lacks{}
	}
	l := t.lacking[key]
	if l == nil {
		l = &lacks{}
		t.lacking[key] = l
	}
	if e.Level < record.LevelRequest {
		l.request++
	}
	if d.Level == record.LevelRequestResponse {
		l.response++
	}
}

// Costs sums up what was added.
func (m *Meter) Costs() *Costs {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := &Costs{From: m.from, To: m.to, Events: m.events, Bytes: m.bytes}
	days := m.to.Sub(m.from).Hours() / 24
	var changes, unknown int64
	for _, t := range m.rules {
		changes += t.changes
	}
	estimated := false
	for i := range m.rules {
		t := &m.rules[i]
		cost := RuleCost{Recorded: t.recorded, Events: t.events, Bytes: t.bytes, Changes: t.changes, Matches: "what no rule matches", Level: record.LevelNone.String()}
		var d record.Level
		if i < len(m.p.Rules) {
			r := &m.p.Rules[i]
			cost.Rule, cost.Level, cost.Matches, d = i+1, r.Level, r.Words(), record.ParseLevel(r.Level)
		} else if t.recorded == 0 {
			continue
		}
		missing, guessed := m.estimate(t)
		unknown += missing
		cost.EstimatedBytes = guessed
		if !m.early && t.received > 0 {
			cost.Events += t.received
			cost.EstimatedBytes += t.receivedBytes
		}
		cost.Bytes += cost.EstimatedBytes
		estimated = estimated || cost.EstimatedBytes > 0
		if changes > 0 && t.events > 0 {
			if d >= record.LevelMetadata {
				cost.Who = float64(t.changes) / float64(changes)
			}
			if d == record.LevelRequestResponse {
				cost.What = cost.Who
			}
		}
		c.add(cost, days)
	}
	m.notes(c, unknown, estimated)
	return c
}

// estimate gives the bytes of the bodies that the recording lacks, by the mean of like requests; and how many requests have none like
// them.
func (m *Meter) estimate(t *tally) (unknown, bytes int64) {
	for key, l := range t.lacking {
		s := m.bodies[key]
		if s == nil {
			if isWrite(key.verb) || l.request == 0 {
				unknown += max(l.request, l.response)
			}
			continue
		}
		bytes += (l.request*s.request + l.response*s.response) / s.n
	}
	return unknown, bytes
}

func (c *Costs) add(r RuleCost, days float64) {
	if days > 0 {
		r.EventsPerDay, r.BytesPerDay = float64(r.Events)/days, float64(r.Bytes)/days
	}
	c.Rules = append(c.Rules, r)
	t := &c.Total
	t.Recorded += r.Recorded
	t.Events += r.Events
	t.Bytes += r.Bytes
	t.EstimatedBytes += r.EstimatedBytes
	t.EventsPerDay += r.EventsPerDay
	t.BytesPerDay += r.BytesPerDay
	t.Changes += r.Changes
	t.Who += r.Who
	t.What += r.What
}

// shortSpan is what is too short to speak of days.
const shortSpan = time.Hour

func (m *Meter) notes(c *Costs, unknown int64, estimated bool) {
	say := func(format string, args ...any) { c.Notes = append(c.Notes, fmt.Sprintf(format, args...)) }
	if m.refused > 0 {
		say("%d lines are no audit events and were left out.", m.refused)
	}
	if m.events == 0 {
		say("There is no audit event in what was given.")
		return
	}
	say("What the recording's own policy left out is not in it: requests recorded at level None cost nothing here.")
	switch span := m.to.Sub(m.from); {
	case span <= 0:
		say("The recording spans no time: there are no figures per day.")
	case span < shortSpan:
		say("The recording spans %s only: figures per day show what rules cost beside each other, not what a day costs.", span.Round(time.Second))
	}
	if estimated {
		say("A part of the bytes was not recorded, but concluded from like requests that were.")
	}
	if unknown > 0 {
		say("Of %d requests the recording has no body, nor one of a like request: the bytes are lower bounds.", unknown)
	}
}
