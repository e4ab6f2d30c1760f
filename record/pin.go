package record

import "time"

// Pin is what one request tells about the clock of a storage: RV was committed not after Before; where
// Made is set the request made RV, so it was committed not before After.
type Pin struct {
	RV     ResourceVersion
	Made   bool
	After  time.Time // requestReceivedTimestamp
	Before time.Time // stageTimestamp
}

// PinOf gives the pin that a single record yields. It uses only what that record alone proves, so it does not
// depend on what else is known: a create answered 201 made its answer's resourceVersion, and so did an update
// that was answered with a greater resourceVersion than the one it named. Any other answer bounds from above only.
// So does, where no answer was recorded, the resourceVersion that a successful update named: its client had read it.
func PinOf(r *Record) (Pin, Storage, bool) {
	q := r.Request
	if r.Kind == KindRequest && q.Answer == BodyNone && q.Verb == "update" && q.NamedRV != 0 && q.Code == 200 && !q.Options().DryRun {
		return Pin{RV: q.NamedRV, After: r.OccurredAt, Before: r.OccurredAt}, StorageOf(r.Ref.GroupResource()), true
	}
	if r.Kind != KindRequest || q.AnswerRV == 0 || q.StageAt.IsZero() || !q.Succeeded() || q.Options().DryRun {
		return Pin{}, "", false
	}
	switch q.Answer {
	case BodyObject, BodyScale, BodyPartialMetadata, BodyList:
	default:
		return Pin{}, "", false
	}
	p := Pin{RV: q.AnswerRV, After: r.OccurredAt, Before: q.StageAt}
	switch q.Verb {
	case "create":
		p.Made = q.Code == 201 && q.Answer == BodyObject && r.Ref.Subresource == ""
	case "patch":
		p.Made = q.Code == 201
	case "update":
		p.Made = q.NamedRV != 0 && q.AnswerRV > q.NamedRV && !q.AnswerEnds
	}
	return p, StorageOf(r.Ref.GroupResource()), true
}
