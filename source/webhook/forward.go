package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/kubewake/kubewake/internal/tokens"
)

const (
	firstPause = 500 * time.Millisecond
	longPause  = 30 * time.Second
)

// forwarder posts batches to another webhook.
type forwarder struct {
	Forward
	client *http.Client
	bearer *tokens.Bearer // nil: none
	log    *slog.Logger
}

func newForward(f Forward, log *slog.Logger, m *Metrics) (*outlet, error) {
	f = f.withDefaults()
	u, err := url.Parse(f.URL)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("forward: %q is no URL", f.URL)
	}
	if f.Name == "" {
		f.Name = u.Host
	}
	transport := &http.Transport{ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 2, IdleConnTimeout: 90 * time.Second, Proxy: http.ProxyFromEnvironment}
	switch {
	case u.Scheme == "https":
		dialer, err := f.TLS.Open()
		if err != nil {
			return nil, fmt.Errorf("forward to %s: %w", f.Name, err)
		}
		transport.DialTLSContext = dialer.DialContext
		transport.TLSClientConfig = dialer.Config(u.Hostname()) // behind a proxy
	case u.Scheme == "http" && isLoopback(u.Hostname()):
	default:
		return nil, fmt.Errorf("forward to %s: batches are not redacted; use https, or http to this machine only", f.Name)
	}
	w := &forwarder{Forward: f, client: &http.Client{Transport: transport, Timeout: f.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, log: log}
	if f.TokenFile != "" {
		if w.bearer, err = tokens.OpenBearer(f.TokenFile); err != nil {
			return nil, fmt.Errorf("forward to %s: %w", f.Name, err)
		}
	}
	o := newOutlet(f.Name, f.QueueBytes, log, m)
	o.send, o.stop = w.send, transport.CloseIdleConnections
	return o, nil
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

var errNotTaken = errors.New("not taken")

// send tries until the other side takes the batch, refuses it for good, or GiveUp is over.
func (f *forwarder) send(ctx context.Context, p *parcel) string {
	pause := firstPause
	for {
		refused, after, err := f.post(ctx, p)
		if err == nil {
			return ""
		}
		f.log.Debug("batch not forwarded", "to", f.Name, "error", err)
		wait := max(pause/2+rand.N(pause), min(after, time.Minute))
		switch {
		case refused:
			return dropRefused
		case ctx.Err() != nil:
			return dropStopped
		case time.Since(p.at)+wait > f.GiveUp:
			return dropGaveUp
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return dropStopped
		}
		pause = min(2*pause, longPause)
	}
}

// post sends the batch once. refused: it would be no use again.
func (f *forwarder) post(ctx context.Context, p *parcel) (refused bool, after time.Duration, err error) {
	target := strings.ReplaceAll(f.URL, "{cluster}", url.PathEscape(string(p.cluster)))
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(p.body))
	if err != nil {
		return true, 0, err
	}
	r.Header.Set("Content-Type", jsonType)
	if p.packed {
		r.Header.Set("Content-Encoding", "gzip")
	}
	if f.bearer != nil {
		r.Header.Set("Authorization", f.bearer.Header())
	}
	response, err := f.client.Do(r)
	if err != nil {
		return false, 0, err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10))
	_ = response.Body.Close()
	if response.StatusCode >= 200 && response.StatusCode < 300 {
		return false, 0, nil
	}
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil && seconds > 0 {
		after = time.Duration(min(seconds, 3600)) * time.Second
	}
	switch response.StatusCode {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		refused = true
	}
	return refused, after, fmt.Errorf("%w: %s", errNotTaken, response.Status)
}
