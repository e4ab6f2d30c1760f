package query

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/kubewake/kubewake/record"
)

// maxNameBytes is longer than any name of Kubernetes.
const maxNameBytes = 512

// objectAdvice ends every error about an object.
const objectAdvice = `name it as kubectl does: "deploy/web", "deploy web", "deployments.apps/web", or "uid:4e1cd7ad-…"`

// ParseObject reads the arguments that name one object: "deploy/web", "deploy web", "deployments.apps/web", "uid:4e1c…".
// The kind's word is not looked up here: see [Kinds.Resolve].
func ParseObject(args []string) (Object, error) {
	objects, err := ParseObjects(args)
	if err != nil {
		return Object{}, err
	}
	if len(objects) != 1 {
		return Object{}, fmt.Errorf("%d objects are named, one is asked for: %s", len(objects), objectAdvice)
	}
	return objects[0], nil
}

// ParseObjects reads the arguments that name one or more objects: "deploy/web svc/web", or "pod web-1 web-2" of one kind.
func ParseObjects(args []string) ([]Object, error) {
	if len(args) == 0 {
		return nil, errors.New("no object is named: " + objectAdvice)
	}
	if !isPair(args[0]) {
		if len(args) == 1 {
			return nil, fmt.Errorf("%q names a kind and no object: %s", clip(args[0]), objectAdvice)
		}
		if err := checkKind(args[0]); err != nil {
			return nil, err
		}
	}
	var objects []Object
	kind := ""
	for i, arg := range args {
		if i == 0 && !isPair(arg) {
			kind = arg
			continue
		}
		o, err := parseObject(arg, kind)
		if err != nil {
			return nil, err
		}
		objects = append(objects, o)
	}
	return objects, nil
}

func isPair(arg string) bool { return strings.Contains(arg, "/") || strings.HasPrefix(arg, "uid:") }

func parseObject(arg, kind string) (Object, error) {
	if uid, ok := strings.CutPrefix(arg, "uid:"); ok {
		if uid == "" || checkWord(uid) != nil || strings.Contains(uid, "/") {
			return Object{}, fmt.Errorf("%q is no UID; write it as metadata.uid has it: uid:4e1cd7ad-d75a-4a67-9ab4-d7b1f71d8f9a", clip(arg))
		}
		return Object{Kind: kind, UID: record.UID(uid)}, nil
	}
	name := arg
	switch word, rest, pair := strings.Cut(arg, "/"); {
	case pair && kind != "":
		return Object{}, fmt.Errorf("%q names a kind again; either %q or names of one kind: %q", clip(arg), "deploy/web svc/web", "deploy web api")
	case pair:
		kind, name = word, rest
		if err := checkKind(kind); err != nil {
			return Object{}, err
		}
	case kind == "":
		return Object{}, fmt.Errorf("%q has no kind: %s", clip(arg), objectAdvice)
	}
	if isGlob(name) {
		return Object{}, fmt.Errorf("%q is a pattern, one name is asked for; \"kubewake objects %s '%s'\" lists what it matches", clip(name), clip(kind), clip(name))
	}
	if name == "" || strings.Contains(name, "/") {
		return Object{}, fmt.Errorf("%q is no object: %s", clip(arg), objectAdvice)
	}
	if err := checkWord(name); err != nil {
		return Object{}, err
	}
	return Object{Kind: kind, Name: name}, nil
}

// ParseListing reads the arguments that select objects: nothing, a kind's word or a comma list of them, then a name or glob;
// "deploy/web*" and "uid:…" as well.
func ParseListing(args []string) (Objects, error) {
	switch {
	case len(args) == 0:
		return Objects{}, nil
	case len(args) > 2:
		return Objects{}, fmt.Errorf("%d arguments, two are asked for: a kind and a name or pattern, for example: deploy 'web*'", len(args))
	}
	kind, name, pair := strings.Cut(args[0], "/")
	if strings.HasPrefix(args[0], "uid:") && len(args) == 1 {
		o, err := parseObject(args[0], "")
		return Objects{UID: o.UID}, err
	}
	if len(args) == 2 {
		if pair {
			return Objects{}, fmt.Errorf("%q and %q name an object twice: %s", clip(args[0]), clip(args[1]), objectAdvice)
		}
		name = args[1]
	}
	if kind != "*" {
		if err := checkKind(kind); err != nil {
			return Objects{}, err
		}
	}
	if strings.Contains(name, "/") || (pair && name == "") {
		return Objects{}, fmt.Errorf("%q is no name: %s", clip(name), objectAdvice)
	}
	if err := checkWord(name); err != nil {
		return Objects{}, err
	}
	return Objects{Kind: kind, Name: name}, nil
}

func checkKind(kind string) error {
	if kind == "" || isGlob(kind) || checkWord(kind) != nil {
		return fmt.Errorf("%q is no kind of object: %s", clip(kind), objectAdvice)
	}
	return nil
}

func checkWord(s string) error {
	if len(s) > maxNameBytes {
		return fmt.Errorf("%q is longer than any name", clip(s))
	}
	if strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == unicode.ReplacementChar }) {
		return fmt.Errorf("%q is no name: it has blanks or control characters", clip(s))
	}
	return nil
}

// String is the form that ParseObject reads in one argument: "deploy/web", or "uid:…".
func (o Object) String() string {
	if o.UID != "" {
		return "uid:" + string(o.UID)
	}
	return o.Kind + "/" + o.Name
}
