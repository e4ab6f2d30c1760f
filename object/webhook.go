package object

import (
	"strconv"
	"strings"

	"github.com/kubewake/kubewake/record"
)

// WebhookChange says that a mutating webhook changed an object on its way in.
type WebhookChange struct {
	Round, Order  int // of the call: webhooks may be called again in a later round
	Configuration string
	Webhook       string
	Op            string // of the JSON patch: add, remove, replace, move, copy
	Pointer       string // RFC 6901, as the webhook sent it
	// Path is Pointer as a path, list items named by key where the state tells them. Empty, with an empty Pointer, where
	// the annotations say only that the webhook changed something: the audit level was too low for its patch.
	Path Path
}

// The prefixes of the audit annotations in which the apiserver tells what webhooks did.
const (
	annotationMutation = "mutation.webhook.admission.k8s.io/"
	annotationPatch    = "patch.webhook.admission.k8s.io/"
)

// maxPatchOps bounds how many operations of one patch are read.
const maxPatchOps = 1000

// WebhookChanges reads the audit annotations of a request, in the order of the calls. State is the object that the
// request stored, or nil; it helps to name list items.
func WebhookChanges(annotations []record.KeyValue, state *Value, s Schema) []WebhookChange {
	var out []WebhookChange
	patched := map[string]bool{}
	for _, a := range annotations {
		call, ok := strings.CutPrefix(a.Key, annotationPatch)
		if !ok {
			continue
		}
		v, base, ok := readCall(call, a.Value)
		if !ok {
			continue
		}
		for i, op := range v.Get("patch").Items() {
			if i == maxPatchOps {
				break
			}
			c := base
			c.Op, c.Pointer = op.Get("op").Str(), op.Get("path").Str()
			c.Path = PathOf(c.Pointer, state, s)
			out = append(out, c)
			patched[call] = true
		}
	}
	for _, a := range annotations {
		call, ok := strings.CutPrefix(a.Key, annotationMutation)
		if !ok || patched[call] {
			continue
		}
		if v, base, ok := readCall(call, a.Value); ok && v.Get("mutated").Text() == "true" {
			out = append(out, base)
		}
	}
	sortCalls(out)
	return out
}

// sortCalls is a stable insertion sort by round and order: a request has few calls.
func sortCalls(c []WebhookChange) {
	for i := 1; i < len(c); i++ {
		for j := i; j > 0 && (c[j].Round < c[j-1].Round || c[j].Round == c[j-1].Round && c[j].Order < c[j-1].Order); j-- {
			c[j], c[j-1] = c[j-1], c[j]
		}
	}
}

// readCall reads one annotation, whose key ends in round_N_index_M.
func readCall(key, value string) (*Value, WebhookChange, bool) {
	v, err := Parse([]byte(value))
	if err != nil {
		return nil, WebhookChange{}, false
	}
	c := WebhookChange{Configuration: v.Get("configuration").Str(), Webhook: v.Get("webhook").Str()}
	round, index, _ := strings.Cut(strings.TrimPrefix(key, "round_"), "_index_")
	c.Round, _ = strconv.Atoi(round)
	c.Order, _ = strconv.Atoi(index)
	return v, c, c.Webhook != ""
}

// WebhookOf gives the last webhook that changed the field at path, or a subtree it lies in.
func WebhookOf(changes []WebhookChange, path Path) (WebhookChange, bool) {
	for i := len(changes) - 1; i >= 0; i-- {
		if c := changes[i]; len(c.Path) > 0 && path.HasPrefix(c.Path) {
			return c, true
		}
	}
	return WebhookChange{}, false
}

// PathOf turns an RFC 6901 pointer into a path; list items that state has are named as Diff and Blame name them.
func PathOf(pointer string, state *Value, s Schema) Path {
	var path Path
	for i, name := range splitPointer(pointer) {
		if i == MaxDepth {
			break
		}
		index, isIndex := pointerIndex(name, len(state.Items()))
		if state.Kind() != Array || !isIndex {
			path = append(path, Step{Name: name})
			state, s = state.member(name), s.field(name)
			continue
		}
		if index >= len(state.Items()) {
			path = append(path, Step{Kind: StepIndex, Index: index})
			state, s = nil, s.item()
			continue
		}
		by, _, _ := identify(s, state.Items())
		path = append(path, by.step(state.Items()[index], index))
		state, s = state.Items()[index], s.item()
	}
	return path
}

// Canonical gives a path the form that Diff and Blame use: items that state has are named by their keys where they
// have any, whatever the path names them by. What state does not have stays as it is.
func Canonical(path Path, state *Value, s Schema) Path {
	out := make(Path, 0, len(path))
	for _, step := range path {
		child, place := descend(state, step)
		if step.Kind == StepField {
			s = s.field(step.Name)
		} else {
			if child != nil {
				by, _, _ := identify(s, state.Items())
				step = by.step(child, place)
			}
			s = s.item()
		}
		out, state = append(out, step), child
	}
	return out
}

// splitPointer gives the names of an RFC 6901 pointer.
func splitPointer(pointer string) []string {
	pointer = strings.TrimPrefix(pointer, "/")
	if pointer == "" {
		return nil
	}
	names := strings.Split(pointer, "/")
	for i, n := range names {
		names[i] = strings.ReplaceAll(strings.ReplaceAll(n, "~1", "/"), "~0", "~")
	}
	return names
}

// pointerIndex reads a place in a list of n items; "-" is the last, which a patch has appended.
func pointerIndex(name string, n int) (int, bool) {
	if name == "-" {
		return max(0, n-1), true
	}
	i, err := strconv.Atoi(name)
	return i, err == nil && i >= 0
}
