package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/input"
	"github.com/kubewake/kubewake/store"
	"github.com/kubewake/kubewake/store/pebble"
)

// intakeFlags are those of every command that takes something in.
type intakeFlags struct {
	rules    string // --redact-rules
	noRedact bool   // --no-redact
	retain   retention
}

func (a *app) intakeFlags(command *cobra.Command) *intakeFlags {
	in := new(intakeFlags)
	flags := command.Flags()
	flags.StringVar(&a.cluster, "cluster", "", `name of the cluster (default: the one in the envelope, else "local")`)
	flags.StringVar(&in.rules, "redact-rules", "", "YAML file of further fields to redact")
	flags.BoolVar(&in.noRedact, "no-redact", false, "write Secrets and tokens to disk as they are")
	in.retain.flags(flags)
	_ = flags.MarkHidden("no-redact") // the flag exists: it was made above
	return in
}

// fingerprint tells apart what the same inputs make when taken in otherwise: under another name, under other rules.
func (a *app) fingerprint(digest string, in *intakeFlags) (string, error) {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%s\n%s\n%t\n", digest, a.cluster, in.noRedact) // a hash does not fail
	if in.rules != "" {
		rules, err := os.ReadFile(in.rules)
		if err != nil {
			return "", fmt.Errorf("read redaction rules: %w", err)
		}
		_, _ = h.Write(rules)
	}
	return hex.EncodeToString(h.Sum(nil)[:12]), nil
}

// taken is what a store keeps about inputs that were read to their end.
type taken struct {
	Paths   []string  `json:"paths"`
	At      time.Time `json:"at"`
	Version string    `json:"version"`
	Lines   int64     `json:"lines"`
	Records int64     `json:"records"`
	Refused int64     `json:"refused"`
}

const takenPrefix = "input/"

func alreadyTaken(ctx context.Context, st store.Store, fingerprint string) (*taken, error) {
	value, err := st.Meta(ctx, takenPrefix+fingerprint)
	if err != nil || value == nil {
		return nil, err
	}
	t := new(taken)
	if err := json.Unmarshal(value, t); err != nil {
		return nil, nil // written by a release that told otherwise: read again
	}
	return t, nil
}

// takeIn reads the paths into the store, until everything is durable and settled. The note that they were read is
// written last: after a crash before it they are read again, which stores no fact twice.
func (a *app) takeIn(ctx context.Context, st *pebble.Store, dir, fingerprint string, paths []string, in *intakeFlags) (*input.Report, error) {
	redactor, err := a.redactor(dir, in)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	writer := ingest.NewWriter(ctx, st, ingest.Config{})
	bar := newProgress(a.err)
	report, err := input.Read(ctx, paths, input.Options{
		Cluster: record.Cluster(a.cluster), Redactor: redactor, ReceivedAt: began, Stdin: a.in, Progress: bar.report,
	}, writer.Write)
	if err := errors.Join(err, writer.Close()); err != nil {
		if ctx.Err() != nil {
			return report, ctx.Err()
		}
		return report, fmt.Errorf("take in %s: %w", strings.Join(paths, " "), err)
	}
	if err := derive(ctx, st); err != nil {
		return report, fmt.Errorf("derive the clocks of %s: %w", dir, err)
	}
	if err := in.retain.apply(ctx, a, st); err != nil {
		return report, err
	}
	if err := st.Seal(ctx, nil); err != nil {
		return report, fmt.Errorf("settle %s: %w", dir, err)
	}
	summarize(a.err, report, time.Since(began))
	if late := writer.Counts().Late; late > 0 {
		a.say("%d records are older than what %s still keeps, and were left out", late, dir)
	}
	if err := countRaw(ctx, st, fingerprint, report); err != nil {
		return report, err
	}
	note, err := json.Marshal(taken{Paths: paths, At: began.UTC(), Version: versionText(), Lines: report.Lines, Records: report.Records, Refused: report.RefusedLines()})
	if err != nil {
		return report, err
	}
	return report, errors.Join(st.SetMeta(ctx, takenPrefix+fingerprint, note), st.Flush(ctx))
}

// derive makes what every question needs, so that those who open the store to read find it made.
func derive(ctx context.Context, st store.Store) error {
	clusters, err := st.Clusters(ctx)
	if err != nil {
		return err
	}
	clocks := index.NewClocks(st)
	for _, cluster := range clusters {
		if err := index.LearnNames(ctx, st, cluster.Name); err != nil {
			return err
		}
		for _, storage := range cluster.Storages {
			if err := clocks.Renew(ctx, cluster.Name, storage); err != nil {
				return err
			}
		}
	}
	return nil
}

// rawBytesKey is where the counts of package engine/local find how many bytes were read in.
const rawBytesKey = "import/raw-bytes"

// countRaw adds what was read, unless the same was read before.
func countRaw(ctx context.Context, st store.Store, fingerprint string, r *input.Report) error {
	before, err := alreadyTaken(ctx, st, fingerprint)
	if err != nil || before != nil {
		return err
	}
	value, err := st.Meta(ctx, rawBytesKey)
	if err != nil {
		return err
	}
	total, _ := binary.Uvarint(value) // zero where there is none yet
	for _, f := range r.Files {
		if f.Skipped == "" {
			total += uint64(f.Bytes)
		}
	}
	return st.SetMeta(ctx, rawBytesKey, binary.AppendUvarint(nil, total))
}

// openForWriting opens or makes a data directory; the error of one that is in use says by whom.
func openForWriting(dir string) (*pebble.Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	return pebble.Open(dir, pebble.Options{Bulk: true})
}
