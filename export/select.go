package export

import (
	"fmt"
	"slices"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
)

// selector chooses the records that become spans. It is not changed once made.
type selector struct {
	of     Selection
	kinds  []record.Kind
	filter *query.Filter // nil: none
}

func newSelector(of Selection) (*selector, error) {
	s := &selector{of: of}
	for _, word := range of.Kinds {
		k, ok := record.ParseKind(word)
		if !ok || !slices.Contains(exportable(), k) {
			return nil, fmt.Errorf("kinds: %q: want request, revision, end or event", word)
		}
		s.kinds = append(s.kinds, k)
	}
	if len(s.kinds) == 0 {
		s.kinds = exportable()
	}
	var err error
	s.filter, err = of.compile()
	return s, err
}

func exportable() []record.Kind {
	return []record.Kind{record.KindRequest, record.KindRevision, record.KindEnd, record.KindKubeEvent}
}

// leases are noise unless they are asked for: they say that somebody is alive, every two seconds.
func leases() record.GroupResource {
	return record.GroupResource{Group: "coordination.k8s.io", Resource: "leases"}
}

// wants looks at what no other record can change.
func (s *selector) wants(r *record.Record) bool {
	if !slices.Contains(s.kinds, r.Kind) || (len(s.of.Clusters) > 0 && !matchesAny(s.of.Clusters, string(r.Ref.Cluster))) {
		return false
	}
	gr := r.Ref.GroupResource()
	switch r.Kind {
	case record.KindRequest:
		if !s.wantsRequest(r) {
			return false
		}
	case record.KindRevision:
		if gr.IsEvents() {
			return false
		}
	case record.KindKubeEvent:
		g := r.KubeEvent.Regarding
		group, _ := record.SplitAPIVersion(g.APIVersion)
		gr = record.GroupResource{Group: group, Resource: record.GuessResource(g.Kind)}
	}
	return s.wantsResource(gr) && (s.filter == nil || s.filter.PreMatch(r))
}

func (s *selector) wantsResource(gr record.GroupResource) bool {
	names := []string{gr.String(), gr.Resource + "." + gr.Group} // "*." is the core group
	switch {
	case len(s.of.Exclude) > 0 && matchesAny(s.of.Exclude, names...):
		return false
	case len(s.of.Include) > 0:
		return matchesAny(s.of.Include, names...)
	}
	return gr != leases()
}

// wantsRequest: what may have changed something or failed, once: at its last stage.
func (s *selector) wantsRequest(r *record.Record) bool {
	q := r.Request
	switch q.Stage {
	case record.StageResponseComplete, record.StagePanic:
	case record.StageResponseStarted:
		if q.Code != 401 { // which has no other
			return false
		}
	default:
		return false
	}
	if r.Ref.GroupResource().IsEvents() && q.Succeeded() {
		return false // the Event itself is one
	}
	return s.of.Reads || !q.IsRead() || q.Code >= 400 || q.Stage == record.StagePanic
}

// matches asks the filter, with the time that is known now.
func (s *selector) matches(r *record.Record, in query.Input) bool {
	if s.filter == nil {
		return true
	}
	in.Record = r
	result, err := s.filter.Match(in)
	return err == nil && result == query.Hit
}

// bare is what of a record is kept until it becomes a span: no bodies, which the store has.
func bare(r *record.Record) *record.Record {
	out := *r
	switch r.Kind {
	case record.KindRevision:
		out.Revision = &record.Revision{RV: r.Revision.RV, Partial: record.PartialMoved}
	case record.KindEnd:
		end := *r.End
		end.LastBody = nil
		out.End = &end
	case record.KindRequest:
		q := *r.Request
		q.Sent, q.Items = nil, nil
		if q.SentKind != record.SentDelete { // which tells of a dry run
			q.SentKind = record.SentNone
		} else {
			q.Sent = r.Request.Sent
		}
		out.Request = &q
	}
	return &out
}

// chosen gives what of a batch waits for its spans.
func (s *selector) chosen(b ingest.Batch) ingest.Batch {
	out := ingest.Batch{Cluster: b.Cluster}
	for _, r := range b.Records {
		if s.wants(r) {
			out.Records = append(out.Records, bare(r))
		}
	}
	return out
}
