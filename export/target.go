package export

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/kubewake/kubewake/internal/fresh"
	"github.com/kubewake/kubewake/internal/tlsfiles"
)

// verdict is what is to be done about a request that was not taken.
type verdict uint8

const (
	// again: the receiver is away or busy; the same request will do later.
	again verdict = iota
	// denied: it does not let us in, or is none for traces. Somebody has to mend that, and then the same request will do.
	denied
	// tooLarge: in parts it may be taken.
	tooLarge
	// refused: it never will be taken.
	refused
)

// refusal is why a request was not taken.
type refusal struct {
	verdict verdict
	after   time.Duration // the receiver's own word on when to come again; zero: none
	err     error
}

func (r *refusal) Error() string { return r.err.Error() }
func (r *refusal) Unwrap() error { return r.err }

// partial is what a receiver said of a request that it took.
type partial struct {
	rejected int64
	message  string
}

// sender speaks one protocol. Its errors are refusals.
type sender interface {
	send(ctx context.Context, body []byte) (partial, error)
	Close()
}

// target is a receiver.
type target struct {
	sender
	timeout time.Duration
}

// open makes the sender of checked settings. It connects to nobody.
func (t Target) open() (*target, error) {
	headers, err := openHeaders(t.Headers)
	if err != nil {
		return nil, err
	}
	var dialer *tlsfiles.Dialer
	if !t.plain() {
		if dialer, err = t.TLS.Open(); err != nil {
			return nil, err
		}
	}
	out := &target{timeout: time.Duration(t.Timeout)}
	if t.speaks() == protocolHTTP {
		out.sender = newHTTP(t, headers, dialer)
	} else {
		out.sender, err = newGRPC(t, headers, dialer)
	}
	return out, err
}

// try sends once, within the timeout.
func (t *target) try(ctx context.Context, body []byte) (partial, *refusal) {
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	p, err := t.send(ctx, body)
	if err == nil {
		return p, nil
	}
	var r *refusal
	if !errors.As(err, &r) {
		r = &refusal{verdict: again, err: err}
	}
	return p, r
}

// headers of every request; those that are read from files as they are now.
type headers []header

type header struct {
	name, value string
	file        *fresh.Value[string]
}

const maxHeaderBytes = 16 << 10

func openHeaders(list []Header) (headers, error) {
	var out headers
	for _, h := range list {
		one := header{name: h.Name, value: h.Value}
		if h.File != "" {
			var err error
			if one.file, err = fresh.Load(func() (string, error) { return readHeader(h.Name, h.File) }, h.File); err != nil {
				return nil, err
			}
		}
		if !validHeaderValue(one.now()) {
			return nil, fmt.Errorf("header %s: its value must be one line of ASCII", h.Name)
		}
		out = append(out, one)
	}
	return out, nil
}

func readHeader(name, file string) (string, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("read header %s: %w", name, err)
	}
	value := strings.TrimSpace(string(b))
	if value == "" || len(value) > maxHeaderBytes || !validHeaderValue(value) {
		return "", fmt.Errorf("read header %s: %s must hold one line of ASCII and nothing else", name, file)
	}
	return value, nil
}

func validHeaderValue(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

func (h header) now() string {
	if h.file != nil {
		return h.file.Now()
	}
	return h.value
}
