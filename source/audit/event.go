package audit

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/kubewake/kubewake/internal/rawjson"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/manifest"
)

// event is one audit event as its bytes tell it, read in one pass. Slices alias the line.
type event struct {
	kind, apiVersion, level, stageWord, auditID, uri, verb, userAgent []byte

	user, impersonated, sourceIPs, annotations []byte // raw
	received, staged                           []byte

	resource, namespace, name, uid, apiGroup, refVersion, namedRV, subresource []byte
	hasRef                                                                     bool

	code                    int
	status, reason, message []byte
	details                 []byte // raw

	sent, answered  manifest.Head
	spaced, skipped bool

	// Derived.
	stage              record.Stage
	at, stageAt        time.Time
	dryRun             bool
	bodyTaken          bool
	body               []byte // the answer, redacted
	bodyRedacted       bool
	options            manifest.DeleteOptions
	propagation        string
	orphans, hasOrphan bool
}

func (e *event) member(c *rawjson.Cursor, whole, key []byte) (err error) {
	switch string(key) {
	case "kind":
		return text(c, &e.kind)
	case "apiVersion":
		return text(c, &e.apiVersion)
	case "level":
		return text(c, &e.level)
	case "auditID":
		return text(c, &e.auditID)
	case "stage":
		return text(c, &e.stageWord)
	case "requestURI":
		return text(c, &e.uri)
	case "verb":
		return text(c, &e.verb)
	case "user":
		return raw(c, &e.user)
	case "impersonatedUser":
		return raw(c, &e.impersonated)
	case "sourceIPs":
		return raw(c, &e.sourceIPs)
	case "userAgent":
		return text(c, &e.userAgent)
	case "objectRef":
		e.hasRef = c.Kind() == '{'
		return c.Object(func(key []byte) error { return e.objectRef(c, key) })
	case "responseStatus":
		return c.Object(func(key []byte) error { return e.responseStatus(c, key) })
	case "requestObject":
		e.sent, err = body(c, whole, &e.skipped)
	case "responseObject":
		e.answered, err = body(c, whole, &e.skipped)
	case "requestReceivedTimestamp":
		return text(c, &e.received)
	case "stageTimestamp":
		return text(c, &e.staged)
	case "annotations":
		return raw(c, &e.annotations)
	}
	return err
}

// body reads a body's head; null is no body. It notes where a body was left out for its size.
func body(c *rawjson.Cursor, whole []byte, skipped *bool) (manifest.Head, error) {
	h, err := manifest.Scan(c, whole)
	*skipped = *skipped || string(h.Raw) == skippedBody
	if len(h.Raw) > 0 && h.Raw[0] != '{' && h.Raw[0] != '[' {
		h.Raw = nil
	}
	return h, err
}

func (e *event) objectRef(c *rawjson.Cursor, key []byte) error {
	switch string(key) {
	case "resource":
		return text(c, &e.resource)
	case "namespace":
		return text(c, &e.namespace)
	case "name":
		return text(c, &e.name)
	case "uid":
		return text(c, &e.uid)
	case "apiGroup":
		return text(c, &e.apiGroup)
	case "apiVersion":
		return text(c, &e.refVersion)
	case "resourceVersion":
		return text(c, &e.namedRV)
	case "subresource":
		return text(c, &e.subresource)
	}
	return nil
}

func (e *event) responseStatus(c *rawjson.Cursor, key []byte) error {
	switch string(key) {
	case "code":
		value, err := c.Raw()
		if err != nil {
			return err
		}
		if n, bad := strconv.Atoi(string(value)); bad == nil && n > 0 && n < 1000 {
			e.code = n
		}
	case "status":
		return text(c, &e.status)
	case "reason":
		return text(c, &e.reason)
	case "message":
		return text(c, &e.message)
	case "details":
		return raw(c, &e.details)
	}
	return nil
}

// check refuses what is no audit event.
func (e *event) check() error {
	if string(e.kind) != "Event" || !strings.HasPrefix(string(e.apiVersion), "audit.k8s.io/") {
		return ErrNotEvent
	}
	e.stage = record.ParseStage(string(e.stageWord))
	if e.stage == record.StageAdmission {
		return ErrNoID
	}
	return e.derive()
}

// derive checks what identifies an event of any form, and prepares what several rules need.
func (e *event) derive() error {
	if len(e.auditID) == 0 || e.stage == record.StageUnknown {
		return ErrNoID
	}
	e.at, e.stageAt = manifest.Time(e.received), manifest.Time(e.staged)
	if e.at.IsZero() {
		e.at = e.stageAt
	}
	if e.at.IsZero() {
		return ErrNoTime
	}
	// A namespace is its own object, cluster-scoped: the apiserver names it as its own namespace too.
	if len(e.apiGroup) == 0 && string(e.resource) == "namespaces" {
		e.namespace = nil
	}
	e.deleteOptions()
	return nil
}

// deleteOptions unites the request's options of the URI with those of DeleteOptions sent.
func (e *event) deleteOptions() {
	deletes := string(e.verb) == "delete" || string(e.verb) == "deletecollection"
	if deletes {
		e.options = e.sent.Options
		e.dryRun = e.options.DryRun
		e.propagation = string(e.options.Propagation)
		e.orphans, e.hasOrphan = string(e.options.Orphan) == "true", len(e.options.Orphan) > 0
	}
	_, query, ok := strings.Cut(string(e.uri), "?")
	if !ok || !deletes && !strings.Contains(query, "dryRun") {
		return
	}
	values, _ := url.ParseQuery(query) // the good pairs of a bad query still count
	e.dryRun = e.dryRun || values.Get("dryRun") != ""
	if !deletes {
		return
	}
	if p := values.Get("propagationPolicy"); p != "" && e.propagation == "" {
		e.propagation = p
	}
	if o := values.Get("orphanDependents"); o != "" && !e.hasOrphan {
		e.orphans, e.hasOrphan = o == "true", true
	}
	if n, err := strconv.ParseInt(values.Get("gracePeriodSeconds"), 10, 64); err == nil && !e.options.HasGrace {
		e.options.GraceSeconds, e.options.HasGrace = n, true
	}
}

func (e *event) groupResource() record.GroupResource {
	return record.GroupResource{Group: string(e.apiGroup), Resource: string(e.resource)}
}

// text reads a string value; another value leaves dst alone.
func text(c *rawjson.Cursor, dst *[]byte) error {
	value, err := c.Raw()
	if err != nil {
		return err
	}
	if s, ok := rawjson.Unquote(value); ok {
		*dst = s
	}
	return nil
}

// raw reads a value; null leaves dst alone.
func raw(c *rawjson.Cursor, dst *[]byte) error {
	value, err := c.Raw()
	if err == nil && value[0] != 'n' {
		*dst = value
	}
	return err
}
