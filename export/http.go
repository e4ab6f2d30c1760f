package export

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/kubewake/kubewake/internal/tlsfiles"
)

// maxAnswer bounds what is read of an answer.
const maxAnswer = 64 << 10

// httpSender speaks OTLP over HTTP, protobuf.
type httpSender struct {
	client  *http.Client
	url     string
	headers headers
	gzip    bool
}

func newHTTP(t Target, h headers, dialer *tlsfiles.Dialer) *httpSender {
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 2, IdleConnTimeout: 90 * time.Second, TLSHandshakeTimeout: 10 * time.Second,
		ResponseHeaderTimeout: time.Duration(t.Timeout), MaxResponseHeaderBytes: maxAnswer,
	}
	if dialer != nil {
		host, _, _ := t.split()
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		transport.TLSClientConfig = dialer.Config(host)
	}
	return &httpSender{url: t.url(), headers: h, gzip: t.Compression == gzipWord, client: &http.Client{Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}} // headers hold secrets
}

func (s *httpSender) Close() { s.client.CloseIdleConnections() }

func (s *httpSender) send(ctx context.Context, body []byte) (partial, error) {
	if s.gzip {
		packed, err := pack(body)
		if err != nil {
			return partial{}, err
		}
		body = packed
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return partial{}, fmt.Errorf("make request: %w", err)
	}
	r.Header.Set("Content-Type", "application/x-protobuf")
	r.Header.Set("User-Agent", "kubewake")
	if s.gzip {
		r.Header.Set("Content-Encoding", "gzip")
	}
	for _, h := range s.headers {
		r.Header.Set(h.name, h.now())
	}
	answer, err := s.client.Do(r)
	if err != nil {
		return partial{}, &refusal{verdict: again, err: err}
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if answer.StatusCode/100 == 2 {
		// It was taken, whatever becomes of the rest of the answer.
		return partialOf(answer.Header.Get("Content-Type"), text), nil
	}
	if err != nil {
		text = nil
	}
	return partial{}, httpRefusal(answer, text)
}

func pack(body []byte) ([]byte, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err == nil {
		_, err = z.Write(body)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	return b.Bytes(), nil
}

func partialOf(contentType string, body []byte) partial {
	var answer collectorpb.ExportTraceServiceResponse
	if !strings.HasPrefix(contentType, "application/x-protobuf") || proto.Unmarshal(body, &answer) != nil {
		return partial{}
	}
	return partial{answer.GetPartialSuccess().GetRejectedSpans(), answer.GetPartialSuccess().GetErrorMessage()}
}

// httpRefusal sorts an answer as OTLP says: 429, 502, 503 and 504 are tried again, nothing else; but who does not let us in may do so
// once the settings are right, and what was recorded till then is not thrown away.
func httpRefusal(answer *http.Response, body []byte) *refusal {
	r := &refusal{verdict: refused, err: fmt.Errorf("the receiver answers %s%s", answer.Status, reasonOf(answer.Header.Get("Content-Type"), body))}
	switch code := answer.StatusCode; {
	case code == http.StatusTooManyRequests, code == http.StatusBadGateway, code == http.StatusServiceUnavailable, code == http.StatusGatewayTimeout:
		r.verdict, r.after = again, retryAfter(answer.Header.Get("Retry-After"), time.Now())
	case code == http.StatusRequestEntityTooLarge:
		r.verdict = tooLarge
	case code == http.StatusUnauthorized, code == http.StatusForbidden, code == http.StatusNotFound, code == http.StatusMethodNotAllowed,
		code == http.StatusProxyAuthRequired, code == http.StatusUnsupportedMediaType, code/100 == 3:
		r.verdict = denied
	}
	return r
}

// retryAfter reads seconds or a date; what is neither, or past, is zero.
func retryAfter(text string, now time.Time) time.Duration {
	if n, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}

// reasonOf is what an answer says for people.
func reasonOf(contentType string, body []byte) string {
	var status statuspb.Status
	if strings.HasPrefix(contentType, "application/x-protobuf") && proto.Unmarshal(body, &status) == nil {
		return said(status.GetMessage())
	}
	if strings.HasPrefix(contentType, "text/plain") || strings.HasPrefix(contentType, "application/json") {
		return said(string(body))
	}
	return ""
}

// said is a receiver's text as it may stand in a log.
func said(text string) string {
	text = strings.Join(strings.Fields(clip(text, 300)), " ")
	if text == "" {
		return ""
	}
	return ": " + text
}
