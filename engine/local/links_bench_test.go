package local

import (
	"fmt"
	"testing"

	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
)

// crowd is a store with many ReplicaSets of a hundred pods each, all selected by a Service of theirs.
func crowd(b *testing.B, sets int) *Engine {
	b.Helper()
	s := newStage("c")
	for i := range sets {
		set := fmt.Sprintf("rs%d", i)
		labels := fmt.Sprintf(`{"app":%q}`, set)
		s.write(thing{kind: "Service", name: set, uid: "svc-" + set, spec: `{"selector":` + labels + `}`})
		s.write(thing{kind: "ReplicaSet", group: "apps", name: set, uid: set})
		for k := range 100 {
			pod := thing{kind: "Pod", name: fmt.Sprintf("%s-%d", set, k), uid: fmt.Sprintf("%s-%d", set, k), owners: []string{"ReplicaSet apps/v1 " + set + " " + set + " c"},
				labels: labels, spec: `{"nodeName":"n1","serviceAccountName":"default","volumes":[{"configMap":{"name":"settings"}}]}`}
			s.write(pod)
			s.write(pod)
		}
	}
	e := engineOver(b, openStore(b), s.out, 10_000)
	e.links.Patience = -1
	if _, err := e.links.View(b.Context()); err != nil {
		b.Fatal(err)
	}
	return e
}

func BenchmarkLinks(b *testing.B) {
	e := crowd(b, 100)
	for name, uid := range map[string]record.UID{"pod": "rs7-50", "replicaset": "rs7", "service": "svc-rs7"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				l, err := e.Links(b.Context(), query.Links{Object: query.Object{UID: uid}})
				if err != nil || len(l.Links) == 0 {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkTree asks for ten ReplicaSets of a hundred pods under one Deployment.
func BenchmarkTree(b *testing.B) {
	s := newStage("c")
	s.write(thing{kind: "Deployment", group: "apps", name: "d", uid: "d"})
	for i := range 10 {
		set := fmt.Sprintf("rs%d", i)
		s.write(thing{kind: "ReplicaSet", group: "apps", name: set, uid: set, owners: []string{"Deployment apps/v1 d d c"}})
		for k := range 99 {
			pod := thing{kind: "Pod", name: fmt.Sprintf("%s-%d", set, k), uid: fmt.Sprintf("%s-%d", set, k), owners: []string{"ReplicaSet apps/v1 " + set + " " + set + " c"}}
			s.write(pod)
			s.write(pod)
		}
	}
	e := engineOver(b, openStore(b), s.out, 10_000)
	for b.Loop() {
		tree, err := e.Tree(b.Context(), query.Tree{Object: query.Object{UID: "d"}, Up: query.All, Down: query.All})
		if err != nil || len(tree.Nodes) != 1001 {
			b.Fatal(len(tree.Nodes), err)
		}
	}
}

// BenchmarkDeriveLinks makes the index of a recording from nothing; bytes are those of its states.
func BenchmarkDeriveLinks(b *testing.B) {
	e := testEngine(b, "scenarios")
	for b.Loop() {
		fresh := New(e.st, Config{})
		fresh.links.Patience = -1
		fresh.links.Only = func(record.ObjectRef) bool { return true }
		if _, err := fresh.links.View(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
