package leak

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// Patterns of secrets that show by themselves wherever they stand.
const (
	jwtPattern = `eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}`
	pemPattern = `-----BEGIN [A-Z ]*PRIVATE KEY-----[A-Za-z0-9+/=\s]+-----END [A-Z ]*PRIVATE KEY-----`
)

// collector walks documents with the patterns compiled once.
type collector struct {
	set *Set
	jwt *regexp.Regexp
	pem *regexp.Regexp
}

// ReadDir reads every .json and .jsonl file below dir, plain or .zst.
func (s *Set) ReadDir(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		bare := strings.TrimSuffix(path, ".zst")
		if !strings.HasSuffix(bare, ".json") && !strings.HasSuffix(bare, ".jsonl") {
			return nil
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		if bare == path {
			return s.Read(f)
		}
		z, err := zstd.NewReader(f)
		if err != nil {
			return err
		}
		defer z.Close()
		if err := s.Read(z); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		return nil
	})
}

// Read takes the secrets out of JSON documents that follow one another: audit events, watch events, lists, manifests.
func (s *Set) Read(r io.Reader) error {
	c := collector{s, regexp.MustCompile(jwtPattern), regexp.MustCompile(pemPattern)}
	d := json.NewDecoder(r)
	d.UseNumber()
	for {
		var doc any
		if err := d.Decode(&doc); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read JSON: %w", err)
		}
		c.walk(doc)
	}
}

// walk looks at a value and everything below it.
func (c collector) walk(v any) {
	switch v := v.(type) {
	case string:
		c.text(v)
	case []any:
		for _, item := range v {
			c.walk(item)
		}
	case map[string]any:
		c.object(v)
		for _, member := range v {
			c.walk(member)
		}
	}
}

func (c collector) object(o map[string]any) {
	switch text(o, "kind") {
	case "Secret":
		c.secret(o)
	case "SecretList":
		for _, item := range list(o, "items") {
			c.secretAnywhere(item)
		}
	case "TokenRequest":
		c.add("TokenRequest", "token", text(child(o, "status"), "token"))
	case "TokenReview":
		c.add("TokenReview", "token", text(child(o, "spec"), "token"))
	}
	ref := child(o, "objectRef")
	if text(ref, "resource") != "secrets" || text(ref, "apiGroup") != "" {
		return
	}
	c.secretAnywhere(o["requestObject"])
	c.secretAnywhere(o["responseObject"])
}

// secretAnywhere takes everything below v for parts of Secrets: manifests, lists, Tables, merge patches, JSON patches.
func (c collector) secretAnywhere(v any) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			c.secretAnywhere(item)
		}
	case map[string]any:
		path := text(v, "path")
		switch value := v["value"].(type) {
		case string:
			if strings.HasPrefix(path, "/data/") {
				c.encoded("patch "+path, path[len("/data/"):], value)
			} else if strings.HasPrefix(path, "/stringData/") {
				c.add("patch "+path, path[len("/stringData/"):], value)
			}
		case map[string]any:
			if path == "/data" || path == "/stringData" {
				c.secret(map[string]any{path[1:]: value})
			}
		}
		c.secret(v)
		for _, member := range v {
			c.secretAnywhere(member)
		}
	}
}

func (c collector) secret(o map[string]any) {
	meta := child(o, "metadata")
	where := "Secret " + text(meta, "namespace") + "/" + text(meta, "name")
	open := text(o, "type") == "kubernetes.io/service-account-token" // its namespace and certificate are no secrets
	for key, v := range child(o, "data") {
		if value, ok := v.(string); ok && !(open && (key == "namespace" || key == "ca.crt")) {
			c.encoded(where+" data."+key, key, value)
		}
	}
	for key, v := range child(o, "stringData") {
		if value, ok := v.(string); ok {
			c.add(where+" stringData."+key, key, value)
		}
	}
	for _, v := range child(meta, "annotations") {
		if inner, ok := v.(string); ok && strings.HasPrefix(inner, "{") {
			var doc any
			if json.Unmarshal([]byte(inner), &doc) == nil {
				c.secretAnywhere(doc)
			}
		}
	}
}

func (c collector) encoded(where, key, value string) {
	plain, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		plain = []byte(value)
	}
	if !bytes.HasPrefix([]byte(value), []byte("redacted:")) {
		c.set.Add(Secret{where, key, plain, value})
		c.text(string(plain))
	}
}

func (c collector) add(where, key, value string) {
	if !strings.HasPrefix(value, "redacted:") {
		c.set.Add(Secret{where, key, []byte(value), value})
	}
}

// text looks for what shows itself in any string, and in documents inside strings.
func (c collector) text(s string) {
	for _, jwt := range c.jwt.FindAllString(s, -1) {
		c.add("JWT", "token", jwt)
		c.add("JWT signature", "token", jwt[strings.LastIndexByte(jwt, '.')+1:])
	}
	for _, key := range c.pem.FindAllString(s, -1) {
		c.add("private key", "key", key)
	}
	if strings.HasPrefix(s, "LS0tLS1CRUdJTi") {
		if plain, err := base64.StdEncoding.DecodeString(s); err == nil && c.pem.Match(plain) {
			c.set.Add(Secret{"private key", "key", plain, s})
		}
	}
	if strings.HasPrefix(s, "{") || strings.HasPrefix(s, "[") {
		var doc any
		if json.Unmarshal([]byte(s), &doc) == nil {
			c.walk(doc)
		}
	}
}

func child(o map[string]any, name string) map[string]any {
	c, _ := o[name].(map[string]any)
	return c
}

func text(o map[string]any, name string) string {
	s, _ := o[name].(string)
	return s
}

func list(o map[string]any, name string) []any {
	l, _ := o[name].([]any)
	return l
}
