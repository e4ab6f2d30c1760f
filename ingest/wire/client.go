package wire

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/internal/settings"
	"github.com/kubewake/kubewake/internal/tlsfiles"
	"github.com/kubewake/kubewake/internal/tokens"
	"github.com/kubewake/kubewake/record"
)

// ErrDenied says that the receiver does not let this agent in, or not for this cluster. It may once its token or certificate is right.
var ErrDenied = errors.New("the receiver refuses this agent")

// ClientConfig says where to deliver and as whom.
type ClientConfig struct {
	URL string `yaml:"to"` // the receiver, for example "https://kubewake.example.org:8443"
	// TokenFile holds the bearer token; read again when it changed. Empty: the client certificate of TLS tells who we are.
	TokenFile string          `yaml:"tokenFile"`
	TLS       tlsfiles.Client `yaml:"tls"`
	// Timeout of one delivery; default 30s, the time that an apiserver waits for its webhook.
	Timeout time.Duration `yaml:"timeout"`
	Metrics *Metrics      `yaml:"-"`
}

// Client is the Sink at a receiver.
type Client struct {
	base    string
	bearer  *tokens.Bearer // nil: none
	dialer  *tlsfiles.Dialer
	http    *http.Client
	codec   *Codec
	timeout time.Duration
	metrics *Metrics
}

var _ ingest.Sink = (*Client)(nil)

// NewClient reads the files; it does not connect.
func NewClient(c ClientConfig) (*Client, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) || u.Host == "" || u.RawQuery != "" || u.User != nil {
		return nil, settings.Faulty(fmt.Errorf("receiver %q: want an address like https://kubewake.example.org:8443 (http to this machine only)", u.Redacted()))
	}
	k := &Client{base: strings.TrimSuffix(u.String(), "/"), timeout: c.Timeout, metrics: c.Metrics}
	if k.timeout <= 0 {
		k.timeout = 30 * time.Second
	}
	if k.codec, err = NewCodec(); err != nil {
		return nil, err
	}
	if c.TokenFile != "" {
		if k.bearer, err = tokens.OpenBearer(c.TokenFile); err != nil {
			return nil, settings.Faulty(err)
		}
	}
	if k.dialer, err = c.TLS.Open(); err != nil {
		return nil, settings.Faulty(err)
	}
	k.http = &http.Client{
		Transport: &http.Transport{
			DialTLSContext: k.dialer.DialContext, TLSClientConfig: k.dialer.Config(u.Hostname()), // behind a proxy
			ForceAttemptHTTP2: true, Proxy: http.ProxyFromEnvironment,
			IdleConnTimeout: 90 * time.Second, MaxIdleConnsPerHost: 4, DisableCompression: true,
			// A connection that died without a word is noticed by its silence, and the next request makes another.
			HTTP2: &http.HTTP2Config{SendPingTimeout: 10 * time.Second, PingTimeout: 5 * time.Second, WriteByteTimeout: 20 * time.Second},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return errors.New("the receiver redirects; give its own address")
		},
	}
	return k, nil
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// Close lets idle connections go.
func (k *Client) Close() { k.http.CloseIdleConnections() }

// NotAfter is when the client certificate expires; zero: there is none.
func (k *Client) NotAfter() time.Time { return k.dialer.NotAfter() }

// Deliver implements ingest.Sink. A receiver that can not be reached is a Busy one. One that refuses us gives ErrDenied, one that takes no such
// batch an error with ingest.ErrInvalid in its chain.
func (k *Client) Deliver(ctx context.Context, b ingest.Batch) error {
	for _, part := range b.Split(splitBytes) {
		body, err := k.codec.Encode(part)
		if err != nil {
			return err
		}
		began := time.Now()
		err = k.deliver(ctx, part.Cluster, body)
		k.metrics.delivered(len(body), time.Since(began), err)
		if err != nil {
			return err
		}
	}
	return nil
}

func (k *Client) deliver(ctx context.Context, cluster record.Cluster, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, k.timeout)
	defer cancel()
	answer, err := k.do(ctx, http.MethodPost, PathBatch, url.Values{"cluster": {string(cluster)}}, body)
	if err != nil {
		return err
	}
	return discard(answer)
}

// do sends a request, a second time where the first met a connection that broke: it does no harm that came through after all. The answer is a success.
func (k *Client) do(ctx context.Context, method, path string, q url.Values, body []byte) (*http.Response, error) {
	for try := 0; ; try++ {
		answer, err := k.send(ctx, method, path, q, body)
		if err == nil {
			return answer, failed(answer)
		}
		if cause := ctx.Err(); errors.Is(cause, context.Canceled) {
			return nil, cause
		} else if cause != nil || try == 1 {
			return nil, fmt.Errorf("%w: %w", &ingest.Busy{Reason: "the receiver can not be reached: " + plain(err)}, err)
		}
	}
}

// plain cuts the request's address from an error's text: it is the same every time.
func plain(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return op.Error()
	}
	return err.Error()
}

func (k *Client) send(ctx context.Context, method, path string, q url.Values, body []byte) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, k.base+path+"?"+q.Encode(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", ContentType)
	}
	if k.bearer != nil {
		r.Header.Set("Authorization", k.bearer.Header())
	}
	return k.http.Do(r)
}

// failed turns an answer that is no success into an error, and closes it.
func failed(answer *http.Response) error {
	if answer.StatusCode/100 == 2 {
		return nil
	}
	reason, ours := problem(answer)
	switch code := answer.StatusCode; {
	case code == http.StatusUnauthorized:
		return fmt.Errorf("%w: %s; give the agent a token of the receiver's token file, or a client certificate of an authority it knows", ErrDenied, reason)
	case code == http.StatusForbidden:
		return fmt.Errorf("%w: %s; name the cluster behind this agent's token in the receiver's token file", ErrDenied, reason)
	case !ours && code < 500 && code != http.StatusTooManyRequests && code != http.StatusRequestTimeout:
		// A proxy between, with limits of its own: the batch is good, and is kept until somebody mends that.
		return fmt.Errorf("%w: %s, and not in kubewake's words; is there a kubewake at this address, and does a proxy before it let bodies of %d MiB through?", ErrDenied, answer.Status, MaxBytes>>20)
	case code == http.StatusBadRequest, code == http.StatusRequestEntityTooLarge, code == http.StatusUnsupportedMediaType:
		return fmt.Errorf("deliver: %w: the receiver says: %s", ingest.ErrInvalid, reason)
	case code == http.StatusTooManyRequests, code == http.StatusRequestTimeout, code >= 500:
		return &ingest.Busy{Reason: "the receiver says: " + reason, After: retryAfter(answer.Header)}
	}
	return fmt.Errorf("%w: it answers %s: %s; is there a kubewake at this address?", ErrDenied, answer.Status, reason)
}

// problem gives what the receiver says is wrong; ours: it was a receiver that spoke.
func problem(answer *http.Response) (reason string, ours bool) {
	b, err := io.ReadAll(io.LimitReader(answer.Body, 4<<10))
	var p Problem
	if errors.Join(err, answer.Body.Close()) != nil || json.Unmarshal(b, &p) != nil || p.Reason == "" {
		return answer.Status, false
	}
	return p.Reason, true
}

func retryAfter(h http.Header) time.Duration {
	n, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || n < 0 {
		return 0
	}
	return min(time.Duration(n)*time.Second, 5*time.Minute)
}

func discard(answer *http.Response) error {
	_, err := io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10))
	return errors.Join(err, answer.Body.Close())
}

// Progress implements ingest.Memory.
func (k *Client) Progress(ctx context.Context, cluster record.Cluster) ([]*record.Record, error) {
	b, err := k.fetch(ctx, PathProgress, url.Values{"cluster": {string(cluster)}}, MaxBytes)
	if err != nil {
		return nil, fmt.Errorf("ask the receiver for progress: %w", err)
	}
	batch, err := k.codec.Decode(b)
	if err != nil {
		return nil, fmt.Errorf("ask the receiver for progress: %w", err)
	}
	return batch.Records, nil
}

// Mark implements ingest.Memory.
func (k *Client) Mark(ctx context.Context, cluster record.Cluster, key string) ([]byte, error) {
	b, err := k.fetch(ctx, PathMark, url.Values{"cluster": {string(cluster)}, "key": {key}}, ingest.MaxMarkBytes)
	if err != nil {
		return nil, fmt.Errorf("ask the receiver for a mark: %w", err)
	}
	return b, nil
}

// fetch gives an answer's body, nil where there is none.
func (k *Client) fetch(ctx context.Context, path string, q url.Values, limit int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, k.timeout)
	defer cancel()
	answer, err := k.do(ctx, http.MethodGet, path, q, nil)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode == http.StatusNoContent {
		return nil, answer.Body.Close()
	}
	b, err := io.ReadAll(io.LimitReader(answer.Body, limit+1))
	err = errors.Join(err, answer.Body.Close())
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("the answer is longer than %d bytes", limit)
	}
	return b, nil
}

// maxAliveLine bounds one line of the receiver's answer.
const maxAliveLine = 64 << 10

// Alive implements ingest.Memory. A list that ends early ends with an error.
func (k *Client) Alive(ctx context.Context, cluster record.Cluster, gr record.GroupResource, namespace string) iter.Seq2[ingest.Alive, error] {
	return func(yield func(ingest.Alive, error) bool) {
		stop := false
		err := k.alive(ctx, url.Values{"cluster": {string(cluster)}, "group": {gr.Group}, "resource": {gr.Resource}, "namespace": {namespace}}, func(a ingest.Alive) bool {
			stop = !yield(a, nil)
			return !stop
		})
		if err != nil && !stop {
			yield(ingest.Alive{}, fmt.Errorf("ask the receiver what is alive: %w", err))
		}
	}
}

func (k *Client) alive(ctx context.Context, q url.Values, yield func(ingest.Alive) bool) (err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silent := time.AfterFunc(k.timeout, func() { cancel(&ingest.Busy{Reason: "the receiver stopped answering"}) })
	defer silent.Stop()
	defer func() {
		if cause := context.Cause(ctx); err != nil && ingest.IsBusy(cause) != nil {
			err = cause
		}
	}()
	answer, err := k.do(ctx, http.MethodGet, PathAlive, q, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	lines := newLines(answer.Body, maxAliveLine)
	for lines.Scan() {
		silent.Stop() // the list goes on; whoever takes it may take his time
		var line AliveLine
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return fmt.Errorf("read an object: %w", err)
		}
		if line.End {
			return nil
		}
		if line.Ref == nil || line.Ref.Cluster != record.Cluster(q.Get("cluster")) {
			return errors.New("read an object: it is of another cluster")
		}
		if !yield(ingest.Alive{Ref: *line.Ref, RV: line.RV}) {
			return nil
		}
		silent.Reset(k.timeout)
	}
	return errors.Join(lines.Err(), io.ErrUnexpectedEOF)
}
