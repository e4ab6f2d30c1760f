// SPDX-License-Identifier: Apache-2.0

// Package auditpolicy knows audit policies of the apiserver (audit.k8s.io/v1): it recommends one, reads and checks one, says
// what can not be answered under it, and measures on recorded requests what each of its rules costs.
//
// Use [Recommend], [Parse], [Policy.Check] and [Meter]. [Policy.Match] decides as the apiserver does.
package auditpolicy

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kubewake/kubewake/internal/settings"
	"github.com/kubewake/kubewake/record"
)

// APIVersion is the one that the apiserver reads.
const APIVersion = "audit.k8s.io/v1"

// Policy is an audit.k8s.io/v1 Policy. Rules are tried in order, the first that matches decides; without one nothing is recorded.
type Policy struct {
	APIVersion        string         `yaml:"apiVersion" doc:"audit.k8s.io/v1"`
	Kind              string         `yaml:"kind" doc:"Policy"`
	Metadata          map[string]any `yaml:"metadata" doc:"name and labels; without effect"`
	OmitStages        []string       `yaml:"omitStages" doc:"stages for which no event is made"`
	OmitManagedFields bool           `yaml:"omitManagedFields" doc:"leave managedFields out of bodies"`
	Rules             []Rule         `yaml:"rules" doc:"the first that matches decides"`

	Comment string `yaml:"-"` // written above it
}

// Rule matches requests that fit all its fields; an empty field fits any.
type Rule struct {
	Level             string      `yaml:"level" doc:"None, Metadata, Request or RequestResponse"`
	Users             []string    `yaml:"users" doc:"authenticated user names"`
	UserGroups        []string    `yaml:"userGroups" doc:"groups, any of which fits"`
	Verbs             []string    `yaml:"verbs" doc:"verbs"`
	Resources         []Resources `yaml:"resources" doc:"resources by group"`
	Namespaces        []string    `yaml:"namespaces" doc:"namespaces; the empty one is that of cluster-scoped objects"`
	NonResourceURLs   []string    `yaml:"nonResourceURLs" doc:"paths; * at the end"`
	OmitStages        []string    `yaml:"omitStages" doc:"stages left out beside those of the policy"`
	OmitManagedFields *bool       `yaml:"omitManagedFields" doc:"overrides the policy's"`

	Comment string `yaml:"-"` // written above it
	Line    int    `yaml:"-"` // where it stands in the file it was read from; zero if in none
}

// Resources of one API group.
type Resources struct {
	Group         string   `yaml:"group" doc:"API group; the empty one is core, * is any"`
	Resources     []string `yaml:"resources" doc:"pods, pods/log, pods/*, */scale or *"`
	ResourceNames []string `yaml:"resourceNames" doc:"names of objects"`
}

// Parse reads a policy file strictly. The policy is given wherever the text is YAML of the right shape; the error joins one
// *settings.Error, with line and column, for everything that the apiserver would refuse or overlook.
func Parse(file string, text []byte) (*Policy, error) {
	p := &Policy{}
	errs := []error{settings.Read(file, text, p)}
	var doc yaml.Node
	if yaml.Unmarshal(text, &doc) != nil || len(doc.Content) == 0 {
		if errs[0] == nil {
			errs[0] = &settings.Error{File: file, Problem: "there is no policy in it"}
		}
		return p, errs[0]
	}
	root := doc.Content[0]
	if errs[0] != nil {
		_ = root.Decode(p) // as much as there is; what is wrong was said
	}
	v := &validation{file: file, errs: errs}
	v.policy(p, root)
	return p, errors.Join(v.errs...)
}

// validation holds a policy against the rules by which the apiserver refuses one at its start.
type validation struct {
	file string
	errs []error
}

func (v *validation) complain(n *yaml.Node, format string, args ...any) {
	e := &settings.Error{File: v.file, Problem: fmt.Sprintf(format, args...)}
	if n != nil {
		e.Line, e.Column = n.Line, n.Column
	}
	v.errs = append(v.errs, e)
}

// member finds the value of a key; nil where there is none.
func member(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

func item(n *yaml.Node, i int) *yaml.Node {
	if n == nil || n.Kind != yaml.SequenceNode || i >= len(n.Content) {
		return n
	}
	return n.Content[i]
}

func (v *validation) policy(p *Policy, n *yaml.Node) {
	if p.APIVersion != APIVersion {
		v.complain(or(member(n, "apiVersion"), n), "apiVersion is %q; the apiserver reads %s only", p.APIVersion, APIVersion)
	}
	if p.Kind != "Policy" {
		v.complain(or(member(n, "kind"), n), "kind is %q; want Policy", p.Kind)
	}
	v.stages(p.OmitStages, member(n, "omitStages"))
	rules := member(n, "rules")
	if len(p.Rules) == 0 {
		v.complain(or(rules, n), "no rules: the apiserver refuses to start with such a policy")
	}
	for i := range p.Rules {
		at := item(rules, i)
		p.Rules[i].Line = at.Line
		v.rule(&p.Rules[i], at)
	}
}

func or(a, b *yaml.Node) *yaml.Node {
	if a != nil {
		return a
	}
	return b
}

func (v *validation) stages(stages []string, n *yaml.Node) {
	for i, s := range stages {
		switch record.ParseStage(s) {
		case record.StageUnknown, record.StageAdmission:
			v.complain(item(n, i), "%q is no stage; stages are RequestReceived, ResponseStarted, ResponseComplete and Panic", s)
		}
	}
}

func (v *validation) rule(r *Rule, n *yaml.Node) {
	switch {
	case r.Level == "":
		v.complain(n, "the rule has no level")
	case record.ParseLevel(r.Level) == record.LevelUnknown:
		v.complain(or(member(n, "level"), n), "%q is no level; levels are None, Metadata, Request and RequestResponse", r.Level)
	}
	v.stages(r.OmitStages, member(n, "omitStages"))
	urls := member(n, "nonResourceURLs")
	for i, url := range r.NonResourceURLs {
		if url == "*" {
			continue
		}
		if !strings.HasPrefix(url, "/") {
			v.complain(item(urls, i), "%q: paths begin with /", url)
		}
		if star := strings.IndexByte(url, '*'); star >= 0 && star < len(url)-1 {
			v.complain(item(urls, i), "%q: a * may stand at the end only", url)
		}
	}
	if len(r.NonResourceURLs) > 0 && (len(r.Resources) > 0 || len(r.Namespaces) > 0) {
		v.complain(or(urls, n), "a rule is for resources and namespaces, or for nonResourceURLs, not for both")
	}
	resources := member(n, "resources")
	for i, gr := range r.Resources {
		at := item(resources, i)
		if gr.Group != "" && gr.Group != "*" && !isDNSName(gr.Group) {
			v.complain(or(member(at, "group"), at), "%q is no API group; the version does not belong to it, and * stands for all groups alone", gr.Group)
		}
		if len(gr.ResourceNames) > 0 && len(gr.Resources) == 0 {
			v.complain(or(member(at, "resourceNames"), at), "resourceNames need resources")
		}
	}
}

// isDNSName reports whether s is a DNS subdomain in small letters.
func isDNSName(s string) bool {
	if len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || label[0] == '-' || label[len(label)-1] == '-' || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	return true
}
