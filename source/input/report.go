package input

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Report tells what Read found.
type Report struct {
	Files   []FileReport
	Lines   int64 // lines and values read
	Records int64
	Refused map[string]int64 // by reason
	Ignored map[string]int64 // by reason: other logs in the same envelopes
}

// FileReport is the part of one file.
type FileReport struct {
	Path      string
	Format    string // "audit", "watch", "list", "CloudWatch", ... as its first values tell
	Packed    string // "gzip", "zstd", "bzip2", or empty
	Skipped   string // why the file was left out as a whole; empty if it was read
	Failed    bool   // it was left out although it was named by itself and is not empty, or because it could not be unpacked
	Bytes     int64  // decompressed
	Lines     int64
	Records   int64
	Refused   map[string]int64
	Ignored   map[string]int64
	Truncated bool      // it ends in the middle of a line or of its compression
	First     []Refusal // the first few, by place
}

// Refusal is a line or value that could not be understood. It never quotes the content.
type Refusal struct {
	Path   string
	Line   int64 // from 1, in the decompressed file
	Offset int64 // byte where it begins, from 0
	Column int64 // byte within it where it stops being JSON; -1 where that is not the reason
	Reason string
}

// RefusedLines sums up Refused.
func (r *Report) RefusedLines() (n int64) {
	for _, count := range r.Refused {
		n += count
	}
	return n
}

// Reasons of Refused, the most frequent first.
func (r *Report) Reasons() []string {
	return slices.SortedFunc(maps.Keys(r.Refused), func(a, b string) int {
		if d := r.Refused[b] - r.Refused[a]; d != 0 {
			return int(d)
		}
		return slices.Compare([]string{a}, []string{b})
	})
}

func (r *Report) add(f FileReport) {
	if r.Refused == nil {
		r.Refused, r.Ignored = map[string]int64{}, map[string]int64{}
	}
	r.Files = append(r.Files, f)
	r.Lines += f.Lines
	r.Records += f.Records
	for reason, n := range f.Refused {
		r.Refused[reason] += n
	}
	for reason, n := range f.Ignored {
		r.Ignored[reason] += n
	}
}

// file collects the report of a file from all workers.
type file struct {
	keep int

	mu sync.Mutex // guards all below
	FileReport
}

func (f *file) refuse(at place, column int64, reason string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.Refused == nil {
		f.Refused = map[string]int64{}
	}
	f.Refused[reason]++
	refusal := Refusal{Path: f.Path, Line: at.line, Offset: at.offset, Column: column, Reason: reason}
	i, _ := slices.BinarySearchFunc(f.First, refusal, func(a, b Refusal) int { return int(a.Offset - b.Offset) })
	if i < f.keep {
		f.First = slices.Insert(f.First, i, refusal)
		f.First = f.First[:min(len(f.First), f.keep)]
	}
}

func (f *file) ignore(reason string, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.Ignored == nil {
		f.Ignored = map[string]int64{}
	}
	f.Ignored[reason] += int64(n)
}

func (f *file) count(lines, records int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.Lines += int64(lines)
	f.Records += int64(records)
}

// Progress tells how far Read got. Bytes are those of the files as they lie on disk.
type Progress struct {
	Bytes, Total int64 // Total is zero where it is not known: standard input
	Records      int64
	Files        int
	Elapsed      time.Duration
	Done         bool
}

// BytesPerSecond read so far.
func (p Progress) BytesPerSecond() float64 {
	if p.Elapsed <= 0 {
		return 0
	}
	return float64(p.Bytes) / p.Elapsed.Seconds()
}

// Remaining time at the same rate; zero where it cannot be told.
func (p Progress) Remaining() time.Duration {
	rate := p.BytesPerSecond()
	if rate == 0 || p.Total <= p.Bytes {
		return 0
	}
	return time.Duration(float64(p.Total-p.Bytes) / rate * float64(time.Second))
}

type counter struct {
	total   int64
	bytes   atomic.Int64
	records atomic.Int64
	files   atomic.Int64
	start   time.Time
}

func newCounter(files []found) *counter {
	c := &counter{start: time.Now()}
	for _, f := range files {
		if f.path == stdin {
			c.total = 0
			return c
		}
		c.total += f.size
	}
	return c
}

func (c *counter) progress(done bool) Progress {
	return Progress{Bytes: c.bytes.Load(), Total: c.total, Records: c.records.Load(),
		Files: int(c.files.Load()), Elapsed: time.Since(c.start), Done: done}
}

// watch reports until the function it returns was called, which reports once more.
func (c *counter) watch(report func(Progress)) (stop func()) {
	if report == nil {
		return func() {}
	}
	quit, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				report(c.progress(false))
			case <-quit:
				report(c.progress(true))
				return
			}
		}
	}()
	return func() { close(quit); <-ended }
}
