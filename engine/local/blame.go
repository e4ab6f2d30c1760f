package local

import (
	"context"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/join"
	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/query"
)

// Blame tells for every field of a state since when it holds its value, and who set it.
func (e *Engine) Blame(ctx context.Context, q query.Blame) (*engine.Blame, error) {
	under, err := object.ParsePath(q.Path)
	if err != nil {
		return nil, engine.Errorf(engine.KindBadQuestion, "%s", err.Error())
	}
	p, err := e.place(ctx, q.Object, q.Point)
	if err != nil {
		return nil, err
	}
	fields, err := p.life.Blame(p.at, index.BlameOptions{Under: under, Noise: q.Noise})
	if err != nil {
		return nil, err
	}
	b := blaming{life: p.life, got: p.got, webhooks: map[int][]object.WebhookChange{}}
	out := &engine.Blame{Object: refOf(p.life.Entry.Ref), Revision: rvString(p.life.States[p.at].RV),
		When: p.got.when(p.life, p.at), Fields: make([]engine.Blamed, 0, len(fields))}
	for _, f := range fields {
		out.Fields = append(out.Fields, b.field(f))
	}
	if len(fields) == 0 && q.Path != "" {
		return nil, engine.Errorf(engine.KindNotFound, "%s has no field %s at revision %s", entryWords(p.life.Entry), q.Path, out.Revision)
	}
	out.Coverage, err = e.placeCoverage(ctx, p, 0)
	return out, err
}

// blaming turns the blame of one life into an answer.
type blaming struct {
	life     *index.Life
	got      received
	webhooks map[int][]object.WebhookChange // by state; read once
}

func (b *blaming) field(f object.Blamed) engine.Blamed {
	out := engine.Blamed{Path: f.Path.String(), Value: f.Value.JSON(), Certainty: engine.Certainty(f.Certainty), Reason: f.Reason}
	if len(f.Owners) > 0 {
		out.Manager, out.Operation = f.Owners[0].Manager, f.Owners[0].Operation
	}
	switch {
	case f.Index != object.Before:
		b.since(&out, f)
	case f.Origin != nil && f.Origin.RV != 0:
		b.fromFloor(&out, f.Origin)
	default:
		out.Before = b.before()
	}
	return out
}

// before is the moment at which the first state that is known was in force already.
func (b *blaming) before() *engine.When {
	if b.life.Floor != nil {
		return &engine.When{At: timePtr(b.life.Floor.At), NotAfter: timePtr(b.life.Floor.At)}
	}
	at := shown(b.life.When[0])
	return &engine.When{At: timePtr(at), NotAfter: timePtr(at)}
}

// since tells of a field that got its value within the recording.
func (b *blaming) since(out *engine.Blamed, f object.Blamed) {
	when := b.got.when(b.life, f.Index)
	out.Since, out.ResourceVersion = &when, rvString(b.life.States[f.Index].RV)
	if f.After != f.Index-1 && f.After != object.Before {
		when.NotBefore = timePtr(b.life.When[f.After].NotBefore)
	}
	b.by(out, b.life.Makers[f.Index], len(f.Owners) > 0 && f.Owners[0].Wrote)
	m := b.life.Makers[f.Index]
	if m.Request == nil {
		return
	}
	changes, read := b.webhooks[f.Index]
	if !read {
		changes = object.WebhookChanges(m.Request.Request.Annotated, b.life.States[f.Index].Value, b.life.Schema)
		b.webhooks[f.Index] = changes
	}
	if c, ok := object.WebhookOf(changes, f.Path); ok {
		out.Webhook = c.Webhook
	}
}

// by adds who made the revision; what is said of a field is no surer than that.
func (b *blaming) by(out *engine.Blamed, m join.Maker, managed bool) {
	made := makerOf(m)
	out.Actor = made.Actor
	if len(made.Evidence) > 0 {
		out.Reason += "; " + made.Evidence[0]
	}
	if made.Request != nil {
		out.Verb, out.Subresource, out.RequestID = made.Request.Verb, made.Request.Subresource, made.Request.ID
	}
	switch {
	case out.Certainty == engine.Assumed:
	case made.Certainty == engine.Inferred:
		out.Certainty = engine.Inferred
	case made.Certainty == engine.Candidate:
		out.Certainty = engine.Candidate
	case made.Certainty == engine.Unknown && managed:
		out.Certainty = engine.Inferred
		out.Reason += "; the request that made it was not recorded, its manager is told by managedFields"
	case made.Certainty == engine.Unknown:
		out.Certainty = engine.Unknown
		out.Reason += "; the request that made it was not recorded"
	}
}

// fromFloor tells of a field by what was kept when older records were dropped.
func (b *blaming) fromFloor(out *engine.Blamed, o *object.Origin) {
	out.ResourceVersion = rvString(o.RV)
	if b.life.Floor != nil {
		out.Before = &engine.When{At: timePtr(b.life.Floor.At), NotAfter: timePtr(b.life.Floor.At)}
	}
	m, ok := index.DecodeMaker(o.Maker)
	if !ok {
		return
	}
	if m.Request != nil && !m.When.NotAfter.IsZero() {
		when := whenOf(m.When)
		out.Since, out.Before = &when, nil
	}
	b.by(out, m.Maker, out.Manager != "")
}
