package pebble

import (
	"fmt"

	lsm "github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/sstable/block"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Options of a store. The zero value is right for a server.
type Options struct {
	// ReadOnly opens what is there to be read; several processes may, while none writes.
	ReadOnly bool
	// Bulk is for imports that can be run again: no write-ahead log, larger buffers. Nothing is durable before
	// Flush, Seal or Close returned.
	Bulk bool
	// NoSync leaves it to the operating system when the log reaches the disk: a power cut, not a kill -9, may lose what was
	// appended since the last Flush.
	NoSync bool
	// CacheBytes bounds the cache of uncompressed blocks; zero: 64 MB.
	CacheBytes int64
	// ReserveBytes are kept free on the disk: with less left Append gives store.ErrFull, and goes on by itself once there is room again. Zero:
	// 256 MiB, or a tenth of a smaller disk; negative: none.
	ReserveBytes int64
	// FS is where the directory lies; nil: the operating system's files.
	FS vfs.FS
	// BucketBits is how many low bits of a resourceVersion a bucket of revisions spans; zero: as the directory says, or 16 for a new
	// one. It is fixed when a directory is made.
	BucketBits uint
	// BlockBytes is the size of uncompressed blocks and Level the zstd level of their final encoding; zero: 64 kB and 3. For measurements.
	BlockBytes, Level int
}

// defaultBucketBits: see docs/adr/0002.
const defaultBucketBits = 16

func (o Options) withDefaults() (Options, error) {
	if o.FS == nil {
		o.FS = vfs.Default
	}
	if o.CacheBytes == 0 {
		o.CacheBytes = 64 << 20
	}
	if o.BlockBytes == 0 {
		o.BlockBytes = 64 << 10
	}
	if o.Level == 0 {
		o.Level = 3
	}
	if o.BucketBits > 40 || o.Level > 19 || o.BlockBytes > 8<<20 {
		return o, fmt.Errorf("options out of range: bucket bits %d, level %d, block bytes %d", o.BucketBits, o.Level, o.BlockBytes)
	}
	return o, nil
}

// formatVersion pins Pebble's own format, so that a newer library does not change directories unasked.
const formatVersion = lsm.FormatTableFormatV6

func (o Options) pebble() *lsm.Options {
	p := &lsm.Options{
		FS: o.FS, ReadOnly: o.ReadOnly, ErrorIfNotExists: o.ReadOnly, Merger: newMerger(), Logger: quiet{}, FormatMajorVersion: formatVersion,
		CacheSize: o.CacheBytes, MaxOpenFiles: 500, DisableWAL: o.Bulk,
		// A log file takes as much as a memtable, and a few are kept to be used again.
		MemTableSize: 8 << 20, MemTableStopWritesThreshold: 4,
		L0CompactionThreshold: 4, L0StopWritesThreshold: 24, LBaseMaxBytes: 256 << 20,
		CompactionConcurrencyRange: func() (int, int) { return 1, 2 },
		BlockPropertyCollectors:    []func() lsm.BlockPropertyCollector{func() lsm.BlockPropertyCollector { return &census{} }},
	}
	// Pebble would end the process on a damaged block; the question that met it gives an error instead.
	p.EventListener = &lsm.EventListener{DataCorruption: func(lsm.DataCorruptionInfo) {}}
	if o.Bulk {
		p.MemTableSize = 64 << 20
		p.L0CompactionThreshold, p.L0StopWritesThreshold = 8, 64
	}
	p.CacheSize += 2 * int64(p.MemTableSize) // Pebble takes the memtables' share from it
	if o.ReadOnly {
		p.FS = unlocked{o.FS}
	}
	for i := range p.TargetFileSizes {
		p.TargetFileSizes[i] = 32 << 20
	}
	p.TargetFileSizes[0] = 8 << 20
	final := *block.ZstdCompression
	final.Name = finalName(o.Level)
	final.DataBlocks.Level, final.ValueBlocks.Level = uint8(o.Level), uint8(o.Level)
	final.OtherBlocks = block.FastestCompression.OtherBlocks
	for i := range p.Levels {
		l := &p.Levels[i]
		l.BlockSize, l.IndexBlockSize = o.BlockBytes, 32<<10
		l.FilterPolicy = bloom.FilterPolicy(10)
		profile := block.FastestCompression // soon written again
		if i == len(p.Levels)-1 {
			profile = &final
		}
		l.Compression = func() *sstable.CompressionProfile { return profile }
	}
	p.Experimental.MultiLevelCompactionHeuristic = nil
	return p
}

// finalName is what tables in their final encoding bear; Seal rewrites others.
func finalName(level int) string { return fmt.Sprintf("kubewake-zstd%d", level) }

// quiet is Pebble's logger. What is worth a word comes back as an error; what Pebble can not go on from is a panic
// that guard turns into one.
type quiet struct{}

func (quiet) Infof(string, ...any)  {}
func (quiet) Errorf(string, ...any) {}

// Fatalf is called where a write to the log or the manifest failed: nothing more can be promised.
func (quiet) Fatalf(format string, args ...any) { panic(fatal{fmt.Errorf(format, args...)}) }

type fatal struct{ err error }

// guard runs f and turns Pebble's giving up into an error.
func (s *Store) guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			gaveUp, ok := p.(fatal)
			if !ok {
				panic(p)
			}
			err = gaveUp.err
		}
	}()
	return f()
}

// unlocked is a file system on which Pebble's own lock, which keeps even a second reader out, is not taken: ours holds the rule.
type unlocked struct{ vfs.FS }

type noLock struct{}

func (noLock) Close() error { return nil }
