package watch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/transport"

	"github.com/kubewake/kubewake/internal/rawjson"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/manifest"
	"github.com/kubewake/kubewake/source/recording"
)

// Bounds of one connection to an apiserver. What is not read stays in the apiserver: these are what the kernel and
// HTTP/2 may hold beside.
const (
	streamBuffer     = 256 << 10
	connectionBuffer = 4 << 20
	headerTimeout    = 60 * time.Second
	maxStatusBytes   = 64 << 10
	maxVerifyBytes   = 8 << 20
)

// client speaks with one apiserver.
type client struct {
	base  *url.URL
	http  *http.Client
	disco *discovery.DiscoveryClient
	limit *rate.Limiter
}

func newClient(c *rest.Config, o Options) (*client, error) {
	c = rest.CopyConfig(c)
	if c.UserAgent == "" {
		c.UserAgent = "kubewake"
	}
	base, _, err := rest.DefaultServerUrlFor(c)
	if err != nil {
		return nil, fmt.Errorf("read the address of the apiserver: %w", err)
	}
	rt, err := roundTripper(c, o)
	if err != nil {
		return nil, err
	}
	c.QPS, c.Burst = float32(o.QPS), o.Burst
	disco, err := discovery.NewDiscoveryClientForConfigAndClient(c, &http.Client{Transport: rt, Timeout: headerTimeout, CheckRedirect: stay})
	if err != nil {
		return nil, fmt.Errorf("prepare discovery: %w", err)
	}
	return &client{base: base, http: &http.Client{Transport: rt, CheckRedirect: stay}, disco: disco, limit: rate.NewLimiter(rate.Limit(o.QPS), o.Burst)}, nil
}

// stay follows no redirect to another host: the credentials would go there too.
func stay(r *http.Request, via []*http.Request) error {
	if first := via[0].URL; r.URL.Host != first.Host || r.URL.Scheme != first.Scheme || len(via) > 5 {
		return http.ErrUseLastResponse
	}
	return nil
}

// roundTripper is client-go's, with credentials of every kind, over a transport of our own: its buffers are small, so that
// what is not read holds the apiserver back, and a dead connection is found by pings.
func roundTripper(c *rest.Config, o Options) (http.RoundTripper, error) {
	if c.Transport != nil {
		return rest.HTTPWrappersForConfig(c, c.Transport)
	}
	tc, err := c.TransportConfig()
	if err != nil {
		return nil, fmt.Errorf("read the credentials: %w", err)
	}
	t := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 15 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		TLSHandshakeTimeout: 15 * time.Second,
		IdleConnTimeout:     90 * time.Second,
		ForceAttemptHTTP2:   true,
		HTTP2: &http.HTTP2Config{
			SendPingTimeout: o.pingAfter, PingTimeout: o.pingTimeout,
			MaxReceiveBufferPerStream: streamBuffer, MaxReceiveBufferPerConnection: connectionBuffer,
		},
	}
	if tc.Proxy != nil {
		t.Proxy = tc.Proxy
	}
	if tc.DialHolder != nil {
		t.DialContext = tc.DialHolder.Dial
	}
	if t.TLSClientConfig, err = transport.TLSConfigFor(tc); err != nil {
		return nil, fmt.Errorf("read the certificates: %w", err)
	}
	rt, err := transport.HTTPWrappersForConfig(tc, t)
	if err != nil {
		return nil, fmt.Errorf("read the credentials: %w", err)
	}
	return rt, nil
}

// refusal is an answer that is not what was asked for.
type refusal struct {
	failure failure
	told    recording.Told
	after   time.Duration // how long the server asks to wait
}

func (r *refusal) Error() string {
	if r.told.Code == 0 {
		return r.failure.String()
	}
	if r.told.Reason == "" {
		return fmt.Sprintf("the apiserver answered %d", r.told.Code)
	}
	return fmt.Sprintf("the apiserver answered %d %s", r.told.Code, r.told.Reason)
}

func refused(t recording.Told) *refusal {
	r := &refusal{failure: serverError, told: t, after: t.RetryAfter}
	switch {
	case t.TooLarge:
		r.failure = tooLarge
	case t.Reason == "Expired" || t.Code == http.StatusGone:
		r.failure = expired
	case t.Code == http.StatusUnauthorized:
		r.failure = unauthorized
	case t.Code == http.StatusForbidden:
		r.failure = forbidden
	case t.Code == http.StatusNotFound:
		r.failure = missing
	case t.Code == http.StatusTooManyRequests:
		r.failure = throttled
	case t.Code == http.StatusBadRequest, t.Code == http.StatusMethodNotAllowed, t.Code == http.StatusNotAcceptable,
		t.Code == http.StatusUnsupportedMediaType, t.Code == http.StatusUnprocessableEntity, t.Code == http.StatusNotImplemented:
		r.failure = unsupported
	}
	return r
}

// failureOf says what kind of failure an error is.
func failureOf(err error) (failure, time.Duration) {
	var r *refusal
	if errors.As(err, &r) {
		return r.failure, r.after
	}
	var syntax *rawjson.SyntaxError
	if errors.As(err, &syntax) || errors.Is(err, errNotList) || errors.Is(err, recording.ErrNotWatch) {
		return garbage, 0
	}
	return cut, 0
}

// path of a resource's collection.
func (c *client) path(r recording.Resource, namespace string) string {
	p := "/api/" + r.Version
	if r.Group != "" {
		p = "/apis/" + r.Group + "/" + r.Version
	}
	if namespace != "" {
		p += "/namespaces/" + namespace
	}
	return p + "/" + r.Resource
}

const (
	acceptJSON     = "application/json"
	acceptMetadata = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json"
)

// open sends a GET and gives the body of a 200; another answer is a *refusal. The caller closes the body; ctx ends it.
func (c *client) open(ctx context.Context, path string, query url.Values, accept string) (io.ReadCloser, error) {
	if err := c.limit.Wait(ctx); err != nil {
		return nil, err
	}
	u := *c.base
	u = *u.JoinPath(path)
	u.RawQuery = query.Encode()
	ctx, cancel := context.WithCancel(ctx)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		cancel()
		return nil, err
	}
	req.Header.Set("Accept", accept)
	if query.Get("watch") != "" {
		req.Header.Set("Accept-Encoding", "identity") // an event is sent when it happens, not when a block is full
	}
	patience := time.AfterFunc(headerTimeout, cancel)
	resp, err := c.http.Do(req)
	if !patience.Stop() && err == nil {
		resp.Body.Close()
		err = context.DeadlineExceeded
	}
	if err != nil {
		cancel()
		return nil, err
	}
	body := &cancelBody{ReadCloser: resp.Body, cancel: cancel}
	if resp.StatusCode == http.StatusOK {
		return body, nil
	}
	defer body.Close()
	status, err := io.ReadAll(io.LimitReader(body, maxStatusBytes))
	if err != nil {
		status = nil
	}
	r := refused(recording.ErrorOf(resp.StatusCode, status))
	if seconds, err := strconv.ParseUint(resp.Header.Get("Retry-After"), 10, 12); err == nil {
		r.after = max(r.after, time.Duration(seconds)*time.Second)
	}
	return nil, r
}

// cancelBody ends its request when it is closed: a stream that is not read to its end must not stay open.
type cancelBody struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (b *cancelBody) Close() error {
	b.cancel()
	return b.ReadCloser.Close()
}

// now asks how far the resource's storage has come: a list of one, read from the storage itself.
func (c *client) now(ctx context.Context, r recording.Resource, namespace string) (record.ResourceVersion, error) {
	ctx, cancel := context.WithTimeout(ctx, headerTimeout)
	defer cancel()
	body, err := c.open(ctx, c.path(r, namespace), url.Values{"limit": {"1"}}, acceptMetadata)
	if err != nil {
		return 0, err
	}
	defer body.Close()
	raw, err := io.ReadAll(io.LimitReader(body, maxVerifyBytes))
	if err != nil {
		return 0, err
	}
	h, err := manifest.Read(raw)
	if err != nil {
		return 0, err
	}
	if h.RV == 0 {
		return 0, errNotList
	}
	return h.RV, nil
}
