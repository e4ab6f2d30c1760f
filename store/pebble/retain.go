package pebble

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"

	lsm "github.com/cockroachdb/pebble/v2"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// keyRange is a range of keys, the upper end excluded.
type keyRange struct{ from, to []byte }

// ranges of keys that go with a bucket.
func (s *Store) ranges(b store.Bucket) []keyRange {
	if b.Family == store.FamilyRevisions {
		first, last := uint64(b.RVs.From)>>s.opts.BucketBits, uint64(b.RVs.To)>>s.opts.BucketBits
		return []keyRange{{bucketKey(b.Cluster, b.Storage, first), keyEnd(bucketKey(b.Cluster, b.Storage, last))}}
	}
	first, last := bucketHours(b)
	var out []keyRange
	for _, family := range [...]byte{famRequest, famEvent, famTraced, famTraceRef, famSeen, famSpan} {
		out = append(out, keyRange{hourKey(family, b.Cluster, first), keyEnd(hourKey(family, b.Cluster, last))})
	}
	return out
}

func bucketHours(b store.Bucket) (first, last hour) {
	return hourOf(b.Time.From.UnixNano()), hourOf(b.Time.To.UnixNano() - 1)
}

// Buckets implements store.Store.
func (s *Store) Buckets(ctx context.Context) (out []store.Bucket, err error) {
	err = s.read(ctx, "buckets", func(r *points) error {
		clusters, err := clusterNames(r, famRequest, famEvent, famTraced, famRevision)
		if err != nil {
			return err
		}
		for _, c := range clusters {
			timed, err := timedBuckets(r, c)
			if err != nil {
				return err
			}
			revisions, err := s.revisionBuckets(r, c)
			if err != nil {
				return err
			}
			out = append(append(out, timed...), revisions...)
		}
		return s.describe(out)
	})
	return out, err
}

func timedBuckets(r *points, c record.Cluster) (out []store.Bucket, err error) {
	var hours []hour
	for _, family := range [...]byte{famRequest, famEvent, famTraced} {
		prefix := clusterKey(family, c)
		err := skipScan(r, prefix, func(key []byte) ([]byte, error) {
			h, _, ok := cutHour(key[len(prefix):])
			if !ok {
				return nil, badKey(key)
			}
			hours = append(hours, h)
			return hourKey(family, c, h), nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(hours)
	for _, h := range slices.Compact(hours) {
		out = append(out, store.Bucket{Cluster: c, Family: store.FamilyTimed, Time: store.TimeRange{From: h.start(), To: (h + 1).start()}})
	}
	return out, nil
}

func (s *Store) revisionBuckets(r *points, c record.Cluster) (out []store.Bucket, err error) {
	err = skipScan(r, clusterKey(famRevision, c), func(key []byte) ([]byte, error) {
		p, err := cutRevisionKey(key)
		if err != nil {
			return nil, err
		}
		from := p.place.bucket << s.opts.BucketBits
		out = append(out, store.Bucket{Cluster: c, Family: store.FamilyRevisions, Storage: p.place.storage,
			RVs: store.RVRange{From: record.ResourceVersion(from), To: record.ResourceVersion(from + 1<<s.opts.BucketBits - 1)}})
		return bucketKey(c, p.place.storage, p.place.bucket), nil
	})
	return out, err
}

// describe adds size and state to buckets: one is sealed that was not written since all of it lies in the last level.
func (s *Store) describe(list []store.Bucket) error {
	tables, err := s.db.SSTables()
	if err != nil {
		return err
	}
	s.opening.Lock()
	defer s.opening.Unlock()
	for i := range list {
		b := &list[i]
		b.Sealed = true
		for _, mark := range marksOf(*b, s.opts.BucketBits) {
			if _, open := s.open[mark]; open {
				b.Sealed = false
			}
		}
		for _, r := range s.ranges(*b) {
			n, err := s.db.EstimateDiskUsage(r.from, r.to)
			if err != nil {
				return err
			}
			b.Bytes += int64(n)
			b.Sealed = b.Sealed && !overlaps(tables, r)
		}
	}
	return nil
}

// overlaps reports whether a table above the last level holds keys of the range.
func overlaps(levels [][]lsm.SSTableInfo, r keyRange) bool {
	for _, level := range levels[:len(levels)-1] {
		for _, t := range level {
			if bytes.Compare(t.Smallest.UserKey, r.to) < 0 && bytes.Compare(t.Largest.UserKey, r.from) >= 0 {
				return true
			}
		}
	}
	return false
}

func marksOf(b store.Bucket, bits uint) (out []bucketMark) {
	if b.Family == store.FamilyRevisions {
		for n := uint64(b.RVs.From) >> bits; n <= uint64(b.RVs.To)>>bits; n++ {
			out = append(out, bucketMark{b.Cluster, b.Family, b.Storage, n})
		}
		return out
	}
	first, last := bucketHours(b)
	for h := first; h <= last; h++ {
		out = append(out, bucketMark{b.Cluster, b.Family, "", uint64(h)})
	}
	return out
}

// touch notes which buckets a plan writes. The caller holds writing.
func (s *Store) touch(p *plan) {
	s.opening.Lock()
	defer s.opening.Unlock()
	for mark := range p.buckets {
		if _, ok := s.open[mark]; !ok {
			s.open[mark.own()] = struct{}{}
		}
	}
}

func (s *Store) untouch(buckets []store.Bucket) {
	s.opening.Lock()
	defer s.opening.Unlock()
	for _, b := range buckets {
		for _, mark := range marksOf(b, s.opts.BucketBits) {
			delete(s.open, mark)
		}
	}
}

// Drop implements store.Store. Buckets, the floor and the catalogue change in one synced batch, so a crash leaves all or nothing of it.
// It keeps writers out, and reads the catalogue of the clusters concerned.
func (s *Store) Drop(ctx context.Context, buckets []store.Bucket, carry []store.Carried) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	if s.opts.ReadOnly {
		return ErrReadOnly
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	d := newDrop(s, buckets, carry)
	err := s.commitSet(func(b *lsm.Batch) error { return d.fill(ctx, b) }, !s.opts.Bulk)
	if err != nil {
		return mapped("drop", err)
	}
	s.appends.Add(1)
	s.caches.clear()
	s.written.clear()
	s.floors.Store(d.floors)
	s.untouch(buckets)
	if s.opts.Bulk {
		return mapped("drop", s.guard(s.db.Flush))
	}
	return nil
}

// drop gathers what goes and what stays.
type drop struct {
	s       *Store
	buckets []store.Bucket
	carry   []store.Carried
	carried map[store.ObjectKey]bool
	gone    map[bucketMark]bool
	floors  *floorSet
	touched []record.Cluster
}

func newDrop(s *Store, buckets []store.Bucket, carry []store.Carried) *drop {
	d := &drop{s: s, buckets: buckets, carry: carry, carried: map[store.ObjectKey]bool{}, gone: map[bucketMark]bool{}, floors: s.floors.Load()}
	for _, b := range buckets {
		by := clusterFloor{rvs: map[record.Storage]record.ResourceVersion{}}
		if b.Family == store.FamilyRevisions {
			by.rvs[b.Storage] = b.RVs.To + 1
		} else {
			by.at = unixNano(b.Time.To)
		}
		d.floors = d.floors.raised(b.Cluster, by)
		d.touched = append(d.touched, b.Cluster)
		for _, mark := range marksOf(b, s.opts.BucketBits) {
			d.gone[mark] = true
		}
	}
	for _, c := range carry {
		d.carried[c.Key] = true
		d.touched = append(d.touched, c.Key.Cluster)
	}
	slices.Sort(d.touched)
	d.touched = slices.Compact(d.touched)
	return d
}

func (d *drop) fill(ctx context.Context, b *lsm.Batch) error {
	for _, bucket := range d.buckets {
		if bucket.Family == store.FamilyTimed {
			if err := d.forgetHours(b, bucket); err != nil {
				return err
			}
		}
		for _, r := range d.s.ranges(bucket) {
			if err := b.DeleteRange(r.from, r.to, nil); err != nil {
				return err
			}
		}
	}
	for _, c := range d.carry {
		if err := b.Set(uidKey(famCarried, c.Key.Cluster, c.Key.UID), encodeCarried(c), nil); err != nil {
			return err
		}
	}
	var told feedWriter
	for _, c := range d.touched {
		if err := errors.Join(ctx.Err(), d.sweep(b, c)); err != nil {
			return err
		}
		for storage, rv := range d.floors.clusters[c].rvs {
			told.dropped(c, storage, rv)
		}
	}
	if len(told.buf) == 0 { // requests alone: pins and revisions stay
		told.dropped("", "", 0)
	}
	return b.Set(feedKey(d.s.appends.Load()+1), told.buf, nil)
}

// sweep removes what in a cluster lies below its floor now, and the entries that nothing holds any more.
func (d *drop) sweep(b *lsm.Batch, c record.Cluster) error {
	floor := d.floors.clusters[c]
	if err := b.Set(clusterKey(famFloors, c), floor.encode(), nil); err != nil {
		return err
	}
	for storage, rv := range floor.rvs {
		prefix := storageKey(famPin, c, storage)
		if err := b.DeleteRange(prefix, appendRV(bytes.Clone(prefix), rv), nil); err != nil {
			return err
		}
	}
	forget := func(it *lsm.Iterator) error {
		rec, err := decodeWhole(it, c)
		if err != nil || !d.floors.late(rec) {
			return err
		}
		return b.Delete(bytes.Clone(it.Key()), nil)
	}
	for _, family := range [...]byte{famGap, famProgress} {
		if err := scan(d.s.db, clusterKey(family, c), forget); err != nil {
			return err
		}
	}
	prefix := clusterKey(famCatalogue, c)
	return scan(d.s.db, prefix, func(it *lsm.Iterator) error {
		uid, _, ok := cutUID(it.Key()[len(prefix):])
		if !ok {
			return badKey(it.Key())
		}
		e, err := decodeEntry(it.Value())
		if err != nil {
			return damaged(it.Key(), err)
		}
		return d.sweepEntry(b, store.ObjectKey{Cluster: c, UID: uid}, e, floor)
	})
}

func (d *drop) sweepEntry(b *lsm.Batch, key store.ObjectKey, e *entry, floor clusterFloor) error {
	before := len(e.places) + len(e.ends)
	dropped := func(p place) bool { return d.gone[bucketMark{key.Cluster, store.FamilyRevisions, p.storage, p.bucket}] }
	e.places = slices.DeleteFunc(e.places, dropped)
	e.ends = slices.DeleteFunc(e.ends, func(p endPart) bool { return dropped(p.place) })
	ended := e.flags&flagEnded != 0 && len(e.ends) == 0
	held := len(e.places) > 0 || len(e.ends) > 0 || d.carried[key]
	if !held && !ended {
		v, err := getNow(d.s.db, uidKey(famCarried, key.Cluster, key.UID))
		if err != nil {
			return err
		}
		held = v != nil
	}
	catalogue := uidKey(famCatalogue, key.Cluster, key.UID)
	if held || (e.lastAt != 0 && !floor.before(e.lastAt)) {
		if len(e.places)+len(e.ends) == before {
			return nil
		}
		return b.Set(catalogue, encodeEntry(e), nil)
	}
	gone := [][]byte{catalogue, uidKey(famEnd, key.Cluster, key.UID), uidKey(famCarried, key.Cluster, key.UID)}
	for _, n := range e.names {
		gone = append(gone, nameKey(key.Cluster, n, key.UID))
	}
	for _, k := range gone {
		if err := b.Delete(k, nil); err != nil {
			return err
		}
	}
	return nil
}

// forgetHours takes a bucket's hours from the names that had records in them.
func (d *drop) forgetHours(b *lsm.Batch, bucket store.Bucket) error {
	first, last := bucketHours(bucket)
	if err := d.forgetPushed(b, bucket.Cluster, first, last); err != nil {
		return err
	}
	for _, family := range [...]byte{famRequest, famEvent, famTraced} {
		names := map[nameHash]bool{}
		for h := first; h <= last; h++ {
			prefix := hourKey(family, bucket.Cluster, h)
			err := skipScan(d.s.db, prefix, func(key []byte) ([]byte, error) {
				var name nameHash
				end := len(key) - momentLen
				if end-len(name) < len(prefix) {
					return nil, badKey(key)
				}
				copy(name[:], key[end-len(name):end])
				names[name] = true
				return bytes.Clone(key[:end]), nil
			})
			if err == nil && family == famTraced {
				err = d.furtherNames(bucket.Cluster, h, names)
			}
			if err != nil {
				return err
			}
		}
		for name := range names {
			if err := d.forgetName(b, bucket.Cluster, family, name); err != nil {
				return err
			}
		}
	}
	return nil
}

// forgetPushed lets the keys of pushed records go with the hours that they lie in.
func (d *drop) forgetPushed(b *lsm.Batch, c record.Cluster, first, last hour) error {
	return scan(d.s.db, clusterKey(famPushed, c), func(it *lsm.Iterator) error {
		nanos, ok := cutPushedPlace(it.Value())
		if !ok {
			return damaged(it.Key(), errors.New("no place of a pushed record"))
		}
		if h := hourOf(nanos); h < first || h > last {
			return nil
		}
		return b.Delete(it.Key(), nil)
	})
}

// furtherNames adds the names under which spans of an hour are found beside their own.
func (d *drop) furtherNames(c record.Cluster, h hour, names map[nameHash]bool) error {
	prefix := append(hourKey(famTraceRef, c, h), refName)
	return skipScan(d.s.db, prefix, func(key []byte) ([]byte, error) {
		end := len(prefix) + len(nameHash{})
		if len(key) < end {
			return nil, badKey(key)
		}
		names[nameHash(key[len(prefix):end])] = true
		return bytes.Clone(key[:end]), nil
	})
}

// forgetName takes every hour that goes, not only this bucket's: a name's last write in the batch then has them all.
func (d *drop) forgetName(b *lsm.Batch, c record.Cluster, family byte, name nameHash) error {
	key := hoursKey(c, family, name)
	v, err := getNow(d.s.db, key)
	if err != nil {
		return err
	}
	hours, err := decodeHours(v)
	if err != nil {
		return damaged(key, err)
	}
	hours = slices.DeleteFunc(hours, func(h hour) bool { return d.gone[bucketMark{c, store.FamilyTimed, "", uint64(h)}] })
	if len(hours) == 0 {
		return b.Delete(key, nil)
	}
	return b.Set(key, appendHours(nil, hours), nil)
}

// Floor implements store.Store.
func (s *Store) Floor(ctx context.Context, key store.ObjectKey) (out *store.Carried, err error) {
	err = s.read(ctx, "floor", func(r *points) error {
		if out, err = carriedOf(r, key); err == nil && out == nil {
			err = store.ErrNotFound
		}
		return err
	})
	return out, err
}

func carriedOf(r *points, key store.ObjectKey) (*store.Carried, error) {
	k := uidKey(famCarried, key.Cluster, key.UID)
	v, err := r.get(k)
	if err != nil || v == nil {
		return nil, err
	}
	c, err := decodeCarried(key, bytes.Clone(v))
	if err != nil {
		return nil, damaged(k, err)
	}
	return c, nil
}

func encodeCarried(c store.Carried) []byte {
	w := writer{[]byte{1}}
	w.int(unixNano(c.At))
	w.strs(string(c.Blame))
	revisions := slices.Clone(c.Revision)
	slices.SortStableFunc(revisions, compareVariants)
	w.num(uint64(len(revisions)))
	for _, r := range revisions {
		w.num(uint64(r.Revision.RV))
		w.strs(string(appendPacked(nil, r)))
	}
	return w.buf
}

// decodeCarried aliases b.
func decodeCarried(key store.ObjectKey, b []byte) (*store.Carried, error) {
	if len(b) == 0 || b[0] != 1 {
		return nil, errors.New("floor of an object does not decode")
	}
	r := reader{buf: b[1:]}
	c := &store.Carried{Key: key}
	c.At = fromUnixNano(r.int())
	c.Blame = r.bytes(r.num())
	for range r.count() {
		p := revisionParts{cluster: key.Cluster, uid: key.UID, rv: record.ResourceVersion(r.num())}
		rec, err := unpackRevision(r.bytes(r.num()), p)
		if err != nil {
			return nil, cmp.Or(err, errors.New("floor of an object is cut"))
		}
		rec.Provenance.Sources |= record.FromFloor
		c.Revision = append(c.Revision, rec)
	}
	if r.bad || len(r.buf) > 0 {
		return nil, errors.New("floor of an object does not decode")
	}
	return c, nil
}
