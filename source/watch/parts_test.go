package watch

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/recording"
)

func servedPods() recording.Resource {
	return recording.Resource{Version: "v1", Resource: "pods", Kind: "Pod"}
}

func readPage(text string, most int) (items []string, rv record.ResourceVersion, next string, err error) {
	p := page{r: bufio.NewReaderSize(strings.NewReader(text), 16), most: most}
	h, next, err := p.read(func(raw []byte) error {
		items = append(items, string(raw))
		return nil
	})
	return items, h.RV, next, err
}

func TestPage(t *testing.T) {
	for name, tt := range map[string]struct {
		text  string
		items []string
		rv    record.ResourceVersion
		next  string
		fails bool
	}{
		"plain": {`{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7","continue":"abc"},"items":[{"a":1},{"b":[{"c":"]}"}]}]}`,
			[]string{`{"a":1}`, `{"b":[{"c":"]}"}]}`}, 7, "abc", false},
		"items first": {`{"items":[{"a":"\"{\\"}],"kind":"PodList","metadata":{"resourceVersion":"7"}}`, []string{`{"a":"\"{\\"}`}, 7, "", false},
		"spaced":      {"{\n \"kind\": \"PodList\",\n \"metadata\": {\"resourceVersion\": \"7\"},\n \"items\": [ {\"a\": 1} ,\n {} ]\n}\n", []string{`{"a": 1}`, `{}`}, 7, "", false},
		"empty":       {`{"kind":"PodList","metadata":{"resourceVersion":"7"},"items":[]}`, nil, 7, "", false},
		"null items":  {`{"kind":"PodList","metadata":{"resourceVersion":"7"},"items":null}`, nil, 7, "", false},
		"deeper items are no items": {`{"kind":"PodList","metadata":{"resourceVersion":"7","items":[{"x":1}]},"items":[{"a":1}]}`,
			[]string{`{"a":1}`}, 7, "", false},
		"too long":           {`{"kind":"PodList","metadata":{"resourceVersion":"7"},"items":[{"a":"` + strings.Repeat("x", 100) + `"},{"b":1}]}`, []string{"", `{"b":1}`}, 7, "", false},
		"cut":                {`{"kind":"PodList","metadata":{"resourceVersion":"7"},"items":[{"a":1},{"b`, []string{`{"a":1}`}, 0, "", true},
		"no resourceVersion": {`{"kind":"PodList","metadata":{},"items":[]}`, nil, 0, "", true},
		"a Status":           {`{"kind":"Status","metadata":{"resourceVersion":"7"}}`, nil, 0, "", true},
		"html":               {"<html></html>", nil, 0, "", true},
		"numbers as items":   {`{"kind":"PodList","metadata":{"resourceVersion":"7"},"items":[1,2]}`, nil, 0, "", true},
		"a long head":        {`{"kind":"` + strings.Repeat("x", maxHeadBytes), nil, 0, "", true},
		"nothing":            {"", nil, 0, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			items, rv, next, err := readPage(tt.text, 50)
			if (err != nil) != tt.fails || rv != tt.rv || next != tt.next {
				t.Errorf("rv %d, next %q, %v", rv, next, err)
			}
			if diff := cmp.Diff(tt.items, items); diff != "" {
				t.Error(diff)
			}
			if tt.fails && errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Error("an end that looks orderly")
			}
		})
	}
}

func FuzzPage(f *testing.F) {
	f.Add(`{"kind":"PodList","metadata":{"resourceVersion":"7","continue":"x"},"items":[{"a":"\""},{}]}`)
	f.Add(`{"items":[{]}`)
	f.Fuzz(func(t *testing.T, text string) {
		items, _, _, _ := readPage(text, 100)
		live := recording.NewLive("c", servedPods(), redact.Off(), 0)
		for _, raw := range items {
			if len(raw) > 100 {
				t.Fatal("longer than allowed")
			}
			if raw == "" {
				continue
			}
			if told, err := live.Item([]byte(raw), time.Time{}); err == nil && told.Record == nil {
				t.Fatal("an item without a record")
			}
		}
	})
}

func TestLines(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want []string
	}{
		"two":        {"a\nbb\n", []string{"a", "bb"}},
		"empty":      {"\n\r\na\r\n\n", []string{"a"}},
		"unfinished": {"a\nb", []string{"a"}},
		"too long":   {"a\n" + strings.Repeat("x", 200) + "\nb\n", []string{"a", "too long: 201", "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			l := readLines(t.Context(), strings.NewReader(tt.text), 100)
			var got []string
			for ln := range l.next {
				if ln.tooLong {
					got = append(got, fmt.Sprint("too long: ", ln.bytes))
				} else {
					got = append(got, string(ln.raw))
				}
				l.done <- struct{}{}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || !errors.Is(l.err, io.EOF) {
				t.Error(diff, l.err)
			}
		})
	}
}

func TestPreferred(t *testing.T) {
	verbs := metav1.Verbs{"get", "list", "watch"}
	gv := func(s string) metav1.GroupVersionForDiscovery {
		_, v := record.SplitAPIVersion(s)
		return metav1.GroupVersionForDiscovery{GroupVersion: s, Version: v}
	}
	groups := []*metav1.APIGroup{
		{Name: "x.io", PreferredVersion: gv("x.io/v2"), Versions: []metav1.GroupVersionForDiscovery{gv("x.io/v2"), gv("x.io/v1"), gv("x.io/v1beta1")}},
		{PreferredVersion: gv("v1"), Versions: []metav1.GroupVersionForDiscovery{gv("v1")}},
	}
	lists := []*metav1.APIResourceList{
		{GroupVersion: "x.io/v1beta1", APIResources: []metav1.APIResource{{Name: "oxen", Kind: "Ox", Verbs: verbs}, {Name: "hens", Kind: "Hen", Verbs: verbs}, {Name: "cats", Kind: "Cat", Verbs: verbs}}},
		{GroupVersion: "x.io/v1", APIResources: []metav1.APIResource{{Name: "oxen", Kind: "Ox", Verbs: verbs}, {Name: "hens", Kind: "Hen", Verbs: verbs}}},
		{GroupVersion: "x.io/v2", APIResources: []metav1.APIResource{{Name: "oxen", Kind: "Ox", Verbs: verbs}, {Name: "oxen/status", Kind: "Ox", Verbs: metav1.Verbs{"get"}}}},
		{GroupVersion: "v1", APIResources: []metav1.APIResource{{Name: "bindings", Kind: "Binding", Verbs: metav1.Verbs{"create"}}, {Name: "pods", Kind: "Pod", Namespaced: true, Verbs: verbs}}},
		nil,
	}
	var got []string
	for _, r := range preferred(groups, lists) {
		got = append(got, r.GroupResource().String()+" "+r.Version)
	}
	if diff := cmp.Diff([]string{"pods v1", "cats.x.io v1beta1", "hens.x.io v1", "oxen.x.io v2"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestLeftOut(t *testing.T) {
	for _, tt := range []struct {
		options  Options
		resource string
		want     string
	}{
		{Options{}, "pods", ""},
		{Options{}, "leases.coordination.k8s.io", reasonNoise},
		{Options{Include: []string{"*"}}, "leases.coordination.k8s.io", reasonNoise},
		{Options{Include: []string{"*", "leases.coordination.k8s.io"}}, "leases.coordination.k8s.io", ""},
		{Options{Include: []string{"*.apps"}}, "deployments.apps", ""},
		{Options{Include: []string{"*.apps"}}, "pods", reasonNotIncluded},
		{Options{Include: []string{"*."}}, "pods", ""},
		{Options{Include: []string{"*."}}, "deployments.apps", reasonNotIncluded},
		{Options{Exclude: []string{"*.example"}}, "oxen.farm.example", reasonExcluded},
		{Options{Include: []string{"pods"}, Exclude: []string{"p*"}}, "pods", reasonExcluded},
		{Options{}, "events", ""},
		{Options{}, "events.events.k8s.io", reasonOtherEvents},
		{Options{Exclude: []string{"events.events.k8s.io"}}, "events", reasonExcluded},
		{Options{Include: []string{"events.events.k8s.io"}}, "events", ""},
		{Options{Namespaces: []string{"a"}}, "nodes", reasonClusterWide},
	} {
		gr := record.ParseGroupResource(tt.resource)
		r := served{Resource: recording.Resource{Group: gr.Group, Version: "v1", Resource: gr.Resource}, namespaced: tt.resource != "nodes", watchable: true, listable: true}
		if got := tt.options.leftOut(r, true); got != tt.want {
			t.Errorf("%+v %s: %q, want %q", tt.options, tt.resource, got, tt.want)
		}
	}
	o := Options{}
	if got := o.leftOut(served{Resource: recording.Resource{Group: "metrics.k8s.io", Resource: "pods"}, listable: true}, true); got != reasonUnwatchable {
		t.Error(got)
	}
	if got := o.leftOut(served{Resource: recording.Resource{Group: "events.k8s.io", Resource: "events"}, listable: true, watchable: true}, false); got != "" {
		t.Error("Events that only one API serves are left out: ", got)
	}
}

func TestCheckOptions(t *testing.T) {
	for _, o := range []Options{{Include: []string{"[a"}}, {Exclude: []string{""}}, {Namespaces: []string{"a*"}}, {Namespaces: []string{"a/../b"}}, {QPS: -1}, {WatchFor: time.Second}} {
		if o.Check() == nil {
			t.Errorf("%+v is taken", o)
		}
	}
	if err := (Options{Include: []string{"*.apps"}, Namespaces: []string{"kube-system"}, WatchFor: time.Minute}).Check(); err != nil {
		t.Error(err)
	}
}

func TestResume(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	fact := func(resource, namespace string, p record.Progress, after time.Duration) *record.Record {
		return &record.Record{Kind: record.KindProgress, Ref: record.ObjectRef{Resource: resource, Namespace: namespace}, Progress: &p,
			Provenance: record.Provenance{ReceivedAt: at.Add(after)}}
	}
	facts := []*record.Record{
		fact("pods", "", record.Progress{RV: 100, List: true}, 0),
		fact("pods", "", record.Progress{RV: 500, From: 100}, 0),
		fact("pods", "", record.Progress{RV: 900}, 0), // a recording's bookmark
		fact("pods", "a", record.Progress{RV: 700, From: 600}, 0),
		fact("secrets", "", record.Progress{RV: 300, List: true}, 0),
		fact("secrets", "", record.Progress{RV: 300, From: 300}, 0),
		fact("nodes", "", record.Progress{RV: 800, From: 10}, 0),
		fact("nodes", "", record.Progress{RV: 50, List: true}, -time.Hour),
		fact("nodes", "", record.Progress{RV: 250, From: 200}, 2*time.Hour),
	}
	for _, tt := range []struct {
		scope scope
		epoch epoch
		want  [2]record.ResourceVersion
	}{
		{scope{record.GroupResource{Resource: "pods"}, ""}, epoch{}, [2]record.ResourceVersion{500, 100}},
		{scope{record.GroupResource{Resource: "pods"}, "a"}, epoch{}, [2]record.ResourceVersion{700, 600}},
		{scope{record.GroupResource{Resource: "pods"}, "b"}, epoch{}, [2]record.ResourceVersion{500, 0}}, // seen by the watch of all
		{scope{record.GroupResource{Resource: "secrets"}, ""}, epoch{}, [2]record.ResourceVersion{300, 300}},
		{scope{record.GroupResource{Resource: "jobs"}, ""}, epoch{}, [2]record.ResourceVersion{0, 0}},
		{scope{record.GroupResource{Resource: "nodes"}, ""}, epoch{}, [2]record.ResourceVersion{800, 10}},
		{scope{record.GroupResource{Resource: "nodes"}, ""}, epoch{At: at.Add(time.Hour), RV: 200}, [2]record.ResourceVersion{250, 200}},
	} {
		got := resume(facts, tt.scope, tt.epoch)
		if got.rv != tt.want[0] || got.from != tt.want[1] {
			t.Errorf("%+v in %+v: %+v", tt.scope, tt.epoch, got)
		}
	}
}

func TestShortUIDsDiffer(t *testing.T) {
	a := shortUID("4e1cd7ad-d75a-4a67-9ab4-d7b1f71d8f9a")
	if a != shortUID("4e1cd7ad-d75a-4a67-9ab4-d7b1f71d8f9a") || a[0] != 0x4e || a[15] != 0x9a {
		t.Errorf("%x", a)
	}
	if shortUID("u-1") == shortUID("u-2") || shortUID("zzzzzzzz-d75a-4a67-9ab4-d7b1f71d8f9a") == shortUID("zzzzzzzy-d75a-4a67-9ab4-d7b1f71d8f9a") {
		t.Error("two objects look like one")
	}
}
