package otlp

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	logscol "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	tracecol "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/internal/tokens"
)

const (
	protobufType   = "application/x-protobuf"
	jsonType       = "application/json"
	maxHTTPBytes   = 8 << 20
	readBodyWithin = 15 * time.Second
	answerWithin   = 2 * deliverWithin
)

// Handler serves POST /v1/traces and /v1/logs.
func (r *Receiver) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/traces", r.signal("traces", func(b *batch, t *payload) (proto.Message, error) {
		var in tracecol.ExportTraceServiceRequest
		if err := t.read(&in); err != nil {
			return nil, err
		}
		b.traces(in.GetResourceSpans())
		return traceAnswer(b), nil
	}))
	mux.HandleFunc("POST /v1/logs", r.signal("logs", func(b *batch, t *payload) (proto.Message, error) {
		var in logscol.ExportLogsServiceRequest
		if err := t.read(&in); err != nil {
			return nil, err
		}
		b.logs(in.GetResourceLogs())
		return logsAnswer(b), nil
	}))
	return mux
}

func traceAnswer(b *batch) *tracecol.ExportTraceServiceResponse {
	out := &tracecol.ExportTraceServiceResponse{}
	if n, message := b.rejected(); n > 0 {
		out.PartialSuccess = &tracecol.ExportTracePartialSuccess{RejectedSpans: n, ErrorMessage: message}
	}
	return out
}

func logsAnswer(b *batch) *logscol.ExportLogsServiceResponse {
	out := &logscol.ExportLogsServiceResponse{}
	if n, message := b.rejected(); n > 0 {
		out.PartialSuccess = &logscol.ExportLogsPartialSuccess{RejectedLogRecords: n, ErrorMessage: message}
	}
	return out
}

// payload is a body and the form that it and the answer have.
type payload struct {
	body   []byte
	asJSON bool
	limit  int // of bytes
	claim  *claim
}

var errBad = errors.New("not an OTLP request")

func (t *payload) read(into proto.Message) error {
	var weight int
	var tooDense bool
	if t.asJSON {
		weight, tooDense = len(t.body)*memoryPerByte, dense(t.body, t.limit)
	} else {
		weight, tooDense = weightOf(t.body, into, t.limit)
	}
	if tooDense {
		return &refusal{code: http.StatusRequestEntityTooLarge, words: errDense.Error(), outcome: outcomeTooLarge}
	}
	if !t.claim.becomes(int64(bodyTwice*len(t.body) + weight)) {
		return overloaded()
	}
	if !t.asJSON {
		if err := proto.Unmarshal(t.body, into); err != nil {
			return fmt.Errorf("%w: no protobuf of its kind", errBad)
		}
		return nil
	}
	text, err := withBase64IDs(t.body)
	if err == nil {
		err = protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(text, into)
	}
	if err != nil {
		return fmt.Errorf("%w: no JSON of its kind", errBad)
	}
	return nil
}

func (t *payload) write(w http.ResponseWriter, code int, out proto.Message) {
	kind, encode := protobufType, proto.Marshal
	if t.asJSON {
		kind, encode = jsonType, protojson.Marshal
	}
	text, err := encode(out)
	if err != nil { // our own answer: it always encodes
		code, text = http.StatusInternalServerError, nil
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(code)
	_, _ = w.Write(text) // the sender may have gone
}

// refusal is an answer that is no success.
type refusal struct {
	code    int
	words   string
	outcome string
	after   bool // come back soon
}

func (f *refusal) Error() string { return f.words }

// overloaded: our own bounds are reached. To a sender that comes back it makes no difference which.
func overloaded() *refusal {
	return &refusal{code: http.StatusTooManyRequests, words: "too much is being received at once; come back in a second", outcome: outcomeOverload, after: true}
}

func (r *Receiver) signal(name string, take func(*batch, *payload) (proto.Message, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		began := time.Now()
		in := &payload{asJSON: mediaType(req) == jsonType, limit: r.settings.httpLimit()}
		out, err := r.receive(w, req, in, name, take)
		code, outcome := http.StatusOK, outcomeStored
		if err != nil {
			f := r.refusalOf(req.Context(), err)
			code, outcome = f.code, f.outcome
			if f.after {
				w.Header().Set("Retry-After", "1")
			}
			if code == http.StatusUnauthorized {
				w.Header().Set("WWW-Authenticate", "Bearer")
			}
			out = status.New(grpcCode(code), strings.ToValidUTF8(f.words, "\ufffd")).Proto()
			r.warning.Do(func() {
				r.log.Warn("OTLP not taken", "signal", name, "remote", req.RemoteAddr, "status", code, "reason", f.words, "error", err)
			})
		}
		in.write(w, code, out)
		r.metrics.answered(name, "http", outcome, time.Since(began))
	}
}

// receive lets in who may send, reads the body within its limits, and answers when what it holds is durable.
func (r *Receiver) receive(w http.ResponseWriter, req *http.Request, in *payload, name string, take func(*batch, *payload) (proto.Message, error)) (proto.Message, error) {
	if t := mediaType(req); t != jsonType && t != protobufType {
		return nil, &refusal{code: http.StatusUnsupportedMediaType, words: "want Content-Type " + protobufType + " or " + jsonType, outcome: outcomeBad}
	}
	access, err := r.identify(req)
	if err != nil {
		return nil, err
	}
	if !r.enter() {
		return nil, overloaded()
	}
	defer r.leave()
	in.claim = r.memory.claim()
	defer in.claim.letGo()
	if in.body, err = r.body(w, req, in.claim); err != nil {
		return nil, err
	}
	b := r.batch(access)
	out, err := take(b, in)
	if err != nil {
		return nil, err
	}
	return out, b.deliver(req.Context(), name)
}

// identify tells who sends. Where nobody is asked, a web page whose own name was made to lead to this machine must not send either.
func (r *Receiver) identify(req *http.Request) (tokens.Access, error) {
	if r.anonymous {
		if host, _, err := net.SplitHostPort(req.Host); err == nil && !isLocal(host) || err != nil && !isLocal(req.Host) {
			return tokens.Access{}, &refusal{code: http.StatusForbidden, words: "without authentication this machine is called localhost, or by a loopback address", outcome: outcomeForbidden}
		}
		return anybody(), nil
	}
	access, err := r.callers.Identify(req)
	if err != nil {
		return access, &refusal{code: http.StatusUnauthorized, words: "not authenticated: " + err.Error(), outcome: outcomeUnauthorized}
	}
	return access, nil
}

func isLocal(host string) bool {
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func anybody() tokens.Access { return tokens.NewAccess("this machine", "*") }

func (r *Receiver) body(w http.ResponseWriter, req *http.Request, claim *claim) ([]byte, error) {
	limit := int64(r.settings.httpLimit())
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(r.readWithin)) // not supported: a server of a test
	// The deadline must not end the request while it is stored; but what is left of a body that is refused is read before the answer goes out.
	defer func() { _ = control.SetReadDeadline(time.Now().Add(r.answerWithin)) }()
	var from io.Reader = http.MaxBytesReader(w, req.Body, limit)
	switch req.Header.Get("Content-Encoding") {
	case "", "identity":
	case "gzip":
		z, err := gzip.NewReader(from)
		if err != nil {
			return nil, &refusal{code: http.StatusBadRequest, words: "the body is not packed by gzip as its head says", outcome: outcomeBad}
		}
		from = z
	default:
		return nil, &refusal{code: http.StatusUnsupportedMediaType, words: "bodies are packed by gzip or not at all", outcome: outcomeBad}
	}
	body, err := io.ReadAll(&metered{from: io.LimitReader(from, limit+1), claim: claim})
	var large *http.MaxBytesError
	var refused *refusal
	switch {
	case errors.As(err, &refused):
		return nil, refused
	case errors.As(err, &large) || int64(len(body)) > limit:
		return nil, &refusal{code: http.StatusRequestEntityTooLarge, words: fmt.Sprintf("a request may have %d bytes; send smaller batches, or raise otlp.maxBytes", limit), outcome: outcomeTooLarge}
	case err != nil:
		return nil, &refusal{code: http.StatusBadRequest, words: "the body could not be read", outcome: outcomeBad}
	}
	return body, nil
}

// refusalOf tells what an error means to the sender.
func (r *Receiver) refusalOf(ctx context.Context, err error) *refusal {
	var f *refusal
	switch busy := ingest.IsBusy(err); {
	case errors.As(err, &f):
		return f
	case busy != nil:
		return &refusal{code: http.StatusServiceUnavailable, words: "can not store now: " + busy.Reason, outcome: outcomeBusy, after: true}
	case errors.Is(err, errBad):
		return &refusal{code: http.StatusBadRequest, words: err.Error(), outcome: outcomeBad}
	case errors.Is(err, context.DeadlineExceeded), ctx.Err() != nil:
		return &refusal{code: http.StatusServiceUnavailable, words: "the store did not answer in time", outcome: outcomeFailed, after: true}
	}
	return &refusal{code: http.StatusServiceUnavailable, words: "it could not be stored; the receiver's log says why", outcome: outcomeFailed, after: true}
}

func grpcCode(code int) codes.Code {
	switch code {
	case http.StatusUnauthorized:
		return codes.Unauthenticated
	case http.StatusForbidden:
		return codes.PermissionDenied
	case http.StatusServiceUnavailable:
		return codes.Unavailable
	case http.StatusRequestEntityTooLarge, http.StatusTooManyRequests:
		return codes.ResourceExhausted
	}
	return codes.InvalidArgument
}

func mediaType(req *http.Request) string {
	t, _, err := mime.ParseMediaType(req.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return t
}

// withBase64IDs rewrites OTLP's JSON, where IDs are hexadecimal, into protobuf's, where they are base64.
func withBase64IDs(text []byte) ([]byte, error) {
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		return nil, err
	}
	if err := rewriteIDs(tree, 0); err != nil {
		return nil, err
	}
	return json.Marshal(tree)
}

const maxJSONDepth = 64

func rewriteIDs(node any, depth int) error {
	if depth > maxJSONDepth {
		return errors.New("nested too deeply")
	}
	switch n := node.(type) {
	case []any:
		for _, e := range n {
			if err := rewriteIDs(e, depth+1); err != nil {
				return err
			}
		}
	case map[string]any:
		for key, value := range n {
			hexadecimal, isText := value.(string)
			switch key {
			case "traceId", "spanId", "parentSpanId", "trace_id", "span_id", "parent_span_id":
				if value == nil { // as if it were not there
					continue
				}
				raw, err := hex.DecodeString(hexadecimal)
				if !isText || err != nil {
					return errors.New("an ID is not hexadecimal")
				}
				n[key] = base64.StdEncoding.EncodeToString(raw)
			default:
				if err := rewriteIDs(value, depth+1); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// ServeHTTP answers on the listener until ctx ends, then lets what is under way be stored.
func (r *Receiver) ServeHTTP(ctx context.Context, l net.Listener) error {
	server := &http.Server{Handler: r.Handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 3 * time.Minute,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(r.log.Handler(), slog.LevelDebug)}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }() // ends with Shutdown or Close below
	select {
	case err := <-served:
		return fmt.Errorf("otlp over HTTP on %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	err := server.Shutdown(stop)
	if errors.Is(err, context.DeadlineExceeded) { // not acknowledged: their senders send again
		err = server.Close()
	}
	if served := <-served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// stopWithin bounds how long what is under way may take when a listener stops.
const stopWithin = 10 * time.Second
