package auditpolicy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubewake/kubewake/record"
)

// Profile is how much a recommended policy records.
type Profile string

// The profiles, from most to least.
const (
	// Full: the audit log alone answers everything; Events too come by it.
	Full Profile = "full"
	// Balanced: what people and controllers write with its content, status and heartbeats by their heads. The watch tells the rest.
	Balanced Profile = "balanced"
	// Minimal: who wrote what and when; what it was, the watch has to tell.
	Minimal Profile = "minimal"
)

// Profiles lists them.
func Profiles() []Profile { return []Profile{Full, Balanced, Minimal} }

// Options of Recommend.
type Options struct {
	Profile Profile      // empty: Balanced
	Level   record.Level // the highest level that a rule may have; LevelUnknown: the profile's
	People  bool         // leave out what controllers, nodes and the control plane do
}

// Recommend makes a policy. Its rules carry the reasons as comments.
func Recommend(o Options) *Policy {
	if o.Profile == "" {
		o.Profile = Balanced
	}
	p := &Policy{
		APIVersion: APIVersion, Kind: "Policy", OmitStages: []string{"RequestReceived"},
		Comment: fmt.Sprintf("The audit policy that kubewake recommends (profile %s). The first rule that matches a request decides; the order matters.\n"+
			"RequestReceived is left out: ResponseComplete says all that it says. ResponseStarted is kept: a failed login has no other stage.\n"+
			"managedFields are kept: they tell who owns each field, which is what blame lives on.", o.Profile),
	}
	p.add(noise(o)...)
	p.add(secrets()...)
	if o.People {
		p.add(notPeople()...)
	}
	p.add(reads(o)...)
	p.add(writes(o)...)
	p.Rules = slices.DeleteFunc(slices.Clone(p.Rules), func(r Rule) bool { // where people are meant, rules for all others are idle
		before := p.Rules[:slices.IndexFunc(p.Rules, func(q Rule) bool { return q.Comment == r.Comment && q.Words() == r.Words() })]
		return slices.ContainsFunc(before, func(q Rule) bool { return q.covers(&r) })
	})
	if o.Level != record.LevelUnknown {
		for i := range p.Rules {
			if record.ParseLevel(p.Rules[i].Level) > o.Level {
				p.Rules[i].Level = o.Level.String()
			}
		}
	}
	return p
}

func (p *Policy) add(rules ...Rule) { p.Rules = append(p.Rules, rules...) }

// control is who reads the whole cluster all day.
func controlPlane() []string {
	return []string{"system:apiserver", "system:kube-controller-manager", "system:kube-scheduler", "system:kube-proxy"}
}

func notPeople() []Rule {
	return []Rule{
		{Level: "None", Users: controlPlane(),
			Comment: "People only: what the control plane does is left out. Its changes will be shown as \"actor not audited\"."},
		{Level: "None", UserGroups: []string{"system:nodes", "system:serviceaccounts"}, Comment: "Nor what nodes, controllers and programs with a service account do."},
	}
}

func noise(o Options) []Rule {
	rules := []Rule{
		{Level: "None", NonResourceURLs: []string{"/healthz*", "/livez*", "/readyz*", "/metrics*", "/version*", "/openapi*", "/api*", "/apis*"},
			Comment: "Probes, metrics and discovery change nothing. (Requests for objects below /api and /apis are resource requests: this rule does not touch them.)"},
		{Level: "None", Resources: []Resources{{Group: "coordination.k8s.io", Resources: []string{"leases"}}},
			Comment: "Leases are renewed every few seconds by everyone: heartbeats and leader election, most of an idle cluster's log."},
	}
	if o.Profile != Full {
		rules = append(rules,
			Rule{Level: "None", Resources: []Resources{{Resources: []string{"events"}}, {Group: "events.k8s.io", Resources: []string{"events"}}},
				Comment: "kubewake gets Kubernetes Events from its watch; each write of one in the audit log would say the same again."},
			Rule{Level: "None", Resources: []Resources{{Group: "authorization.k8s.io"}},
				Comment: "Access reviews are questions; they change nothing."})
	}
	return rules
}

func secrets() []Rule {
	return []Rule{
		{Level: "Metadata", Resources: []Resources{
			{Resources: []string{"secrets", "serviceaccounts/token"}}, {Group: "authentication.k8s.io"}},
			Comment: "Secrets and tokens: never their content. kubewake would replace it by digests before it is stored, but the apiserver's own log,\n" +
				"and all who read it, would hold it in clear. The watch tells kubewake what changed in a Secret, as digests."},
	}
}

func reads(o Options) []Rule {
	verbs := []string{"get", "list", "watch"}
	shells := Rule{Level: "Metadata", Resources: []Resources{
		{Resources: []string{"pods/exec", "pods/attach", "pods/portforward", "pods/proxy", "services/proxy", "nodes/proxy"}}},
		Comment: "Shells and tunnels into the cluster come as get or create: who opened one, and which command."}
	quiet := Rule{Level: "None", Users: controlPlane(), Verbs: verbs, Comment: "What the control plane, the nodes and controllers read is most of all requests, and explains no change."}
	if o.Profile == Minimal {
		return []Rule{shells, {Level: "None", Verbs: verbs, Comment: "Reads change nothing. (Those of Secrets were recorded by the rule above.)"}}
	}
	groups := []string{"system:nodes", "system:serviceaccounts"}
	if o.Profile == Full {
		groups = groups[:1]
	}
	return []Rule{shells, quiet, {Level: "None", UserGroups: groups, Verbs: verbs},
		{Level: "Metadata", Verbs: verbs, Comment: "What others read: who looked at what, without the answers, which may be large."}}
}

func writes(o Options) []Rule {
	all := Rule{Level: "RequestResponse", Comment: "Every other write with what was sent and what became of it: the exact change, its state, and the resourceVersion that joins them."}
	switch o.Profile {
	case Minimal:
		all.Level = "Metadata"
		all.Comment = "Every write: who, what, when, and how it ended. What changed is known from kubewake's watch alone, which therefore has to run."
		return []Rule{all}
	case Balanced:
		return []Rule{
			{Level: "Metadata", Resources: []Resources{{Group: "*", Resources: []string{"*/status"}}}, UserGroups: []string{"system:nodes"},
				Comment: "Status that kubelets report, of nodes and pods: the largest part of a busy cluster's writes. The watch tells what it was."},
			{Level: "Metadata", Resources: []Resources{{Resources: []string{"endpoints"}}, {Group: "discovery.k8s.io", Resources: []string{"endpointslices"}}},
				Comment: "Endpoints follow from Services and Pods, long lists that are written whole for each change. The watch tells what they were."},
			all,
		}
	}
	return []Rule{all}
}

// String writes the policy as a file for --audit-policy-file, comments included. Parse reads it back.
func (p *Policy) String() string {
	var b strings.Builder
	comment(&b, "", p.Comment)
	fmt.Fprintf(&b, "apiVersion: %s\nkind: %s\n", p.APIVersion, p.Kind)
	list(&b, "", "omitStages", p.OmitStages)
	if p.OmitManagedFields {
		b.WriteString("omitManagedFields: true\n")
	}
	b.WriteString("rules:\n")
	for i := range p.Rules {
		if p.Rules[i].Comment != "" && i > 0 {
			b.WriteByte('\n')
		}
		comment(&b, "  ", p.Rules[i].Comment)
		b.WriteString("  - level: " + p.Rules[i].Level + "\n")
		p.Rules[i].fields(&b)
	}
	return b.String()
}

func (r *Rule) fields(b *strings.Builder) {
	list(b, "    ", "users", r.Users)
	list(b, "    ", "userGroups", r.UserGroups)
	list(b, "    ", "verbs", r.Verbs)
	if len(r.Resources) > 0 {
		b.WriteString("    resources:\n")
	}
	for _, gr := range r.Resources {
		fmt.Fprintf(b, "      - group: %q\n", gr.Group)
		list(b, "        ", "resources", gr.Resources)
		list(b, "        ", "resourceNames", gr.ResourceNames)
	}
	list(b, "    ", "namespaces", r.Namespaces)
	list(b, "    ", "nonResourceURLs", r.NonResourceURLs)
	list(b, "    ", "omitStages", r.OmitStages)
	if r.OmitManagedFields != nil {
		fmt.Fprintf(b, "    omitManagedFields: %t\n", *r.OmitManagedFields)
	}
}

func comment(b *strings.Builder, indent, text string) {
	if text == "" {
		return
	}
	for line := range strings.SplitSeq(text, "\n") {
		b.WriteString(indent + "# " + line + "\n")
	}
}

func list(b *strings.Builder, indent, key string, words []string) {
	if len(words) == 0 {
		return
	}
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = fmt.Sprintf("%q", w)
	}
	b.WriteString(indent + key + ": [" + strings.Join(quoted, ", ") + "]\n")
}

// Words tell what a rule is for, in one line: "RequestResponse: write pods, apps/deployments by group system:nodes".
func (r *Rule) Words() string {
	var parts []string
	if len(r.Verbs) > 0 {
		parts = append(parts, brief(r.Verbs))
	}
	switch {
	case len(r.Resources) > 0:
		var words []string
		for _, gr := range r.Resources {
			words = append(words, gr.words()...)
		}
		parts = append(parts, brief(words))
	case len(r.NonResourceURLs) > 0:
		parts = append(parts, brief(r.NonResourceURLs))
	}
	if len(r.Namespaces) > 0 {
		parts = append(parts, "in "+brief(r.Namespaces))
	}
	if by := slices.Concat(r.Users, r.UserGroups); len(by) > 0 {
		parts = append(parts, "by "+brief(by))
	}
	if len(parts) == 0 {
		return "everything else"
	}
	return strings.Join(parts, " ")
}

func (gr *Resources) words() []string {
	if len(gr.Resources) == 0 {
		return []string{"*." + gr.Group}
	}
	var out []string
	for _, r := range gr.Resources {
		if gr.Group != "" && gr.Group != "*" {
			r += "." + gr.Group
		}
		out = append(out, r)
	}
	return out
}

// brief names the first few of a list.
func brief(words []string) string {
	const most = 3
	if len(words) <= most {
		return strings.Join(words, ",")
	}
	return strings.Join(words[:most-1], ",") + fmt.Sprintf(" and %d more", len(words)-most+1)
}
