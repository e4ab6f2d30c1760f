package index

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/kubewake/kubewake/link"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// Over tells that and when an object's life ended, as its catalogue entry does.
type Over struct {
	Ended bool
	RV    record.ResourceVersion // zero where no source told it
	At    time.Time              // zero where no request ended it
}

// Spell is a stretch of resourceVersions of one storage in which something held, taking them as running forward.
type Spell struct {
	From record.ResourceVersion
	To   record.ResourceVersion // where it held no more; zero: to the end of the object's life
	// First: the object's first known state says it. Whether it held before then is not known.
	First bool
}

// said is what the states of one object claim, and the labels by which selectors find it, over its life: a function of its states and of
// the rules.
type said struct {
	gr        record.GroupResource
	namespace string
	over      Over
	claims    []link.Claim        // each once
	labels    [][]record.KeyValue // each once
	runs      []saidRun           // by from
	cut       bool                // older runs were left out
	words     bool                // no state is known but the one that the end told

	at map[link.Claim]int // of claims; made when first needed
}

// maxRuns bounds the runs kept of one object: of one that changes all the time, the newest are.
const maxRuns = 4096

// saidRun holds from a state until the next run.
type saidRun struct {
	from   record.ResourceVersion
	claims []int // of said.claims, as sorted by the rules
	labels int   // of said.labels; -1: not known
	also   []int // what a body says that was not chosen: where resourceVersions ran back it may count
}

// state is what one state of an object tells.
type stated struct {
	rv     record.ResourceVersion
	claims []link.Claim
	also   []link.Claim
	labels []record.KeyValue
}

// upTo leaves what was said before a resourceVersion.
func (s *said) upTo(rv record.ResourceVersion) {
	n := 0
	for n < len(s.runs) && s.runs[n].from < rv {
		n++
	}
	s.runs = s.runs[:n]
}

// add takes the next state in. It begins a run only where it says something else than the one before.
func (s *said) add(st *stated) {
	if n := len(s.runs); n > 0 {
		last := &s.runs[n-1]
		if s.sameClaims(last.claims, st.claims) && s.sameClaims(last.also, st.also) && s.sameLabels(last.labels, st.labels) {
			return
		}
	}
	run := saidRun{from: st.rv, labels: -1}
	for _, c := range st.claims {
		run.claims = append(run.claims, s.claim(c))
	}
	for _, c := range st.also {
		run.also = append(run.also, s.claim(c))
	}
	if st.labels != nil {
		i := slices.IndexFunc(s.labels, func(l []record.KeyValue) bool { return slices.Equal(l, st.labels) })
		if i < 0 {
			i = len(s.labels)
			s.labels = append(s.labels, st.labels)
		}
		run.labels = i
	}
	if s.runs = append(s.runs, run); len(s.runs) > maxRuns {
		s.runs, s.cut = slices.Delete(s.runs, 0, 1), true
	}
}

func (s *said) claim(c link.Claim) int {
	if s.at == nil {
		s.at = make(map[link.Claim]int, len(s.claims))
		for i, c := range s.claims {
			s.at[c] = i
		}
	}
	i, ok := s.at[c]
	if !ok {
		i = len(s.claims)
		s.claims = append(s.claims, c)
		s.at[c] = i
	}
	return i
}

func (s *said) sameClaims(list []int, claims []link.Claim) bool {
	return slices.EqualFunc(list, claims, func(i int, c link.Claim) bool { return same(s.claims[i]) == same(c) })
}

func (s *said) sameLabels(i int, labels []record.KeyValue) bool {
	if i < 0 {
		return labels == nil
	}
	return labels != nil && slices.Equal(s.labels[i], labels)
}

// same is what is compared of a claim.
func same(c link.Claim) link.Claim {
	c.Field, c.Target.Version = "", ""
	if c.Target.Resource != "" {
		c.Target.Kind = ""
	}
	return c
}

func compareSame(a, b link.Claim) int {
	x, y := same(a), same(b)
	return cmp.Compare(fmt.Sprint(x), fmt.Sprint(y))
}

func comparePair(a, b record.KeyValue) int {
	return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Value, b.Value))
}

// empty reports whether nothing is to be kept of it.
func (s *said) empty() bool {
	for _, r := range s.runs {
		if len(r.claims) > 0 || len(r.also) > 0 || r.labels >= 0 {
			return false
		}
	}
	return true
}

// tidy drops what no run names, and puts the rest in the order in which runs name it: what is kept does not depend on the way it was made.
func (s *said) tidy() {
	claims, labels := s.claims, s.labels
	s.claims, s.labels, s.at = nil, nil, nil
	renamed := map[int]int{}
	move := func(list []int) {
		for k, i := range list {
			to, ok := renamed[i]
			if !ok {
				to = len(s.claims)
				renamed[i] = to
				s.claims = append(s.claims, claims[i])
			}
			list[k] = to
		}
	}
	relabeled := map[int]int{}
	for n := range s.runs {
		r := &s.runs[n]
		move(r.claims)
		move(r.also)
		if r.labels < 0 {
			continue
		}
		to, ok := relabeled[r.labels]
		if !ok {
			to = len(s.labels)
			relabeled[r.labels] = to
			s.labels = append(s.labels, labels[r.labels])
		}
		r.labels = to
	}
}

// Said is one claim of an object, and when it made it.
type Said struct {
	Claim  link.Claim // as its first state told it
	Spells []Spell    // none: only a body that was not chosen says so
}

// all gives every claim once.
func (s *said) all() []Said {
	var out []Said
	at := map[link.Claim]int{}
	of := func(i int) *Said {
		key := same(s.claims[i])
		n, ok := at[key]
		if !ok {
			n = len(out)
			at[key] = n
			out = append(out, Said{Claim: s.claims[i]})
		}
		return &out[n]
	}
	for n, r := range s.runs {
		for _, i := range r.claims {
			c := of(i)
			c.Spells = s.extend(c.Spells, n)
		}
		for _, i := range r.also {
			of(i)
		}
	}
	return out
}

// extend adds run n to spells.
func (s *said) extend(spells []Spell, n int) []Spell {
	until := record.ResourceVersion(0)
	if n+1 < len(s.runs) {
		until = s.runs[n+1].from
	}
	if k := len(spells); k > 0 && spells[k-1].To == s.runs[n].from {
		spells[k-1].To = until
		return spells
	}
	return append(spells, Spell{From: s.runs[n].from, To: until, First: n == 0})
}

// LabelSpell is a stretch in which an object had some labels.
type LabelSpell struct {
	Labels []record.KeyValue
	Spell
}

func (s *said) labelSpells() (out []LabelSpell) {
	for n, r := range s.runs {
		if r.labels < 0 {
			continue
		}
		spell := s.extend(nil, n)[0]
		if k := len(out); k > 0 && out[k-1].To == spell.From && slices.Equal(out[k-1].Labels, s.labels[r.labels]) {
			out[k-1].To = spell.To
			continue
		}
		out = append(out, LabelSpell{s.labels[r.labels], spell})
	}
	return out
}

// keys gives all that is kept of an object in a generation.
func (s *said) keys(g generationID, key store.ObjectKey) map[string][]byte {
	out := map[string][]byte{}
	if s == nil || s.empty() {
		return out
	}
	out[string(g.forward(key))] = s.encode()
	told := map[string][]Said{}
	for _, c := range s.all() {
		k := string(appendKey(g.target(key.Cluster, &c.Claim.Target), string(key.Cluster), pack(key.UID)))
		told[k] = append(told[k], c)
	}
	storage := record.StorageOf(s.gr)
	for k, list := range told {
		out[k] = encodeTold(storage, s.over, list)
	}
	pairs := map[record.KeyValue][]Spell{}
	for n, r := range s.runs {
		if r.labels < 0 {
			continue
		}
		pairs[record.KeyValue{}] = s.extend(pairs[record.KeyValue{}], n)
		for _, kv := range s.labels[r.labels] {
			pairs[kv] = s.extend(pairs[kv], n)
		}
	}
	for kv, spells := range pairs {
		k := appendKey(g.labels(key.Cluster, s.gr, kv.Key, kv.Value, s.namespace), pack(key.UID))
		out[string(k)] = encodeTold(storage, s.over, []Said{{Spells: spells}})
	}
	return out
}
