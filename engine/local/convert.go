package local

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/record"
)

func timePtr(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func rvString(rv record.ResourceVersion) string {
	if rv == 0 {
		return ""
	}
	return strconv.FormatUint(uint64(rv), 10)
}

func refOf(r record.ObjectRef) engine.Ref {
	return engine.Ref{Cluster: string(r.Cluster), Group: r.Group, Version: r.Version, Kind: r.Kind, Resource: r.Resource,
		Namespace: r.Namespace, Name: r.Name, UID: string(r.UID)}
}

// rawJSON is b where it is JSON, else b as a JSON string: an answer always encodes.
func rawJSON(b []byte) json.RawMessage {
	if len(b) == 0 {
		return nil
	}
	if json.Valid(b) {
		return json.RawMessage(b)
	}
	quoted, _ := json.Marshal(string(b)) // a string always marshals
	return quoted
}

func actorOf(q *record.Request) *engine.Actor {
	a := q.Actor
	return &engine.Actor{User: a.User, Impersonator: a.Impersonator, Groups: a.Groups, UserAgent: a.UserAgent,
		FieldManager: q.Options().FieldManager, SourceIPs: a.SourceIPs}
}

var flagNotes = [...]struct {
	flag record.RequestFlags
	note string
}{
	{record.FlagTruncated, "truncated by the apiserver"},
	{record.FlagBodyCut, "body larger than the limit, not kept"},
	{record.FlagItemsCut, "items cut at the limit"},
	{record.FlagFieldsCut, "fields cut at the limit"},
	{record.FlagRedacted, "redacted"},
	{record.FlagGeneratedName, "name generated"},
	{record.FlagUnknownResult, "outcome not known"},
}

func requestOf(r *record.Record) *engine.Request {
	q := r.Request
	out := &engine.Request{
		ID: r.ID().String(), AuditID: q.AuditID, Stage: q.Stage.String(), Level: q.Level.String(), Verb: q.Verb,
		Subresource: r.Ref.Subresource, URI: q.URI, Code: q.Code, Reason: q.Reason, Message: q.Message,
		Actor: *actorOf(q), ReceivedAt: r.OccurredAt.UTC(), LatencyMS: float64(r.Latency().Microseconds()) / 1000,
		DryRun: q.Options().DryRun, Sent: rawJSON(q.Sent),
	}
	if q.SentKind != record.SentNone {
		out.SentKind = q.SentKind.String()
	}
	for _, c := range q.Causes {
		out.Causes = append(out.Causes, engine.Cause{Field: c.Field, Reason: c.Reason, Message: c.Message})
	}
	if len(q.Annotated) > 0 {
		out.Annotations = make(map[string]string, len(q.Annotated))
		for _, kv := range q.Annotated {
			out.Annotations[kv.Key] = kv.Value
		}
	}
	for _, n := range flagNotes {
		if q.Flags.Has(n.flag) {
			out.Notes = append(out.Notes, n.note)
		}
	}
	return out
}

func eventOf(r *record.Record, matched string) *engine.Event {
	v := r.KubeEvent
	group, version := record.SplitAPIVersion(v.Regarding.APIVersion)
	source := v.Controller
	if v.Instance != "" && v.Instance != source {
		source += " " + v.Instance
	}
	first, last := eventSpan(r)
	return &engine.Event{
		Name: r.Ref.Name, UID: string(r.Ref.UID), Type: v.Type, Reason: v.Reason, Note: v.Note, Action: v.Action, Source: source,
		Regarding: engine.Ref{Cluster: string(r.Ref.Cluster), Group: group, Version: version, Kind: v.Regarding.Kind,
			Namespace: v.Regarding.Namespace, Name: v.Regarding.Name, UID: string(v.Regarding.UID)},
		FieldPath: v.Regarding.FieldPath, FirstSeen: first, LastSeen: last, Count: v.Count, Matched: matched,
	}
}

// eventSpan is when an Event was first and last seen, whichever of its API's times are set.
func eventSpan(r *record.Record) (first, last time.Time) {
	v := r.KubeEvent
	first, last = v.FirstSeen, v.LastSeen
	if first.IsZero() {
		first = v.EventTime
	}
	if first.IsZero() {
		first = v.CreatedAt
	}
	if last.IsZero() {
		last = r.OccurredAt
	}
	if last.Before(first) {
		last = first
	}
	return first.UTC(), last.UTC()
}

func gapOf(r *record.Record) engine.Gap {
	g := r.Gap
	scope := refOf(r.Ref)
	return engine.Gap{Reason: string(g.Reason), Scope: scope, From: timePtr(r.OccurredAt), To: timePtr(g.Until),
		FromRV: rvString(g.FromRV), ToRV: rvString(g.ToRV), Count: g.Count, Sentence: gapSentence(g)}
}

func gapSentence(g *record.Gap) string {
	lead := map[record.GapReason]string{
		record.GapUndecodable: "Input could not be read",
		record.GapTruncated:   "Input was truncated",
		record.GapWatchError:  "The watch reported an error; what it missed is unknown",
		record.GapWatchMissed: "There was no watch",
		record.GapDropped:     "Something was dropped by a limit",
		record.GapLateFact:    "Facts older than the floor were refused",
	}[g.Reason]
	switch {
	case lead == "":
		lead = string(g.Reason)
	case g.Detail == "":
		return lead + "."
	}
	return lead + ": " + g.Detail
}
