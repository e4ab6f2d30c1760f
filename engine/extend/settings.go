package extend

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/kubewake/kubewake/internal/settings"
	"github.com/kubewake/kubewake/internal/tlsfiles"
)

// Settings are what a role's configuration says of extensions.
type Settings struct {
	Timeout    settings.Duration `yaml:"timeout" doc:"How long all questions for one trace may take together; what has come by then is shown. Default 3s."`
	Concurrent int               `yaml:"concurrent" doc:"Questions at once, of all traces together. Default 8."`
	Questions  int               `yaml:"questions" doc:"Questions for one trace, at most. Default 100."`
	Spans      int               `yaml:"spans" doc:"Spans that are added to one trace, at most. Default 5000."`
	From       []Source          `yaml:"from" doc:"The systems that are asked; see docs/extensions.md."`
}

// Source is one system that is asked.
type Source struct {
	Name     string            `yaml:"name" doc:"How notes and spans call it."`
	For      string            `yaml:"for" doc:"What it is asked about: requests, once for each with an audit ID, or objects, once for each."`
	URL      string            `yaml:"url" doc:"What is asked, with tags of the span in braces, as {auditID}, {namespace}, {name}, {node}, and {start.us}, {end.us} (or s, ms, ns, rfc3339)."`
	Format   string            `yaml:"format" doc:"Of the answer: jaeger (its query API), otlp (OTLP as JSON), tempo (a search; the traces found are asked for with trace)."`
	Trace    string            `yaml:"trace" doc:"With format tempo: where a trace is, with {traceID}. A search is followed to five traces."`
	Where    []Condition       `yaml:"where" doc:"Ask only about spans whose tags have these values. Empty: all."`
	Around   settings.Duration `yaml:"around" doc:"How much earlier {start} and later {end} are than the span. Default 5s."`
	Bytes    settings.Bytes    `yaml:"bytes" doc:"Bound of one answer. Default 4MiB."`
	Header   Header            `yaml:"header" doc:"A header of every question, as for authentication."`
	Insecure bool              `yaml:"insecure" doc:"Send the header over plain HTTP to another machine."`
	TLS      tlsfiles.Client   `yaml:"tls" doc:"Certificates; files are read again when they change."`
}

// Condition is about one tag.
type Condition struct {
	Tag    string   `yaml:"tag" doc:"The tag, as resource or verb."`
	Values []string `yaml:"values" doc:"Its values, of which it must have one."`
}

// Header of every question.
type Header struct {
	Name string `yaml:"name" doc:"Its name, as Authorization or X-Scope-OrgID. Empty: there is none."`
	File string `yaml:"file" doc:"File that holds its value, as Bearer and a token; read again when it changes."`
}

// Words of the settings.
const (
	forRequests  = "requests"
	forObjects   = "objects"
	formatJaeger = "jaeger"
	formatOTLP   = "otlp"
	formatTempo  = "tempo"
)

// WithDefaults fills what is not set.
func (s Settings) WithDefaults() Settings {
	def(&s.Timeout, settings.Duration(3*time.Second))
	def(&s.Concurrent, 8)
	def(&s.Questions, 100)
	def(&s.Spans, 5000)
	s.From = slices.Clone(s.From)
	for i := range s.From {
		def(&s.From[i].Around, settings.Duration(5*time.Second))
		def(&s.From[i].Bytes, 4<<20)
	}
	return s
}

func def[T comparable](v *T, to T) {
	var zero T
	if *v == zero {
		*v = to
	}
}

// Check says what is wrong, all of it.
func (s Settings) Check() error {
	var errs []error
	for name, n := range map[string]int{"concurrent": s.Concurrent, "questions": s.Questions, "spans": s.Spans} {
		if n < 0 {
			errs = append(errs, fmt.Errorf("extensions.%s: %d is less than nothing", name, n))
		}
	}
	seen := map[string]bool{}
	for i := range s.From {
		if err := s.From[i].check(); err != nil {
			errs = append(errs, fmt.Errorf("extensions.from[%d]: %w", i, err))
		}
		if seen[s.From[i].Name] {
			errs = append(errs, fmt.Errorf("extensions.from[%d]: the name %q is given twice", i, s.From[i].Name))
		}
		seen[s.From[i].Name] = true
	}
	return errors.Join(errs...)
}

var sourceName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)

func (s *Source) check() error {
	if !sourceName.MatchString(s.Name) {
		return errors.New("name: a word of letters, digits, dots and dashes is needed")
	}
	if s.For != forRequests && s.For != forObjects {
		return fmt.Errorf("for: %q is neither requests nor objects", s.For)
	}
	if !slices.Contains([]string{formatJaeger, formatOTLP, formatTempo}, s.Format) {
		return fmt.Errorf("format: %q is none of jaeger, otlp, tempo", s.Format)
	}
	if s.Bytes < 0 {
		return errors.New("bytes: less than nothing")
	}
	t, err := parseTemplate(s.URL)
	if err != nil {
		return fmt.Errorf("url: %w", err)
	}
	if slices.Contains(t.names, traceIDName) {
		return errors.New("url: {traceID} is known in trace only")
	}
	if (s.Format == formatTempo) != (s.Trace != "") {
		return errors.New("trace: format tempo needs it, and no other takes it")
	}
	hosts := []*template{t}
	if s.Trace != "" {
		found, err := parseTemplate(s.Trace)
		if err != nil {
			return fmt.Errorf("trace: %w", err)
		}
		if !slices.Contains(found.names, traceIDName) {
			return errors.New("trace: it says nowhere {traceID}")
		}
		hosts = append(hosts, found)
	}
	if (s.Header.Name == "") != (s.Header.File == "") {
		return errors.New("header: name and file, or neither")
	}
	for _, t := range hosts {
		if t.base.Host != hosts[0].base.Host || t.base.Scheme != hosts[0].base.Scheme {
			return errors.New("trace: it is on another host than url")
		}
		if s.Header.Name != "" && t.base.Scheme == "http" && !s.Insecure && !isLoopback(t.base) {
			return errors.New("header: it would cross the network in plain text: use https, or set insecure")
		}
	}
	for _, c := range s.Where {
		if c.Tag == "" || len(c.Values) == 0 {
			return errors.New("where: each needs a tag and its values")
		}
	}
	return nil
}

func isLoopback(u *url.URL) bool {
	host := strings.ToLower(u.Hostname())
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
