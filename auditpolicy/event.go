package auditpolicy

import (
	"errors"
	"strconv"
	"time"

	"github.com/kubewake/kubewake/internal/rawjson"
	"github.com/kubewake/kubewake/record"
)

// Event is what counts of one audit event: what the policy saw of its request, and where its bytes are.
type Event struct {
	Attributes
	Level  record.Level
	Stage  record.Stage
	At     time.Time // requestReceivedTimestamp, else stageTimestamp
	Code   int
	DryRun bool

	// Bytes of the line, its end included, and of that: the bodies with their keys, and the managedFields in them.
	Bytes            int
	Request          int
	Response         int
	RequestManaged   int
	ResponseManaged  int
	annotated, reply int // annotations and responseStatus, which the stage RequestReceived has not
}

// ErrNotEvent refuses what is no audit event.
var ErrNotEvent = errors.New("not an audit event")

// ReadEvent reads one audit event in one pass. Malformed JSON gives a *rawjson.SyntaxError.
func ReadEvent(raw []byte) (*Event, error) {
	e := &Event{Bytes: len(raw) + 1}
	var uri, received, staged string
	c := rawjson.NewCursor(raw)
	if c.Kind() != '{' {
		return nil, ErrNotEvent
	}
	err := c.Object(func(key []byte) error {
		name := string(key)
		value, err := c.Raw()
		if err != nil {
			return err
		}
		size := len(name) + len(value) + len(`"":,`)
		switch name {
		case "level":
			e.Level = record.ParseLevel(str(value))
		case "stage":
			e.Stage = record.ParseStage(str(value))
		case "verb":
			e.Verb = str(value)
		case "requestURI":
			uri = str(value)
		case "requestReceivedTimestamp":
			received = str(value)
		case "stageTimestamp":
			staged = str(value)
		case "user":
			e.User = str(rawjson.Get(value, "username"))
			_ = rawjson.Array(rawjson.Get(value, "groups"), func(g []byte) error { // checked above
				e.Groups = append(e.Groups, str(g))
				return nil
			})
		case "objectRef":
			e.objectRef(value)
		case "responseStatus":
			e.Code, _ = strconv.Atoi(string(rawjson.Get(value, "code"))) // zero where there is none
			e.reply = size
		case "annotations":
			e.annotated = size
		case "requestObject":
			e.Request, e.RequestManaged = size, managedBytes(value)
		case "responseObject":
			e.Response, e.ResponseManaged = size, managedBytes(value)
		}
		return nil
	})
	if err == nil {
		err = c.End()
	}
	if err != nil {
		return nil, err
	}
	if e.Level == record.LevelUnknown || e.Stage == record.StageUnknown {
		return nil, ErrNotEvent
	}
	e.At = firstTime(received, staged)
	e.fromPath(uri)
	e.DryRun = (&record.Request{URI: uri, Verb: e.Verb}).Options().DryRun
	return e, nil
}

func str(value []byte) string {
	s, _ := rawjson.String(value)
	return s
}

func firstTime(texts ...string) time.Time {
	for _, text := range texts {
		if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
			return t
		}
	}
	return time.Time{}
}

func (e *Event) objectRef(raw []byte) {
	_ = rawjson.Object(raw, func(key, value []byte) error { // checked by the caller
		switch string(key) {
		case "apiGroup":
			e.Group = str(value)
		case "resource":
			e.Resource = str(value)
		case "subresource":
			e.Subresource = str(value)
		case "namespace":
			e.Namespace = str(value)
		case "name":
			e.Name = str(value)
		}
		return nil
	})
}

// managedBytes is what the managedFields of a body take, those of a list's items too.
func managedBytes(body []byte) int {
	if len(body) == 0 || body[0] != '{' {
		return 0
	}
	n := 0
	if fields := rawjson.Get(body, "metadata", "managedFields"); fields != nil {
		n = len(fields) + len(`"managedFields":,`)
	}
	_ = rawjson.Array(rawjson.Get(body, "items"), func(item []byte) error { // checked by the caller
		if fields := rawjson.Get(item, "metadata", "managedFields"); fields != nil {
			n += len(fields) + len(`"managedFields":,`)
		}
		return nil
	})
	return n
}

// ends reports whether this is the one event of its request that counts it: the last stage, or the only one of a refused login.
func (e *Event) ends() bool {
	return e.Stage == record.StageResponseComplete || e.Stage == record.StagePanic ||
		(e.Stage == record.StageResponseStarted && e.Code == 401)
}

// isWrite reports whether the verb changes objects.
func isWrite(verb string) bool {
	switch verb {
	case "create", "update", "patch", "delete", "deletecollection":
		return true
	}
	return false
}

// changes reports whether the request changed an object, or may have: it succeeded, and was no trial, no review and no token.
// Events and Leases do not count: what the policy should do about them is not judged by what changes they keep.
func (e *Event) changes() bool {
	if (record.GroupResource{Group: e.Group, Resource: e.Resource}).IsEvents() || e.Group == "coordination.k8s.io" {
		return false
	}
	return e.Stage == record.StageResponseComplete && isWrite(e.Verb) && e.Resource != "" && e.Code >= 200 && e.Code < 300 && !e.DryRun &&
		e.Group != "authentication.k8s.io" && e.Group != "authorization.k8s.io" && e.Subresource != "token"
}
