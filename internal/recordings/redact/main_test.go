package main

import (
	"bytes"
	"encoding/base64"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubewake/kubewake/internal/leak"
)

const (
	token = "eyJhbGciOiJFUzI1NiIsImtpZCI6ImFiY2RlZiJ9.eyJqdGkiOiI3ZjUyOGQ3OS0yZTgyLTRhMjUtYjMzYy1kOTNlYmIxOGEyNDMiLCJzdWIiOiJ4In0.c2lnbmF0dXJlLW9mLW5vYm9keQ"
	lines = `{"kind":"Event","verb":"create","objectRef":{"resource":"secrets"},"requestURI":"/x?p=Passw0rd%21word","requestObject":{"kind":"Secret","metadata":{"name":"s"},"data":{"password":"UGFzc3cwcmQhd29yZA==","k":"dg=="},"stringData":{"n":"Passw0rd!word"}}}
{"kind":"Event","responseStatus":{"message":"Invalid value: \"Passw0rd!word\" and \"k\":\"dg==\""},"responseObject":{"kind":"TokenRequest","status":{"token":"` + token + `"}}}
{"kind":"Pod","metadata":{"name":"untouched","annotations":{"a":"dg=="}}}
`
)

func TestRun(t *testing.T) {
	in, out := t.TempDir(), t.TempDir()
	if err := os.MkdirAll(filepath.Join(in, "a"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"a/audit.jsonl.zst": lines, "a/log": "said Passw0rd!word"} {
		if err := write(filepath.Join(in, name), []byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := run(in, out, "seed"); err != nil {
		t.Fatal(err)
	}
	got, err := read(filepath.Join(out, "a", "audit.jsonl.zst"))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(lines) {
		t.Errorf("the length changed: %d, %d", len(got), len(lines))
	}
	secrets := leak.NewSet()
	if err := secrets.Read(strings.NewReader(lines)); err != nil {
		t.Fatal(err)
	}
	if hits := secrets.Search(got); len(hits) > 0 {
		t.Errorf("left: %v", hits)
	}
	if bytes.Contains(got, []byte(`"k":"dg=="`)) || !bytes.HasSuffix(got, []byte(lines[strings.LastIndex(lines, `{"kind":"Pod"`):])) {
		t.Errorf("short values, or other lines: %s", got)
	}
	planted := leak.NewSet()
	if err := planted.Read(bytes.NewReader(got)); err != nil {
		t.Fatal(err)
	}
	if len(planted.Secrets()) != len(secrets.Secrets()) {
		t.Errorf("%d secrets became %d", len(secrets.Secrets()), len(planted.Secrets()))
	}
	for _, s := range planted.Secrets() {
		if isJWT(string(s.Value)) && !strings.Contains(decoded(t, string(s.Value)), `"sub":"x"`) {
			t.Errorf("the token lost its claims: %s", decoded(t, string(s.Value)))
		}
	}
	log, err := read(filepath.Join(out, "a", "log"))
	if err != nil || bytes.Contains(log, []byte("Passw0rd")) || !bytes.HasPrefix(log, []byte("said ")) {
		t.Errorf("%s, %v", log, err)
	}
	again := t.TempDir()
	if err := run(in, again, "seed"); err != nil {
		t.Fatal(err)
	}
	if second, err := read(filepath.Join(again, "a", "audit.jsonl.zst")); err != nil || !bytes.Equal(got, second) {
		t.Error("the same seed gave another copy")
	}
	if run("", out, "") == nil {
		t.Error("no directory was taken")
	}
}

func decoded(t *testing.T, jwt string) string {
	claims, err := base64.RawURLEncoding.DecodeString(strings.Split(jwt, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	return string(claims)
}

// The demo ships real lines only: files of the recording, as they are.
func TestDemoIsTheRecording(t *testing.T) {
	demo, recording := "../../../testdata/demo", "../../../testdata/recordings/deployment"
	files := 0
	err := filepath.WalkDir(demo, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".zst") {
			return err
		}
		rel, err := filepath.Rel(demo, path)
		if err != nil {
			return err
		}
		files++
		got, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		want, err := os.ReadFile(filepath.Join(recording, rel))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not the recording's: %v", rel, err)
		}
		return nil
	})
	if err != nil || files < 20 {
		t.Errorf("%d files, %v", files, err)
	}
}

// With the recordings as made at hand: nothing of them is in the repository's copies, and those are what this program writes.
func TestNothingRealIsLeft(t *testing.T) {
	originals := os.Getenv("KUBEWAKE_RECORDINGS")
	if originals == "" {
		t.Skip("KUBEWAKE_RECORDINGS is not set")
	}
	real, err := secretsOf(originals)
	if err != nil {
		t.Fatal(err)
	}
	planted, err := secretsOf("../../../testdata/recordings")
	if err != nil {
		t.Fatal(err)
	}
	if len(planted.Secrets()) == 0 || len(real.Secrets()) < len(planted.Secrets()) {
		t.Fatalf("%d real ones, %d planted ones", len(real.Secrets()), len(planted.Secrets()))
	}
	for _, s := range planted.Secrets() {
		if len(s.Value) < leak.MinLength {
			continue
		}
		if hits := real.Search(s.Value); len(hits) > 0 {
			t.Skip("KUBEWAKE_RECORDINGS holds the copies")
		}
	}
	err = filepath.WalkDir("../../../testdata", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		plain, err := read(path)
		if err != nil {
			return err
		}
		for _, hit := range real.Search(plain) {
			t.Errorf("%s: %v", path, hit)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func secretsOf(dir string) (*leak.Set, error) {
	s := leak.NewSet()
	return s, s.ReadDir(dir)
}
