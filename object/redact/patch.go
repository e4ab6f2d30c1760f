package redact

import (
	"strconv"
	"strings"

	"github.com/kubewake/kubewake/record"
)

// Patch redacts the body of a patch request: an object (merge, strategic merge, apply) or an array (JSON patch). It gives
// raw itself where nothing changes. A patch that may hold secrets but is no JSON becomes one JSON string.
func (r *Redactor) Patch(gr record.GroupResource, subresource string, raw []byte) (out []byte, changed bool) {
	if r.off || len(raw) == 0 {
		return raw, false
	}
	c, rules := classify(gr, subresource), r.rulesFor(gr)
	if c == plain && !mayApply(rules, raw) && !r.suspicious(raw) {
		return raw, false
	}
	return r.patch(gr, c, rules, raw)
}

func (r *Redactor) patch(gr record.GroupResource, c class, rules []rule, raw []byte) ([]byte, bool) {
	d, err := parse(raw)
	if err != nil {
		return r.whole(raw)
	}
	if d.root.kind != '[' {
		return r.document(gr, c, rules, raw, 0)
	}
	w := walk{r: r, document: d, gr: gr, rules: rules}
	for i := range d.root.kids {
		w.operation(&d.root.kids[i], c)
	}
	out, changed := d.result()
	if len(rules) == 0 {
		return out, changed
	}
	if d, err = parse(out); err != nil { // what we wrote nests as the source did
		return r.whole(raw)
	}
	w.document = d
	for i := range d.root.kids {
		w.ruledOperation(&d.root.kids[i])
	}
	out, more := d.result()
	return out, changed || more
}

// operation redacts one operation of a JSON patch by what the class says.
func (w *walk) operation(n *node, c class) {
	if c == plain || n.kind != '{' {
		w.visit(n, c)
		return
	}
	paths := w.paths(n)
	for i := range n.kids {
		kid := &n.kids[i]
		switch string(kid.key) {
		case "op", "path", "from":
			if kid.kind != '"' {
				w.leaves(kid)
			}
		case "value":
			if len(paths) != 1 {
				w.leaves(kid) // none, or two to choose from
			} else {
				w.operand(kid, paths[0], c)
			}
		default:
			w.leaves(kid)
		}
	}
}

// paths gives every path that an operation names, in unescaped tokens.
func (w *walk) paths(n *node) [][]string {
	var out [][]string
	for i := range n.kids {
		if kid := &n.kids[i]; string(kid.key) == "path" {
			out = append(out, pointer(w.string(kid)))
		}
	}
	return out
}

// pointer splits an RFC 6901 pointer; some clients leave out the leading slash.
func pointer(s string) []string {
	if s == "" || s == "/" {
		return nil
	}
	tokens := strings.Split(strings.TrimPrefix(s, "/"), "/")
	for i, t := range tokens {
		tokens[i] = strings.ReplaceAll(strings.ReplaceAll(t, "~1", "/"), "~0", "~")
	}
	return tokens
}

// operand redacts a value that goes to path in an object of class c.
func (w *walk) operand(n *node, path []string, c class) {
	switch {
	case len(path) == 0:
		w.visit(n, c)
	case c != secret:
		w.leaves(n)
	case path[0] == "data" || path[0] == "stringData":
		w.dataOperand(n, path)
	case path[0] == "metadata":
		w.metadataOperand(n, path[1:])
	case path[0] == "type", path[0] == "immutable", path[0] == "kind", path[0] == "apiVersion":
		if n.kind == '{' || n.kind == '[' {
			w.leaves(n)
		}
	default:
		w.leaves(n)
	}
}

func (w *walk) dataOperand(n *node, path []string) {
	switch {
	case len(path) == 1:
		if n.kind != 'n' {
			w.values(n, path[0] == "data")
		}
	case n.kind == '"':
		w.value(n, path[0] == "data" && len(path) == 2)
	case n.kind != 'n':
		w.replace(n, w.r.Value(string(w.bytes(n))))
	}
}

func (w *walk) metadataOperand(n *node, path []string) {
	switch {
	case len(path) == 0:
		w.secretMetadata(n)
	case path[0] != "annotations":
	case len(path) == 1:
		w.secretAnnotations(n)
	default:
		w.secretAnnotation(n, strings.Join(path[1:], "/"))
	}
}

// ruledOperation redacts one operation of a JSON patch by the operator's rules.
func (w *walk) ruledOperation(n *node) {
	value := n.member("value")
	if value == nil {
		return
	}
	paths := w.paths(n)
	for _, rule := range w.rules {
		for _, steps := range rule.paths {
			for _, path := range paths {
				w.ruledOperand(value, path, steps)
			}
		}
	}
	for _, path := range paths {
		w.ruledManifestOperand(value, path)
	}
}

// ruledOperand goes down the path, which must agree with the steps, then the rest of the steps below the value.
func (w *walk) ruledOperand(value *node, path []string, steps []step) {
	for i, token := range path {
		if i == len(steps) {
			break
		}
		if !steps[i].takes(token) && !(token == "-" && isIndex(steps[i].name)) {
			return
		}
	}
	w.ruledPath(value, steps[min(len(path), len(steps)):])
}

func isIndex(s string) bool {
	_, err := strconv.ParseUint(s, 10, 31)
	return err == nil
}

// ruledManifestOperand looks for manifests that tools keep in annotations, wherever the operation puts them.
func (w *walk) ruledManifestOperand(value *node, path []string) {
	switch {
	case len(path) == 3 && path[0] == "metadata" && path[1] == "annotations":
		if value.kind == '"' && holdsManifest(path[2]) {
			w.replace(value, w.r.ruledManifest(w.string(value), w.rules))
		}
	case len(path) == 2 && path[0] == "metadata" && path[1] == "annotations":
		w.ruledManifests(value, w.rules)
	case len(path) == 1 && path[0] == "metadata":
		w.ruledManifests(value.member("annotations"), w.rules)
	case len(path) == 0:
		w.ruledManifests(value.member("metadata").member("annotations"), w.rules)
	}
}
