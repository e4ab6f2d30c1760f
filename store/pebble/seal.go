package pebble

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"time"

	lsm "github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/kubewake/kubewake/store"
)

// Seal implements store.Store: it writes everything to the last level, where blocks have their final encoding, part by part. Appending goes on
// meanwhile; what is appended then is not sealed. It ends when nothing is left to do in the background.
func (s *Store) Seal(ctx context.Context, progress func(done, total int)) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	if s.opts.ReadOnly {
		return ErrReadOnly
	}
	if progress == nil {
		progress = func(int, int) {}
	}
	sealing := s.takeOpen()
	if err := s.guard(s.db.Flush); err != nil {
		s.giveOpen(sealing)
		return mapped("seal", err)
	}
	parts, err := s.parts()
	if err != nil {
		s.giveOpen(sealing)
		return mapped("seal", err)
	}
	progress(0, len(parts))
	for i, p := range parts {
		if err := s.guard(func() error { return s.db.Compact(ctx, p.from, p.to, true) }); err != nil {
			s.giveOpen(sealing)
			return mapped("seal", err)
		}
		progress(i+1, len(parts))
	}
	if err := s.rewrite(ctx); err != nil {
		s.giveOpen(sealing)
		return mapped("seal", err)
	}
	return s.waitSettled(ctx)
}

// rewrite gives tables their final encoding that Pebble moved down as they were, because nothing lay under them. A table is
// written again when something is deleted within it, so a key that does not exist is.
func (s *Store) rewrite(ctx context.Context) error {
	levels, err := s.db.SSTables(lsm.WithProperties())
	if err != nil {
		return err
	}
	final := finalName(s.opts.Level)
	var run []lsm.SSTableInfo // neighbours that have another encoding
	for _, t := range append(levels[len(levels)-1], lsm.SSTableInfo{}) {
		if t.Properties != nil && t.Properties.CompressionName != final {
			run = append(run, t)
			continue
		}
		if len(run) > 0 {
			if err := s.rewriteRun(ctx, run); err != nil {
				return err
			}
		}
		run = nil
	}
	return nil
}

func (s *Store) rewriteRun(ctx context.Context, run []lsm.SSTableInfo) error {
	b := s.db.NewBatch()
	for _, t := range run {
		key := append(bytes.Clone(t.Smallest.UserKey), 0)
		for {
			v, err := getNow(s.db, key)
			if err != nil {
				return errors.Join(err, b.Close())
			}
			if v == nil {
				break
			}
			key = append(key, 0)
		}
		if err := b.Delete(key, nil); err != nil {
			return errors.Join(err, b.Close())
		}
	}
	if err := s.guard(func() error { return s.db.Apply(b, lsm.NoSync) }); err != nil {
		return err
	}
	if err := b.Close(); err != nil {
		return err
	}
	end := append(bytes.Clone(run[len(run)-1].Largest.UserKey), 0)
	return s.guard(func() error { return s.db.Compact(ctx, run[0].Smallest.UserKey, end, true) })
}

func (s *Store) takeOpen() map[bucketMark]struct{} {
	s.writing.Lock() // between noting a bucket and writing to it nothing is taken
	defer s.writing.Unlock()
	s.opening.Lock()
	defer s.opening.Unlock()
	taken := s.open
	s.open = map[bucketMark]struct{}{}
	return taken
}

func (s *Store) giveOpen(back map[bucketMark]struct{}) {
	s.writing.Lock() // between noting a bucket and writing to it nothing is taken
	defer s.writing.Unlock()
	s.opening.Lock()
	defer s.opening.Unlock()
	for mark := range back {
		s.open[mark] = struct{}{}
	}
}

// maxParts bounds in how many parts Seal works.
const maxParts = 64

// parts divides the keys for Seal at borders of tables, so that each part is about the same work.
func (s *Store) parts() ([]keyRange, error) {
	levels, err := s.db.SSTables()
	if err != nil {
		return nil, err
	}
	var borders [][]byte
	for _, level := range levels {
		for _, t := range level {
			borders = append(borders, t.Smallest.UserKey)
		}
	}
	slices.SortFunc(borders, bytes.Compare)
	borders = slices.CompactFunc(borders, bytes.Equal)
	step := max(1, len(borders)/maxParts)
	from := []byte{0}
	var out []keyRange
	for i := step; i < len(borders); i += step {
		if bytes.Compare(from, borders[i]) < 0 {
			out = append(out, keyRange{from, borders[i]})
			from = borders[i]
		}
	}
	return append(out, keyRange{from, []byte{0xff}}), nil
}

// waitSettled waits until no flush or compaction runs and files that are not used any more are deleted.
func (s *Store) waitSettled(ctx context.Context) error {
	quiet := 0
	for tries := 0; quiet < 3; tries++ {
		m := s.db.Metrics()
		busy := m.Compact.NumInProgress > 0 || m.Flush.NumInProgress > 0
		// Files that an iterator still reads stay; they are not waited for longer than a second.
		if tries < 100 {
			busy = busy || m.Table.ObsoleteCount > 0 || m.Table.ZombieCount > 0
		}
		quiet++
		if busy {
			quiet = 0
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
	return nil
}

// Size implements store.Store. Records and raw bytes are those of the tables; a record that was delivered again counts twice until compaction met both.
func (s *Store) Size(ctx context.Context) (store.Size, error) {
	if err := s.enter(); err != nil {
		return store.Size{}, err
	}
	defer s.leave()
	if err := ctx.Err(); err != nil {
		return store.Size{}, err
	}
	if !s.opts.ReadOnly {
		if err := s.guard(s.db.Flush); err != nil {
			return store.Size{}, mapped("size", err)
		}
	}
	levels, err := s.db.SSTables(lsm.WithProperties())
	if err != nil {
		return store.Size{}, mapped("size", err)
	}
	var sum census
	for _, level := range levels {
		for _, t := range level {
			if err := s.count(&sum, t); err != nil {
				return store.Size{}, mapped("size", err)
			}
		}
	}
	classes := map[string]*store.ClassSize{}
	var size store.Size
	for i, f := range families {
		c := classes[f.class]
		if c == nil {
			size.Classes = append(size.Classes, store.ClassSize{Class: f.class})
			c = &store.ClassSize{Class: f.class}
			classes[f.class] = c
		}
		disk, err := s.db.EstimateDiskUsage([]byte{f.prefix}, []byte{f.prefix + 1})
		if err != nil {
			return store.Size{}, mapped("size", err)
		}
		c.Records += int64(sum.counts[i].records)
		c.Raw += int64(sum.counts[i].bytes)
		c.Disk += int64(disk)
	}
	for i := range size.Classes {
		size.Classes[i] = *classes[size.Classes[i].Class]
	}
	total, logs, err := diskUsage(s.opts.FS, s.dir)
	size.Disk = total
	size.Classes = append(size.Classes, store.ClassSize{Class: "log", Raw: logs, Disk: logs})
	return size, mapped("size", err)
}

// count adds a table's census. Pebble does not show values to it, so the bytes of values are divided among the families of a table
// by what each takes of the table on disk.
func (s *Store) count(sum *census, t lsm.SSTableInfo) error {
	var c census
	if err := c.add(t.Properties.UserProperties[censusName]); err != nil {
		return err
	}
	var disk [len(families)]uint64
	whole := uint64(0)
	for i, f := range families {
		if c.counts[i].records == 0 {
			continue
		}
		from, to := []byte{f.prefix}, []byte{f.prefix + 1}
		if bytes.Compare(from, t.Smallest.UserKey) < 0 {
			from = t.Smallest.UserKey
		}
		if bytes.Compare(to, t.Largest.UserKey) > 0 {
			to = append(bytes.Clone(t.Largest.UserKey), 0)
		}
		n, err := s.db.EstimateDiskUsage(from, to)
		if err != nil {
			return err
		}
		disk[i] = n + 1
		whole += disk[i]
	}
	for i, n := range c.counts {
		sum.counts[i].records += n.records
		sum.counts[i].bytes += n.bytes
		if whole > 0 {
			sum.counts[i].bytes += t.Properties.RawValueSize * disk[i] / whole
		}
	}
	return nil
}

// diskUsage sums the files below dir that hold what was taken in; logs are those of the write-ahead log that are not empty. What belongs to
// the process that has the store open (its lock and address, the engine's list of its own files and options, an empty log)
// is left out: a store has one size, whoever asks.
func diskUsage(f vfs.FS, dir string) (total, logs int64, err error) {
	names, err := f.List(dir)
	if err != nil {
		return 0, 0, err
	}
	for _, name := range names {
		path := f.PathJoin(dir, name)
		info, err := f.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted meanwhile
		}
		if err != nil {
			return 0, 0, err
		}
		if info.IsDir() {
			t, l, err := diskUsage(f, path)
			if err != nil {
				return 0, 0, err
			}
			total, logs = total+t, logs+l
			continue
		}
		switch {
		case ofProcess(name):
			continue
		case strings.HasSuffix(name, ".log"):
			if info.Size() <= emptyLog {
				continue
			}
			logs += info.Size()
		}
		total += info.Size()
	}
	return total, logs, nil
}

// emptyLog is the most that a log file without a record in it takes: the header of the record that ends it.
const emptyLog = 32

// ofProcess tells files that say nothing of what is stored.
func ofProcess(name string) bool {
	return name == lockFile || name == addressFile || slices.ContainsFunc([]string{"OPTIONS-", "MANIFEST-", "marker."}, func(prefix string) bool {
		return strings.HasPrefix(name, prefix)
	})
}

// census counts the keys of a table by family; it is stored with the table.
type census struct {
	counts [len(families)]count
}

type count struct{ records, bytes uint64 }

const censusName = "kubewake.census"

var _ lsm.BlockPropertyCollector = (*census)(nil)

// Name implements lsm.BlockPropertyCollector, as do the methods that follow.
func (*census) Name() string { return censusName }

func (c *census) AddPointKey(key lsm.InternalKey, _ []byte) error {
	if len(key.UserKey) == 0 {
		return nil
	}
	for i := range families {
		if families[i].prefix == key.UserKey[0] {
			c.counts[i].records++
			c.counts[i].bytes += uint64(len(key.UserKey))
			break
		}
	}
	return nil
}

func (*census) AddRangeKeys(sstable.Span) error { return nil }
func (*census) AddCollectedWithSuffixReplacement(_, _, _ []byte) error {
	return errors.New("keys have no suffixes")
}
func (*census) SupportsSuffixReplacement() bool             { return false }
func (*census) FinishDataBlock(buf []byte) ([]byte, error)  { return buf, nil }
func (*census) AddPrevDataBlockToIndexBlock()               {}
func (*census) FinishIndexBlock(buf []byte) ([]byte, error) { return buf, nil }
func (c *census) FinishTable(buf []byte) ([]byte, error) {
	for i, n := range c.counts {
		if n.records > 0 {
			buf = append(buf, families[i].prefix)
			buf = binary.AppendUvarint(binary.AppendUvarint(buf, n.records), n.bytes)
		}
	}
	return buf, nil
}

// add sums a stored census. Pebble puts a byte of its own before what FinishTable gave.
func (c *census) add(property string) error {
	if property == "" {
		return nil
	}
	r := reader{buf: []byte(property[1:])}
	for len(r.buf) > 0 {
		prefix := r.bytes(1)[0]
		records, size := r.num(), r.num()
		for i := range families {
			if families[i].prefix == prefix {
				c.counts[i].records += records
				c.counts[i].bytes += size
			}
		}
	}
	if r.bad {
		return errors.Join(store.ErrCorrupt, errors.New("census of a table does not decode"))
	}
	return nil
}
