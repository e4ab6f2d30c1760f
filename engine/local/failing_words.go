package local

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/timeline"
)

// text says in one line how a workload failed: "2 of 5 ready: ImagePullBackOff (web:v3-bad)".
func (w *watched) text(s spell, parts []spell) string {
	why := w.worst(parts)
	lead := ""
	i := w.stateIn(s)
	if i >= 0 {
		lead = readyText(w.life.Entry.Ref.Kind, w.life.States[i].Value)
	}
	pods := podsText(mostPods(parts))
	switch {
	case pods == "" && why == "" && i >= 0:
		return w.status[i].Text
	case pods == "":
		return why
	case why != "" && lead != "" && strings.HasPrefix(why, lead+": "): // it tells more than numbers
		return why + ", " + pods
	case why != "" && lead == "" && w.life.Entry.Ref.Kind != "Pod":
		return why + ": " + pods
	case lead == "":
		return pods
	}
	return lead + ": " + pods
}

// worst is what the workload itself says of its failure, last; where it was only slow, for how long.
func (w *watched) worst(parts []spell) string {
	for _, s := range slices.Backward(parts) {
		if s.pod == nil && s.why != "" {
			if slices.ContainsFunc(w.status, func(st timeline.Status) bool { return st.Class == timeline.Bad && st.Text == s.why }) {
				return s.why
			}
			end := s.to
			if end.IsZero() {
				end = w.to
			}
			return s.why + ", not done after " + roundly(end.Sub(s.from))
		}
	}
	return ""
}

func roundly(d time.Duration) string {
	switch {
	case d >= time.Hour:
		return d.Round(time.Minute).String()
	case d >= time.Minute:
		return d.Round(time.Second).String()
	}
	return d.Round(100 * time.Millisecond).String()
}

// stateIn is the state within a spell with the fewest Pods ready, of those that are not as they were asked for; -1 where nothing is recorded.
func (w *watched) stateIn(s spell) int {
	found, least := -1, int64(0)
	for i := range w.at {
		if end := w.until(i); !end.IsZero() && end.Before(s.from) {
			continue
		}
		if !s.to.IsZero() && !w.at[i].Before(s.to) || !w.at[i].Before(w.to) {
			break
		}
		ready, wanted := readyOf(w.life.Entry.Ref.Kind, w.life.States[i].Value)
		if found < 0 || (w.status[i].Class == timeline.Bad || w.status[i].Class == timeline.Progressing) && ready-wanted <= least {
			found, least = i, ready-wanted
		}
	}
	return found
}

// mostPods is what most of the failing Pods show: the most frequent reason, and with which image; nil without Pods.
func mostPods(parts []spell) *failedPod {
	counts := map[failedPod]int{}
	for _, s := range parts {
		if s.pod != nil {
			counts[*s.pod]++
		}
	}
	if len(counts) == 0 {
		return nil
	}
	list := slices.SortedFunc(maps.Keys(counts), func(a, b failedPod) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(rankReason(b.text), rankReason(a.text)), cmp.Compare(a.text, b.text), cmp.Compare(a.image, b.image))
	})
	first := list[0]
	for _, p := range list[1:] { // ErrImagePull and ImagePullBackOff take turns
		if rankReason(p.text) > rankReason(first.text) && p.image == first.image {
			first = p
		}
	}
	return &first
}

func podsText(p *failedPod) string {
	switch {
	case p == nil:
		return ""
	case p.image == "":
		return p.text
	}
	return p.text + " (" + p.image + ")"
}

// rankReason prefers the word that people know a failure by.
func rankReason(text string) int {
	if strings.Contains(text, "BackOff") {
		return 1
	}
	return 0
}

const unschedulable = "Unschedulable"

// podFailure tells why a Pod failed, and of which image the container is that did.
func podFailure(v *object.Value, s timeline.Status) *failedPod {
	out := &failedPod{text: s.Text}
	if strings.HasSuffix(s.Text, unschedulable) {
		for _, c := range v.Get("status", "conditions").Items() {
			if message := c.Get("message").Str(); c.Get("type").Str() == "PodScheduled" && message != "" {
				message, _, _ = strings.Cut(message, ". ") // what follows tells of preemption
				out.text = unschedulable + ": " + clip(message, 120)
			}
		}
		return out
	}
	reason := strings.TrimPrefix(s.Text, "Init:")
	for _, field := range [...]string{"initContainerStatuses", "containerStatuses"} {
		for _, c := range v.Get("status", field).Items() {
			waits, ended := c.Get("state", "waiting", "reason").Str(), c.Get("state", "terminated")
			if out.image == "" && (waits != "" && waits == reason || ended != nil && (ended.Get("reason").Str() == reason || numberAt(ended, "exitCode") != 0)) {
				out.image = shortImage(c.Get("image").Str())
			}
		}
	}
	return out
}

// shortImage is an image without its registry and path: "web:v3".
func shortImage(image string) string {
	image = image[strings.LastIndexByte(image, '/')+1:]
	if name, digest, ok := strings.Cut(image, "@sha256:"); ok {
		image = name + "@" + digest[:min(len(digest), 12)]
	}
	return clip(image, 80)
}

// readyText is "2 of 5 ready"; empty for what has no replicas.
func readyText(kind string, v *object.Value) string {
	ready, wanted := readyOf(kind, v)
	if wanted < 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d ready", ready, wanted)
}

// readyOf gives how many Pods are ready, and how many are to be; -1 for what has no replicas.
func readyOf(kind string, v *object.Value) (ready, wanted int64) {
	switch kind {
	case "Deployment", "StatefulSet", "ReplicaSet", "ReplicationController":
		if v.Get("spec", "replicas") == nil {
			return numberAt(v, "status", "readyReplicas"), 1
		}
		return numberAt(v, "status", "readyReplicas"), numberAt(v, "spec", "replicas")
	case "DaemonSet":
		return numberAt(v, "status", "numberReady"), numberAt(v, "status", "desiredNumberScheduled")
	}
	return 0, -1
}

func numberAt(v *object.Value, path ...string) int64 {
	n, _ := strconv.ParseInt(v.Get(path...).Text(), 10, 64) // what is none is zero
	return n
}
