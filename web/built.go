package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// built is the UI as it was built. Without an index there is none.
type built struct {
	index *asset
	files map[string]*asset // by path from "/"
}

// asset is one built file, held compressed.
type asset struct {
	packed      []byte
	contentType string
	tag         string
	forEver     bool // its name has a hash of its content
}

// readBuilt takes in a tree of built files, which may be empty or not there.
func readBuilt(from fs.FS) (built, error) {
	b := built{files: map[string]*asset{}}
	err := fs.WalkDir(from, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(from, name)
		if err != nil {
			return err
		}
		plainName, packed := strings.CutSuffix(name, ".gz")
		if !packed {
			data = pack(data)
		}
		sum := sha256.Sum256(data)
		b.files["/"+plainName] = &asset{packed: data, contentType: contentType(plainName), tag: `W/"` + hex.EncodeToString(sum[:12]) + `"`,
			forEver: strings.HasPrefix("/"+plainName, assetPrefix)}
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return built{}, fmt.Errorf("read the built UI: %w", err)
	}
	b.index = b.files["/index.html"]
	delete(b.files, "/index.html") // it is every page of the UI, and no page at its own name
	if b.index == nil {
		return built{}, nil // what lies there without it belongs to a build that did not end
	}
	return b, nil
}

func pack(data []byte) []byte {
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	_, _ = z.Write(data) // a buffer takes everything
	_ = z.Close()
	return buf.Bytes()
}

// contentType does not ask the system, whose tables differ.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".txt":
		return "text/plain; charset=utf-8"
	case ".json", ".map":
		return "application/json"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".woff2":
		return "font/woff2"
	case ".wasm":
		return "application/wasm"
	}
	return "application/octet-stream"
}

func (a *asset) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-cache")
	if a.forEver {
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	header.Set("ETag", a.tag)
	if isKnown(r.Header.Values("If-None-Match"), a.tag) {
		header.Set("Vary", "Accept-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	a.serveAs(w, r, http.StatusOK)
}

// serveAs sends the file with a status, whatever the visitor has of it.
func (a *asset) serveAs(w http.ResponseWriter, r *http.Request, status int) {
	header := w.Header()
	header.Add("Vary", "Accept-Encoding")
	body := a.packed
	if takes(r.Header.Get("Accept-Encoding"), "gzip") {
		header.Set("Content-Encoding", "gzip")
	} else {
		var err error
		if body, err = a.unpacked(); err != nil {
			http.Error(w, "This file of the UI is broken: build it anew.", http.StatusInternalServerError)
			return
		}
	}
	header.Set("Content-Type", a.contentType)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return
	}
	_, _ = w.Write(body) // the visitor may have gone
}

func (a *asset) unpacked() ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(a.packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z) // our own file, as large as it was built
}

// isKnown compares as weak tags are compared.
func isKnown(values []string, tag string) bool {
	for _, value := range values {
		for one := range strings.SplitSeq(value, ",") {
			one = strings.TrimSpace(one)
			if one == "*" || strings.TrimPrefix(one, "W/") == strings.TrimPrefix(tag, "W/") {
				return true
			}
		}
	}
	return false
}

// takes reports whether a header like Accept or Accept-Encoding names a value; one with the weight 0 refuses it.
func takes(header, name string) bool {
	for part := range strings.SplitSeq(header, ",") {
		value, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if !strings.EqualFold(strings.TrimSpace(value), name) {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(weight), "q="), 64)
		return err != nil || q > 0
	}
	return false
}
