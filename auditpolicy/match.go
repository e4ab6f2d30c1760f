package auditpolicy

import (
	"net/url"
	"slices"
	"strings"

	"github.com/kubewake/kubewake/record"
)

// Attributes are what a policy sees of a request: it decides before the body is read.
type Attributes struct {
	User        string   // authenticated, not the impersonated one; empty for a failed authentication
	Groups      []string // of User
	Verb        string
	Group       string
	Resource    string // empty: no resource request
	Subresource string
	Namespace   string
	Name        string // as in the path
	Path        string // of a request that is for no resource
}

// Decision is what a policy says of a request.
type Decision struct {
	Rule              int // index of the rule; -1: none matches
	Level             record.Level
	OmitManagedFields bool
	omit              [2][]string
}

// Omits reports whether no event is made for a stage.
func (d Decision) Omits(s record.Stage) bool {
	return slices.Contains(d.omit[0], s.String()) || slices.Contains(d.omit[1], s.String())
}

// Match decides on one request as the apiserver does: by the first rule that matches, else nothing is recorded.
func (p *Policy) Match(a *Attributes) Decision {
	for i := range p.Rules {
		r := &p.Rules[i]
		if !r.matches(a) {
			continue
		}
		d := Decision{Rule: i, Level: record.ParseLevel(r.Level), OmitManagedFields: p.OmitManagedFields, omit: [2][]string{p.OmitStages, r.OmitStages}}
		if r.OmitManagedFields != nil {
			d.OmitManagedFields = *r.OmitManagedFields
		}
		return d
	}
	return Decision{Rule: -1, Level: record.LevelNone, OmitManagedFields: p.OmitManagedFields, omit: [2][]string{p.OmitStages}}
}

func (r *Rule) matches(a *Attributes) bool {
	if len(r.Users) > 0 && !slices.Contains(r.Users, a.User) {
		return false
	}
	if len(r.UserGroups) > 0 && !slices.ContainsFunc(a.Groups, func(g string) bool { return slices.Contains(r.UserGroups, g) }) {
		return false
	}
	if len(r.Verbs) > 0 && !slices.Contains(r.Verbs, a.Verb) {
		return false
	}
	switch {
	case len(r.Namespaces) > 0 || len(r.Resources) > 0:
		return a.Resource != "" && r.matchesResource(a)
	case len(r.NonResourceURLs) > 0:
		return a.Resource == "" && slices.ContainsFunc(r.NonResourceURLs, func(spec string) bool { return pathFits(spec, a.Path) })
	}
	return true
}

func (r *Rule) matchesResource(a *Attributes) bool {
	if len(r.Namespaces) > 0 && !slices.Contains(r.Namespaces, a.Namespace) {
		return false
	}
	return len(r.Resources) == 0 || slices.ContainsFunc(r.Resources, func(gr Resources) bool { return gr.matches(a) })
}

func (gr *Resources) matches(a *Attributes) bool {
	if gr.Group != "*" && gr.Group != a.Group {
		return false
	}
	if len(gr.Resources) == 0 {
		return true
	}
	if len(gr.ResourceNames) > 0 && !slices.Contains(gr.ResourceNames, a.Name) {
		return false
	}
	return slices.ContainsFunc(gr.Resources, func(word string) bool { return resourceFits(word, a.Resource, a.Subresource) })
}

// resourceFits: "pods" is the resource without its subresources, "pods/*" the resource with all of them.
func resourceFits(word, resource, subresource string) bool {
	if word == "*" {
		return true
	}
	wantResource, wantSub, split := strings.Cut(word, "/")
	if !split {
		return subresource == "" && word == resource
	}
	return (wantSub == "*" && wantResource == resource) ||
		(subresource != "" && wantSub == subresource && (wantResource == "*" || wantResource == resource))
}

func pathFits(spec, path string) bool {
	if spec == "*" || spec == path {
		return true
	}
	start, open := strings.CutSuffix(spec, "*")
	return open && strings.HasPrefix(path, start)
}

// fromPath sets what the policy saw of the path rather than what the event says after the body was read: the name of an object
// that is created, and the path itself.
func (a *Attributes) fromPath(uri string) {
	if a.Verb == "create" && a.Subresource == "" {
		a.Name = ""
	}
	if a.Resource != "" {
		return
	}
	path, _, _ := strings.Cut(uri, "?")
	a.Path = path
	if plain, err := url.PathUnescape(path); err == nil {
		a.Path = plain
	}
}
