package redact

import (
	"encoding/base64"
	"strings"
)

// secret redacts a Secret, a part of one, a list or a Table of them. Only members known to be harmless stay, so that a misspelt or
// misplaced one, which the apiserver drops but the audit log keeps, is no leak.
func (w *walk) secret(n *node) {
	for i := range n.kids {
		kid := &n.kids[i]
		switch string(kid.key) {
		case "data":
			w.values(kid, true)
		case "stringData":
			w.values(kid, false)
		case "metadata":
			w.secretMetadata(kid)
		case "items":
			w.items(kid)
		case "rows":
			w.rows(kid)
		case "kind", "apiVersion", "type", "immutable", "$patch",
			"gracePeriodSeconds", "propagationPolicy", "orphanDependents": // the last ones of DeleteOptions
			if kid.kind == '{' || kid.kind == '[' {
				w.leaves(kid)
			}
		case "columnDefinitions", "preconditions", "dryRun", "$retainKeys":
		default:
			w.leaves(kid)
		}
	}
}

func (w *walk) items(n *node) {
	if n.kind != '[' {
		w.leaves(n)
		return
	}
	for i := range n.kids {
		w.visit(&n.kids[i], secret)
	}
}

// rows of a Table: the cells of Secrets show names, types and counts.
func (w *walk) rows(n *node) {
	for i := range n.kids {
		for j := range n.kids[i].kids {
			if kid := &n.kids[i].kids[j]; string(kid.key) == "object" && kid.kind != 'n' {
				w.visit(kid, secret)
			}
		}
	}
}

// secretFields redacts what makes a Secret secret, in an object of that kind that may be something else.
func (w *walk) secretFields(n *node) {
	for i := range n.kids {
		kid := &n.kids[i]
		switch string(kid.key) {
		case "data":
			w.values(kid, true)
		case "stringData":
			w.values(kid, false)
		case "metadata":
			w.secretMetadata(kid)
		default:
			w.visit(kid, plain)
		}
	}
}

// values redacts data (in base64) or stringData; the names of the members stay.
func (w *walk) values(n *node, encoded bool) {
	if n.kind != '{' {
		w.leaves(n)
		return
	}
	for i := range n.kids {
		kid := &n.kids[i]
		switch {
		case kid.kind == 'n', string(kid.key) == "$patch" && w.isDirective(kid):
		case kid.kind == '"':
			w.value(kid, encoded)
		default:
			w.replace(kid, w.r.Value(string(w.bytes(kid))))
		}
	}
}

func (w *walk) isDirective(n *node) bool {
	switch w.string(n) {
	case "replace", "merge", "delete":
		return true
	}
	return false
}

// value replaces one value; data and stringData of one content give one digest.
func (w *walk) value(n *node, encoded bool) {
	text := w.string(n)
	if encoded && !IsValue(text) {
		if decoded, err := base64.StdEncoding.DecodeString(text); err == nil {
			text = string(decoded)
		}
	}
	w.replace(n, w.r.Value(text))
}

// secretMetadata redacts annotations; everything else in it is public.
func (w *walk) secretMetadata(n *node) {
	if n.kind != '{' {
		w.leaves(n)
		return
	}
	for i := range n.kids {
		if kid := &n.kids[i]; string(kid.key) == "annotations" {
			w.secretAnnotations(kid)
		}
	}
}

func (w *walk) secretAnnotations(n *node) {
	if n.kind != '{' {
		w.leaves(n)
		return
	}
	for i := range n.kids {
		w.secretAnnotation(&n.kids[i], string(n.kids[i].key))
	}
}

// secretAnnotation redacts what tools keep of a whole Secret, and secrets that show by themselves.
func (w *walk) secretAnnotation(n *node, name string) {
	switch {
	case n.kind == 'n':
	case n.kind != '"':
		w.leaves(n)
	case holdsManifest(name):
		w.replace(n, w.innerDocument(w.string(n), secret, true))
	default:
		text, _ := w.r.scrub(w.innerDocument(w.string(n), plain, false))
		w.replace(n, text)
	}
}

// lastApplied is where kubectl keeps the manifest that was applied last.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// holdsManifest names the annotations in which tools keep the object as it was sent.
func holdsManifest(name string) bool {
	switch name {
	case lastApplied, "kapp.k14s.io/original", "objectset.rio.cattle.io/applied", "banzaicloud.com/last-applied":
		return true
	}
	return strings.HasSuffix(name, "last-applied-configuration") || strings.HasSuffix(name, "/last-applied")
}
