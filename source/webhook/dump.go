package webhook

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/audit"
)

// maxDumpFiles bounds how many files are open at a time.
const maxDumpFiles = 32

// dumper writes redacted events to files. It belongs to the outlet's goroutine.
type dumper struct {
	Dump
	limits  Limits
	decoder *audit.Decoder
	log     *slog.Logger
	open    map[record.Cluster]*dumpFile
	out     []byte
}

type dumpFile struct {
	file *os.File
	size int64
}

func newDump(d Dump, limits Limits, o audit.Options, log *slog.Logger, m *Metrics) (*outlet, error) {
	d = d.withDefaults()
	if err := os.MkdirAll(d.Directory, 0o700); err != nil {
		return nil, fmt.Errorf("dump: %w", err)
	}
	w := &dumper{Dump: d, limits: limits, decoder: audit.New(o), log: log, open: map[record.Cluster]*dumpFile{}}
	out := newOutlet("dump", d.QueueBytes, log, m)
	out.send, out.stop = w.send, w.close
	return out, nil
}

func (d *dumper) send(_ context.Context, p *parcel) string {
	if err := d.write(p); err != nil {
		d.log.Debug("batch not dumped", "error", err)
		d.closeOf(p.cluster) // opened anew for the next one, behind what is there
		return dropError
	}
	return ""
}

// write appends the events of a batch that can be decoded, redacted, a line each.
func (d *dumper) write(p *parcel) error {
	body := io.Reader(bytes.NewReader(p.body))
	if p.packed {
		z, err := gzip.NewReader(body)
		if err != nil {
			return err
		}
		body = z
	}
	l := &list{in: body, itemBytes: int(d.limits.EventBytes)}
	d.out = d.out[:0]
	err := l.each(func(it item) error {
		if it.long {
			return nil // refused, and counted, when it was received
		}
		out, err := d.decoder.Redacted(d.out, it.raw)
		if err != nil {
			return nil // likewise
		}
		d.out = append(out, '\n')
		if len(d.out) < chunkBytes {
			return nil
		}
		return d.flush(p.cluster)
	})
	if err != nil {
		return err
	}
	return d.flush(p.cluster)
}

// flush writes what was gathered as a whole.
func (d *dumper) flush(cluster record.Cluster) error {
	if len(d.out) == 0 {
		return nil
	}
	f, err := d.file(cluster)
	if err != nil {
		return err
	}
	n, err := f.file.Write(d.out)
	f.size += int64(n)
	d.out = d.out[:0]
	return err
}

// file gives the cluster's file with room in it.
func (d *dumper) file(cluster record.Cluster) (*dumpFile, error) {
	f := d.open[cluster]
	if f != nil && f.size > 0 && f.size+int64(len(d.out)) > d.FileBytes {
		if err := d.rotate(cluster); err != nil {
			return nil, err
		}
		f = nil
	}
	if f != nil {
		return f, nil
	}
	if len(d.open) >= maxDumpFiles {
		d.close()
	}
	file, err := os.OpenFile(d.path(cluster, ""), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	f = &dumpFile{file: file}
	if err := f.mend(); err != nil {
		return nil, err
	}
	d.open[cluster] = f
	return f, nil
}

// mend ends a line that a crash or a full disk left open.
func (f *dumpFile) mend() error {
	info, err := f.file.Stat()
	if err != nil {
		return err
	}
	if f.size = info.Size(); f.size == 0 {
		return nil
	}
	var last [1]byte
	if _, err := f.file.ReadAt(last[:], f.size-1); err != nil || last[0] == '\n' {
		return err
	}
	f.size++
	_, err = f.file.WriteString("\n")
	return err
}

// rotate puts the cluster's file aside and removes the oldest ones.
func (d *dumper) rotate(cluster record.Cluster) error {
	d.closeOf(cluster)
	if err := os.Rename(d.path(cluster, ""), d.path(cluster, "~"+time.Now().UTC().Format("20060102T150405.000000000"))); err != nil {
		return err
	}
	aside, err := filepath.Glob(globQuote(d.path(cluster, "~")[:len(d.path(cluster, "~"))-len(dumpSuffix)]) + "*" + dumpSuffix)
	if err != nil {
		return err
	}
	slices.Sort(aside)
	for len(aside) > d.Files {
		if err := os.Remove(aside[0]); err != nil {
			return err
		}
		aside = aside[1:]
	}
	return nil
}

const dumpSuffix = ".jsonl"

// path of a cluster's file. Names are escaped so that none leads out of the directory or looks like a file put aside.
func (d *dumper) path(cluster record.Cluster, mark string) string {
	name := strings.ReplaceAll(url.QueryEscape(string(cluster)), "~", "%7E")
	if len(name) > 200 {
		name = fmt.Sprintf("%s%%%x", name[:150], sha256.Sum256([]byte(cluster)))
	}
	return filepath.Join(d.Directory, name+mark+dumpSuffix)
}

func globQuote(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(s)
}

func (d *dumper) closeOf(cluster record.Cluster) {
	if f := d.open[cluster]; f != nil {
		if err := f.file.Close(); err != nil {
			d.log.Debug("dump file not closed", "error", err)
		}
		delete(d.open, cluster)
	}
}

func (d *dumper) close() {
	for cluster := range d.open {
		d.closeOf(cluster)
	}
}
