package auditpolicy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
)

// Finding is something that kubewake could not answer under a policy, or that the policy costs for nothing.
type Finding struct {
	Severity Severity `json:"severity"`
	Rules    []int    `json:"rules,omitempty"` // numbers of the rules that make it so, from 1
	Sentence string   `json:"sentence"`
	Objects  []string `json:"objects,omitempty"` // resources concerned, as kubectl names them
}

// Severity of a finding.
type Severity string

// Severities, the worst first.
const (
	Lost  Severity = "lost"  // can not be answered by any means
	Watch Severity = "watch" // can be answered where kubewake watches the cluster, too
	Leak  Severity = "leak"  // the apiserver's log would hold secrets
	Waste Severity = "waste" // costs, and answers nothing
)

// who are the users that a check asks about.
type who struct {
	words string
	user  string
	group []string
}

func askers() []who {
	return []who{
		{"people", "somebody@example.test", []string{"system:authenticated"}},
		{"controllers", "system:serviceaccount:kube-system:deployment-controller", []string{"system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"}},
		{"nodes", "system:node:node-1", []string{"system:nodes", "system:authenticated"}},
		{"the scheduler", "system:kube-scheduler", []string{"system:authenticated"}},
	}
}

// Check tells what kubewake could not answer under the policy. It tries the policy on requests of every verb to every kind that
// Kubernetes serves and to a custom one, by people, controllers, nodes and the scheduler.
func (p *Policy) Check() []Finding {
	c := &checking{p: p}
	for _, w := range askers() {
		c.writes(w)
	}
	c.wholly()
	c.secrets()
	c.shells()
	c.noise()
	c.unreachable()
	return c.merged()
}

type checking struct {
	p     *Policy
	found []asked
}

// asked is a finding about one kind of user; %s in its sentence stands for who.
type asked struct {
	Finding
	who string
}

func (c *checking) add(severity Severity, rules []int, objects []string, sentence, who string) {
	c.found = append(c.found, asked{Finding{Severity: severity, Rules: rules, Objects: objects, Sentence: sentence}, who})
}

// merged makes one finding of those that say the same of several kinds of users.
func (c *checking) merged() []Finding {
	var out []Finding
	done := make([]bool, len(c.found))
	for i, f := range c.found {
		if done[i] {
			continue
		}
		var names []string
		for j, g := range c.found[i:] {
			if g.Severity == f.Severity && g.Sentence == f.Sentence && slices.Equal(g.Rules, f.Rules) && slices.Equal(g.Objects, f.Objects) {
				names, done[i+j] = append(names, g.who), true
			}
		}
		if f.who != "" {
			last := len(names) - 1
			who := names[last]
			if last > 0 {
				who = strings.Join(names[:last], ", ") + " and " + who
			}
			f.Sentence = fmt.Sprintf(f.Sentence, who)
		}
		out = append(out, f.Finding)
	}
	return out
}

// outcome of the writes to a set of kinds.
type outcome struct {
	severity Severity
	sentence string
}

func (c *checking) writes(w who) {
	kinds := writable()
	if w.words == "nodes" || w.words == "the scheduler" {
		kinds = slices.DeleteFunc(kinds, func(k query.Kind) bool { return k.Resource != "pods" && k.Resource != "nodes" })
	}
	type group struct {
		rules   []int
		objects []string
	}
	groups := map[outcome]*group{}
	var order []outcome
	for _, k := range kinds {
		for _, out := range []func(who, query.Kind) (outcome, []int){c.levels, c.stages} {
			o, rules := out(w, k)
			if o.sentence == "" {
				continue
			}
			g := groups[o]
			if g == nil {
				g = &group{}
				groups[o] = g
				order = append(order, o)
			}
			g.objects = append(g.objects, k.String())
			for _, r := range rules {
				if !slices.Contains(g.rules, r) {
					g.rules = append(g.rules, r)
				}
			}
		}
	}
	for _, o := range order {
		g := groups[o]
		slices.Sort(g.rules)
		objects := g.objects
		if len(objects) == len(kinds) && len(objects) > 3 {
			objects = []string{"all kinds"}
		}
		c.add(o.severity, g.rules, objects, o.sentence, w.words)
	}
}

// levels tells what the lowest level lacks at which a kind's writes are recorded.
func (c *checking) levels(w who, k query.Kind) (outcome, []int) {
	least, rules := record.LevelRequestResponse, []int(nil)
	for _, verb := range []string{"create", "update", "patch", "delete", "deletecollection"} {
		d := c.p.Match(w.asks(verb, k, "", "x"))
		switch {
		case d.Level < least:
			least, rules = d.Level, []int{d.Rule + 1}
		case d.Level == least && d.Level < record.LevelRequestResponse && !slices.Contains(rules, d.Rule+1):
			rules = append(rules, d.Rule+1)
		}
	}
	switch least {
	case record.LevelNone:
		if isHeartbeat(k) {
			return outcome{}, nil
		}
		return outcome{Lost, "Writes by %s are not recorded: who changed the object, from where and with which program can not be said, nor what was refused."}, rules
	case record.LevelMetadata, record.LevelRequest:
		if k.Resource == "secrets" && least == record.LevelMetadata {
			return outcome{}, nil // as it should be
		}
		return outcome{Watch, "Writes by %s are recorded at level " + least.String() + ", without the state that they led to: states, diffs and blame need " +
			"kubewake's watch, and of several creates with generateName by one program it can not be said which made which object."}, rules
	}
	return outcome{}, nil
}

// stages tells where the outcome of a request, or the owners of its fields, are left out.
func (c *checking) stages(w who, k query.Kind) (outcome, []int) {
	d := c.p.Match(w.asks("update", k, "", "x"))
	switch {
	case d.Level == record.LevelNone:
	case d.Omits(record.StageResponseComplete):
		return outcome{Lost, "The stage ResponseComplete of writes by %s is left out: whether they succeeded, and what came of them, can not be said."}, []int{d.Rule + 1}
	case d.OmitManagedFields && d.Level >= record.LevelRequest:
		return outcome{Watch, "managedFields are left out of what %s write: blame per field and server-side apply need kubewake's watch."}, []int{d.Rule + 1}
	}
	return outcome{}, nil
}

func (w who) asks(verb string, k query.Kind, sub, name string) *Attributes {
	a := &Attributes{User: w.user, Groups: w.group, Verb: verb, Group: k.Group, Resource: k.Resource, Subresource: sub, Name: name}
	if k.Namespaced {
		a.Namespace = "default"
	}
	if verb == "deletecollection" || (verb == "create" && sub == "") {
		a.Name = ""
	}
	return a
}

// writable are the kinds whose objects are kept: not reviews, bindings and the like, nor Events, which the watch tells.
func writable() []query.Kind {
	var out []query.Kind
	for _, k := range query.NewKinds().All() {
		switch {
		case strings.HasSuffix(k.Kind, "Review"), strings.HasSuffix(k.Group, "metrics.k8s.io"), k.GroupResource().IsEvents():
		case k.Resource == "bindings", k.Resource == "componentstatuses":
		default:
			out = append(out, k)
		}
	}
	return append(out, query.Kind{Group: "example.com", Version: "v1", Kind: "CustomResource", Resource: "customresources", Namespaced: true})
}

func isHeartbeat(k query.Kind) bool {
	return k.Resource == "leases" || k.Resource == "leasecandidates"
}

func (c *checking) secrets() {
	secret := query.Kind{Resource: "secrets", Kind: "Secret", Namespaced: true}
	account := query.Kind{Resource: "serviceaccounts", Kind: "ServiceAccount", Namespaced: true}
	for _, w := range askers()[:2] {
		for _, part := range []struct {
			kind query.Kind
			sub  string
			verb []string
			what string
		}{
			{secret, "", []string{"create", "update", "patch", "get", "list"}, "Secrets"},
			{account, "token", []string{"create"}, "tokens of ServiceAccounts"},
		} {
			for _, verb := range part.verb {
				d := c.p.Match(w.asks(verb, part.kind, part.sub, "x"))
				if d.Level >= record.LevelRequest {
					c.add(Leak, []int{d.Rule + 1}, []string{strings.TrimSuffix(part.kind.String()+"/"+part.sub, "/")}, "Requests by %s to "+verb+" "+part.what+
						" are recorded at level "+d.Level.String()+": the audit log, and whoever it is sent to, holds them in clear. Metadata tells who did it.", w.words)
					break
				}
			}
		}
	}
}

func (c *checking) shells() {
	pod := query.Kind{Resource: "pods", Kind: "Pod", Namespaced: true}
	people := askers()[0]
	for _, sub := range []string{"exec", "attach", "portforward"} {
		if d := c.p.Match(people.asks("get", pod, sub, "x")); d.Level == record.LevelNone {
			c.add(Lost, []int{d.Rule + 1}, []string{"pods/" + sub},
				"Who opened a shell or a tunnel into a Pod is not recorded: kubectl asks for one with get, which is no read here.", "")
			return
		}
	}
}

// wholly finds rules that record the answers of reads, and policies that record nothing.
func (c *checking) wholly() {
	people := askers()[0]
	for _, w := range askers() {
		d := c.p.Match(w.asks("list", query.Kind{Resource: "pods", Namespaced: true}, "", ""))
		if d.Level == record.LevelRequestResponse {
			c.add(Waste, []int{d.Rule + 1}, nil, "Reads by %s are recorded with their answers: a list is as large as all that it lists. Metadata tells who read what.", w.words)
		}
	}
	if d := c.p.Match(people.asks("get", query.Kind{Resource: "secrets", Namespaced: true}, "", "x")); d.Level == record.LevelNone {
		c.add(Lost, []int{d.Rule + 1}, []string{"secrets"}, "Who read a Secret is not recorded.", "")
	}
}

func (c *checking) noise() {
	node := askers()[2]
	lease := query.Kind{Group: "coordination.k8s.io", Resource: "leases", Namespaced: true}
	if d := c.p.Match(node.asks("update", lease, "", "node-1")); d.Level > record.LevelNone {
		c.add(Waste, []int{d.Rule + 1}, []string{lease.String()}, "Renewals of Leases are recorded: most of the lines of an idle cluster, and no answer needs them.", "")
	}
	probe := &Attributes{User: "system:anonymous", Groups: []string{"system:unauthenticated"}, Verb: "get", Path: "/readyz"}
	if d := c.p.Match(probe); d.Level > record.LevelNone {
		c.add(Waste, []int{d.Rule + 1}, nil, "Health probes are recorded; no answer needs them.", "")
	}
	d := c.p.Match(askers()[0].asks("update", query.Kind{Resource: "configmaps", Namespaced: true}, "", "x"))
	if d.Level > record.LevelNone && !d.Omits(record.StageRequestReceived) {
		c.add(Waste, nil, nil, "The stage RequestReceived is recorded: twice as many lines; ResponseComplete says all that it says.", "")
	}
}

// unreachable finds rules that no request reaches, because an earlier one takes all that they match.
func (c *checking) unreachable() {
	for i := range c.p.Rules {
		for j := range i {
			if c.p.Rules[j].covers(&c.p.Rules[i]) {
				c.add(Waste, []int{i + 1}, nil, fmt.Sprintf("Rule %d is never reached: rule %d matches every request that it would.", i+1, j+1), "")
				break
			}
		}
	}
}

// covers reports whether r certainly matches all that other matches.
func (r *Rule) covers(other *Rule) bool {
	within := func(mine, theirs []string) bool {
		return len(mine) == 0 || (len(theirs) > 0 && !slices.ContainsFunc(theirs, func(w string) bool { return !slices.Contains(mine, w) }))
	}
	if !within(r.Users, other.Users) || !within(r.UserGroups, other.UserGroups) || !within(r.Verbs, other.Verbs) || !within(r.Namespaces, other.Namespaces) {
		return false
	}
	if len(r.NonResourceURLs) > 0 {
		return len(other.NonResourceURLs) > 0 && !slices.ContainsFunc(other.NonResourceURLs, func(path string) bool {
			return !slices.ContainsFunc(r.NonResourceURLs, func(spec string) bool { return pathFits(spec, path) })
		})
	}
	if len(r.Resources) == 0 {
		return len(r.Namespaces) == 0 || len(other.Resources) > 0 || len(other.Namespaces) > 0
	}
	return len(other.Resources) > 0 && !slices.ContainsFunc(other.Resources, func(gr Resources) bool {
		return !slices.ContainsFunc(r.Resources, func(mine Resources) bool { return mine.covers(gr) })
	})
}

func (gr Resources) covers(other Resources) bool {
	if gr.Group != "*" && gr.Group != other.Group {
		return false
	}
	if len(gr.Resources) == 0 || (len(gr.ResourceNames) == 0 && slices.Contains(gr.Resources, "*")) {
		return true
	}
	if len(other.Resources) == 0 || (len(gr.ResourceNames) > 0 && !slices.Equal(gr.ResourceNames, other.ResourceNames)) {
		return false
	}
	return !slices.ContainsFunc(other.Resources, func(w string) bool { return !slices.Contains(gr.Resources, w) })
}
