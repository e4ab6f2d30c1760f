package join

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/record"
)

// play is a small history of one object, written down by hand.
type play struct {
	in Input
}

const uid = "11111111-0000-0000-0000-000000000001"

func newPlay(resource string) *play {
	return &play{Input{Ref: record.ObjectRef{Resource: resource, Namespace: "shop", Name: "web", UID: uid}}}
}

// rev adds a watched state; body is what comes behind the identifying metadata.
func (p *play) rev(rv record.ResourceVersion, meta, rest string) *play {
	body := fmt.Sprintf(`{"metadata":{"uid":%q,"resourceVersion":"%d","creationTimestamp":"2026-11-20T15:00:00Z"%s}%s}`, uid, rv, meta, rest)
	p.in.Revisions = append(p.in.Revisions, Revision{Record: &record.Record{Kind: record.KindRevision, Ref: p.in.Ref,
		Revision: &record.Revision{RV: rv, Body: []byte(body)}, Provenance: record.Provenance{Sources: record.FromWatch}}})
	return p
}

func (p *play) end(rv record.ResourceVersion) *play {
	p.in.End = &record.Record{Kind: record.KindEnd, Ref: p.in.Ref, End: &record.End{RV: rv, Sources: record.FromWatch}}
	return p
}

// ask adds a request that ran from one second to another; change sets what is particular to it.
func (p *play) ask(id, verb, sub string, from, to float64, change func(*record.Record, *record.Request)) *play {
	q := &record.Request{AuditID: id, Stage: record.StageResponseComplete, Level: record.LevelMetadata, Verb: verb, URI: "/x/" + id, Code: 200,
		StageAt: at(to), Actor: record.Actor{User: "u", UserAgent: "agent/1"}}
	r := &record.Record{Kind: record.KindRequest, Ref: p.in.Ref, Request: q, OccurredAt: at(from)}
	r.Ref.Subresource, r.Ref.UID = sub, ""
	if verb == "create" {
		q.Code = 201
	}
	if change != nil {
		change(r, q)
	}
	p.in.Requests = append(p.in.Requests, r)
	return p
}

func names(rv record.ResourceVersion) func(*record.Record, *record.Request) {
	return func(_ *record.Record, q *record.Request) { q.NamedRV, q.NamedUID = rv, uid }
}

func answers(rv record.ResourceVersion) func(*record.Record, *record.Request) {
	return func(_ *record.Record, q *record.Request) {
		q.Answer, q.AnswerRV, q.AnswerUID = record.BodyObject, rv, uid
	}
}

func by(agent string) func(*record.Record, *record.Request) {
	return func(_ *record.Record, q *record.Request) { q.Actor.UserAgent = agent }
}

func fails(code int) func(*record.Record, *record.Request) {
	return func(_ *record.Record, q *record.Request) { q.Code = code }
}

func notFound(message string) func(*record.Record, *record.Request) {
	return func(_ *record.Record, q *record.Request) { q.Code, q.Reason, q.Message = 404, "NotFound", message }
}

// along adds a request that ended the Service of the same name.
func (p *play) along(id, verb string, from, to float64) *play {
	q := newPlay("services").ask(id, verb, "", from, to, func(_ *record.Record, q *record.Request) {
		q.Answer, q.AnswerUID, q.AnswerEnds = record.BodyStatus, "another", true
	})
	p.in.Along = append(p.in.Along, q.in.Requests...)
	return p
}

func all(list ...func(*record.Record, *record.Request)) func(*record.Record, *record.Request) {
	return func(r *record.Record, q *record.Request) {
		for _, f := range list {
			f(r, q)
		}
	}
}

// managed is a managedFields member with one entry that owns spec.replicas or status.ready.
func managed(manager, sub string, second int) string {
	return fmt.Sprintf(`,"managedFields":[{"manager":%q,"operation":"Update","subresource":%q,"time":"2026-11-20T15:00:%02dZ","fieldsV1":{"f:spec":{"f:replicas":{}},"f:status":{"f:ready":{}}}}]`,
		manager, sub, second)
}

// line writes a maker shortly: "exact a", "candidates a b", "unknown".
func line(m Maker) string {
	word := [...]string{"exact", "inferred", "candidates", "unknown"}[m.Certainty]
	if m.Request != nil {
		return word + " " + m.Request.Request.AuditID
	}
	for _, c := range m.Candidates {
		word += " " + c.Request.AuditID
	}
	return word
}

func TestRules(t *testing.T) {
	created := managed("agent", "", 0)
	tests := map[string]struct {
		play *play
		want map[record.ResourceVersion]string
		end  string
		noop []string
	}{
		"a create's answer": {
			play: newPlay("deployments").rev(5, created, `,"spec":{"replicas":1}`).ask("a", "create", "", 0.1, 0.2, answers(5)),
			want: map[record.ResourceVersion]string{5: "exact a"},
		},
		"a create by name, bodies unknown": {
			play: newPlay("deployments").rev(5, created, `,"spec":{"replicas":1}`).ask("a", "create", "", 0.1, 0.2, nil),
			want: map[record.ResourceVersion]string{5: "inferred a"},
		},
		"a create in another second is not it": {
			play: newPlay("deployments").rev(5, created, `,"spec":{"replicas":1}`).ask("a", "create", "", 1.1, 1.2, nil),
			want: map[record.ResourceVersion]string{5: "unknown"},
		},
		"the lock": {
			play: newPlay("deployments").rev(5, created, `,"spec":{"replicas":1}`).rev(8, created, `,"spec":{"replicas":2}`).
				ask("a", "create", "", 0.1, 0.2, nil).ask("b", "update", "", 3, 3.1, names(5)),
			want: map[record.ResourceVersion]string{5: "inferred a", 8: "exact b"},
		},
		"the lock of an update that may have changed nothing, beside a patch": {
			play: newPlay("deployments").rev(5, created, `,"spec":{"replicas":1}`).rev(8, created, `,"spec":{"replicas":2}`).
				ask("b", "update", "", 3, 3.1, names(5)).ask("c", "patch", "", 3, 3.2, nil),
			want: map[record.ResourceVersion]string{5: "unknown", 8: "candidates b c"},
		},
		"a refused update makes nothing": {
			play: newPlay("deployments").rev(5, created, `,"spec":{"replicas":1}`).rev(8, created, `,"spec":{"replicas":2}`).
				ask("b", "update", "", 3, 3.1, all(names(5), fails(409))).ask("c", "patch", "", 3, 3.2, nil),
			want: map[record.ResourceVersion]string{5: "unknown", 8: "inferred c"},
		},
		"a dry run makes nothing": {
			play: newPlay("deployments").rev(5, created, `,"spec":{"replicas":1}`).rev(8, created, `,"spec":{"replicas":2}`).
				ask("b", "update", "", 3, 3.1, all(names(5), func(_ *record.Record, q *record.Request) { q.URI += "?dryRun=All" })).ask("c", "patch", "", 3, 3.2, nil),
			want: map[record.ResourceVersion]string{5: "unknown", 8: "inferred c"},
		},
		"a no-op patch answers the state it found": {
			play: newPlay("deployments").rev(5, created, `,"spec":{"replicas":1}`).rev(8, created, `,"spec":{"replicas":2}`).
				ask("b", "patch", "", 3, 3.1, answers(8)).ask("c", "patch", "", 4, 4.2, answers(8)),
			want: map[record.ResourceVersion]string{5: "unknown", 8: "exact b"},
			noop: []string{"c"},
		},
		"two patches at once that answer one state": {
			play: newPlay("deployments").rev(5, created, `,"spec":{"replicas":1}`).rev(8, created, `,"spec":{"replicas":2}`).
				ask("b", "patch", "", 3, 3.1, answers(8)).ask("c", "patch", "", 3.05, 3.2, answers(8)),
			want: map[record.ResourceVersion]string{5: "unknown", 8: "candidates b c"},
		},
		"managedFields tell two managers apart": {
			play: newPlay("deployments").rev(5, created, `,"spec":{"replicas":1}`).rev(8, managed("other", "", 3), `,"spec":{"replicas":2}`).
				ask("b", "patch", "", 3, 3.1, by("agent/2")).ask("c", "patch", "", 3, 3.2, by("other/2")),
			want: map[record.ResourceVersion]string{5: "unknown", 8: "inferred c"},
		},
		"ownership tells two managers apart where no time is new": {
			play: newPlay("deployments").rev(5, created, `,"spec":{"replicas":1}`).rev(8, created, `,"spec":{"replicas":2}`).
				ask("b", "patch", "", 3, 3.1, by("agent/2")).ask("c", "patch", "", 3, 3.2, by("other/2")),
			want: map[record.ResourceVersion]string{5: "unknown", 8: "inferred b"},
		},
		"a status request changes no spec": {
			play: newPlay("deployments").rev(5, created, `,"spec":{"replicas":1}`).rev(8, created, `,"spec":{"replicas":2}`).
				ask("b", "patch", "status", 3, 3.1, nil).ask("c", "patch", "", 3, 3.2, nil),
			want: map[record.ResourceVersion]string{5: "unknown", 8: "inferred c"},
		},
		"the scale subresource": {
			play: newPlay("deployments").rev(5, created, `,"spec":{"replicas":1}`).rev(8, managed("agent", "scale", 3), `,"spec":{"replicas":2}`).
				ask("b", "patch", "scale", 3, 3.1, nil).ask("c", "patch", "", 3, 3.2, nil),
			want: map[record.ResourceVersion]string{5: "unknown", 8: "inferred b"},
		},
		"patches one after the other are told apart by their number": {
			play: newPlay("configmaps").rev(5, created, `,"data":{"a":"1"}`).rev(6, created, `,"data":{"a":"2"}`).rev(7, created, `,"data":{"a":"3"}`).
				ask("z", "create", "", 0.1, 0.2, nil).ask("b", "patch", "", 3, 3.1, nil).ask("c", "patch", "", 3.2, 3.3, nil),
			want: map[record.ResourceVersion]string{5: "inferred z", 6: "candidates b", 7: "candidates c"},
		},
		"a binding": {
			play: newPlay("pods").rev(5, created, `,"spec":{"a":1}`).rev(6, created, `,"spec":{"a":1,"nodeName":"n"},"status":{"x":1}`).
				ask("b", "create", "binding", 1, 1.1, names(0)).ask("c", "patch", "status", 1, 1.1, nil),
			want: map[record.ResourceVersion]string{5: "unknown", 6: "exact b"},
		},
		"a delete with grace 0 makes two things": {
			play: newPlay("pods").rev(5, created, `,"spec":{}`).
				rev(6, created+`,"deletionTimestamp":"2026-11-20T15:00:35Z","deletionGracePeriodSeconds":30`, `,"spec":{}`).
				rev(9, created+`,"deletionTimestamp":"2026-11-20T15:00:10Z","deletionGracePeriodSeconds":0`, `,"spec":{}`).end(10).
				ask("b", "delete", "", 5.1, 5.2, nil).ask("c", "delete", "", 10.1, 10.2, nil).ask("d", "patch", "status", 10.1, 10.2, nil),
			want: map[record.ResourceVersion]string{5: "unknown", 6: "inferred b", 9: "inferred c"},
			end:  "inferred c",
		},
		"a delete takes no finalizer but its own": {
			play: newPlay("pods").rev(5, created+`,"finalizers":["x"]`, `,"spec":{}`).
				rev(6, created+`,"finalizers":["x"],"deletionTimestamp":"2026-11-20T15:00:35Z","deletionGracePeriodSeconds":30`, `,"spec":{}`).
				rev(7, created+`,"deletionTimestamp":"2026-11-20T15:00:35Z","deletionGracePeriodSeconds":30`, `,"spec":{}`).
				rev(8, created+`,"deletionTimestamp":"2026-11-20T15:00:35Z","deletionGracePeriodSeconds":30`, `,"spec":{},"status":{"ready":1}`).
				ask("a", "delete", "", 5.1, 5.2, nil).ask("b", "patch", "", 7.1, 7.3, nil).ask("c", "delete", "", 7.2, 7.4, nil).ask("d", "update", "status", 8.1, 8.2, names(7)),
			want: map[record.ResourceVersion]string{5: "unknown", 6: "inferred a", 7: "inferred b", 8: "exact d"},
		},
		"two entries of one writer, one without a time": {
			play: newPlay("deployments").rev(5, created, `,"spec":{"replicas":1}`).
				rev(6, `,"managedFields":[{"manager":"agent","operation":"Update"},{"manager":"agent","operation":"Update","time":"2026-11-20T15:00:00Z"}]`, `,"spec":{"replicas":1}`).
				rev(7, `,"managedFields":[{"manager":"agent","operation":"Update","time":"2026-11-20T15:00:00Z"},{"manager":"ci","operation":"Update","time":"2026-11-20T15:00:07Z"}]`, `,"spec":{"replicas":2}`).
				ask("a", "update", "scale", 6.1, 6.2, names(5)).ask("b", "patch", "", 7.1, 7.2, by("ci/1")),
			want: map[record.ResourceVersion]string{5: "unknown", 6: "exact a", 7: "inferred b"},
		},
		"a controller's delete shortens no grace period": {
			play: newPlay("pods").rev(5, created, `,"spec":{}`).
				rev(6, created+`,"deletionTimestamp":"2026-11-20T15:00:35Z","deletionGracePeriodSeconds":30`, `,"spec":{}`).
				rev(9, created+`,"deletionTimestamp":"2026-11-20T15:00:10Z","deletionGracePeriodSeconds":0`, `,"spec":{}`).end(10).
				ask("b", "delete", "", 5.1, 5.2, nil).ask("c", "delete", "", 10.1, 10.3, nil).
				ask("d", "deletecollection", "", 10.2, 10.4, func(r *record.Record, q *record.Request) {
					r.Ref.Name, q.Actor.User = "", "system:serviceaccount:kube-system:namespace-controller"
				}),
			want: map[record.ResourceVersion]string{5: "unknown", 6: "inferred b", 9: "inferred c"},
			end:  "candidates c d",
		},
		"anybody's may": {
			play: newPlay("pods").rev(5, created, `,"spec":{}`).
				rev(6, created+`,"deletionTimestamp":"2026-11-20T15:00:35Z","deletionGracePeriodSeconds":30`, `,"spec":{}`).
				rev(9, created+`,"deletionTimestamp":"2026-11-20T15:00:10Z","deletionGracePeriodSeconds":0`, `,"spec":{}`).end(10).
				ask("b", "delete", "", 5.1, 5.2, nil).ask("c", "delete", "", 10.1, 10.3, nil).
				ask("d", "deletecollection", "", 10.2, 10.4, func(r *record.Record, q *record.Request) { r.Ref.Name = "" }),
			want: map[record.ResourceVersion]string{5: "unknown", 6: "inferred b", 9: "candidates c d"},
			end:  "candidates c d",
		},
		"foreground deletion of what is marked": {
			play: newPlay("jobs").rev(5, created, `,"spec":{}`).
				rev(6, created+`,"deletionTimestamp":"2026-11-20T15:00:05Z","deletionGracePeriodSeconds":0,"finalizers":["x"]`, `,"spec":{}`).
				rev(7, created+`,"deletionTimestamp":"2026-11-20T15:00:05Z","deletionGracePeriodSeconds":0,"finalizers":["x","foregroundDeletion"]`, `,"spec":{}`).
				rev(8, created+`,"deletionTimestamp":"2026-11-20T15:00:05Z","deletionGracePeriodSeconds":0,"finalizers":["x","foregroundDeletion"]`, `,"spec":{},"status":{"ready":1}`).
				ask("c", "delete", "", 7.2, 7.4, nil).ask("d", "update", "status", 8.1, 8.2, names(7)),
			want: map[record.ResourceVersion]string{5: "unknown", 6: "unknown", 7: "inferred c", 8: "exact d"},
		},
		"the last finalizer": {
			play: newPlay("jobs").rev(5, created+`,"finalizers":["x"]`, `,"spec":{}`).
				rev(6, created+`,"finalizers":["x"],"deletionTimestamp":"2026-11-20T15:00:05Z","deletionGracePeriodSeconds":0`, `,"spec":{}`).end(9).
				ask("b", "delete", "", 5.1, 5.2, nil).ask("c", "update", "", 7.1, 7.2, names(6)).ask("d", "delete", "", 7.1, 7.2, nil),
			want: map[record.ResourceVersion]string{5: "unknown", 6: "inferred b"},
			end:  "exact c",
		},
		"a delete answered by a Status": {
			play: newPlay("services").rev(5, created, `,"spec":{}`).end(9).
				ask("b", "delete", "", 5.1, 5.2, func(_ *record.Record, q *record.Request) {
					q.Answer, q.AnswerUID, q.AnswerEnds = record.BodyStatus, uid, true
				}).ask("c", "deletecollection", "", 5.1, 5.3, nil),
			want: map[record.ResourceVersion]string{5: "unknown"},
			end:  "exact b",
		},
		"a delete and a collection's, undecidable": {
			play: newPlay("services").rev(5, created, `,"spec":{}`).end(9).
				ask("b", "delete", "", 5.1, 5.2, nil).ask("c", "deletecollection", "", 5.1, 5.3, nil),
			want: map[record.ResourceVersion]string{5: "unknown"},
			end:  "candidates b c",
		},
		"items of a collection": {
			play: newPlay("services").rev(5, created, `,"spec":{}`).end(9).
				ask("c", "deletecollection", "", 5.1, 5.3, func(r *record.Record, q *record.Request) {
					r.Ref.Name, q.Answer, q.Items = "", record.BodyList, []record.Item{{UID: uid, RV: 5, Ends: true}}
				}).
				ask("d", "deletecollection", "", 5.1, 5.3, func(r *record.Record, q *record.Request) {
					r.Ref.Name, q.Answer, q.Items = "", record.BodyList, []record.Item{{UID: "another", RV: 5, Ends: true}}
				}),
			want: map[record.ResourceVersion]string{5: "unknown"},
			end:  "exact c",
		},
		"a delete of what was gone already": {
			play: newPlay("services").rev(5, created, `,"spec":{}`).end(9).ask("a", "create", "", 0.1, 0.2, nil).
				ask("b", "delete", "", 5.1, 5.2, nil).ask("c", "delete", "", 5.3, 5.4, notFound(`services "web" not found`)).ask("d", "deletecollection", "", 5.5, 5.6, nil),
			want: map[record.ResourceVersion]string{5: "inferred a"},
			end:  "inferred b",
		},
		"what was not found may be another thing, or not yet have been made": {
			play: newPlay("services").rev(5, created, `,"spec":{}`).end(9).ask("x", "delete", "", 0.1, 0.15, notFound(`services "web" not found`)).
				ask("a", "create", "", 0.2, 0.3, nil).ask("b", "delete", "", 5.1, 5.2, nil).ask("c", "patch", "", 5.3, 5.4, notFound(`namespaces "shop" not found`)).
				ask("d", "deletecollection", "", 5.5, 5.6, nil),
			want: map[record.ResourceVersion]string{5: "inferred a"},
			end:  "candidates b d",
		},
		"Endpoints go with their Service": {
			play: newPlay("endpoints").rev(5, created, "").end(9).ask("a", "create", "", 0.1, 0.2, nil).along("s", "delete", 5.1, 5.2).
				ask("c", "delete", "", 5.3, 5.4, notFound(`endpoints "web" not found`)).ask("d", "deletecollection", "", 5.5, 5.6, nil),
			want: map[record.ResourceVersion]string{5: "inferred a"},
			end:  "inferred s",
		},
		"Endpoints go with their Service, or were deleted": {
			play: newPlay("endpoints").rev(5, created, "").end(9).ask("a", "create", "", 0.1, 0.2, nil).along("s", "delete", 5.1, 5.2).ask("d", "deletecollection", "", 5.0, 5.6, nil),
			want: map[record.ResourceVersion]string{5: "inferred a"},
			end:  "candidates d s",
		},
		"a delete that answered the UID of Endpoints": {
			play: newPlay("endpoints").rev(5, created, "").end(9).ask("a", "create", "", 0.1, 0.2, nil).along("s", "delete", 5.1, 5.2).
				ask("d", "delete", "", 5.0, 5.6, func(_ *record.Record, q *record.Request) {
					q.Answer, q.AnswerUID, q.AnswerEnds = record.BodyStatus, uid, true
				}),
			want: map[record.ResourceVersion]string{5: "inferred a"},
			end:  "exact d",
		},
		"stages of one request are one": {
			play: newPlay("deployments").rev(5, created, `,"spec":{"replicas":1}`).
				ask("a", "create", "", 0.1, 0.1, func(_ *record.Record, q *record.Request) { q.Stage, q.Code = record.StageRequestReceived, 0 }).
				ask("a", "create", "", 0.1, 0.2, answers(5)),
			want: map[record.ResourceVersion]string{5: "exact a"},
		},
		"a request whose outcome is not known is a candidate": {
			play: newPlay("deployments").rev(5, created, `,"spec":{"replicas":1}`).
				ask("a", "create", "", 0.1, 0.2, func(_ *record.Record, q *record.Request) { q.Stage, q.Code = record.StageRequestReceived, 0 }),
			want: map[record.ResourceVersion]string{5: "candidates a"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for range 3 {
				got := Object(tt.play.in)
				lines := map[record.ResourceVersion]string{}
				for rv, m := range got.Makers {
					lines[rv] = line(m)
					if len(m.Evidence) == 0 {
						t.Errorf("%d: no evidence", rv)
					}
				}
				if diff := cmp.Diff(tt.want, lines); diff != "" {
					t.Error(diff)
				}
				if tt.play.in.End != nil && line(got.End) != tt.end {
					t.Errorf("end: got %s, want %s", line(got.End), tt.end)
				}
				var noop []string
				for _, r := range tt.play.in.Requests {
					if got.NoOps[r.ID()] {
						noop = append(noop, r.Request.AuditID)
					}
				}
				if !slices.Equal(noop, tt.noop) {
					t.Errorf("no-ops: got %v, want %v", noop, tt.noop)
				}
				rand.Shuffle(len(tt.play.in.Requests), func(a, b int) {
					tt.play.in.Requests[a], tt.play.in.Requests[b] = tt.play.in.Requests[b], tt.play.in.Requests[a]
				})
				slices.SortStableFunc(tt.play.in.Requests, func(a, b *record.Record) int { return a.OccurredAt.Compare(b.OccurredAt) })
			}
		})
	}
}

// TestSiblings: creates without a name that do not overlap are told apart by their order; overlapping ones are not.
func TestSiblings(t *testing.T) {
	meta := `,"generateName":"web-"` + managed("agent", "", 0)
	nameless := func(r *record.Record, _ *record.Request) { r.Ref.Name = "" }
	siblings := []Sibling{{UID: "s4", RV: 4, CreatedAt: at(0)}, {UID: "s7", RV: 7, CreatedAt: at(0)}}
	p := newPlay("pods").rev(5, meta, `,"spec":{}`).ask("a", "create", "", 0.1, 0.15, nameless).ask("b", "create", "", 0.2, 0.25, nameless).
		ask("c", "create", "", 0.3, 0.35, nameless)
	if got := line(Object(p.in).Makers[5]); got != "candidates a b c" {
		t.Errorf("without siblings: %s", got)
	}
	p.in.Siblings = siblings
	if got := line(Object(p.in).Makers[5]); got != "inferred b" {
		t.Errorf("with siblings: %s", got)
	}
	p.in.Siblings = siblings[:1]
	if got := line(Object(p.in).Makers[5]); got != "candidates a b c" {
		t.Errorf("with one sibling lost: %s", got)
	}
	q := newPlay("pods").rev(5, meta, `,"spec":{}`).ask("a", "create", "", 0.1, 0.3, nameless).ask("b", "create", "", 0.2, 0.35, nameless).
		ask("c", "create", "", 0.4, 0.45, nameless)
	q.in.Siblings = siblings
	if got := line(Object(q.in).Makers[5]); got != "candidates a b" {
		t.Errorf("overlapping: %s", got)
	}
}

// TestRecordedOrder: the same records in any order give the same result, on a real recording.
func TestRecordedOrder(t *testing.T) {
	for _, strip := range [...]bool{false, true} {
		c := load(t, "deployment", strip)
		clock := c.clock()
		rng := rand.New(rand.NewPCG(3, 4))
		for uid, in := range c.inputs() {
			for i := range in.Revisions {
				in.Revisions[i].When = clock.When(in.Revisions[i].Record.Revision.RV)
			}
			want := Object(in)
			for range 3 {
				in.Requests, in.Siblings, in.Revisions = slices.Clone(in.Requests), slices.Clone(in.Siblings), slices.Clone(in.Revisions)
				rng.Shuffle(len(in.Requests), func(a, b int) { in.Requests[a], in.Requests[b] = in.Requests[b], in.Requests[a] })
				rng.Shuffle(len(in.Siblings), func(a, b int) { in.Siblings[a], in.Siblings[b] = in.Siblings[b], in.Siblings[a] })
				rng.Shuffle(len(in.Revisions), func(a, b int) { in.Revisions[a], in.Revisions[b] = in.Revisions[b], in.Revisions[a] })
				if diff := cmp.Diff(want, Object(in)); diff != "" {
					t.Fatalf("%s: %s", uid, diff)
				}
			}
		}
	}
}

// TestRecordedIntervals: every interval holds the window of the true request, and intervals rise with resourceVersions.
func TestRecordedIntervals(t *testing.T) {
	truth := truthOf(t, "deployment")
	for _, strip := range [...]bool{false, true} {
		c := load(t, "deployment", strip)
		for uid, r := range c.join() {
			rvs := make([]record.ResourceVersion, 0, len(r.Intervals))
			for rv := range r.Intervals {
				rvs = append(rvs, rv)
			}
			slices.Sort(rvs)
			var before Interval
			for _, rv := range rvs {
				i := r.Intervals[rv]
				if want := truth[truthKey{UID: uid, RV: rv}]; want != nil {
					if !i.NotBefore.IsZero() && i.NotBefore.After(want.StageTimestamp) || !i.NotAfter.IsZero() && i.NotAfter.Before(want.RequestReceivedTimestamp) {
						t.Errorf("%s %d: %v does not touch %s to %s", uid, rv, i, want.RequestReceivedTimestamp, want.StageTimestamp)
					}
				}
				if i.NotBefore.Before(before.NotBefore) || (!before.NotAfter.IsZero() && !i.NotAfter.IsZero() && i.NotAfter.Before(before.NotAfter)) {
					t.Errorf("%s %d: %v lies before %v", uid, rv, i, before)
				}
				if !i.NotBefore.IsZero() && !i.NotAfter.IsZero() && i.NotAfter.Before(i.NotBefore.Add(-time.Millisecond)) {
					t.Errorf("%s %d: %v is empty", uid, rv, i)
				}
				before = i
			}
		}
	}
}

func FuzzObject(f *testing.F) {
	f.Add([]byte(`{"metadata":{"uid":"u","managedFields":[{"manager":"m","fieldsV1":{"f:spec":{"k:{\"a\":1}":{}}}}]},"spec":{"a":[{"a":1}]}}`),
		[]byte(`{"metadata":{"uid":"u","deletionTimestamp":"2026-11-20T15:00:05Z","finalizers":["x"]},"spec":{"nodeName":"n"}}`))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		in := newPlay("pods").ask("a", "create", "", 0.1, 0.2, nil).ask("b", "patch", "", 1, 2, nil).ask("c", "update", "status", 1, 2, names(5)).end(9).in
		for i, body := range [...][]byte{a, b} {
			in.Revisions = append(in.Revisions, Revision{Record: &record.Record{Kind: record.KindRevision, Ref: in.Ref,
				Revision: &record.Revision{RV: record.ResourceVersion(5 + i), Body: body}, Provenance: record.Provenance{Sources: record.FromWatch}}})
		}
		in.End.End.LastBody = b
		if r := Object(in); len(r.Makers) != 2 {
			t.Errorf("%d makers", len(r.Makers))
		}
	})
}
