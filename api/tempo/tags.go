package tempo

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
)

const (
	// suggestSpan is how much of what is recorded, counted from its end, is looked through where a question names no time.
	suggestSpan = 24 * time.Hour
	// maxSuggested bounds the objects looked through for labels and names, and the rows of each table of counts.
	maxSuggested = 1000
)

type tagScope struct {
	Name string   `json:"name"`
	Tags []string `json:"tags"`
}

// scopes are the names that can be searched by.
func (f *Face) scopes(ctx context.Context, r *http.Request) (list []tagScope, note string, err error) {
	values, err := parametersOf(r)
	if err != nil {
		return nil, "", err
	}
	all := []tagScope{
		{"resource", []string{"service.name", modeField}},
		{"span", nil},
		{"intrinsic", []string{"duration", "kind", "name", "rootName", "rootServiceName", "status", "traceDuration"}},
	}
	for _, name := range slices.Sorted(maps.Keys(attributes())) {
		if !slices.Contains(all[0].Tags, name) {
			all[1].Tags = append(all[1].Tags, name)
		}
	}
	switch scope := values.Get("scope"); scope {
	case "", "all", "none":
		list = all
	default:
		for _, s := range all {
			if s.Name == scope {
				list = append(list, s)
			}
		}
	}
	for i := range list {
		if list[i].Name != "span" {
			continue
		}
		labels, cut, err := f.labels(ctx, values)
		if err != nil {
			return nil, "", err
		}
		list[i].Tags, note = append(list[i].Tags, labels...), cut
	}
	return list, note, nil
}

// labels of the objects in the time, as names of tags.
func (f *Face) labels(ctx context.Context, values url.Values) (names []string, note string, err error) {
	s, err := f.suggesterOf(ctx, values, nil)
	if err != nil {
		return nil, "", err
	}
	defer s.stop()
	names, err = s.objects(func(o *engine.ObjectEntry, add func(string)) {
		for key := range o.Labels {
			add(labelField + key)
		}
	})
	return names, s.note, err
}

func (f *Face) tagsV2(ctx context.Context, r *http.Request) (*document, error) {
	list, note, err := f.scopes(ctx, r)
	if err != nil {
		return nil, err
	}
	if list == nil {
		list = []tagScope{}
	}
	return suggestions("scopes", list, note)
}

func (f *Face) tagsV1(ctx context.Context, r *http.Request) (*document, error) {
	list, note, err := f.scopes(ctx, r)
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, s := range list {
		if s.Name != "intrinsic" || r.URL.Query().Get("scope") == "intrinsic" {
			names = append(names, s.Tags...)
		}
	}
	slices.Sort(names)
	return suggestions("tagNames", slices.Compact(names), note)
}

// suggestions is a list as Tempo gives it. A note is ours: clients of Tempo do not look there.
func suggestions(name string, list any, note string) (*document, error) {
	doc := map[string]any{name: list, "metrics": struct{}{}}
	if note != "" {
		doc["notes"] = []string{note}
	}
	return jsonDocument(doc)
}

type tagValue struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

func (f *Face) valuesV2(ctx context.Context, r *http.Request) (*document, error) {
	name, err := tagName(r)
	if err != nil {
		return nil, err
	}
	kind, list, note, err := f.values(ctx, r, name)
	if err != nil {
		return nil, err
	}
	out := make([]tagValue, len(list))
	for i, v := range list {
		out[i] = tagValue{kind, v}
	}
	return suggestions("tagValues", out, note)
}

func (f *Face) valuesV1(ctx context.Context, r *http.Request) (*document, error) {
	name, err := tagName(r)
	if err != nil {
		return nil, err
	}
	_, list, note, err := f.values(ctx, r, tagCondition(condition{field: name}).field)
	if err != nil {
		return nil, err
	}
	return suggestions("tagValues", append([]string{}, list...), note)
}

// tagName of a path. Grafana escapes it once more than the path needs.
func tagName(r *http.Request) (string, error) {
	name, err := url.PathUnescape(r.PathValue("tag"))
	if err != nil {
		return "", badParam("the tag's name can not be read: %v", err)
	}
	return name, nil
}

// values are those to choose from for a name in a query, and their type. What can not be searched by has none.
func (f *Face) values(ctx context.Context, r *http.Request, name string) (kind string, list []string, note string, err error) {
	values, err := parametersOf(r)
	if err != nil {
		return "", nil, "", err
	}
	limit, err := readCount(values, "limit", maxSuggested)
	if err != nil {
		return "", nil, "", err
	}
	fd, ok := fieldOf(name)
	if !ok {
		return "string", nil, "", nil
	}
	// A question that can not be read narrows nothing: it is often half written.
	within, _ := parse(values.Get("q"))
	m, _ := mean(within)
	s, err := f.suggesterOf(ctx, values, m)
	if err != nil {
		return "", nil, "", err
	}
	defer s.stop()
	kind, list, err = s.values(fd)
	if len(list) > limit {
		list, s.note = list[:limit], cmp.Or(s.note, "the limit was reached")
	}
	return kind, list, s.note, err
}

// suggester looks for values within a time, and within the cluster, kind and namespace that are chosen already.
type suggester struct {
	ctx    context.Context //nolint:containedctx // lives as long as one question
	stop   context.CancelFunc
	engine engine.Engine
	q      query.Objects
	note   string
}

func (f *Face) suggesterOf(ctx context.Context, values url.Values, m *meaning) (*suggester, error) {
	window, err := readWindow(values)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithTimeout(ctx, f.config.SuggestFor)
	s := &suggester{ctx: ctx, stop: stop, engine: f.config.Engine, q: query.Objects{Alive: window, Limit: maxSuggested}}
	if m != nil {
		s.q.Cluster, s.q.Kind, s.q.Namespace = m.q.Cluster, m.q.Tags["resource"], m.q.Tags["namespace"]
		if strings.ContainsAny(s.q.Namespace, "*?") {
			s.q.Namespace = ""
		}
	}
	if window != (query.Window{}) {
		return s, nil
	}
	info, err := s.engine.Info(ctx)
	if err != nil {
		stop()
		return nil, err
	}
	for _, c := range info.Clusters {
		if c.Last != nil && c.Last.Add(-suggestSpan).After(s.q.Alive.From) {
			s.q.Alive.From = c.Last.Add(-suggestSpan)
		}
	}
	return s, nil
}

func (s *suggester) values(f field) (kind string, list []string, err error) {
	kind = "string"
	switch f.kind {
	case fieldStatus:
		return "keyword", []string{"error", "unset"}, nil
	case fieldKindOfSpan:
		return "keyword", []string{"internal"}, nil
	case fieldFailed:
		return "bool", []string{"true", "false"}, nil
	case fieldNumber:
		list, err = s.counted("requests by code", nil)
		return "int", list, err
	case fieldMode:
		list, err = s.services(func(a *engine.Services) []string { return a.Services })
	case fieldSpanName:
		list, err = s.objects(func(o *engine.ObjectEntry, add func(string)) { add(nameOf(o.Ref)) })
	case fieldLabel:
		key := strings.TrimPrefix(f.tag, labelField)
		list, err = s.objects(func(o *engine.ObjectEntry, add func(string)) { add(o.Labels[key]) })
	case fieldText:
		list, err = s.texts(f.tag)
	}
	return kind, list, err
}

func (s *suggester) texts(tag string) ([]string, error) {
	switch tag {
	case "cluster":
		return s.services(func(a *engine.Services) []string { return a.Operations })
	case "user":
		return s.counted("requests by user", nil)
	case "verb":
		return s.counted("requests by verb", nil)
	case "resource":
		return s.counted("by resource", resourceOf)
	case "group":
		return s.counted("by resource", func(gr string) string { _, group, _ := strings.Cut(gr, "."); return group })
	case "namespace":
		s.q.Kind, s.q.Namespace = "namespaces", ""
		return s.objects(func(o *engine.ObjectEntry, add func(string)) { add(o.Name) })
	case "uid":
		return s.objects(func(o *engine.ObjectEntry, add func(string)) { add(o.UID) })
	}
	return s.objects(func(o *engine.ObjectEntry, add func(string)) { add(o.Name) })
}

// resourceOf gives the resource without its group. Events have no traces of their own: they stand in those of what they are about.
func resourceOf(gr string) string {
	name, _, _ := strings.Cut(gr, ".")
	if name == "events" {
		return ""
	}
	return name
}

// short takes an answer that is not there in time, or about what is not there, for an empty one.
func (s *suggester) short(err error) error {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		s.note = "there was no time to look for all values"
		return nil
	case engine.KindOf(err) == engine.KindNotFound, engine.KindOf(err) == engine.KindNotCovered:
		s.note = err.Error()
		return nil
	}
	return err
}

func (s *suggester) services(pick func(*engine.Services) []string) ([]string, error) {
	answer, err := s.engine.Services(s.ctx)
	if err != nil {
		return nil, s.short(err)
	}
	return pick(answer), nil
}

// objects collects words of the objects in the time, sorted.
func (s *suggester) objects(collect func(o *engine.ObjectEntry, add func(string))) ([]string, error) {
	answer, err := s.engine.Objects(s.ctx, s.q)
	if err != nil {
		return nil, s.short(err)
	}
	s.note = answer.Cut
	words := map[string]bool{}
	for i := range answer.Objects {
		collect(&answer.Objects[i], func(word string) {
			if word != "" {
				words[word] = true
			}
		})
	}
	return slices.Sorted(maps.Keys(words)), nil
}

// counted gives the words of tables of counts, the most frequent ones of each first.
func (s *suggester) counted(table string, part func(string) string) ([]string, error) {
	answer, err := s.engine.Stat(s.ctx, query.Stat{Cluster: s.q.Cluster, Window: s.q.Alive, Top: maxSuggested})
	if err != nil {
		return nil, s.short(err)
	}
	var words []string
	for _, t := range answer.Tables {
		if !strings.HasSuffix(t.Name, table) {
			continue
		}
		if t.More > 0 {
			s.note = "the most frequent ones only"
		}
		for _, row := range t.Rows {
			word, _, _ := strings.Cut(row.Name, "/") // a subresource
			if table == "requests by user" {
				word = row.Name
			}
			if strings.HasPrefix(word, "(") { // "(none)", "(other)"
				continue
			}
			if part != nil {
				word = part(word)
			}
			if word != "" && !slices.Contains(words, word) {
				words = append(words, word)
			}
		}
	}
	return words, nil
}
