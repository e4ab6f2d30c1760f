package pebble

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/kubewake/kubewake/record"
)

var makeDictionary = flag.Bool("make-dictionary", false, "write dictionary.txt anew from testdata/recordings: only before a format number is released")

// dictionarySum is the dictionary of format 1. Stores that exist depend on it.
const dictionarySum = "3653fab9ca764a97"

func TestDictionary(t *testing.T) {
	if *makeDictionary {
		if err := os.WriteFile("dictionary.txt", buildDictionary(t), 0o644); err != nil {
			t.Fatal(err)
		}
		t.Skip("written; build again")
	}
	if got := fmt.Sprintf("%x", sha256.Sum256([]byte(dictionary)))[:16]; got != dictionarySum {
		t.Errorf("the dictionary of a released format was changed: %s", got)
	}
	if len(dictionary) > 1<<16-1 {
		t.Errorf("%d bytes can not be referred to in two", len(dictionary))
	}
}

// volatile is what no two clusters share: identities, times, versions, addresses, digests, generated suffixes. The dictionary has none of it.
var volatile = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[0-9:.]+Z|\d{4,}|\d+\.\d+\.\d+\.\d+|` +
	`[A-Za-z0-9+/=_]{40,}|[0-9a-f]{16,}|-[bcdfghjklmnpqrstvwxz2456789]{5}\b|redacted:[^"]*|[\x80-\xff]+`)

// buildDictionary takes the fullest state of every kind, and one head of every actor, verb and resource, of the recordings of one Deployment
// (not of those that the benchmarks multiply), leaves out what is volatile, and what is said before.
func buildDictionary(t *testing.T) []byte {
	bodies, heads := samples(t)
	var out []byte
	index := map[string]int{} // eight bytes -> where they were said first
	longest := func(piece string) int {
		at, ok := index[piece[:min(8, len(piece))]]
		if !ok {
			return 0
		}
		return 8 + commonPrefix(out[at+8:], piece[8:])
	}
	add := func(sample []byte) {
		for _, piece := range volatile.Split(string(sample), -1) {
			from := len(out)
			for i := 0; i < len(piece); {
				if n := longest(piece[i:]); n >= 20 {
					i += n
					continue
				}
				out = append(out, piece[i])
				i++
			}
			if len(out)-from < 12 {
				out = out[:from]
			}
			for i := max(0, from-7); i+8 <= len(out); i++ {
				if _, ok := index[string(out[i:i+8])]; !ok {
					index[string(out[i:i+8])] = i
				}
			}
		}
	}
	first := []string{"Pod", "Deployment", "ReplicaSet", "EndpointSlice", "Node", "Event", "Service", "Namespace", "ServiceAccount", "ConfigMap"}
	for _, kind := range append(first, slices.Sorted(maps.Keys(bodies))...) {
		add(bodies[kind])
	}
	t.Logf("%d bytes of bodies", len(out))
	for _, key := range slices.Sorted(maps.Keys(heads)) {
		add(heads[key])
	}
	t.Logf("%d bytes", len(out))
	return out[:min(len(out), 1<<16-1)]
}

func samples(t *testing.T) (bodies, heads map[string][]byte) {
	bodies, heads = map[string][]byte{}, map[string][]byte{}
	files, err := filepath.Glob("../../testdata/recordings/deployment*/*audit.jsonl.zst")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	for _, name := range files {
		in, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		z, err := zstd.NewReader(in)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReaderSize(z, 1<<20)
		for {
			line, err := lines.ReadBytes('\n')
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			sample(t, line, bodies, heads)
		}
		z.Close()
		if err := in.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return bodies, heads
}

type auditEvent struct {
	Level, Verb, RequestURI, UserAgent string
	User                               struct {
		Username string
		Groups   []string
		Extra    map[string][]string
	}
	ObjectRef      struct{ APIGroup, APIVersion, Resource, Subresource, Namespace, Name string }
	ResponseStatus struct{ Code int }
	ResponseObject json.RawMessage
	RequestObject  json.RawMessage
	Annotations    map[string]string
}

func sample(t *testing.T, line []byte, bodies, heads map[string][]byte) {
	var e auditEvent
	if err := json.Unmarshal(line, &e); err != nil {
		t.Fatal(err)
	}
	var meta struct{ Kind string }
	if err := json.Unmarshal(e.ResponseObject, &meta); err == nil && !slices.Contains([]string{"Secret", "Status", "TokenRequest"}, meta.Kind) && !strings.HasSuffix(meta.Kind, "List") {
		if body := []byte(e.ResponseObject); len(body) > len(bodies[meta.Kind]) && len(body) < 9000 {
			bodies[meta.Kind] = body
		}
	}
	q := record.Request{AuditID: "4e1cd7ad-d75a-4a67-9ab4-d7b1f71d8f9a", Stage: record.StageResponseComplete, Level: record.ParseLevel(e.Level), Verb: e.Verb, URI: e.RequestURI, Code: e.ResponseStatus.Code,
		Actor: record.Actor{User: e.User.Username, Groups: e.User.Groups, UserAgent: e.UserAgent, SourceIPs: []string{"::1"}}}
	for _, k := range slices.Sorted(maps.Keys(e.User.Extra)) {
		q.Actor.Extra = append(q.Actor.Extra, record.KeyValue{Key: k, Value: strings.Join(e.User.Extra[k], ",")})
	}
	for _, k := range slices.Sorted(maps.Keys(e.Annotations)) {
		q.Annotated = append(q.Annotated, record.KeyValue{Key: k, Value: e.Annotations[k]})
	}
	if e.Verb == "patch" && e.ObjectRef.Resource != "secrets" {
		q.SentKind, q.Sent = record.SentPatch, e.RequestObject
	}
	q.URI, _, _ = strings.Cut(q.URI, "timeout")
	key := strings.Join([]string{e.User.Username, e.Verb, e.ObjectRef.Resource, e.ObjectRef.Subresource, e.Level}, " ")
	if e.Verb == "list" || e.Verb == "watch" {
		key = "reads " + e.User.Username
	}
	if e.Level == "Metadata" {
		key = "low " + e.User.Username
	}
	if _, ok := heads[key]; !ok {
		o := e.ObjectRef
		heads[key] = record.Append(nil, &record.Record{Kind: record.KindRequest, Request: &q, Ref: record.ObjectRef{Group: o.APIGroup, Version: o.APIVersion, Resource: o.Resource,
			Subresource: o.Subresource, Namespace: o.Namespace, Name: o.Name}})
	}
}

func TestPhrases(t *testing.T) {
	p := newPhrases()
	rnd := rand.New(rand.NewPCG(1, 1))
	for range 3000 {
		var src []byte
		for range rnd.IntN(12) {
			switch rnd.IntN(3) {
			case 0:
				at := rnd.IntN(len(dictionary) - 300)
				src = append(src, dictionary[at:at+rnd.IntN(300)]...)
			case 1:
				for range rnd.IntN(40) {
					src = append(src, byte(0xf0+rnd.IntN(16)))
				}
			case 2:
				src = append(src, "some words that are not in it, 0123456789"[:rnd.IntN(40)]...)
			}
		}
		packed := p.append([]byte("before"), src)
		plain, err := appendPlain([]byte("also"), packed[6:])
		if err != nil || !bytes.Equal(plain[4:], src) {
			t.Fatalf("%q came back as %q: %v", src, plain, err)
		}
	}
	for _, bad := range []string{"\xff", "\xff\x00", "\xff\x00\x00", "\xff\xff\xff\xff\xff\x0f\x00\x00", "\xff\x00\xff\xff", "\xfe"} {
		if _, err := appendPlain(nil, []byte(bad)); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}
