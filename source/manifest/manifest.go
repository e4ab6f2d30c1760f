// SPDX-License-Identifier: Apache-2.0

// Package manifest reads what the sources share: the head of a Kubernetes object, and the one neutral form of a
// Kubernetes Event. It works on bytes; nothing is decoded into maps.
package manifest

import (
	"strconv"

	"github.com/kubewake/kubewake/internal/rawjson"
	"github.com/kubewake/kubewake/record"
)

// Head is what the sources need to know of a manifest (or a Status, a list, DeleteOptions). Slices alias the document.
type Head struct {
	Raw              []byte // the whole value
	Kind, APIVersion []byte

	Name, GenerateName, Namespace, UID []byte
	RV                                 record.ResourceVersion // zero where it is no number
	HasMetadata                        bool
	Deleting                           bool // deletionTimestamp is set
	GraceSeconds                       int64
	Finalizers                         bool

	SpecFinalizers bool // spec.finalizers holds any: namespaces
	Scheduled      bool // spec.nodeName is set: pods
	SpecGrace      int64
	HasSpecGrace   bool
	Phase          []byte // status.phase

	Status  []byte // status of a Status: Success or Failure
	Details []byte // details of a Status
	Items   []byte // items of a list
	Options DeleteOptions
}

// DeleteOptions are the members of a DeleteOptions that decide what a delete does.
type DeleteOptions struct {
	DryRun       bool
	Propagation  []byte // propagationPolicy
	Orphan       []byte // orphanDependents: true, false, or nil
	GraceSeconds int64
	HasGrace     bool
}

// Group of the APIVersion.
func (h *Head) Group() string {
	group, _ := record.SplitAPIVersion(string(h.APIVersion))
	return group
}

// IsList reports whether the value is a list of objects.
func (h *Head) IsList() bool {
	n := len(h.Kind)
	return n >= 4 && string(h.Kind[n-4:]) == "List" && len(h.UID) == 0
}

// Scan reads the value that c stands before and moves behind it, checking it all. A value that is no object gives
// an empty Head with Raw set.
func Scan(c *rawjson.Cursor, whole []byte) (Head, error) {
	var h Head
	c.Kind() // moves over whitespace
	start := c.Offset()
	err := c.Object(func(key []byte) error {
		switch string(key) {
		case "kind":
			return text(c, &h.Kind)
		case "apiVersion":
			return text(c, &h.APIVersion)
		case "metadata":
			h.HasMetadata = c.Kind() == '{'
			return c.Object(func(key []byte) error { return h.metadata(c, key) })
		case "spec":
			return c.Object(func(key []byte) error { return h.spec(c, key) })
		case "status":
			if c.Kind() == '"' {
				return text(c, &h.Status)
			}
			return c.Object(func(key []byte) error {
				if string(key) == "phase" {
					return text(c, &h.Phase)
				}
				return nil
			})
		case "details":
			return raw(c, &h.Details)
		case "items":
			return raw(c, &h.Items)
		default:
			return h.deleteOption(c, key)
		}
	})
	if err != nil {
		return Head{}, err
	}
	h.Raw = whole[start:c.Offset():c.Offset()]
	return h, nil
}

// Read is Scan of a whole document.
func Read(doc []byte) (Head, error) {
	c := rawjson.NewCursor(doc)
	h, err := Scan(&c, doc)
	if err == nil {
		err = c.End()
	}
	return h, err
}

func (h *Head) metadata(c *rawjson.Cursor, key []byte) error {
	switch string(key) {
	case "name":
		return text(c, &h.Name)
	case "generateName":
		return text(c, &h.GenerateName)
	case "namespace":
		return text(c, &h.Namespace)
	case "uid":
		return text(c, &h.UID)
	case "resourceVersion":
		var rv []byte
		err := text(c, &rv)
		h.RV = ParseRV(rv)
		return err
	case "deletionTimestamp":
		h.Deleting = c.Kind() == '"'
	case "deletionGracePeriodSeconds":
		_, err := integer(c, &h.GraceSeconds)
		return err
	case "finalizers":
		return c.Array(func() error { h.Finalizers = true; return nil })
	}
	return nil
}

func (h *Head) spec(c *rawjson.Cursor, key []byte) (err error) {
	switch string(key) {
	case "finalizers":
		return c.Array(func() error { h.SpecFinalizers = true; return nil })
	case "nodeName":
		var node []byte
		err = text(c, &node)
		h.Scheduled = len(node) > 0
	case "terminationGracePeriodSeconds":
		h.HasSpecGrace, err = integer(c, &h.SpecGrace)
	}
	return err
}

func (h *Head) deleteOption(c *rawjson.Cursor, key []byte) (err error) {
	o := &h.Options
	switch string(key) {
	case "dryRun":
		return c.Array(func() error {
			var word []byte
			err := text(c, &word)
			o.DryRun = o.DryRun || string(word) == "All"
			return err
		})
	case "propagationPolicy":
		return text(c, &o.Propagation)
	case "orphanDependents":
		return raw(c, &o.Orphan)
	case "gracePeriodSeconds":
		o.HasGrace, err = integer(c, &o.GraceSeconds)
	}
	return err
}

// ParseRV reads a resourceVersion; zero where it is none of ours.
func ParseRV(b []byte) record.ResourceVersion {
	n, ok := rawjson.Uint(b)
	if !ok {
		return 0
	}
	return record.ResourceVersion(n)
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

func integer(c *rawjson.Cursor, dst *int64) (bool, error) {
	value, err := c.Raw()
	if err != nil {
		return false, err
	}
	n, bad := strconv.ParseInt(string(value), 10, 64)
	if bad != nil {
		return false, nil
	}
	*dst = n
	return true, nil
}

// WithKind gives an item of a list as a manifest: kind and apiVersion first, where the item does not tell them.
func WithKind(item []byte, h *Head, apiVersion, kind string) []byte {
	if len(h.Kind) > 0 && len(h.APIVersion) > 0 || len(item) < 2 || item[0] != '{' {
		return item
	}
	out := make([]byte, 0, len(item)+len(kind)+len(apiVersion)+32)
	out = append(out, '{')
	if len(h.Kind) == 0 {
		out = append(rawjson.AppendString(append(out, `"kind":`...), []byte(kind)), ',')
	}
	if len(h.APIVersion) == 0 {
		out = append(rawjson.AppendString(append(out, `"apiVersion":`...), []byte(apiVersion)), ',')
	}
	if item = item[1:]; item[0] == '}' {
		out = out[:len(out)-1]
	}
	return append(out, item...)
}
