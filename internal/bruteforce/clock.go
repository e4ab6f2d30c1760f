package bruteforce

import (
	"sort"
	"time"

	"github.com/kubewake/kubewake/record"
)

// clock bounds the commit of every resourceVersion of a control plane whose apiservers share one clock and one etcd: a create and an update
// that moved its object committed what they answered while they ran.
type clock struct {
	rvs    []record.ResourceVersion
	after  []time.Time // rvs[i] and all greater ones were committed after it
	before []time.Time // rvs[i] and all lesser ones were committed before it
}

func clockOf(events []*Event) *clock {
	var made []*Event
	for _, e := range events {
		moved := e.ResponseStatus.Code == 201 || e.Verb == "update" && e.Sent().RV() != 0 && e.Sent().RV() != e.Answer().RV()
		if e.wrote() && moved && e.ObjectRef.Subresource == "" && e.Answer().Metadata.UID != "" && e.Answer().RV() != 0 {
			made = append(made, e)
		}
	}
	sort.Slice(made, func(a, b int) bool { return made[a].Answer().RV() < made[b].Answer().RV() })
	c := &clock{before: make([]time.Time, len(made))}
	for i, e := range made {
		c.rvs, c.after = append(c.rvs, e.Answer().RV()), append(c.after, e.RequestReceivedTimestamp)
		if i > 0 && c.after[i-1].After(c.after[i]) {
			c.after[i] = c.after[i-1]
		}
	}
	for i := len(made) - 1; i >= 0; i-- {
		c.before[i] = made[i].StageTimestamp
		if i+1 < len(made) && c.before[i+1].Before(c.before[i]) {
			c.before[i] = c.before[i+1]
		}
	}
	return c
}

// Apart is how far the times of requests contradict the order of the resourceVersions that they made, at most: it is zero where one clock made
// them, and nobody set that back meanwhile.
func Apart(events []*Event) (out time.Duration) {
	c := clockOf(events)
	for i := range c.rvs {
		out = max(out, c.after[i].Sub(c.before[i]))
	}
	return out
}

// within decides between several requests: it keeps those that ran when rv was committed.
func (c *clock) within(rv record.ResourceVersion, list []*Event) []*Event {
	if len(list) < 2 {
		return list
	}
	return c.during(rv, list)
}

// during keeps the requests that ran when rv was committed.
func (c *clock) during(rv record.ResourceVersion, list []*Event) []*Event {
	next := sort.Search(len(c.rvs), func(i int) bool { return c.rvs[i] >= rv })
	var out []*Event
	for _, e := range list {
		late := next < len(c.rvs) && e.RequestReceivedTimestamp.After(c.before[next])
		early := next > 0 && e.StageTimestamp.Before(c.after[next-1])
		if !late && !early {
			out = append(out, e)
		}
	}
	return out
}
