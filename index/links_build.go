package index

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

const (
	linkBatch   = 512  // objects whose links are written together
	removeBatch = 4096 // keys that are removed together
	maxTouched  = 4096 // objects of changes that are worked in together
)

// toil works in what is written until a moment (zero: all). The caller has the work token.
func (l *Links) toil(ctx context.Context, until time.Time) error {
	p := &pace{until: until, rests: until.IsZero() && l.live.Load()}
	g, begun := l.wanted()
	if l.head(g).dead { // rules that were used before: what is left of them goes first
		if err := l.remove(ctx, g, p); err != nil || p.over() {
			return err
		}
		g, begun = l.wanted()
	}
	if !begun {
		if err := l.begin(ctx, g, false); err != nil {
			return err
		}
	}
	if l.feed == nil { // nobody tells what was written since
		if err := l.begin(ctx, g, true); err != nil {
			return err
		}
	}
	for {
		if !l.head(g).whole {
			if err := l.build(ctx, g, p); err != nil || !l.head(g).whole {
				return err
			}
		}
		err := l.changes(ctx, g, p)
		if errors.Is(err, store.ErrTrimmed) {
			if err := l.begin(ctx, g, true); err != nil {
				return err
			}
			continue
		}
		if err != nil || p.over() {
			return err
		}
		break
	}
	return l.removeOld(ctx, g, p)
}

// pace is how far work goes, and how it makes room for others.
type pace struct {
	until time.Time // zero: to the end
	rests bool      // beside questions and ingest
}

const longestRest = 100 * time.Millisecond

func (p *pace) over() bool { return !p.until.IsZero() && !time.Now().Before(p.until) }

// rest is as long as the work since a moment was.
func (p *pace) rest(ctx context.Context, since time.Time) {
	if p.rests {
		pause(ctx, nil, min(time.Since(since), longestRest))
	}
}

// begin lets a build begin. What is written from now on is worked in behind it.
func (l *Links) begin(ctx context.Context, g *linkGeneration, again bool) error {
	head := linkHead{again: again}
	if l.feed != nil {
		head.upTo = l.feed.Written()
	}
	err := l.commit(ctx, g, head, nil)
	if ctx.Err() != nil || errors.Is(err, store.ErrFull) || errors.Is(err, store.ErrFailed) {
		return err
	}
	if err == nil {
		if kept, err := l.shelf.get(ctx, g.id.head()); err != nil || kept != nil {
			return err
		}
	}
	// The store is only read: the index lives in this process alone.
	l.mu.Lock()
	l.shelf = &memoryShelf{}
	l.gens = map[generationID]*linkGeneration{g.id: g}
	l.mu.Unlock()
	return l.commit(ctx, g, head, nil)
}

// entryCursor tells how far a build has got in the catalogue's order.
func entryCursor(e *store.Entry) []byte {
	key := appendKey(nil, string(e.Ref.Cluster), e.Ref.Group, e.Ref.Resource, e.Ref.Namespace, e.Ref.Name)
	return append(key, e.Ref.UID...)
}

// build works in every object behind the head's cursor.
func (l *Links) build(ctx context.Context, g *linkGeneration, p *pace) error {
	head := l.head(g)
	var batch []touchedLinks
	var last *store.Entry
	flush := func() error {
		if last == nil {
			return nil
		}
		defer p.rest(ctx, time.Now())
		change, err := l.derive(ctx, g, batch)
		if err != nil {
			return err
		}
		head.done += uint64(len(batch))
		head.cursor = entryCursor(last)
		batch = batch[:0]
		if l.Progress != nil {
			l.Progress(int(head.done))
		}
		return l.commit(ctx, g, head, change)
	}
	passed := len(head.cursor) == 0
	for e, err := range l.st.Objects(ctx, store.ObjectScan{NoEvents: true}) {
		if err != nil {
			return err
		}
		if !passed && bytes.Compare(entryCursor(e), head.cursor) <= 0 {
			continue
		}
		if l.Only != nil && !l.Only(e.Ref) {
			continue
		}
		batch, last = append(batch, touchedLinks{key: e.Key()}), e
		if len(batch) < linkBatch {
			continue
		}
		if err := flush(); err != nil || p.over() {
			return err
		}
	}
	if err := flush(); err != nil {
		return err
	}
	if head.again {
		if err := l.sweep(ctx, g, nil); err != nil {
			return err
		}
	}
	head.whole, head.again, head.cursor = true, false, nil
	return l.commit(ctx, g, head, nil)
}

// touchedLinks is an object with states to be worked in from a resourceVersion on.
type touchedLinks struct {
	key  store.ObjectKey
	from record.ResourceVersion
}

// derive works out what is to be written of some objects, on all cores.
func (l *Links) derive(ctx context.Context, g *linkGeneration, batch []touchedLinks) ([]store.KeyValue, error) {
	parts := make([][]store.KeyValue, runtime.GOMAXPROCS(0))
	var group errgroup.Group
	for n := range parts {
		group.Go(func() error {
			d := deriver{st: l.st, shelf: l.shelf, id: g.id, rules: g.rules}
			for i := n; i < len(batch); i += len(parts) {
				change, err := d.object(ctx, batch[i].key, batch[i].from)
				if err != nil {
					return err
				}
				parts[n] = append(parts[n], change...)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var change []store.KeyValue
	if len(l.hashed) > maxHashed {
		clear(l.hashed)
	}
	for _, t := range batch {
		if _, known := l.hashed[t.key]; !known {
			l.hashed[t.key] = struct{}{}
			change = append(change, store.KeyValue{Key: hashEntry(t.key), Value: []byte{}})
		}
	}
	for _, p := range parts { // behind the hashes: an object that is gone takes its own away
		change = append(change, p...)
	}
	return change, nil
}

// changes works in what was written behind the head. It gives store.ErrTrimmed where that can not be told.
func (l *Links) changes(ctx context.Context, g *linkGeneration, p *pace) error {
	for l.feed != nil {
		head := l.head(g)
		if head.upTo == l.feed.Written() {
			return nil
		}
		news := linkNews{from: map[store.ObjectKey]record.ResourceVersion{}, names: map[store.ObjectScan]record.GroupResource{}}
		for c, err := range l.feed.Changes(ctx, head.upTo) {
			if err != nil {
				return err
			}
			if c.All {
				return store.ErrTrimmed
			}
			head.upTo = c.Number
			if news.take(&c); len(news.from) >= maxTouched {
				break
			}
		}
		if head.upTo == l.head(g).upTo {
			return nil // the feed tells of nothing more
		}
		if err := l.workIn(ctx, g, &head, &news, p); err != nil || p.over() {
			return err
		}
	}
	return nil
}

func (l *Links) workIn(ctx context.Context, g *linkGeneration, head *linkHead, news *linkNews, p *pace) error {
	defer p.rest(ctx, time.Now())
	if err := l.named(ctx, news); err != nil {
		return err
	}
	if len(news.dropped) > 0 {
		if err := l.sweep(ctx, g, news.dropped); err != nil {
			return err
		}
	}
	batch := make([]touchedLinks, 0, len(news.from))
	for key, from := range news.from {
		batch = append(batch, touchedLinks{key, from})
	}
	change, err := l.derive(ctx, g, batch)
	if err != nil {
		return err
	}
	return l.commit(ctx, g, *head, change)
}

// linkNews is what changes touched.
type linkNews struct {
	from    map[store.ObjectKey]record.ResourceVersion
	names   map[store.ObjectScan]record.GroupResource // that may be of objects known by requests alone
	dropped map[storageKey]record.ResourceVersion     // what is below is gone
}

func (n *linkNews) take(c *store.Change) {
	for i := range c.Touched {
		t := &c.Touched[i]
		switch t.Kind {
		case store.TouchedRevision, store.TouchedEnd:
			if t.Ref.GroupResource().IsEvents() || t.Ref.UID == "" {
				continue
			}
			from := t.RV
			if t.Kind == store.TouchedEnd {
				from = ^record.ResourceVersion(0) // no state, but the life is over
			}
			n.touch(store.ObjectKey{Cluster: t.Ref.Cluster, UID: t.Ref.UID}, from)
		case store.TouchedWrite:
			if t.Level < record.LevelRequestResponse && t.Ref.Name != "" {
				n.names[store.ObjectScan{Cluster: t.Ref.Cluster, Namespace: t.Ref.Namespace, Name: t.Ref.Name, NoEvents: true}] = t.Ref.GroupResource()
			}
		case store.TouchedDropped:
			if t.RV == 0 { // of requests alone
				continue
			}
			if n.dropped == nil {
				n.dropped = map[storageKey]record.ResourceVersion{}
			}
			key := storageKey{t.Ref.Cluster, t.Storage}
			n.dropped[key] = max(n.dropped[key], t.RV)
		}
	}
}

func (n *linkNews) touch(key store.ObjectKey, from record.ResourceVersion) {
	if was, ok := n.from[key]; !ok || from < was {
		n.from[key] = from
	}
}

// named finds the objects that are known by requests alone, and so have no state that was touched.
func (l *Links) named(ctx context.Context, news *linkNews) error {
	for scan, gr := range news.names {
		scan.Resource = &gr
		for e, err := range l.st.Objects(ctx, scan) {
			if err != nil {
				return err
			}
			if _, known := l.hashed[e.Key()]; !known {
				news.touch(e.Key(), ^record.ResourceVersion(0))
			}
		}
	}
	return nil
}

// sweep removes what is kept of objects that the store has no more, and makes anew what is kept of states that were dropped.
func (l *Links) sweep(ctx context.Context, g *linkGeneration, dropped map[storageKey]record.ResourceVersion) error {
	var stale []touchedLinks
	look := func(key store.ObjectKey, s *said) error {
		if s != nil && len(s.runs) > 0 && s.runs[0].from < dropped[storageKey{key.Cluster, record.StorageOf(s.gr)}] {
			stale = append(stale, touchedLinks{key: key})
			return nil
		}
		_, err := l.st.Object(ctx, key)
		if errors.Is(err, store.ErrNotFound) {
			stale = append(stale, touchedLinks{key: key})
			return nil
		}
		return err
	}
	for kv, err := range l.shelf.scan(ctx, g.id.kind(linkForward)) {
		if err != nil {
			return err
		}
		key, ok := sourceOf(kv.Key[len(g.id.kind(linkForward)):], nil)
		if !ok {
			continue
		}
		s, err := decodeSaid(kv.Value)
		if err != nil {
			s = nil
		}
		if err := look(key, s); err != nil {
			return err
		}
	}
	for kv, err := range l.shelf.scan(ctx, []byte{linkHashes}) {
		if err != nil {
			return err
		}
		key, ok := sourceOf(kv.Key[min(len(kv.Key), len(hashKey([7]byte{}))):], nil)
		if !ok {
			continue
		}
		if err := look(key, nil); err != nil {
			return err
		}
	}
	for len(stale) > 0 {
		n := min(len(stale), linkBatch)
		change, err := l.derive(ctx, g, stale[:n])
		if err != nil {
			return err
		}
		if err := l.shelf.set(ctx, change); err != nil {
			return err
		}
		for _, t := range stale[:n] {
			delete(l.hashed, t.key)
		}
		stale = stale[n:]
	}
	return nil
}

// removeOld removes the generations that answer no more.
func (l *Links) removeOld(ctx context.Context, keep *linkGeneration, p *pace) error {
	l.mu.Lock()
	var old []*linkGeneration
	for _, g := range l.gens {
		if g != keep {
			old = append(old, g)
		}
	}
	l.mu.Unlock()
	for _, g := range old {
		if err := l.remove(ctx, g, p); err != nil || p.over() {
			return err
		}
	}
	return nil
}

// remove removes a generation, its head last.
func (l *Links) remove(ctx context.Context, g *linkGeneration, p *pace) error {
	head := l.head(g)
	head.dead, head.whole = true, false // one that is partly removed must not answer again
	for more := true; more; {
		var change []store.KeyValue
		for kv, err := range l.shelf.scan(ctx, g.id.facts()) {
			if err != nil {
				return err
			}
			if change = append(change, store.KeyValue{Key: kv.Key}); len(change) == removeBatch {
				break
			}
		}
		more = len(change) > 0
		if err := l.commit(ctx, g, head, change); err != nil || p.over() {
			return err
		}
	}
	l.mu.Lock()
	delete(l.gens, g.id)
	l.mu.Unlock()
	return l.shelf.set(ctx, []store.KeyValue{{Key: g.id.head()}})
}
