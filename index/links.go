package index

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kubewake/kubewake/link"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

const (
	// linkPatience is how long a question waits for the index of links where nobody else keeps it true, and where Run does.
	linkPatience     = 20 * time.Second
	linkPatienceLive = 60 * time.Millisecond
	linkEvery        = 500 * time.Millisecond
)

// Links is the index of what objects say of each other, over their lives: the claims of package link with the resourceVersions
// between which they held, both ways, and the labels by which selectors choose. It knows nothing of time: whoever asks converts by the
// clock. What a set of rules derives is a generation; other rules (see Use) make another in the background, and until that is whole
// the old one answers. Run keeps it true while facts come in; without it whoever asks does. Its methods may be called concurrently.
type Links struct {
	st   store.Store
	feed store.Feed // nil: the driver tells no changes
	live atomic.Bool
	wake chan struct{}

	// Progress, where set before the first question, is told how many objects a build has worked in so far.
	Progress func(objects int)
	// Only, where set before the first question, leaves all other objects out: then nothing is written.
	Only func(record.ObjectRef) bool
	// Patience is how long a question waits for the index where Run is not at work; zero: 20 seconds, below zero: without end. What is
	// not worked in by then is told as pending.
	Patience time.Duration

	work chan struct{} // holds one token: whoever has it writes the index

	mu     sync.Mutex
	loaded bool                             // guarded by mu
	shelf  shelf                            // guarded by mu; set once loaded
	rules  *link.Rules                      // guarded by mu: those that are to answer
	gens   map[generationID]*linkGeneration // guarded by mu; their heads are changed by whoever works
	hashed map[store.ObjectKey]struct{}     // guarded by work: objects whose hash is known to be there
}

// linkGeneration is what one set of rules derived.
type linkGeneration struct {
	id    generationID
	rules *link.Rules // nil where another process knew them: it answers as far as it got
	head  linkHead    // guarded by Links.mu
}

// maxHashed bounds what is remembered of hashes.
const maxHashed = 1 << 17

// NewLinks makes the index of links of st by rules; nothing is read yet. Of one store only one Links may be used beside a writer.
func NewLinks(st store.Store, rules *link.Rules) *Links {
	l := &Links{st: st, rules: rules, wake: make(chan struct{}, 1), work: make(chan struct{}, 1), gens: map[generationID]*linkGeneration{},
		hashed: map[store.ObjectKey]struct{}{}}
	l.feed, _ = st.(store.Feed)
	return l
}

// Rules that are to answer: until their generation is whole, others may still do.
func (l *Links) Rules() *link.Rules {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rules
}

// Use takes other rules. What they say of all that is recorded is worked out by Run, or by whoever asks next.
func (l *Links) Use(rules *link.Rules) {
	l.mu.Lock()
	l.rules = rules
	l.mu.Unlock()
	l.Appended(nil)
}

// Appended tells that facts became durable, so that Run need not wait for its next look. Nothing depends on it.
func (l *Links) Appended(_ []*record.Record) {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func generationOf(rules *link.Rules) (id generationID) {
	hash := rules.Hash()
	copy(id[:], hash[:])
	id[0] ^= linkFormat
	return id
}

// Run keeps the index true while facts come in, until ctx ends.
func (l *Links) Run(ctx context.Context) error {
	l.live.Store(true)
	defer l.live.Store(false)
	for ctx.Err() == nil {
		began := time.Now()
		if err := l.settle(ctx, time.Time{}); err != nil {
			if ctx.Err() != nil {
				break
			}
			return fmt.Errorf("index links: %w", err)
		}
		pause(ctx, nil, min(time.Since(began), linkEvery)) // changes that come together are worked in together
		pause(ctx, l.wake, linkEvery)
	}
	return nil
}

// settle works in what is written, as far as it gets until a moment (zero: all of it).
func (l *Links) settle(ctx context.Context, until time.Time) error {
	if err := l.load(ctx); err != nil {
		return err
	}
	if l.settled() || l.Only != nil && l.made() {
		return nil
	}
	wait := ctx
	if !until.IsZero() {
		var cancel context.CancelFunc
		wait, cancel = context.WithDeadline(ctx, until)
		defer cancel()
	}
	select {
	case l.work <- struct{}{}:
	case <-wait.Done():
		return ctx.Err()
	}
	defer func() { <-l.work }()
	return l.toil(ctx, until)
}

func (l *Links) settled() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.gens[generationOf(l.rules)]
	return l.feed != nil && g != nil && g.head.whole && g.head.upTo == l.feed.Written() && len(l.gens) == 1
}

// Unkept reports whether the store keeps no links, or those of these very rules not of all it holds.
func (l *Links) Unkept(ctx context.Context) (bool, error) {
	if err := l.load(ctx); err != nil {
		return false, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.gens) == 0 {
		return true, nil
	}
	g := l.gens[generationOf(l.rules)]
	return g != nil && (!g.head.whole || l.feed != nil && g.head.upTo != l.feed.Written()), nil
}

// made reports whether the generation that is wanted is whole.
func (l *Links) made() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.gens[generationOf(l.rules)]
	return g != nil && g.head.whole
}

// load reads what is kept.
func (l *Links) load(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.loaded {
		return nil
	}
	if l.Only != nil {
		l.shelf, l.feed, l.loaded = &memoryShelf{}, nil, true
		return nil
	}
	l.shelf = storeShelf{l.st}
	for kv, err := range l.shelf.scan(ctx, []byte{linkHeads}) {
		if err != nil {
			return err
		}
		head, ok := decodeLinkHead(kv.Value)
		if len(kv.Key) != 1+len(generationID{}) {
			continue
		}
		g := &linkGeneration{id: generationID(kv.Key[1:]), head: head}
		if !ok || l.feed == nil || head.upTo > l.feed.Written() { // of other facts
			g.head = linkHead{again: true, dead: head.dead}
		}
		l.gens[g.id] = g
	}
	l.loaded = true
	return nil
}

// wanted gives the generation of the rules that are to answer; begun: it was there.
func (l *Links) wanted() (g *linkGeneration, begun bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	id := generationOf(l.rules)
	g, begun = l.gens[id]
	if begun {
		g.rules = l.rules
		return g, true
	}
	g = &linkGeneration{id: id, rules: l.rules}
	l.gens[id] = g
	return g, false
}

// answering gives the generation that answers: the one wanted, or while that is not whole another that is.
func (l *Links) answering() (g linkGeneration, wanted bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	want := l.gens[generationOf(l.rules)]
	if want != nil && want.head.whole {
		return *want, true
	}
	for _, other := range l.gens {
		if other.head.whole && (g.rules == nil && !g.head.whole || other.head.upTo > g.head.upTo) {
			g = *other
		}
	}
	if g.head.whole {
		return g, false
	}
	if want == nil {
		return linkGeneration{id: generationOf(l.rules)}, true
	}
	return *want, true
}

func (l *Links) head(g *linkGeneration) linkHead {
	l.mu.Lock()
	defer l.mu.Unlock()
	return g.head
}

// commit writes changes with the head that they lead to.
func (l *Links) commit(ctx context.Context, g *linkGeneration, head linkHead, change []store.KeyValue) error {
	change = append(change, store.KeyValue{Key: g.id.head(), Value: head.encode()})
	if err := l.shelf.set(ctx, change); err != nil {
		return err
	}
	l.mu.Lock()
	g.head = head
	l.mu.Unlock()
	return nil
}

// View gives the index as it is, once what was written is worked in or patience ends.
func (l *Links) View(ctx context.Context) (*LinkView, error) {
	patience := l.Patience
	switch {
	case l.live.Load():
		patience = linkPatienceLive
	case patience == 0:
		patience = linkPatience
	}
	until := time.Time{}
	if patience > 0 {
		until = time.Now().Add(patience)
	}
	if err := l.settle(ctx, until); err != nil {
		return nil, err
	}
	g, wanted := l.answering()
	l.mu.Lock()
	defer l.mu.Unlock()
	return &LinkView{shelf: l.shelf, id: g.id, rules: l.rules, pending: l.pending(&g, wanted)}, nil
}

// pending says how far what answers lies behind. The caller holds mu.
func (l *Links) pending(g *linkGeneration, wanted bool) string {
	switch {
	case !wanted:
		done := uint64(0)
		if w := l.gens[generationOf(l.rules)]; w != nil {
			done = w.head.done
		}
		return fmt.Sprintf("the link rules changed: %d objects are worked in by the new ones, and until all are, links are those of the old rules", done)
	case !g.head.whole:
		return fmt.Sprintf("links are being derived: %d objects are worked in, links of others may be missing", g.head.done)
	case l.feed != nil && g.head.upTo < l.feed.Written():
		return fmt.Sprintf("links hold up to write %d of %d: the newest may be missing", g.head.upTo, l.feed.Written())
	}
	return ""
}
