package local

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
	"github.com/kubewake/kubewake/trace"
)

// labelTag begins a tag that names a label.
const labelTag = "label."

// wantedTags is what a search for traces asks of objects and of their records.
type wantedTags struct {
	cluster, group, resource, uid string
	namespace, name               query.Glob
	labels                        []record.KeyValue
	verb, user, filter            string
	code                          int
	failed                        *bool
	// resources that the word for one means, by cluster; filled when a cluster is entered.
	resources map[record.Cluster][]record.GroupResource
}

func parseTags(tags map[string]string) (*wantedTags, error) {
	w := &wantedTags{resources: map[record.Cluster][]record.GroupResource{}}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		value := tags[key]
		switch key {
		case "cluster":
			w.cluster = value
		case "group":
			w.group = value
		case "resource":
			w.resource = value
		case "namespace":
			w.namespace = query.Glob(value)
		case "name":
			w.name = query.Glob(value)
		case "uid":
			w.uid = value
		case "verb":
			w.verb = value
		case "user":
			w.user = value
		case "cel":
			w.filter = value
		case "code":
			n, err := strconv.ParseUint(value, 10, 16)
			if err != nil {
				return nil, engine.Errorf(engine.KindBadQuestion, "tag code: %q is no HTTP status code, as 409", value)
			}
			w.code = int(n)
		case "error":
			b, err := strconv.ParseBool(value)
			if err != nil {
				return nil, engine.Errorf(engine.KindBadQuestion, "tag error: %q is neither true nor false", value)
			}
			w.failed = &b
		default:
			label, ok := strings.CutPrefix(key, labelTag)
			if !ok || label == "" {
				return nil, engine.Errorf(engine.KindBadQuestion, "there is no tag %q; there are: group, resource, namespace, name, uid, user, verb, code, error, label.KEY, cel", key)
			}
			w.labels = append(w.labels, record.KeyValue{Key: label, Value: value})
		}
	}
	return w, nil
}

// ofRecords reports whether records are asked for by what they tell, and not all of an object's.
func (w *wantedTags) ofRecords() bool {
	return w.verb != "" || w.user != "" || w.code != 0 || w.failed != nil
}

// reads reports whether get, list or watch requests are asked for.
func (w *wantedTags) reads() bool { return w.verb == "get" || w.verb == "list" || w.verb == "watch" }

// enter finds the resources that are meant in a cluster; false: none of them is known there.
func (w *wantedTags) enter(ctx context.Context, e *Engine, c record.Cluster) (bool, error) {
	if w.cluster != "" && w.cluster != string(c) {
		return false, nil
	}
	if w.resource == "" {
		return true, nil
	}
	list, err := e.resources(ctx, c, w.resource)
	switch {
	case engine.KindOf(err) == engine.KindNotFound:
		return false, nil
	case err != nil:
		return false, err
	}
	if w.group != "" {
		list = slices.DeleteFunc(list, func(gr record.GroupResource) bool { return gr.Group != w.group })
	}
	w.resources[c] = list
	return len(list) > 0, nil
}

// head reports whether a request may be of an object that is asked for, by its head.
func (w *wantedTags) head(c record.Cluster, h *record.RequestHead) bool {
	switch {
	case w.verb != "" && w.verb != string(h.Verb), w.user != "" && w.user != string(h.User), w.code != 0 && w.code != h.Code:
		return false
	case w.failed != nil && *w.failed != (h.Code >= 400):
		return false
	case h.Stage == record.StageRequestReceived, h.Stage == record.StageResponseStarted && h.Code < 400: // a later one counts
		return false
	case len(h.Name) == 0: // what it touched is looked up
		return string(h.Verb) == "deletecollection" || string(h.Verb) == "create" && h.Code < 400
	}
	return w.named(c, record.GroupResource{Group: string(h.Group), Resource: string(h.Resource)}, string(h.Namespace), string(h.Name))
}

func (w *wantedTags) named(c record.Cluster, gr record.GroupResource, namespace, name string) bool {
	switch {
	case gr.IsEvents(): // they are in the traces of what they are about
		return false
	case w.resource != "" && !slices.Contains(w.resources[c], gr), w.group != "" && w.group != gr.Group:
		return false
	case w.namespace != "" && !w.namespace.Match(namespace), w.name != "" && !w.name.Match(name):
		return false
	}
	return true
}

// entry reports whether an object is asked for.
func (w *wantedTags) entry(e *store.Entry) bool {
	if w.uid != "" && w.uid != string(e.Ref.UID) {
		return false
	}
	for _, l := range w.labels {
		if !slices.Contains(e.Labels, l) {
			return false
		}
	}
	return w.named(e.Ref.Cluster, e.Ref.GroupResource(), e.Ref.Namespace, e.Ref.Name)
}

// record reports whether a record of an object counts.
func (w *wantedTags) record(r *trace.Record) bool {
	switch {
	case w.verb != "" && w.verb != r.Verb, w.user != "" && (w.user != r.User || r.Kind == "event"), w.code != 0 && w.code != r.Code:
		return false
	}
	return w.failed == nil || *w.failed == r.Failed
}

// expression is all that CEL can say of the tags; those of the object that it can not, entry says.
func (w *wantedTags) expression() string {
	var all []string
	is := func(field, value string) {
		if value != "" {
			all = append(all, field+" == "+strconv.Quote(value))
		}
	}
	plain := func(field string, g query.Glob) {
		if !strings.ContainsAny(string(g), "*?") {
			is(field, string(g))
		}
	}
	if len(w.resources) == 1 {
		for _, list := range w.resources {
			if len(list) == 1 {
				is("resource", list[0].Resource)
				all = append(all, "group == "+strconv.Quote(list[0].Group))
			}
		}
	}
	plain("namespace", w.namespace)
	plain("name", w.name)
	is("uid", w.uid)
	is("request.verb", w.verb)
	is("request.user", w.user)
	if w.code != 0 {
		all = append(all, fmt.Sprintf("request.code == %d", w.code))
	}
	if w.failed != nil {
		all = append(all, map[bool]string{true: "request.code >= 400", false: "request.code < 400"}[*w.failed])
	}
	return strings.Join(append(all, "("+w.filter+")"), " && ")
}
