package local

import (
	"context"
	"strconv"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/record"
)

// peopleTold tells of requests that changed something, with what they changed.
func (e *Engine) peopleTold(ctx context.Context, found []foundHit) ([]engine.PersonChange, error) {
	out := make([]engine.PersonChange, len(found))
	err := inParallel(len(found), nil, func(from, to int) error {
		t, lives := e.telling(), newLifeCache(e)
		for i := from; i < to; i++ {
			told, err := changeTold(ctx, t, lives, found[i].rec)
			if err != nil {
				return err
			}
			out[i] = told
		}
		return nil
	})
	return out, err
}

// changeTold tells of one successful request that may have changed something. It costs the revision that the request answered and the one before
// it; of one that answered none, a life.
func changeTold(ctx context.Context, t *telling, lives *lifeCache, r *record.Record) (engine.PersonChange, error) {
	q := r.Request
	about, err := t.request(ctx, r)
	if err != nil {
		return engine.PersonChange{}, err
	}
	out := engine.PersonChange{Object: refOf(about.Object), Mark: markOfRequest(r)}
	uid := namedUID(r)
	switch {
	case q.Verb == "deletecollection":
		out.Mark.Text = "deleted a collection"
		if n := len(q.Items); n > 0 && !q.Flags.Has(record.FlagItemsCut) {
			out.Mark.Text = "deleted " + strconv.Itoa(n) + " objects"
		}
		return out, nil
	case q.AnswerRV != 0 && uid != "" && (q.Answer == record.BodyObject || q.Answer == record.BodyScale || q.Answer == record.BodyPartialMetadata):
		done, err := answeredTold(ctx, t, r, uid, &out.Mark)
		if done || err != nil {
			return out, err
		}
	}
	life, err := lives.forRecord(ctx, r)
	if err != nil {
		return out, err
	}
	lifeTold(life, r, &out.Mark)
	return out, nil
}

func markOfRequest(r *record.Record) engine.Mark {
	q := r.Request
	return engine.Mark{ID: r.ID().String(), At: engine.MomentOf(r.OccurredAt), Until: engine.MomentOf(q.StageAt), Kind: "request", Verb: q.Verb, Sub: r.Ref.Subresource,
		Code: q.Code, Failed: q.Code >= 400, Who: whoOf(q.Actor)}
}

// whoOf names an actor: "alice", or "alice as bob".
func whoOf(a record.Actor) string {
	if a.Impersonator != "" && a.Impersonator != a.User {
		return a.Impersonator + " as " + a.User
	}
	return a.User
}

// answeredTold tells by the revision that a request answered; false: that is not recorded, or was there before the request.
func answeredTold(ctx context.Context, t *telling, r *record.Record, uid record.UID, mark *engine.Mark) (bool, error) {
	ref := r.Ref
	ref.UID = uid
	state := &record.Record{Kind: record.KindRevision, Ref: ref, Revision: &record.Revision{RV: r.Request.AnswerRV}}
	told, err := t.e.Tell(ctx, []*record.Record{state})
	if err != nil || told[0].Gone {
		return false, err
	}
	if r.Request.NamedRV == r.Request.AnswerRV || !told[0].At.IsZero() && told[0].Basis == "" && told[0].At.Before(r.OccurredAt) {
		mark.Text, mark.NoOp = r.Request.Verb+", no-op", true
		return true, nil
	}
	mark.ID, mark.Kind, mark.Text = record.RevisionID(r.Ref.Cluster, uid, r.Request.AnswerRV).String(), "revision", told[0].Words
	mark.At = max(mark.At, engine.MomentOf(told[0].At))
	return true, nil
}

// lifeTold tells by what the request is found to have made in a life; nil: none is known.
func lifeTold(life *index.Life, r *record.Record, mark *engine.Mark) {
	id := r.ID()
	if life != nil {
		if made := life.MadeBy(id); len(made) > 0 {
			i := made[0]
			mark.ID, mark.Kind = record.RevisionID(life.Entry.Ref.Cluster, life.Entry.Ref.UID, life.States[i].RV).String(), "revision"
			mark.At, mark.Text = max(mark.At, engine.MomentOf(shown(life.When[i]))), revisionSummary(life, i, nil)
			return
		}
		if q := life.EndMaker.Request; q != nil && q.ID() == id {
			mark.ID, mark.Kind, mark.Text = life.End.ID().String(), "end", "deleted"
			return
		}
	}
	mark.Text = requestSummary(r, life)
	mark.NoOp = life != nil && life.NoOps[id]
}
