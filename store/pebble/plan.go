package pebble

import (
	"strings"

	"github.com/cespare/xxhash/v2"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// plan is what a batch writes, each part a function of single records. Building it needs no lock, so several batches are built at once.
type plan struct {
	arena   []byte // keys and values of facts
	plain   []byte // a record before it is put in phrases
	facts   []fact
	entries map[store.ObjectKey]*entry
	hours   map[hourMark]struct{}
	seen    map[string]byte
	spans   map[spanMark]span
	buckets map[bucketMark]struct{}
	late    int
	known   int
	met     bool       // the last thing looked at by fresh was delivered before, from whatever source
	feed    feedWriter // what it touches, for the feed
	bulk    bool       // tell no details of it

	written *written            // what need not be written again
	own     map[uint64]factMark // facts of this batch
}

// fact is one key and the value merged under it.
type fact struct {
	key, value []byte
	id         uint64 // hash of the key
	mark       factMark
}

// bucketMark names a bucket that is written.
type bucketMark struct {
	cluster record.Cluster
	family  store.Family
	storage record.Storage
	number  uint64 // of the bucket, or the hour
}

func (p *plan) reset() {
	if cap(p.arena) > maxArena {
		p.arena = nil
	}
	if cap(p.plain) > maxArena {
		p.plain = nil
	}
	p.arena, p.facts, p.late, p.known = p.arena[:0], p.facts[:0], 0, 0
	p.feed.reset()
	if p.entries == nil {
		p.own = map[uint64]factMark{}
		p.entries, p.hours, p.seen = map[store.ObjectKey]*entry{}, map[hourMark]struct{}{}, map[string]byte{}
		p.spans, p.buckets = map[spanMark]span{}, map[bucketMark]struct{}{}
		return
	}
	clear(p.own)
	clear(p.entries)
	clear(p.hours)
	clear(p.seen)
	clear(p.spans)
	clear(p.buckets)
}

// maxArena bounds what a plan keeps between batches.
const maxArena = 16 << 20

func (p *plan) touches(kind store.TouchedKind, r *record.Record, rv record.ResourceVersion) {
	if !p.bulk {
		p.feed.state(kind, r, rv)
	}
}

// told reports whether the plan has an entry in the feed.
func (p *plan) told() bool { return len(p.feed.buf) > 0 || p.bulk && len(p.facts) > 0 }

// size of the batch to write, roughly.
func (p *plan) size() int { return len(p.arena) + 256*len(p.entries) + 64*len(p.facts) }

// build derives from every record that is not older than the floor what is written of it.
func (p *plan) build(batch []*record.Record, floors *floorSet, bucketBits uint, already *written) {
	p.reset()
	p.written = already
	for _, r := range batch {
		if floors.late(r) {
			p.late++
			continue
		}
		switch r.Kind {
		case record.KindRequest:
			p.request(r)
		case record.KindRevision:
			p.revision(r, bucketBits)
		case record.KindEnd:
			p.end(r, bucketBits)
		case record.KindKubeEvent:
			p.event(r)
		case record.KindSpan:
			p.span(r)
		case record.KindGap:
			p.addWhole(gapKey(r), r)
		case record.KindProgress:
			p.addWhole(progressKey(r), r)
		}
	}
}

func (p *plan) request(r *record.Record) {
	c, nanos, name := r.Ref.Cluster, unixNano(r.OccurredAt), requestName(r)
	if !p.addItem(requestKey(c, nanos, classOf(r), name), r) {
		return
	}
	p.at(r, nanos, famRequest, name)
	if key, value, ok := pinOf(r); ok {
		p.add(key, value)
	}
	key, mark := seenOf(r)
	p.seen[string(key)] |= mark
	if !p.bulk {
		p.feed.request(r)
	}
	p.tell(r, place{})
}

func (p *plan) event(r *record.Record) {
	nanos, name := unixNano(r.OccurredAt), eventName(r)
	if p.addItem(eventKey(r.Ref.Cluster, nanos, name), r) {
		p.at(r, nanos, famEvent, name)
	}
}

// span writes it under the name that it names first, and for all else that it is found by that it is there.
func (p *plan) span(r *record.Record) {
	c, nanos, name := r.Ref.Cluster, unixNano(r.OccurredAt), spanName(&r.Ref)
	if !p.addItem(spanKey(c, nanos, name), r) {
		return
	}
	p.at(r, nanos, famTraced, name)
	if r.Span.Form == record.FormPushed {
		p.add(pushedKey(c, r.ID()), pushedPlace(nanos, name))
	}
	if id := r.Span.AuditID; id != "" {
		p.add(traceRefKey(c, nanos, refAudit, hashOf(id), name), nil)
	}
	if id := r.Span.TraceID; id != (record.TraceID{}) {
		p.add(traceRefKey(c, nanos, refTrace, hashOf(id[:]), name), nil)
	}
	for i := range r.Span.Also {
		also := spanName(&r.Span.Also[i])
		p.add(traceRefKey(c, nanos, refName, also, name), nil)
		p.hours[hourMark{c, famTraced, also, hourOf(nanos)}] = struct{}{}
	}
}

// at notes the hour of a timed record.
func (p *plan) at(r *record.Record, nanos int64, family byte, name nameHash) {
	c, h := r.Ref.Cluster, hourOf(nanos)
	p.hours[hourMark{c, family, name, h}] = struct{}{}
	t := span{nanos, nanos}
	if r.Kind == record.KindSpan {
		t.first = never // where a recording begins, the control plane says: anybody may push a record of long ago
	}
	if have, ok := p.spans[spanMark{c, h}]; ok {
		t = t.with(have)
	}
	p.spans[spanMark{c, h}] = t
	p.buckets[bucketMark{c, store.FamilyTimed, "", uint64(h)}] = struct{}{}
}

func (p *plan) revision(r *record.Record, bucketBits uint) {
	at := p.placeOf(r, r.Revision.RV, bucketBits)
	if p.addItem(appendRV(placeKey(r.Ref.Cluster, at, r.Ref.UID), r.Revision.RV), r) {
		p.tell(r, at)
		p.touches(store.TouchedRevision, r, r.Revision.RV)
	}
}

func (p *plan) end(r *record.Record, bucketBits uint) {
	value := appendPacked(nil, record.Merge(r, r)) // in normal form: requests sorted
	rv := endRV(r, readMetadata(r.End.LastBody))
	p.touches(store.TouchedEnd, r, rv)
	if rv == 0 {
		p.add(uidKey(famEnd, r.Ref.Cluster, r.Ref.UID), value)
		p.tell(r, place{})
		return
	}
	at := p.placeOf(r, rv, bucketBits)
	p.add(append(appendRV(placeKey(r.Ref.Cluster, at, r.Ref.UID), rv), endMark), value)
	p.tell(r, at)
}

func (p *plan) placeOf(r *record.Record, rv record.ResourceVersion, bucketBits uint) place {
	at := place{record.StorageOf(r.Ref.GroupResource()), kinOf(r), uint64(rv) >> bucketBits}
	p.buckets[bucketMark{r.Ref.Cluster, store.FamilyRevisions, at.storage, at.bucket}] = struct{}{}
	return at
}

func (p *plan) tell(r *record.Record, at place) {
	for _, t := range tell(r, at) {
		key := store.ObjectKey{Cluster: r.Ref.Cluster, UID: t.uid}
		if have := p.entries[key]; have != nil {
			have.merge(&t.entry)
			continue
		}
		p.entries[key] = &t.entry
	}
}

func (p *plan) addWhole(key []byte, r *record.Record) {
	p.add(key, appendPacked(nil, r))
}

// addItem notes a record that is a list of one; false: it was written before, and so was all that it tells.
func (p *plan) addItem(key []byte, r *record.Record) bool {
	p.plain = appendPlainRecord(p.plain[:0], r)
	// What stands at its end, its provenance, is not hashed.
	mark := factMark{xxhash.Sum64(p.plain[:len(p.plain)-provenanceLen(r.Provenance)]), r.Provenance}
	id, fresh := p.fresh(key, mark)
	if p.met {
		p.known++
	}
	if !fresh {
		return false
	}
	start, mid := p.addKey(key)
	p.arena = phraseIndex().append(append(p.arena, oneItem), p.plain)
	p.note(start, mid, id, mark)
	return true
}

// add notes one write of any other value.
func (p *plan) add(key, value []byte) {
	mark := factMark{hash: xxhash.Sum64(value)}
	if id, fresh := p.fresh(key, mark); fresh {
		start, mid := p.addKey(key)
		p.arena = append(p.arena, value...)
		p.note(start, mid, id, mark)
	}
}

func (p *plan) fresh(key []byte, mark factMark) (id uint64, fresh bool) {
	id = xxhash.Sum64(key)
	have, ok := p.own[id]
	known, enough := ok && have.hash == mark.hash, ok && have.tells(mark)
	if !enough {
		k, e := p.written.has(id, mark)
		known, enough = known || k, e
	}
	p.met = known
	if enough {
		return id, false
	}
	p.own[id] = mark
	return id, true
}

func (p *plan) addKey(key []byte) (start, mid int) {
	start = len(p.arena)
	p.arena = append(p.arena, key...)
	return start, len(p.arena)
}

func (p *plan) note(start, mid int, id uint64, mark factMark) {
	end := len(p.arena)
	p.facts = append(p.facts, fact{p.arena[start:mid:mid], p.arena[mid:end:end], id, mark})
}

// provenanceLen is how many bytes record.Append gives to it.
func provenanceLen(p record.Provenance) int {
	var w writer
	at := int64(0)
	if !p.ReceivedAt.IsZero() {
		at = p.ReceivedAt.UnixNano()
	}
	w.int(at)
	w.num(uint64(p.Sources))
	return len(w.buf)
}

func gapKey(r *record.Record) []byte {
	id := r.ID()
	key := appendMoment(hourKey(famGap, r.Ref.Cluster, hourOf(unixNano(r.OccurredAt))), unixNano(r.OccurredAt))
	return append(key, id[:]...)
}

func progressKey(r *record.Record) []byte {
	key := storageKey(famProgress, r.Ref.Cluster, record.StorageOf(r.Ref.GroupResource()))
	for _, word := range [...]string{r.Ref.Group, r.Ref.Resource, r.Ref.Namespace} {
		key = appendString(key, word)
	}
	if r.Progress.From != 0 {
		return append(appendRV(key, r.Progress.From), 2)
	}
	key = appendRV(key, r.Progress.RV)
	if r.Progress.List {
		return append(key, 1)
	}
	return append(key, 0)
}

// own copies the strings that may be parts of a source's buffer.
func (m bucketMark) own() bucketMark {
	m.cluster, m.storage = record.Cluster(strings.Clone(string(m.cluster))), record.Storage(strings.Clone(string(m.storage)))
	return m
}
