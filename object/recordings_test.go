package object

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/kubewake/kubewake/record"
)

// recordings lists the folders of real recordings at hand: those in the repository, and those that
// KUBEWAKE_RECORDINGS names.
func recordings(t testing.TB) []string {
	t.Helper()
	var dirs []string
	for _, root := range []string{filepath.Join("..", "testdata", "recordings"), os.Getenv("KUBEWAKE_RECORDINGS")} {
		if root == "" {
			continue
		}
		found, err := filepath.Glob(filepath.Join(root, "*", "audit.jsonl.zst"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			dirs = append(dirs, filepath.Dir(f))
		}
	}
	if len(dirs) == 0 {
		t.Skip("no recordings: set KUBEWAKE_RECORDINGS")
	}
	return dirs
}

// lines calls f for each line of a zstd file.
func lines(t testing.TB, file string, f func(line []byte)) {
	t.Helper()
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	r := bufio.NewReaderSize(z, 1<<20)
	for {
		line, err := r.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			f(line)
		}
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// revisionsOf reads every revision that a recording holds, by a rule of its own that is plainer than the sources':
// successful answers and watched states that have a UID and a resourceVersion.
func revisionsOf(t testing.TB, dir string) map[record.UID][]*record.Record {
	t.Helper()
	out := map[record.UID][]*record.Record{}
	add := func(body []byte, from record.Sources) {
		var head struct {
			Kind       string
			APIVersion string
			Metadata   struct {
				UID, ResourceVersion, Name, Namespace, DeletionTimestamp string
				Finalizers                                               []string
			}
			Spec struct{ Finalizers []string }
		}
		if json.Unmarshal(body, &head) != nil || head.Metadata.UID == "" || head.Kind == "Scale" || head.Kind == "Event" ||
			head.Kind == "Status" || head.Kind == "TokenRequest" || head.Kind == "PartialObjectMetadata" {
			return
		}
		if m := head.Metadata; from == record.FromAudit && m.DeletionTimestamp != "" && len(m.Finalizers)+len(head.Spec.Finalizers) == 0 && head.Kind != "Pod" {
			return // the last finalizer went: this body was never stored
		}
		rv, err := strconv.ParseUint(head.Metadata.ResourceVersion, 10, 64)
		if err != nil {
			return
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, body); err != nil {
			t.Fatal(err)
		}
		r := &record.Record{Kind: record.KindRevision, Revision: &record.Revision{RV: record.ResourceVersion(rv), Body: compact.Bytes()}}
		r.Ref.UID, r.Ref.Kind, r.Ref.Name, r.Ref.Namespace = record.UID(head.Metadata.UID), head.Kind, head.Metadata.Name, head.Metadata.Namespace
		r.Ref.Group, r.Ref.Version = record.SplitAPIVersion(head.APIVersion)
		r.Provenance.Sources = from
		for _, o := range out[r.Ref.UID] {
			if o.Revision.RV == r.Revision.RV && bytes.Equal(o.Revision.Body, r.Revision.Body) {
				o.Provenance.Sources |= from
				return
			}
		}
		out[r.Ref.UID] = append(out[r.Ref.UID], r)
	}
	lines(t, filepath.Join(dir, "audit.jsonl.zst"), func(line []byte) {
		var e struct {
			Verb, RequestURI string
			ResponseStatus   struct{ Code int }
			ResponseObject   json.RawMessage
		}
		if json.Unmarshal(line, &e) != nil || e.ResponseStatus.Code/100 != 2 || e.Verb == "delete" || e.Verb == "list" || strings.Contains(e.RequestURI, "dryRun") {
			return
		}
		add(e.ResponseObject, record.FromAudit)
	})
	watched, err := filepath.Glob(filepath.Join(dir, "watch", "watch-*.jsonl.zst"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range watched {
		lines(t, file, func(line []byte) {
			var e struct {
				Type   string
				Object json.RawMessage
			}
			if json.Unmarshal(line, &e) == nil && (e.Type == "ADDED" || e.Type == "MODIFIED") {
				add(e.Object, record.FromWatch)
			}
		})
	}
	for _, list := range out {
		slices.SortStableFunc(list, func(a, b *record.Record) int { return cmp.Compare(a.Revision.RV, b.Revision.RV) })
	}
	return out
}

// byRV groups the revisions of one object.
func byRV(list []*record.Record) [][]*record.Record {
	var out [][]*record.Record
	for _, r := range list {
		if n := len(out); n > 0 && out[n-1][0].Revision.RV == r.Revision.RV {
			out[n-1] = append(out[n-1], r)
			continue
		}
		out = append(out, []*record.Record{r})
	}
	return out
}

// statesOf chooses and carries; every state is taken to follow the one before.
func statesOf(list []*record.Record) []State {
	var chosen []Chosen
	for _, variants := range byRV(list) {
		chosen = append(chosen, Choose(variants))
	}
	states := Carry(nil, chosen, Schema{})
	for i := range states {
		states[i].Follows = true
	}
	return states
}
