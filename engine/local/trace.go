package local

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
	"github.com/kubewake/kubewake/trace"
)

// afterEnd is how much longer than an object's life its trace goes, where no window is asked for: what it owned is collected then.
const afterEnd = time.Minute

// Trace shows an object, and those that its display mode adds, over a window. It costs a question for the tree and a read of
// every object in it that has records in the window.
func (e *Engine) Trace(ctx context.Context, q query.Trace) (*engine.Trace, error) {
	if q.ID != "" {
		return e.traceByID(ctx, q)
	}
	modes := e.modes.Load()
	mode, modifier, err := modes.Find(q.Mode, q.Modifier)
	if err != nil {
		return nil, engine.Errorf(engine.KindBadQuestion, "%s", err.Error())
	}
	at := q.At
	if at.IsZero() {
		at = q.Window.To
	}
	t, err := e.resolve(ctx, q.Object, at)
	if err != nil {
		return nil, err
	}
	entry := t.entry()
	if entry == nil {
		return nil, engine.Errorf(engine.KindNotFound, "of %s only requests are recorded, no state: it has no trace; history shows them", t.name)
	}
	if t.resource.IsEvents() {
		return nil, engine.Errorf(engine.KindBadQuestion, "an Event has no trace of its own: it is in that of the object that it is about")
	}
	w, err := e.traceWindow(ctx, t, q.Window)
	if err != nil {
		return nil, err
	}
	tr := &tracing{e: e, q: q, modes: modes, mode: mode, modifier: q.Modifier, target: t, question: trace.Question{
		Mode: uint8(mode.Number), Modifier: modifier, Window: w, Object: trace.HashOf(entry.Ref.Cluster, entry.Ref.UID)}}
	return tr.answer(ctx)
}

// traceByID answers the question that an ID says. Of several objects that share its hash the first that has something to show is taken.
func (e *Engine) traceByID(ctx context.Context, q query.Trace) (*engine.Trace, error) {
	id, err := trace.ParseID(q.ID)
	if err != nil {
		return nil, engine.Errorf(engine.KindBadQuestion, "%q: %s", q.ID, err.Error())
	}
	question, err := id.Question()
	if err != nil {
		return nil, engine.Errorf(engine.KindBadQuestion, "%q: %s", q.ID, err.Error())
	}
	modes := e.modes.Load()
	mode, modifier, err := modes.Numbered(question.Mode, question.Modifier)
	if err != nil {
		return nil, engine.Errorf(engine.KindBadQuestion, "%q: %s", q.ID, err.Error())
	}
	keys, err := e.links.ByHash(ctx, question.Object)
	if err != nil {
		return nil, err
	}
	var found *engine.Trace
	var shared []string
	for _, key := range keys {
		t, err := e.resolve(ctx, query.Object{Cluster: key.Cluster, UID: key.UID}, time.Time{})
		if engine.KindOf(err) == engine.KindNotFound { // dropped since the index saw it
			continue
		}
		if err != nil {
			return nil, err
		}
		tr := &tracing{e: e, q: q, modes: modes, mode: mode, modifier: modifier, target: t, question: question}
		if len(keys) > 1 {
			shared = append(shared, fmt.Sprintf("%s in cluster %s (uid %s)", entryWords(t.entry()), key.Cluster, key.UID))
		}
		if found != nil {
			continue
		}
		if found, err = tr.answer(ctx); err != nil && engine.KindOf(err) != engine.KindNotFound {
			return nil, err
		}
	}
	if found == nil {
		return nil, e.noTrace(ctx, q.ID, question)
	}
	if len(shared) > 0 {
		found.Notes = append(found.Notes, "several objects share the hash in this ID, the first that has records is shown: "+strings.Join(shared, "; "))
	}
	return found, nil
}

// traceWindow puts the window asked for on the grid; open ends are those of the object's recorded life.
func (e *Engine) traceWindow(ctx context.Context, t *target, w query.Window) (trace.Window, error) {
	life, err := e.spans().of(ctx, t.entry())
	if err != nil {
		return trace.Window{}, err
	}
	from, to := w.From, w.To
	born := earliest(t.entry().CreatedAt, life.first)
	if from.IsZero() {
		from = earliest(born, t.info.Last).Add(-time.Second) // its create was received before
	}
	switch {
	case !to.IsZero():
	case t.entry().Ended && !life.last.IsZero():
		to = life.last.Add(afterEnd)
	default:
		to = latest(born, latest(t.info.Last, life.last)).Add(time.Nanosecond) // that one included; a watch alone tells no more than when it was created
	}
	return trace.Grid(from, to), nil
}

// tracing is one trace under way.
type tracing struct {
	e        *Engine
	q        query.Trace
	modes    *trace.Modes // as they were when it was asked
	mode     trace.Mode
	modifier string
	target   *target
	question trace.Question
	tree     *engine.Tree
	// counts: who made what when, and what failed, is all that is asked for, not what changed.
	counts  bool
	reading reading // filled before objects are read
}

func (tr *tracing) window() query.Window {
	return query.Window{From: tr.question.Window.From, To: tr.question.Window.To}
}

func (tr *tracing) answer(ctx context.Context) (*engine.Trace, error) {
	limit := tr.q.Limit
	if limit <= 0 {
		limit = tr.e.limits.Spans
	}
	entry := tr.target.entry()
	tree, err := tr.e.Tree(ctx, query.Tree{Object: query.Object{Cluster: entry.Ref.Cluster, UID: entry.Ref.UID}, Window: tr.window(),
		Up: int(tr.mode.Up), Down: int(tr.mode.Down), Siblings: tr.mode.Siblings, Limit: max(1, limit/2)})
	if err != nil {
		return nil, err
	}
	tr.tree = tree
	in, err := tr.input(ctx)
	if err != nil {
		return nil, err
	}
	if tree.Cut != "" {
		in.Notes = append(in.Notes, tree.Cut)
	}
	if tree.Pending != "" {
		in.Notes = append(in.Notes, tree.Pending)
	}
	if !tr.shows(in) {
		return nil, engine.Errorf(engine.KindNotFound, "%s has no record from %s to %s", entryWords(entry), stamp(tr.question.Window.From), stamp(tr.question.Window.To))
	}
	out := &engine.Trace{Object: refOf(entry.Ref), Mode: tr.mode.Name, Modifier: tr.modifier, From: tr.question.Window.From, To: tr.question.Window.To,
		Cut: tree.Cut, Pending: tree.Pending}
	out.Trace = *trace.Project(in, &tr.mode, trace.Options{Limit: limit, FullLife: tr.q.FullLife})
	out.Coverage, err = tr.coverage(ctx)
	return out, err
}

// shows reports whether there is anything to show: a record in the window, or an object that lived in it.
func (tr *tracing) shows(in *trace.Input) bool {
	w := tr.question.Window
	return slices.ContainsFunc(in.Objects, func(o trace.Object) bool {
		lived := o.Asked && !o.Created.IsZero() && o.Created.Before(w.To) && (o.Ended.IsZero() || o.Ended.After(w.From))
		return lived || len(o.Records) > 0
	})
}

// coverage tells what could not be seen of the resources in the tree.
func (tr *tracing) coverage(ctx context.Context) (*engine.Coverage, error) {
	resources := map[record.Cluster][]record.GroupResource{}
	for i := range tr.tree.Nodes {
		n := &tr.tree.Nodes[i]
		gr := record.GroupResource{Group: n.Group, Resource: n.Resource}
		if c := record.Cluster(n.Cluster); !slices.Contains(resources[c], gr) {
			resources[c] = append(resources[c], gr)
		}
	}
	cov := newCoverage(tr.e.limits.Gaps)
	for c, info := range tr.reading.infos {
		if err := tr.e.windowGaps(ctx, cov, info, tr.window(), resources[c], tr.target.namespace); err != nil {
			return nil, err
		}
	}
	return cov.done(false), nil
}

// noTrace says that an ID has no trace, or none yet.
func (e *Engine) noTrace(ctx context.Context, id string, question trace.Question) error {
	text := fmt.Sprintf("no object with a record in the window has the trace ID %s; its window is %s to %s", id, stamp(question.Window.From), stamp(question.Window.To))
	view, err := e.links.View(ctx)
	if err != nil {
		return err
	}
	if pending := view.Pending(); pending != "" {
		text += "; it may have one soon: " + pending
	}
	return engine.Errorf(engine.KindNotFound, "%s", text)
}

// Services tells the display modes with their modifiers, and the clusters.
func (e *Engine) Services(ctx context.Context) (*engine.Services, error) {
	clusters, err := e.st.Clusters(ctx)
	if err != nil {
		return nil, err
	}
	out := &engine.Services{Services: e.modes.Load().Names(), Operations: []string{}}
	for _, c := range clusters {
		out.Operations = append(out.Operations, string(c.Name))
	}
	return out, nil
}

// entryOfRef finds the catalogue entry of an object in an answer; nil where it has none.
func (e *Engine) entryOfRef(ctx context.Context, r engine.Ref) (*store.Entry, error) {
	if r.UID == "" {
		return nil, nil
	}
	entry, err := e.st.Object(ctx, store.ObjectKey{Cluster: record.Cluster(r.Cluster), UID: record.UID(r.UID)})
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return entry, err
}
