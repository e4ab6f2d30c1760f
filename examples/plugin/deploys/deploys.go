// SPDX-License-Identifier: Apache-2.0

// Package deploys is a source of records: a file to which a pipeline appends a line of JSON for each deployment that it made.
package deploys

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/plugin"
	"github.com/kubewake/kubewake/record"
)

// Source reads the file from its beginning each time that it looks. It keeps nothing: a deployment that is delivered again is known by its run.
type Source struct {
	Path  string
	Every time.Duration // how often it looks; zero: a second
}

// Name implements plugin.Source.
func (s *Source) Name() string { return "deploys" }

// Run implements plugin.Source.
func (s *Source) Run(ctx context.Context, host plugin.Host) error {
	every := s.Every
	if every == 0 {
		every = time.Second
	}
	var seen fs.FileInfo
	for {
		info, err := os.Stat(s.Path)
		switch {
		case errors.Is(err, fs.ErrNotExist): // nothing was deployed yet
		case err != nil:
			return err
		case seen == nil || info.Size() != seen.Size():
			if err := s.read(ctx, host); err != nil {
				return err
			}
			seen = info
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(every):
		}
	}
}

// line is what the pipeline writes.
type line struct {
	Run       string    `json:"run"`
	At        time.Time `json:"at"`
	Cluster   string    `json:"cluster"`
	Namespace string    `json:"namespace"`
	App       string    `json:"app"`
	Commit    string    `json:"commit"`
	Log       string    `json:"log"`
}

func (s *Source) read(ctx context.Context, host plugin.Host) error {
	file, err := os.Open(s.Path)
	if err != nil {
		return err
	}
	defer file.Close()
	batches := map[record.Cluster][]*record.Record{}
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		var l line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil || l.Run == "" || l.At.IsZero() || l.Cluster == "" {
			host.Log.Warn("line not understood", "line", n) // not quoted: it may hold anything
			continue
		}
		r := s.record(&l, host)
		batches[r.Ref.Cluster] = append(batches[r.Ref.Cluster], r)
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read %s: %w", s.Path, err)
	}
	for cluster, list := range batches {
		if err := host.Sink.Deliver(ctx, ingest.Batch{Cluster: cluster, Records: list}); err != nil {
			return err // Run is called again after a pause, and delivers all of it again
		}
	}
	return nil
}

// record is the neutral form of a line. What it is about goes into Ref; whatever somebody else wrote is redacted.
func (s *Source) record(l *line, host plugin.Host) *record.Record {
	ref := record.ObjectRef{Cluster: record.Cluster(l.Cluster), Group: "apps", Version: "v1", Kind: "Deployment", Resource: "deployments", Namespace: l.Namespace, Name: l.App}
	text, cut := host.Redactor.Text(ref.GroupResource(), l.Log)
	span := &record.Span{Form: record.FormPushed, Service: s.Name(), Key: l.Run, Name: "deploy", Text: text, Attributes: []record.KeyValue{{Key: "commit", Value: l.Commit}}}
	if cut {
		span.Flags |= record.SpanRedacted
	}
	return &record.Record{Kind: record.KindSpan, OccurredAt: l.At.UTC(), Ref: ref, Span: span,
		Provenance: record.Provenance{ReceivedAt: time.Now().UTC(), Sources: record.FromPush}}
}
