package redact

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/kubewake/kubewake/record"
)

// Rule names fields of other resources that are secret, too.
type Rule struct {
	// Group, Resource and Namespace are globs (* and ?) for the API group ("" is the core group), the resource in plural and the
	// namespace ("" is any). A body that does not tell its namespace, as most patches, is taken to be in it.
	Group, Resource, Namespace string
	// Paths lead from the manifest's root to values: spec.token, data.*, spec.env[*].value, spec.args[0],
	// metadata.annotations["example.com/password"]. * is any member or item. Below the value everything is redacted.
	Paths []string
	// Kind is what the resource's objects are called, for example Ox; "" where the plural of the kind is a regular one. A recorded watch
	// line or list names the kind alone: where its resource is not the plural that one would guess, as oxen, only Kind lets the rule match.
	Kind string
}

// names reports whether the rule is for a resource, by its own name or by the one that is guessed from its kind.
func (r Rule) names(gr record.GroupResource) bool {
	if !matches(r.Group, gr.Group) {
		return false
	}
	return matches(r.Resource, gr.Resource) || r.Kind != "" && record.GuessResource(r.Kind) == gr.Resource
}

type rule struct {
	Rule
	paths [][]step
}

// step goes from a value to one or all of its members or items.
type step struct {
	name string
	any  bool
}

func (s step) takes(name string) bool { return s.any || s.name == name }

func parseRule(r Rule) (rule, error) {
	out := rule{Rule: r}
	if r.Resource == "" || len(r.Paths) == 0 {
		return out, errors.New("redaction rule: resource and paths are needed")
	}
	if strings.ContainsAny(r.Kind, `*?[\/. `) {
		return out, fmt.Errorf("redaction rule: %q is no kind: give one as manifests write it, for example Ox", r.Kind)
	}
	for _, glob := range []string{r.Group, r.Resource, r.Namespace} {
		if _, err := path.Match(glob, ""); err != nil {
			return out, fmt.Errorf("redaction rule: %q is no pattern: %w", glob, err)
		}
	}
	for _, p := range r.Paths {
		steps, err := parsePath(p)
		if err != nil {
			return out, fmt.Errorf("redaction rule: path %q: %w", p, err)
		}
		out.paths = append(out.paths, steps)
	}
	return out, nil
}

func parsePath(p string) ([]step, error) {
	var steps []step
	rest := strings.TrimPrefix(p, ".")
	for rest != "" {
		if inside, ok := strings.CutPrefix(rest, "["); ok {
			s, behind, err := parseBracket(inside)
			if err != nil {
				return nil, err
			}
			steps = append(steps, s)
			rest = behind
		} else {
			end := strings.IndexAny(rest, ".[")
			if end < 0 {
				end = len(rest)
			}
			if end == 0 {
				return nil, errors.New("empty name")
			}
			steps = append(steps, step{rest[:end], rest[:end] == "*"})
			rest = rest[end:]
		}
		if after, ok := strings.CutPrefix(rest, "."); ok {
			if after == "" {
				return nil, errors.New("ends with a dot")
			}
			rest = after
		} else if rest != "" && rest[0] != '[' {
			return nil, errors.New("no dot behind a bracket")
		}
	}
	if len(steps) == 0 {
		return nil, errors.New("empty")
	}
	return steps, nil
}

// parseBracket reads behind the opening bracket: *, a number, or a name in quotes.
func parseBracket(s string) (step, string, error) {
	if s != "" && (s[0] == '"' || s[0] == '\'') {
		end := strings.IndexByte(s[1:], s[0])
		if end < 0 || !strings.HasPrefix(s[1+end+1:], "]") {
			return step{}, "", errors.New("quote or bracket not closed")
		}
		return step{name: s[1 : 1+end]}, s[1+end+2:], nil
	}
	inside, behind, ok := strings.Cut(s, "]")
	if !ok {
		return step{}, "", errors.New("bracket not closed")
	}
	if _, err := strconv.ParseUint(inside, 10, 31); err != nil && inside != "*" {
		return step{}, "", errors.New("in brackets stands *, a number or a quoted name")
	}
	return step{inside, inside == "*"}, behind, nil
}

// rulesFor lists the rules for a resource; their namespaces are looked at per object.
func (r *Redactor) rulesFor(gr record.GroupResource) []rule {
	var out []rule
	for _, rule := range r.rules {
		if rule.names(gr) {
			out = append(out, rule)
		}
	}
	return out
}

// mayApply reports whether raw has the names on the way to any field of the rules. It costs a search per name, where
// reading raw would cost twenty times as much.
func mayApply(rules []rule, raw []byte) bool {
	for _, rule := range rules {
		for _, steps := range rule.paths {
			if hasNames(steps, raw) {
				return true
			}
		}
	}
	return false
}

func hasNames(steps []step, raw []byte) bool {
	for _, s := range steps {
		if !s.any && isLetters(s.name) && !bytes.Contains(raw, []byte(s.name)) {
			return false
		}
	}
	return true
}

// isLetters: other names may be written with escapes that nobody would call odd.
func isLetters(s string) bool {
	for i := range len(s) {
		if !isLetterOrDigit(s[i]) || '0' <= s[i] && s[i] <= '9' {
			return false
		}
	}
	return s != ""
}

func matches(glob, s string) bool {
	ok, err := path.Match(glob, s)
	return ok && err == nil
}

// maxLists bounds lists inside lists.
const maxLists = 8

// ruled applies the operator's rules to an object, to the items of a list and the rows of a Table.
func (w *walk) ruled(n *node, inherited []rule, depth int) {
	if n.kind != '{' || depth > maxLists {
		return
	}
	rules := inherited
	if own := w.resourceOf(n); own.Resource != "" && own != w.gr {
		rules = append(w.r.rulesFor(own), inherited...)
	}
	for _, name := range []string{"items", "rows"} {
		if list := n.member(name); list != nil && list.kind == '[' {
			for i := range list.kids {
				w.ruled(&list.kids[i], rules, depth+1)
			}
		}
	}
	for _, name := range []string{"object", "oldObject", "request"} { // of a row, a watch event, an admission review
		if inside := n.member(name); inside != nil {
			w.ruled(inside, rules, depth+1)
		}
	}
	rules = w.inNamespace(n, rules)
	for _, rule := range rules {
		for _, steps := range rule.paths {
			w.ruledPath(n, steps)
		}
	}
	w.ruledManifests(n.member("metadata").member("annotations"), rules)
}

func (w *walk) inNamespace(n *node, rules []rule) []rule {
	namespace := w.string(n.member("metadata").member("namespace"))
	if namespace == "" {
		return rules
	}
	var out []rule
	for _, rule := range rules {
		if rule.Namespace == "" || matches(rule.Namespace, namespace) {
			out = append(out, rule)
		}
	}
	return out
}

// resourceOf guesses an object's resource from its kind; that of a list is the one of its items.
func (w *walk) resourceOf(n *node) record.GroupResource {
	kind := strings.TrimSuffix(w.string(n.member("kind")), "List")
	if kind == "" {
		return record.GroupResource{}
	}
	group, _ := record.SplitAPIVersion(w.string(n.member("apiVersion")))
	return record.GroupResource{Group: group, Resource: record.GuessResource(kind)}
}

func (w *walk) ruledPath(n *node, steps []step) {
	if len(steps) == 0 {
		w.leaves(n)
		return
	}
	for i := range n.kids {
		name := string(n.kids[i].key)
		if n.kind == '[' {
			name = strconv.Itoa(i)
		}
		if steps[0].takes(name) {
			w.ruledPath(&n.kids[i], steps[1:])
		}
	}
}

// ruledManifests applies rules to the manifests that tools keep in annotations.
func (w *walk) ruledManifests(annotations *node, rules []rule) {
	if annotations == nil || annotations.kind != '{' || len(rules) == 0 {
		return
	}
	for i := range annotations.kids {
		if kid := &annotations.kids[i]; kid.kind == '"' && holdsManifest(string(kid.key)) {
			w.replace(kid, w.r.ruledManifest(w.string(kid), rules))
		}
	}
}

func (r *Redactor) ruledManifest(text string, rules []rule) string {
	if IsValue(text) {
		return text
	}
	d, err := parse([]byte(text))
	if err != nil {
		return r.Value(text)
	}
	w := walk{r: r, document: d}
	for _, rule := range rules {
		for _, steps := range rule.paths {
			w.ruledPath(&d.root, steps)
		}
	}
	out, _ := d.result()
	return string(out)
}
