package join

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/kubewake/kubewake/internal/bruteforce"
	"github.com/kubewake/kubewake/record"
)

// The loader of these tests reads raw lines with encoding/json alone, on purpose: it shares nothing with the sources.

type rawEvent struct {
	bruteforce.Event
	rec *record.Record
}

// recording is one folder, read whole.
type recording struct {
	events  []*rawEvent // of both audit files, in the order of the lines
	objects map[record.UID]*lifeOf
}

type lifeOf struct {
	ref     record.ObjectRef
	watched map[record.ResourceVersion]json.RawMessage
	listed  map[record.ResourceVersion]bool
	answers map[record.ResourceVersion]json.RawMessage
	end     record.ResourceVersion // of the DELETED event; zero if none was watched
	last    json.RawMessage
}

func recordingDir(t testing.TB, name string) string {
	dir := os.Getenv("KUBEWAKE_RECORDINGS")
	if dir == "" {
		dir = filepath.Join("..", "testdata", "recordings")
	}
	dir = filepath.Join(dir, name)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no recording %s", dir)
	}
	return dir
}

func eachLine(t testing.TB, path string, f func([]byte)) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	var in io.Reader = file
	if strings.HasSuffix(path, ".zst") {
		z, err := zstd.NewReader(file)
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		in = z
	}
	r := bufio.NewReaderSize(in, 1<<20)
	for {
		line, err := r.ReadBytes('\n')
		if len(line) > 1 {
			f(line)
		}
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// load reads a recording. With strip, bodies are left out of audit events as the level Metadata does.
func load(t testing.TB, name string, strip bool) *recording {
	return loadLossy(t, name, strip, func() bool { return false })
}

// loadLossy leaves out the audit and watch lines for which lose says so.
func loadLossy(t testing.TB, name string, strip bool, lose func() bool) *recording {
	t.Helper()
	dir := recordingDir(t, name)
	c := &recording{objects: map[record.UID]*lifeOf{}}
	for _, base := range [...]string{"bootstrap.audit.jsonl", "audit.jsonl"} {
		paths, _ := filepath.Glob(filepath.Join(dir, base+"*"))
		for _, path := range paths {
			eachLine(t, path, func(line []byte) {
				if lose() {
					return
				}
				e := &rawEvent{}
				if err := json.Unmarshal(line, e); err != nil {
					t.Fatal(err)
				}
				if strip {
					e.Strip()
				}
				c.events = append(c.events, e)
			})
		}
	}
	for _, e := range c.events {
		c.addEvent(e)
	}
	lists, _ := filepath.Glob(filepath.Join(dir, "watch", "list-*"))
	sort.Strings(lists)
	for _, path := range lists {
		var all []byte
		eachLine(t, path, func(line []byte) { all = append(all, line...) })
		list := bruteforce.Parse(all)
		for _, item := range list.Items {
			c.addWatched(strings.TrimSuffix(list.Kind, "List"), list.APIVersion, "LIST", item)
		}
	}
	watches, _ := filepath.Glob(filepath.Join(dir, "watch", "watch-*"))
	sort.Strings(watches)
	for _, path := range watches {
		eachLine(t, path, func(line []byte) {
			if lose() {
				return
			}
			var w struct {
				Type   string
				Object json.RawMessage
			}
			if err := json.Unmarshal(line, &w); err != nil {
				t.Fatal(err)
			}
			c.addWatched("", "", w.Type, w.Object)
		})
	}
	return c
}

func isEvents(resource string) bool { return resource == "events" }

// addEvent makes the Request of an audit event, and keeps its answer as a state.
func (c *recording) addEvent(e *rawEvent) {
	r := e.ObjectRef
	q := &record.Request{AuditID: e.AuditID, Stage: record.ParseStage(e.Stage), Level: record.ParseLevel(e.Level), Verb: e.Verb, URI: e.RequestURI,
		Code: e.ResponseStatus.Code, Reason: e.ResponseStatus.Reason, StageAt: e.StageTimestamp, NamedUID: record.UID(r.UID)}
	q.Actor = record.Actor{User: e.User.Username, UserAgent: e.UserAgent}
	if e.ImpersonatedUser.Username != "" {
		q.Actor.User, q.Actor.Impersonator = e.ImpersonatedUser.Username, e.User.Username
	}
	if n, err := strconv.ParseUint(r.ResourceVersion, 10, 64); err == nil {
		q.NamedRV = record.ResourceVersion(n)
	}
	e.rec = &record.Record{Kind: record.KindRequest, OccurredAt: e.RequestReceivedTimestamp, Request: q, Ref: record.ObjectRef{
		Group: r.APIGroup, Version: r.APIVersion, Resource: r.Resource, Subresource: r.Subresource, Namespace: r.Namespace, Name: r.Name, UID: record.UID(r.UID)}}
	if q.Verb == "delete" || q.Verb == "deletecollection" {
		q.SentKind, q.Sent = record.SentDelete, e.RequestObject
	}
	if q.IsRead() && q.Verb != "get" || isEvents(r.Resource) {
		return
	}
	o := e.Answer()
	switch {
	case o.Kind == "Status" || e.ResponseObject == nil && (e.ResponseStatus.Status != "" || e.ResponseStatus.Details.UID != ""):
		q.Answer, q.AnswerUID = record.BodyStatus, record.UID(e.ResponseStatus.Details.UID)
		if o.Details.UID != "" {
			q.AnswerUID = record.UID(o.Details.UID)
		}
		q.AnswerEnds = q.Verb == "delete" && q.Code == 200 && q.AnswerUID != "" && q.Succeeded() && r.Subresource == ""
	case strings.HasSuffix(o.Kind, "List") && len(o.Metadata.UID) == 0:
		q.Answer, q.AnswerRV = record.BodyList, o.RV()
		for _, item := range o.Items {
			i := bruteforce.Parse(item)
			q.Items = append(q.Items, record.Item{Namespace: i.Metadata.Namespace, Name: i.Metadata.Name, UID: record.UID(i.Metadata.UID), RV: i.RV()})
		}
	case o.Metadata.UID != "" && o.RV() != 0 && e.ResponseStatus.Code < 300 && r.Subresource != "token" && !strings.HasSuffix(r.Resource, "reviews"):
		c.addAnswer(e, o)
	}
}

func (c *recording) addAnswer(e *rawEvent, o *bruteforce.Object) {
	q := e.rec.Request
	q.Answer = record.BodyObject
	switch o.Kind {
	case "Scale":
		q.Answer = record.BodyScale
	case "PartialObjectMetadata":
		q.Answer = record.BodyPartialMetadata
	}
	q.AnswerUID, q.AnswerRV = record.UID(o.Metadata.UID), o.RV()
	e.rec.Ref.UID, e.rec.Ref.Name = q.AnswerUID, o.Metadata.Name
	deleting := o.Metadata.DeletionTimestamp != nil
	held := len(o.Metadata.Finalizers) > 0 || len(o.Spec.Finalizers) > 0 && o.Kind == "Namespace" ||
		o.Metadata.DeletionGracePeriodSeconds != nil && *o.Metadata.DeletionGracePeriodSeconds > 0
	switch {
	case q.Verb == "delete" && !held, (q.Verb == "update" || q.Verb == "patch") && deleting && !held && o.Kind != "Scale":
		q.AnswerEnds = true
		return
	}
	l := c.life(q.AnswerUID, e.rec.Ref, o)
	l.answers[q.AnswerRV] = e.ResponseObject
}

func (c *recording) life(uid record.UID, ref record.ObjectRef, o *bruteforce.Object) *lifeOf {
	l := c.objects[uid]
	if l == nil {
		ref.UID, ref.Subresource = uid, ""
		ref.Name = o.Metadata.Name
		ref.Namespace = o.Metadata.Namespace
		l = &lifeOf{ref: ref, watched: map[record.ResourceVersion]json.RawMessage{}, listed: map[record.ResourceVersion]bool{}, answers: map[record.ResourceVersion]json.RawMessage{}}
		c.objects[uid] = l
	}
	return l
}

func (c *recording) addWatched(kind, apiVersion, typ string, raw json.RawMessage) {
	o := bruteforce.Parse(raw)
	if kind == "" {
		kind, apiVersion = o.Kind, o.APIVersion
	}
	if typ == "BOOKMARK" || typ == "ERROR" || kind == "Event" {
		return
	}
	group, version := record.SplitAPIVersion(apiVersion)
	l := c.life(record.UID(o.Metadata.UID), record.ObjectRef{Group: group, Version: version, Kind: kind, Resource: record.GuessResource(kind)}, o)
	switch typ {
	case "DELETED":
		l.end, l.last = o.RV(), raw
	case "LIST":
		l.listed[o.RV()] = true
		l.watched[o.RV()] = raw
	default:
		l.watched[o.RV()] = raw
	}
}

// inputs makes the Input of every object, from watch and answers.
func (c *recording) inputs() map[record.UID]Input {
	type place struct{ group, resource, name string }
	byName := map[place][]*record.Record{}
	collections := map[place][]*record.Record{}
	for _, e := range c.events {
		if e.rec.Request.IsRead() {
			continue
		}
		ref := e.rec.Ref
		p := place{ref.Group, ref.Resource, ref.Name}
		if ref.Name == "" {
			collections[p] = append(collections[p], e.rec)
		} else {
			byName[p] = append(byName[p], e.rec)
		}
	}
	siblings := map[string][]Sibling{}
	for _, l := range c.objects {
		first, raw := l.first()
		if o := bruteforce.Parse(raw); o.Metadata.GenerateName != "" {
			key := l.ref.Group + "/" + l.ref.Resource + "/" + l.ref.Namespace
			siblings[key] = append(siblings[key], Sibling{UID: l.ref.UID, RV: first, CreatedAt: o.Metadata.CreationTimestamp})
		}
	}
	out := map[record.UID]Input{}
	for uid, l := range c.objects {
		in := Input{Ref: l.ref, Siblings: siblings[l.ref.Group+"/"+l.ref.Resource+"/"+l.ref.Namespace]}
		rvs := map[record.ResourceVersion]bool{}
		for rv := range l.watched {
			rvs[rv] = true
		}
		for rv := range l.answers {
			rvs[rv] = true
		}
		for rv := range rvs {
			body, from := l.watched[rv], record.FromWatch
			if body == nil {
				body, from = l.answers[rv], record.FromAudit
			}
			partial := record.Whole
			switch bruteforce.Parse(body).Kind {
			case "Scale":
				partial = record.PartialScale
			case "PartialObjectMetadata":
				partial = record.PartialMetadata
			}
			in.Revisions = append(in.Revisions, Revision{Record: &record.Record{Kind: record.KindRevision, Ref: l.ref,
				Revision: &record.Revision{RV: rv, Body: body, Partial: partial}, Provenance: record.Provenance{Sources: from}}})
		}
		p := place{l.ref.Group, l.ref.Resource, l.ref.Name}
		for _, q := range byName[p] {
			if q.Ref.Namespace == l.ref.Namespace || l.ref.Namespace == "" {
				in.Requests = append(in.Requests, q)
			}
		}
		p.name = ""
		for _, q := range collections[p] {
			if q.Ref.Namespace == l.ref.Namespace || q.Ref.Namespace == "" {
				in.Requests = append(in.Requests, q)
			}
		}
		for _, q := range in.Requests {
			if q.Request.AnswerEnds && q.Request.AnswerUID == uid {
				if in.End == nil {
					in.End = &record.Record{Kind: record.KindEnd, Ref: l.ref, End: &record.End{Sources: record.FromAudit}}
				}
				in.End.End.Requests = append(in.End.End.Requests, record.EndRequest{ID: q.ID(), At: q.OccurredAt, StageAt: q.Request.StageAt})
			}
		}
		if l.end != 0 {
			in.End = &record.Record{Kind: record.KindEnd, Ref: l.ref, End: &record.End{RV: l.end, LastBody: l.last, Sources: record.FromWatch}}
		}
		sort.Slice(in.Revisions, func(a, b int) bool { return in.Revisions[a].Record.Revision.RV < in.Revisions[b].Record.Revision.RV })
		out[uid] = in
	}
	return out
}

func (l *lifeOf) first() (record.ResourceVersion, json.RawMessage) {
	var least record.ResourceVersion
	for rv := range l.watched {
		if least == 0 || rv < least {
			least = rv
		}
	}
	return least, l.watched[least]
}
