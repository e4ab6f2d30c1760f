// SPDX-License-Identifier: Apache-2.0

// Package tokens tells who calls an endpoint that takes data, and for which clusters: by a bearer token from a file, or by
// a verified client certificate. [Open] reads the file, [Callers.Identify] looks at a request.
//
// The file has one caller a line; it is read again when it changed:
//
//	# TOKEN or sha256:HEX-DIGEST-OF-TOKEN or cn:COMMON-NAME, then the clusters, where * stands for anything
//	mJ0kq3pW8sXr2vT5      prod-eu-1
//	sha256:2c26b46b68ff… staging-* dev
//	cn:collector          *
//
// In memory tokens are kept as digests and compared in constant time.
package tokens

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/kubewake/kubewake/internal/fresh"
)

// MinLength of a token: shorter ones can be guessed and are refused.
const MinLength = 16

// Limits of a token file.
const (
	maxFileBytes = 1 << 20
	maxLines     = 10_000
)

// File is a token file that is read again when it changed. Its methods may be called concurrently.
type File struct{ list *fresh.Value[*list] }

// list is a file's content; it is not changed.
type list struct {
	tokens []token
	names  map[string]Access // by common name of a certificate
}

type token struct {
	digest [sha256.Size]byte
	access Access
}

// Open reads a token file. Its errors name the line, never a token.
func Open(path string) (*File, error) {
	value, err := fresh.Load(func() (*list, error) { return readFile(path) }, path)
	if err != nil {
		return nil, err
	}
	return &File{list: value}, nil
}

// Err says why the file, having changed, can not be read; the tokens read before stay good.
func (f *File) Err() error { return f.list.Err() }

// Reload reads the file now if it changed.
func (f *File) Reload() error { return f.list.Reload() }

// Token finds what a token gives access to. It takes the same time whichever token matches.
func (f *File) Token(presented string) (Access, bool) {
	digest := sha256.Sum256([]byte(presented))
	found := -1
	list := f.list.Now()
	for i := range list.tokens {
		found = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(digest[:], list.tokens[i].digest[:]), i, found)
	}
	if found < 0 {
		return Access{}, false
	}
	return list.tokens[found].access, true
}

// CommonName finds what the file says of a certificate's common name.
func (f *File) CommonName(name string) (Access, bool) {
	access, ok := f.list.Now().names[name]
	return access, ok
}

func readFile(path string) (*list, error) {
	in, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read token file: %w", err)
	}
	b, err := io.ReadAll(io.LimitReader(in, maxFileBytes+1))
	if err = errors.Join(err, in.Close()); err != nil {
		return nil, fmt.Errorf("read token file: %w", err)
	}
	if len(b) > maxFileBytes {
		return nil, fmt.Errorf("read token file %s: it is larger than %d bytes", path, maxFileBytes)
	}
	l, err := parse(b)
	if err != nil {
		return nil, fmt.Errorf("read token file %s: %w", path, err)
	}
	return l, nil
}

func parse(b []byte) (*list, error) {
	l := &list{names: map[string]Access{}}
	lines := bufio.NewScanner(bytes.NewReader(b))
	for n := 1; lines.Scan(); n++ {
		line, _, _ := strings.Cut(lines.Text(), "#")
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		if n > maxLines {
			return nil, fmt.Errorf("more than %d lines", maxLines)
		}
		if err := l.add(n, fields[0], fields[1:]); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	return l, lines.Err()
}

func (l *list) add(n int, who string, clusters []string) error {
	if len(clusters) == 0 {
		return errors.New(`no cluster behind the token; write the cluster's name, or "*" for all`)
	}
	if name, ok := strings.CutPrefix(who, "cn:"); ok {
		if name == "" {
			return errors.New("cn: wants a common name behind it")
		}
		if _, twice := l.names[name]; twice {
			return fmt.Errorf("a second line for common name %q", name)
		}
		l.names[name] = Access{Who: "certificate " + name, clusters: clusters}
		return nil
	}
	t := token{access: Access{Who: fmt.Sprintf("token of line %d", n), clusters: clusters}}
	if text, ok := strings.CutPrefix(who, "sha256:"); ok {
		b, err := hex.DecodeString(text)
		if err != nil || copy(t.digest[:], b) != sha256.Size || len(b) != sha256.Size {
			return errors.New("sha256: wants 64 hexadecimal digits")
		}
	} else {
		if len(who) < MinLength {
			return fmt.Errorf("the token is shorter than %d characters; make one with: openssl rand -hex 32", MinLength)
		}
		t.digest = sha256.Sum256([]byte(who))
	}
	for _, other := range l.tokens {
		if other.digest == t.digest {
			return fmt.Errorf("the same token as that of another line (%s)", other.access.Who)
		}
	}
	l.tokens = append(l.tokens, t)
	return nil
}
