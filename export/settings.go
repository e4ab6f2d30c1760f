package export

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/kubewake/kubewake/internal/settings"
	"github.com/kubewake/kubewake/internal/tlsfiles"
	"github.com/kubewake/kubewake/query"
)

// Settings are what a role's configuration says of exporting.
type Settings struct {
	OTLP OTLP `yaml:"otlp" doc:"Send what is recorded to an OTLP receiver (Jaeger, Tempo, an OpenTelemetry Collector), as spans that never change; docs/export.md has more. There is one target; a Collector passes on to several."`
}

// OTLP is the continuous export.
type OTLP struct {
	Target  `yaml:",inline"`
	Records Selection         `yaml:"records" doc:"Which records become spans."`
	Settle  settings.Duration `yaml:"settle" doc:"How long a record waits before it becomes a span, so that what belongs to it has come: the audit event, the watch, a second agent. Default 60s."`
	Grace   settings.Duration `yaml:"grace" doc:"How long after midnight (UTC) the spans of the objects of that day are sent. Default 1h."`
	Queue   Queue             `yaml:"queue" doc:"What waits, on disk: it survives a crash and a receiver that is away."`
}

// Target is where spans are sent, and how.
type Target struct {
	Endpoint    string            `yaml:"endpoint" doc:"The receiver: HOST:PORT or https://HOST:PORT. For protocol http a URL; /v1/traces is added where it has no path. Empty: nothing is exported."`
	Protocol    string            `yaml:"protocol" doc:"grpc or http. Default: http where the endpoint's port is 4318 or it has a path, else grpc."`
	Insecure    bool              `yaml:"insecure" doc:"Without TLS. An endpoint that begins with http:// says the same, but for headers that are secret: those go to other machines in plain text only with this."`
	TLS         tlsfiles.Client   `yaml:"tls" doc:"Certificates; files are read again when they change."`
	Headers     []Header          `yaml:"headers" doc:"Headers (of gRPC: metadata) of every request, as for authentication or a tenant."`
	Compression string            `yaml:"compression" doc:"gzip or none. Default gzip."`
	Timeout     settings.Duration `yaml:"timeout" doc:"Bound of one request. Default 10s."`
	BatchBytes  settings.Bytes    `yaml:"batchSize" doc:"Size of one request before compression; receivers refuse more than 4 MiB as they come. Default 1MiB."`
}

// Header of every request.
type Header struct {
	Name  string `yaml:"name" doc:"Its name, as Authorization or X-Scope-OrgID."`
	Value string `yaml:"value" doc:"Its value, where that is no secret."`
	File  string `yaml:"file" doc:"File that holds the value, as Bearer and a token; read again when it changes."`
}

// Selection of records.
type Selection struct {
	Kinds    []string `yaml:"kinds" doc:"Of request, revision, end, event. Empty: all four."`
	Clusters []string `yaml:"clusters" doc:"Clusters, as prod-*. Empty: all."`
	Include  []string `yaml:"include" doc:"Resources, as pods, deployments.apps, *.apps; of an Event those of the object that it is about. Empty: all but leases.coordination.k8s.io."`
	Exclude  []string `yaml:"exclude" doc:"Resources that are left out. It wins over include."`
	Reads    bool     `yaml:"reads" doc:"Also requests that change nothing and succeeded: get, list, watch."`
	Filter   string   `yaml:"filter" doc:"A filter as in docs/search.md that a record must match; it may not read object or oldObject."`
}

// Queue of what waits.
type Queue struct {
	Dir      string         `yaml:"dir" doc:"Its directory. Default: export, in data."`
	Bytes    settings.Bytes `yaml:"bytes" doc:"Bound of its files. Default 1GiB."`
	WhenFull string         `yaml:"whenFull" doc:"What then: drop (what comes is recorded, counted and not exported) or wait (senders are told to wait, so recording waits for the export). Default drop."`
}

// Words of the settings.
const (
	protocolGRPC = "grpc"
	protocolHTTP = "http"
	gzipWord     = "gzip"
	noneWord     = "none"
	dropWord     = "drop"
	waitWord     = "wait"
)

func def[T comparable](v *T, to T) {
	var zero T
	if *v == zero {
		*v = to
	}
}

// WithDefaults fills what is not set.
func (s Settings) WithDefaults() Settings {
	o := &s.OTLP
	o.Target = o.Target.WithDefaults()
	def(&o.Settle, settings.Duration(time.Minute))
	def(&o.Grace, settings.Duration(time.Hour))
	def(&o.Queue.Bytes, settings.Bytes(1<<30))
	def(&o.Queue.WhenFull, dropWord)
	return s
}

// WithDefaults fills what is not set.
func (t Target) WithDefaults() Target {
	def(&t.Compression, gzipWord)
	def(&t.Timeout, settings.Duration(10*time.Second))
	def(&t.BatchBytes, settings.Bytes(1<<20))
	return t
}

// speaks is the protocol: the one that is set, else the one that the endpoint suggests.
func (t Target) speaks() string {
	if t.Protocol != "" {
		return t.Protocol
	}
	if host, where, _ := t.split(); strings.HasSuffix(host, ":4318") || where != "" {
		return protocolHTTP
	}
	return protocolGRPC
}

// Enabled reports whether something is to be exported.
func (s Settings) Enabled() bool { return s.OTLP.Endpoint != "" }

// split gives host and port, the path ("" for none), and whether the endpoint's scheme says that there is no TLS.
func (t Target) split() (hostport, where string, plain bool) {
	rest := t.Endpoint
	if scheme, after, ok := strings.Cut(rest, "://"); ok {
		rest, plain = after, strings.EqualFold(scheme, "http")
	}
	hostport, where, _ = strings.Cut(rest, "/")
	return hostport, where, plain
}

// plain: without TLS.
func (t Target) plain() bool {
	_, _, plain := t.split()
	return plain || t.Insecure
}

// url is where HTTP posts to.
func (t Target) url() string {
	scheme := "https://"
	if t.plain() {
		scheme = "http://"
	}
	host, where, _ := t.split()
	if where == "" {
		where = "v1/traces"
	}
	return scheme + host + "/" + where
}

// Check says what is wrong, all of it.
func (s Settings) Check() error {
	if !s.Enabled() {
		return nil
	}
	o := s.OTLP
	errs := []error{o.Target.Check()}
	if _, err := newSelector(o.Records); err != nil {
		errs = append(errs, fmt.Errorf("records: %w", err))
	}
	if o.Queue.Bytes < 1<<20 {
		errs = append(errs, errors.New("queue.bytes: at least 1MiB"))
	}
	if w := o.Queue.WhenFull; w != dropWord && w != waitWord {
		errs = append(errs, fmt.Errorf("queue.whenFull: %q: want drop or wait", w))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("export.otlp: %w", err)
	}
	return nil
}

// Check says what is wrong.
func (t Target) Check() error {
	var errs []error
	say := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	host, where, _ := t.split()
	if scheme, _, ok := strings.Cut(t.Endpoint, "://"); ok && scheme != "http" && scheme != "https" {
		say("endpoint: %q: its scheme is neither http nor https", t.Endpoint)
	}
	if u, err := url.Parse(t.url()); err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		say("endpoint: want HOST:PORT, or a URL without user and query")
	}
	switch t.speaks() {
	case protocolGRPC:
		if _, _, err := net.SplitHostPort(host); err != nil {
			say("endpoint: %q: gRPC wants HOST:PORT, as localhost:4317", t.Endpoint)
		}
		if where != "" {
			say("endpoint: %q: gRPC has no path; give protocol: http", t.Endpoint)
		}
	case protocolHTTP:
	default:
		say("protocol: %q: want grpc or http", t.Protocol)
	}
	if t.plain() && t.TLS != (tlsfiles.Client{}) {
		say("tls: certificates, and an endpoint without TLS: not both")
	}
	if t.Compression != gzipWord && t.Compression != noneWord {
		say("compression: %q: want gzip or none", t.Compression)
	}
	if t.BatchBytes < 16<<10 || t.BatchBytes > 16<<20 {
		say("batchSize: from 16KiB to 16MiB")
	}
	for i, h := range t.Headers {
		switch {
		case h.Name == "" || !validHeaderName(h.Name):
			say("headers[%d]: %q is no name of a header", i, h.Name)
		case (h.Value == "") == (h.File == ""):
			say("headers[%d]: a value, or a file that holds it", i)
		case slices.Contains(ownHeaders(), http.CanonicalHeaderKey(h.Name)):
			say("headers[%d]: %s is ours to set", i, h.Name)
		case t.plain() && !t.Insecure && (h.File != "" || strings.EqualFold(h.Name, "Authorization")) && !isLoopback(host):
			say("headers[%d]: %s would cross the network in plain text: use https, or set insecure", i, h.Name)
		}
	}
	return errors.Join(errs...)
}

// isLoopback reports whether an address is on this machine.
func isLoopback(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

func ownHeaders() []string {
	return []string{"Content-Type", "Content-Encoding", "Content-Length", "Host", "Te", "Grpc-Encoding", "Grpc-Timeout"}
}

func validHeaderName(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.')
	}) && !strings.HasPrefix(strings.ToLower(name), "grpc-")
}

func matchesAny(patterns []string, names ...string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return p != "" && query.Glob(p).Match(name) })
	})
}

// compile gives the filter of a selection; nil where there is none.
func (s Selection) compile() (*query.Filter, error) {
	if s.Filter == "" {
		return nil, nil //nolint:nilnil // there is none
	}
	f, err := query.Compile(s.Filter)
	if err != nil {
		return nil, fmt.Errorf("filter: %w", err)
	}
	if n := f.Needs(); n.Object || n.OldObject {
		return nil, errors.New("filter: it reads object or oldObject, which the export does not have")
	}
	return f, nil
}
