// SPDX-License-Identifier: Apache-2.0

// Package bruteforce says which audited request made each state of an object, and its end, by brute force from whole bodies: what tests hold
// the joins against. It reads raw lines with encoding/json alone, on purpose: it shares nothing with the sources and the rules.
package bruteforce

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/kubewake/kubewake/record"
)

// Event is one audit event as it is logged.
type Event struct {
	Level, AuditID, Stage, RequestURI, Verb, UserAgent string
	User, ImpersonatedUser                             struct{ Username string }
	ObjectRef                                          struct {
		Resource, Namespace, Name, UID, APIGroup, APIVersion, ResourceVersion, Subresource string
	}
	ResponseStatus struct {
		Status, Reason, Message string
		Code                    int
		Details                 struct{ UID string }
	}
	RequestObject, ResponseObject            json.RawMessage
	RequestReceivedTimestamp, StageTimestamp time.Time

	answer, sent *Object // parsed once
}

// Actor is who the request was made as.
func (e *Event) Actor() string {
	if e.ImpersonatedUser.Username != "" {
		return e.ImpersonatedUser.Username
	}
	return e.User.Username
}

// Answer is the body that was answered; empty where there is none.
func (e *Event) Answer() *Object {
	if e.answer == nil {
		e.answer = Parse(e.ResponseObject)
	}
	return e.answer
}

// Sent is the body that was sent; empty where there is none, and for patches that are lists.
func (e *Event) Sent() *Object {
	if e.sent == nil {
		e.sent = Parse(e.RequestObject)
	}
	return e.sent
}

// Strip leaves what an apiserver logs at level Metadata: no bodies; a Status in the answer stays in responseStatus.
func (e *Event) Strip() {
	e.Level = "Metadata"
	if o := e.Answer(); o.Kind == "Status" && e.ResponseStatus.Details.UID == "" {
		e.ResponseStatus.Details.UID = o.Details.UID
	}
	e.RequestObject, e.ResponseObject, e.answer, e.sent = nil, nil, nil, nil
}

// Nameless reports whether it created an object whose name the event does not tell.
func (e *Event) Nameless() bool {
	return e.Verb == "create" && e.ObjectRef.Name == "" && e.ObjectRef.Subresource == ""
}

// wrote reports whether it can have changed an object.
func (e *Event) wrote() bool {
	switch e.Verb {
	case "create", "update", "patch", "delete", "deletecollection":
	default:
		return false
	}
	if e.Stage != "ResponseComplete" || e.ResponseStatus.Code >= 300 || e.ObjectRef.Resource == "events" {
		return false
	}
	return !strings.Contains(e.RequestURI, "dryRun=") && !strings.Contains(string(e.RequestObject), `"dryRun"`) && e.ObjectRef.Subresource != "token"
}

// touches reports whether the bodies show that e was about this object.
func (e *Event) touches(l *Life) bool {
	o, uid := e.Answer(), string(l.UID)
	switch {
	case e.Verb == "deletecollection":
		_, ok := e.itemRV(uid)
		return ok
	case o.Kind != "Status":
		return o.Metadata.UID == uid
	case o.Details.UID != "":
		return o.Details.UID == uid
	case e.ObjectRef.UID != "":
		return e.ObjectRef.UID == uid
	}
	return e.ObjectRef.Name == l.Name && e.ObjectRef.Namespace == l.Namespace
}

// itemRV is the resourceVersion at which a deletecollection found an object.
func (e *Event) itemRV(uid string) (record.ResourceVersion, bool) {
	list := e.Answer()
	if list.items == nil {
		list.items = map[string]record.ResourceVersion{}
		for _, raw := range list.Items {
			i := Parse(raw)
			list.items[i.Metadata.UID] = i.RV()
		}
	}
	rv, ok := list.items[uid]
	return rv, ok
}

// Object is what the rules look at in a body.
type Object struct {
	Kind, APIVersion string
	Metadata         struct {
		Name, Namespace, UID, ResourceVersion, GenerateName string
		CreationTimestamp                                   time.Time
		DeletionTimestamp                                   *time.Time
		DeletionGracePeriodSeconds                          *int64
		Finalizers                                          []string
		ManagedFields                                       []struct {
			Manager, Operation, Subresource string
			Time                            time.Time
		}
	}
	Spec struct {
		NodeName   string
		Finalizers []string
	}
	Details struct{ UID string }
	Items   []json.RawMessage

	items map[string]record.ResourceVersion
}

// Parse gives an empty Object for what is none.
func Parse(raw []byte) *Object {
	o := &Object{}
	if len(raw) > 0 && raw[0] == '{' {
		_ = json.Unmarshal(raw, o)
	}
	return o
}

// RV is zero where there is none.
func (o *Object) RV() record.ResourceVersion {
	n, err := strconv.ParseUint(o.Metadata.ResourceVersion, 10, 64)
	if err != nil {
		return 0
	}
	return record.ResourceVersion(n)
}

// deletion is the mark of deletion with its grace period; empty where there is none.
func (o *Object) deletion() string {
	if o.Metadata.DeletionTimestamp == nil {
		return ""
	}
	s := o.Metadata.DeletionTimestamp.String()
	if g := o.Metadata.DeletionGracePeriodSeconds; g != nil {
		s += strconv.FormatInt(*g, 10)
	}
	return s
}

// asked is the second in which deletion was asked for.
func (o *Object) asked() (at time.Time) {
	if o.Metadata.DeletionTimestamp == nil {
		return at
	}
	at = *o.Metadata.DeletionTimestamp
	if g := o.Metadata.DeletionGracePeriodSeconds; g != nil {
		at = at.Add(-time.Duration(*g) * time.Second)
	}
	return at
}

// ends reports whether the delete that left this state went on to remove it.
func (o *Object) ends() bool {
	g := o.Metadata.DeletionGracePeriodSeconds
	return o.Metadata.DeletionTimestamp != nil && g != nil && *g == 0 && len(o.Metadata.Finalizers) == 0 && len(o.Spec.Finalizers) == 0
}

// leaves reports whether a delete that answered o, without a resourceVersion because another one removed the object under it, had marked it
// as after is marked.
func (o *Object) leaves(after *Object) bool {
	return o.Metadata.UID != "" && o.RV() == 0 && o.deletion() != "" && o.deletion() == after.deletion()
}
