package extend

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/kubewake/kubewake/internal/fresh"
	"github.com/kubewake/kubewake/internal/rawjson"
)

const (
	maxRedirects = 3
	maxFollowed  = 5 // traces of one search
	maxHeader    = 16 << 10
	bytesPerPart = 8 // of an answer's bound; honest answers have about ten
)

// source asks one system.
type source struct {
	settings Source
	url      *template
	trace    *template // with format tempo
	client   *http.Client
	header   *fresh.Value[string] // nil: none
}

// open reads the files that the settings name, and connects to nothing.
func open(s *Source, connections int) (*source, error) {
	out := &source{settings: *s}
	var err error
	if out.url, err = parseTemplate(s.URL); err != nil {
		return nil, fmt.Errorf("url: %w", err)
	}
	if s.Trace != "" {
		if out.trace, err = parseTemplate(s.Trace); err != nil {
			return nil, fmt.Errorf("trace: %w", err)
		}
	}
	dialer, err := s.TLS.Open()
	if err != nil {
		return nil, err
	}
	if s.Header.Name != "" {
		if out.header, err = fresh.Load(func() (string, error) { return readHeader(s.Header.File) }, s.Header.File); err != nil {
			return nil, err
		}
	}
	var config *tls.Config
	if out.url.base.Scheme == "https" {
		config = dialer.Config(out.url.base.Hostname())
	}
	out.client = &http.Client{
		CheckRedirect: stay,
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			TLSClientConfig:        config,
			TLSHandshakeTimeout:    10 * time.Second,
			MaxConnsPerHost:        connections,
			MaxIdleConnsPerHost:    connections,
			IdleConnTimeout:        30 * time.Second,
			MaxResponseHeaderBytes: 64 << 10,
			ForceAttemptHTTP2:      true,
		},
	}
	return out, nil
}

func readHeader(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("read header: %w", err)
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, maxHeader+1))
	if err != nil {
		return "", fmt.Errorf("read header: %w", err)
	}
	value := strings.TrimSpace(string(b))
	if value == "" || len(b) > maxHeader || strings.ContainsAny(value, "\r\n\x00") {
		return "", errors.New("read header: " + path + " must hold one line")
	}
	return value, nil
}

// stay follows redirects on the same host only: the question and its header are for nobody else.
func stay(to *http.Request, via []*http.Request) error {
	if first := via[0].URL; to.URL.Host != first.Host || to.URL.Scheme != first.Scheme {
		return errors.New("it redirects to another host")
	}
	if len(via) > maxRedirects {
		return errors.New("it redirects again and again")
	}
	return nil
}

// wants reports whether a target meets the conditions.
func (s *source) wants(t *target) bool {
	for _, c := range s.settings.Where {
		if !slices.Contains(c.Values, t.tag(c.Tag)) {
			return false
		}
	}
	return true
}

// ask gives the spans of one answer. With an error it gives what had come before it.
func (s *source) ask(ctx context.Context, address string, v values) ([]foreign, error) {
	body, err := s.load(ctx, address)
	if err != nil || body == nil {
		return nil, err
	}
	switch s.settings.Format {
	case formatJaeger:
		return decodeJaeger(body)
	case formatOTLP:
		return decodeOTLP(body)
	}
	var search struct {
		Traces []struct {
			TraceID string `json:"traceID"`
		} `json:"traces"`
	}
	if err := json.Unmarshal(body, &search); err != nil {
		return nil, notJSON(err)
	}
	var found []foreign
	for i, t := range search.Traces {
		if i == maxFollowed {
			return found, fmt.Errorf("the search found %d traces, of which %d are shown", len(search.Traces), maxFollowed)
		}
		spans, err := s.follow(ctx, t.TraceID, v)
		if err != nil {
			return found, err
		}
		found = append(found, spans...)
	}
	return found, nil
}

// follow loads a trace that a search found.
func (s *source) follow(ctx context.Context, id string, v values) ([]foreign, error) {
	if _, ok := traceIDOf(id); !ok {
		return nil, errors.New("its search answers no trace IDs")
	}
	v.tags = map[string]string{traceIDName: id}
	address, err := s.trace.expand(v)
	if err != nil {
		return nil, err
	}
	body, err := s.load(ctx, address)
	if err != nil || body == nil {
		return nil, err
	}
	return decodeOTLP(body)
}

// load gives the body of an answer; nil where there is nothing (404).
func (s *source) load(ctx context.Context, address string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, errors.New("its address can not be read")
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "kubewake")
	if s.header != nil {
		request.Header.Set(s.settings.Header.Name, s.header.Now())
	}
	response, err := s.client.Do(request)
	if err != nil {
		return nil, why(ctx, err)
	}
	defer func() { _ = response.Body.Close() }()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusNoContent:
		return nil, nil
	default:
		return nil, fmt.Errorf("it answers %d %s", response.StatusCode, http.StatusText(response.StatusCode))
	}
	limit := int64(s.settings.Bytes)
	body, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	if err != nil {
		return nil, why(ctx, err)
	}
	if int64(len(body)) > limit {
		return nil, fmt.Errorf("its answer is larger than %d bytes", limit)
	}
	if int64(rawjson.Parts(body)) > limit/bytesPerPart { // an empty span is two bytes, and hundreds once it is read
		return nil, errors.New("its answer has too many small parts for its size")
	}
	return body, nil
}

// why gives the context's end as such, and leaves the address, which holds tags, out of the words.
func why(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

func notJSON(err error) error { return fmt.Errorf("its answer can not be read: %w", err) }
