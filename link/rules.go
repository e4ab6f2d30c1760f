package link

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"sync"

	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
)

// builtinVersion is part of Rules.Hash. It goes up whenever a built-in rule gives other claims for some state, so that what was derived before is
// derived again.
const builtinVersion = 1

// maxClaims bounds the claims of one state. An Endpoints object names up to 1,000 addresses; what is beyond it is told by Reading.Cut.
const maxClaims = 4096

// Rules is a set of rules: the built-in ones and an operator's. Make it with [Builtin] or [New]. It may be used by any number of goroutines.
type Rules struct {
	plans   map[record.GroupResource]plan // of kinds that a rule names
	general plan                          // of all other kinds
	defined plan                          // of all other kinds that a CustomResourceDefinition may define
	custom  []Custom
	kinds   map[groupKind]query.Kind
	cluster map[record.GroupResource]bool // kinds without namespaces
	groups  map[string]bool               // that Kubernetes itself serves
	hash    [16]byte
	chosen  map[record.GroupResource]bool

	mu       sync.Mutex
	failures map[string]Failure // guarded by mu; by rule
}

// plan is what is done with the states of one kind.
type plan struct {
	rules  []*rule
	always bool  // every body may have a claim
	marks  marks // else: a body without any of them has none
}

// rule says what states of some kinds claim.
type rule struct {
	name string
	typ  Type
	on   []record.GroupResource // empty: every kind
	// marks are strings, one of which stands in every body that the rule claims anything for; none: every body may.
	marks []string
	read  func(*reader)
}

type groupKind struct{ group, kind string }

// Failure says that a rule could not be applied to states: they have no claim by it.
type Failure struct {
	Rule  string
	Count int
	First record.ObjectRef // the first state that it failed on
	Error string           // and why
}

// Reading is all that is said about one state.
type Reading struct {
	Claims []Claim // sorted; each is there once
	Cut    int     // claims left out, beyond the limit
	Failed []Failure
}

// Builtin gives the rules that kubewake knows by itself.
func Builtin() *Rules {
	return assemble(nil, nil)
}

func assemble(custom []Custom, compiled []*rule) *Rules {
	r := &Rules{
		plans: map[record.GroupResource]plan{}, kinds: map[groupKind]query.Kind{}, groups: map[string]bool{}, custom: custom,
		cluster: map[record.GroupResource]bool{},
		chosen:  map[record.GroupResource]bool{{Resource: "pods"}: true, {Resource: "secrets"}: true}, failures: map[string]Failure{},
	}
	for _, k := range query.NewKinds().All() {
		r.kinds[groupKind{k.Group, k.Kind}] = k
		r.groups[k.Group] = true
		if !k.Namespaced {
			r.cluster[k.GroupResource()] = true
		}
	}
	all := append(builtinRules(), compiled...)
	r.general = planOf(all, func(on []record.GroupResource) bool { return len(on) == 0 })
	r.defined = planOf(append(slices.Clone(all), definitionRule()), func(on []record.GroupResource) bool { return len(on) == 0 })
	for _, rule := range all {
		for _, gr := range rule.on {
			candidates := all
			if r.isCustomResource(gr) {
				candidates = append(slices.Clone(all), definitionRule())
			}
			r.plans[gr] = planOf(candidates, func(on []record.GroupResource) bool { return len(on) == 0 || slices.Contains(on, gr) })
		}
	}
	h := sha256.New()
	h.Write(binary.BigEndian.AppendUint32(nil, builtinVersion))
	sorted := slices.Clone(custom)
	slices.SortFunc(sorted, func(a, b Custom) int { return bytes.Compare(a.encode(), b.encode()) })
	for _, c := range sorted {
		h.Write(c.encode())
		if gr := c.yielded().groupResource(r); gr.Resource != "" {
			r.chosen[gr] = true
		}
	}
	copy(r.hash[:], h.Sum(nil))
	return r
}

func planOf(all []*rule, fits func(on []record.GroupResource) bool) plan {
	var p plan
	for _, rule := range all {
		if !fits(rule.on) {
			continue
		}
		p.rules = append(p.rules, rule)
		p.always = p.always || len(rule.marks) == 0
		for _, text := range rule.marks {
			p.marks = p.marks.with(text)
		}
	}
	return p
}

// builtinRules in the order in which documentation names them. Each has a file, or shares one with its family.
func builtinRules() []*rule {
	return slices.Concat(ownerRules(), parentRules(), podRules(), mountRules(), selectRules(), exposeRules(), scaleRules(), storageRules(), ingressRules(),
		gatewayRules(), grantRules(), callRules(), leaseRules(), manageRules())
}

func (r *Rules) plan(gr record.GroupResource) plan {
	if p, named := r.plans[gr]; named {
		return p
	}
	if r.isCustomResource(gr) {
		return r.defined
	}
	return r.general
}

// Claims says what one state of an object claims. The claims are a function of ref, state and the rules; managedFields and the order of members play
// no part. Sorted; each is there once; at most 4,096 ([Rules.Read] says what was cut). A rule of the operator that fails claims nothing, and is
// counted for [Rules.Failures]. Ref.Resource should be set; Ref.Cluster empty stands for a cluster without a name.
func (r *Rules) Claims(ref record.ObjectRef, state *object.Value) []Claim {
	reading := r.Read(ref, state)
	if len(reading.Failed) > 0 {
		r.count(reading.Failed)
	}
	return reading.Claims
}

// Read is Claims with all that is to be said: what was cut, and what failed. It counts nothing.
func (r *Rules) Read(ref record.ObjectRef, state *object.Value) Reading {
	if state.Kind() != object.Object {
		return Reading{}
	}
	if ref.Resource == "" {
		ref.Resource = record.GuessResource(ref.Kind)
	}
	rd := &reader{rules: r, ref: ref, obj: state}
	for _, rule := range r.plan(ref.GroupResource()).rules {
		rd.rule = rule
		rule.read(rd)
	}
	return rd.finish()
}

// Wants reports whether a state of the kind can claim anything. It searches the bytes of the manifest and parses nothing: it may say
// yes where there is no claim, never no where there is one.
func (r *Rules) Wants(gr record.GroupResource, body []byte) bool {
	p := r.plan(gr)
	return len(p.rules) > 0 && (p.always || p.marks.in(body))
}

// Hash of all rules, the version of the built-in ones included: what was derived under another hash is to be derived again.
func (r *Rules) Hash() [16]byte { return r.hash }

// Selectable reports whether selectors choose among objects of the kind, so that their labels are to be known over time.
func (r *Rules) Selectable(gr record.GroupResource) bool { return r.chosen[gr] }

// Custom gives the operator's rules.
func (r *Rules) Custom() []Custom { return slices.Clone(r.custom) }

// CustomTypes gives the types that the operator's rules make, sorted.
func (r *Rules) CustomTypes() []Type {
	var types []Type
	for _, c := range r.custom {
		types = append(types, c.typeOf())
	}
	slices.Sort(types)
	return slices.Compact(types)
}

// Types gives all types of links that there may be, sorted: those of the rules, and [Regards], which Events make.
func (r *Rules) Types() []Type {
	types := append(r.CustomTypes(), Regards, definitionRule().typ)
	for _, rule := range builtinRules() {
		types = append(types, rule.typ)
	}
	slices.Sort(types)
	return slices.Compact(types)
}

// Reads reports whether the expression of one of the operator's rules is evaluated for the states of an object. Where the rule tells a kind only, and Kubernetes
// does not serve that itself, the plural is guessed: such a rule may read no object at all, and must then name the resource.
func (r *Rules) Reads(c Custom, ref record.ObjectRef) bool {
	from := c.evaluated()
	return from.groupResource(r) == ref.GroupResource() && from.holds(ref)
}

// Failures of Claims so far, by rule.
func (r *Rules) Failures() []Failure {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]Failure, 0, len(r.failures))
	for _, f := range r.failures {
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b Failure) int { return bytes.Compare([]byte(a.Rule), []byte(b.Rule)) })
	return all
}

func (r *Rules) count(failed []Failure) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range failed {
		if have, known := r.failures[f.Rule]; known {
			have.Count += f.Count
			f = have
		}
		r.failures[f.Rule] = f
	}
}

// isClusterScoped reports whether the kind is known to have no namespaces.
func (r *Rules) isClusterScoped(gr record.GroupResource) bool { return r.cluster[gr] }

// isCustomResource reports whether a CustomResourceDefinition may define the kind: such groups have a dot, and Kubernetes serves nothing in them.
func (r *Rules) isCustomResource(gr record.GroupResource) bool {
	return bytes.ContainsRune([]byte(gr.Group), '.') && !r.groups[gr.Group] && record.StorageOf(gr) == record.MainStorage
}
