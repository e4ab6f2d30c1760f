package join

import (
	"slices"
	"testing"

	"github.com/kubewake/kubewake/record"
)

func TestLosses(t *testing.T) {
	created := managed("agent", "", 0)
	gen := func(n string) string { return created + `,"generation":` + n }
	type loss struct {
		kind     LossKind
		from, to record.ResourceVersion
	}
	tests := map[string]struct {
		play *play
		want []loss
	}{
		"nothing": {
			newPlay("configmaps").rev(5, created, `,"data":{"a":"1"}`).ask("a", "create", "", 0.1, 0.2, answers(5)), nil,
		},
		"a named state": {
			newPlay("configmaps").rev(5, created, `,"data":{"a":"1"}`).rev(9, created, `,"data":{"a":"2"}`).
				ask("a", "create", "", 0.1, 0.2, answers(5)).ask("b", "update", "", 3, 3.1, names(7)),
			[]loss{{MissingRevision, 7, 7}},
		},
		"an answered state": {
			newPlay("configmaps").rev(5, created, `,"data":{"a":"1"}`).ask("a", "create", "", 0.1, 0.2, answers(5)).ask("b", "patch", "", 3, 3.1, answers(8)),
			[]loss{{MissingRevision, 8, 8}},
		},
		"a state without a request": {
			newPlay("configmaps").rev(5, created, `,"data":{"a":"1"}`).rev(9, created, `,"data":{"a":"2"}`).ask("a", "create", "", 0.1, 0.2, answers(5)),
			[]loss{{MissingRequest, 5, 9}},
		},
		"a jump of the generation": {
			newPlay("deployments").rev(5, gen("1"), `,"spec":{"replicas":1}`).rev(9, gen("3"), `,"spec":{"replicas":2}`).
				ask("a", "create", "", 0.1, 0.2, answers(5)).ask("b", "patch", "", 3, 3.1, answers(9)),
			[]loss{{MissingRevision, 5, 9}},
		},
		"a binding without its state": {
			newPlay("pods").rev(5, created, `,"spec":{"a":1}`).ask("a", "create", "", 0.1, 0.2, answers(5)).ask("b", "create", "binding", 1, 1.1, names(0)),
			[]loss{{MissingRevision, 5, 0}},
		},
		"an end that an answer told": {
			newPlay("configmaps").rev(5, created, `,"data":{"a":"1"}`).ask("a", "create", "", 0.1, 0.2, answers(5)).
				ask("b", "delete", "", 3, 3.1, func(_ *record.Record, q *record.Request) {
					q.Answer, q.AnswerUID, q.AnswerEnds = record.BodyStatus, uid, true
				}),
			[]loss{{MissingRevision, 0, 0}},
		},
		"another state at the end": {
			func() *play {
				p := newPlay("configmaps").rev(5, created, `,"data":{"a":"1"}`).end(9).ask("a", "create", "", 0.1, 0.2, answers(5)).ask("b", "delete", "", 3, 3.1, nil)
				p.in.End.End.LastBody = []byte(`{"metadata":{"uid":"` + uid + `","resourceVersion":"9","creationTimestamp":"2026-11-20T15:00:00Z"},"data":{"a":"2"}}`)
				return p
			}(),
			[]loss{{MissingRevision, 5, 9}},
		},
		"the state of its creation": {
			func() *play {
				p := newPlay("configmaps").rev(5, managed("agent", "", 9), `,"data":{"a":"1"}`)
				p.in.CreatedInRecording = true
				return p
			}(),
			[]loss{{MissingRevision, 0, 5}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got []loss
			for _, l := range Object(tt.play.in).Losses {
				got = append(got, loss{l.Kind, l.FromRV, l.ToRV})
				if l.Sentence == "" {
					t.Error("no sentence")
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestReusedAuditID(t *testing.T) {
	p := newPlay("configmaps").ask("a", "patch", "", 1, 2, nil).ask("a", "patch", "", 3, 4, func(_ *record.Record, q *record.Request) { q.Actor.User = "other" }).
		ask("b", "patch", "", 1, 1, func(_ *record.Record, q *record.Request) { q.Stage = record.StageRequestReceived }).ask("b", "patch", "", 1, 2, nil)
	if got := Object(p.in).Reused; !slices.Equal(got, []string{"a"}) {
		t.Errorf("got %v", got)
	}
}

func TestPinsAndUndecided(t *testing.T) {
	created := managed("agent", "", 0)
	p := newPlay("deployments").rev(5, created, `,"spec":{"replicas":1}`).rev(8, created, `,"spec":{"replicas":2}`).rev(9, created, `,"spec":{"replicas":3}`).
		ask("a", "create", "", 0.1, 0.2, answers(5)).ask("b", "patch", "", 3, 3.4, nil).ask("c", "patch", "", 3.1, 3.2, nil).ask("d", "patch", "", 3, 3.4, nil)
	r := Object(p.in)
	if got := r.Undecided(p.in); !slices.Equal(got, []record.ResourceVersion{8, 9}) {
		t.Errorf("undecided: %v", got)
	}
	if got := r.Pins(); !slices.Equal(got, []record.Pin{made(5, 0.1, 0.2)}) {
		t.Errorf("pins: %v", got)
	}
}
