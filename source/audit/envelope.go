package audit

import (
	"bytes"
	"strings"

	"github.com/kubewake/kubewake/internal/rawjson"
	"github.com/kubewake/kubewake/record"
)

// Envelope is a delivery form of a managed cloud that holds audit events whole, as text or as objects.
type Envelope struct {
	Form    string // "CloudWatch", "Azure", "log": what it was taken for
	Cluster record.Cluster
	// Events are the values inside; they may be envelopes again. Text that is no JSON is counted in Other: log streams
	// of other programs share these envelopes.
	Events [][]byte
	Other  int
}

// Unwrap opens raw, one JSON object, where it is an envelope: an export of EKS from CloudWatch (logEvents, events,
// message, @message), a diagnostic log of AKS (properties.log, log_s, records), a row of its tables AKSAudit and
// AKSAuditAdmin (which is turned into the event it was made from), or a line of a container log (log).
// Which keys a cloud uses is documented by it; nothing else is guessed. False where raw is none.
func Unwrap(raw []byte) (Envelope, bool) {
	var e Envelope
	u := unwrapper{e: &e}
	c := rawjson.NewCursor(raw)
	if c.Kind() != '{' {
		return e, false
	}
	if err := c.Object(func(key []byte) error { return u.member(&c, key) }); err != nil {
		return Envelope{}, false
	}
	if e.Form == "" && u.row {
		if event := tableRow(raw); event != nil {
			e.Form, e.Events = "Azure", [][]byte{event}
		}
	}
	if e.Form == "" {
		return e, false
	}
	if u.otherCategory { // another log of the same cluster
		e.Other, e.Events = e.Other+len(e.Events), nil
	}
	return e, true
}

type unwrapper struct {
	e             *Envelope
	otherCategory bool
	row           bool // it has the columns of a table
}

func (u *unwrapper) member(c *rawjson.Cursor, key []byte) error {
	switch string(key) {
	case "AuditId":
		u.row = true
	case "logGroup", "@log":
		return u.text(c, func(s string) { u.e.Cluster = clusterOfLogGroup(s, u.e.Cluster) })
	case "messageType":
		return u.text(c, func(s string) {
			if s == "CONTROL_MESSAGE" {
				u.e.Form, u.otherCategory = "CloudWatch", true
			}
		})
	case "logStream", "logStreamName":
		return u.text(c, func(s string) {
			u.otherCategory = u.otherCategory || !strings.HasPrefix(s, "kube-apiserver-audit")
		})
	case "resourceId", "ResourceId", "_ResourceId":
		return u.text(c, func(s string) { u.e.Cluster = clusterOfResourceID(s, u.e.Cluster) })
	case "category", "Category":
		return u.text(c, func(s string) { u.otherCategory = u.otherCategory || !strings.HasPrefix(s, "kube-audit") })
	case "logEvents", "events":
		return c.Array(func() error {
			return c.Object(func(key []byte) error {
				if string(key) == "message" {
					return u.inner(c, "CloudWatch")
				}
				return nil
			})
		})
	case "message", "@message":
		return u.inner(c, "CloudWatch")
	case "log":
		return u.inner(c, "log")
	case "log_s":
		return u.inner(c, "Azure")
	case "properties":
		return c.Object(func(key []byte) error {
			if string(key) == "log" {
				return u.inner(c, "Azure")
			}
			return nil
		})
	case "records":
		return c.Array(func() error {
			value, err := c.Raw()
			if err == nil && value[0] == '{' {
				u.e.Form = "Azure"
				u.e.Events = append(u.e.Events, value)
			}
			return err
		})
	}
	return nil
}

func (u *unwrapper) text(c *rawjson.Cursor, f func(string)) error {
	value, err := c.Raw()
	if s, ok := rawjson.String(value); ok && err == nil {
		f(s)
	}
	return err
}

// inner takes a value that is an event, or text that holds one.
func (u *unwrapper) inner(c *rawjson.Cursor, form string) error {
	value, err := c.Raw()
	if err != nil {
		return err
	}
	if text, ok := rawjson.Unquote(value); ok {
		value = bytes.TrimSpace(text)
	}
	u.e.Form = form
	if len(value) == 0 || value[0] != '{' {
		u.e.Other++
		return nil
	}
	u.e.Events = append(u.e.Events, value)
	return nil
}

// clusterOfLogGroup reads "/aws/eks/NAME/cluster", with an account before it in some exports.
func clusterOfLogGroup(s string, unknown record.Cluster) record.Cluster {
	_, rest, ok := strings.Cut(s, "/aws/eks/")
	name, isCluster := strings.CutSuffix(rest, "/cluster")
	if !ok || !isCluster || name == "" || len(name) > 256 {
		return unknown
	}
	return record.Cluster(name)
}

// clusterOfResourceID reads ".../managedClusters/NAME". Azure's names do not tell case apart, and some exports
// write them in capitals: they are lowered, so that one cluster has one name.
func clusterOfResourceID(s string, unknown record.Cluster) record.Cluster {
	_, rest, ok := strings.Cut(strings.ToLower(s), "/managedclusters/")
	name, _, _ := strings.Cut(rest, "/")
	if !ok || name == "" || len(name) > 256 {
		return unknown
	}
	return record.Cluster(name)
}
