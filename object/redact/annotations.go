package redact

import (
	"slices"
	"strings"

	"github.com/kubewake/kubewake/record"
)

// Annotations redacts audit annotations. Tokens that show by themselves go from all of them. Of redacted kinds, the patches of
// mutating webhooks are redacted like patches of clients, what policies said is cut, and annotations that are not known to be
// harmless, as policies may define, are replaced. It gives kv itself where nothing changes, and never changes kv.
func (r *Redactor) Annotations(gr record.GroupResource, subresource string, kv []record.KeyValue) ([]record.KeyValue, bool) {
	if r.off {
		return kv, false
	}
	isSensitive := r.sensitive(gr, subresource)
	out, changed := kv, false
	for i, a := range kv {
		value := a.Value
		if isSensitive || strings.HasPrefix(a.Key, webhookPatch) {
			value = r.annotation(gr, subresource, a)
		}
		value, _ = r.scrub(value)
		if value == a.Value {
			continue
		}
		if !changed {
			out, changed = slices.Clone(kv), true
		}
		out[i].Value = value
	}
	return out, changed
}

const webhookPatch = "patch.webhook.admission.k8s.io/"

func (r *Redactor) annotation(gr record.GroupResource, subresource string, a record.KeyValue) string {
	switch {
	case strings.HasPrefix(a.Key, webhookPatch):
		return r.webhookPatch(gr, subresource, a.Value)
	case strings.HasPrefix(a.Key, "validation.policy.admission.k8s.io/"):
		return r.policyFailures(a.Value)
	case harmless(a.Key):
		return a.Value
	}
	return r.Value(a.Value)
}

// harmless are the annotations that Kubernetes itself makes and that quote nothing of a body.
func harmless(key string) bool {
	prefix, _, _ := strings.Cut(key, "/")
	switch prefix {
	case "authorization.k8s.io", "authentication.k8s.io", "authentication.kubernetes.io", "audit.k8s.io", "k8s.io",
		"apiserver.latency.k8s.io", "mutation.webhook.admission.k8s.io", "failed-open.admission.k8s.io",
		"failed-open.validating.webhook.admission.k8s.io", "failed-open.mutating.webhook.admission.k8s.io", "pod-security.kubernetes.io",
		"missing-san.invalid-cert.kubernetes.io", "insecure-sha1.invalid-cert.kubernetes.io":
		return true
	}
	return false
}

// webhookPatch redacts {"configuration":...,"webhook":...,"patch":[...],"patchType":"JSONPatch"}.
func (r *Redactor) webhookPatch(gr record.GroupResource, subresource, value string) string {
	c, rules := classify(gr, subresource), r.rulesFor(gr)
	if c == plain && len(rules) == 0 && !r.suspicious([]byte(value)) || IsValue(value) {
		return value
	}
	d, err := parse([]byte(value))
	if err != nil || d.root.kind != '{' {
		return r.Value(value)
	}
	w := walk{r: r, document: d}
	for i := range d.root.kids {
		kid := &d.root.kids[i]
		switch string(kid.key) {
		case "configuration", "webhook", "patchType":
		case "patch":
			if kid.kind != '[' {
				w.leaves(kid)
			} else if out, changed := r.patch(gr, c, rules, d.bytes(kid)); changed {
				d.edits = append(d.edits, edit{kid.start, kid.end, out})
			}
		default:
			w.leaves(kid)
		}
	}
	out, _ := d.result()
	return string(out)
}

// policyFailures redacts [{"message":...,"policy":...,"binding":...,"expressionIndex":...,"validationActions":[...]}].
func (r *Redactor) policyFailures(value string) string {
	if IsValue(value) {
		return value
	}
	d, err := parse([]byte(value))
	if err != nil || d.root.kind != '[' {
		return r.Value(value)
	}
	w := walk{r: r, document: d}
	for i := range d.root.kids {
		failure := &d.root.kids[i]
		if failure.kind != '{' {
			w.leaves(failure)
		}
		for j := range failure.kids {
			switch kid := &failure.kids[j]; string(kid.key) {
			case "policy", "binding", "expressionIndex", "validationActions":
			default:
				w.leaves(kid)
			}
		}
	}
	out, _ := d.result()
	return string(out)
}
