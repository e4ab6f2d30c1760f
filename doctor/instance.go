package doctor

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/internal/promtext"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
)

// Instance is what was seen of a kubewake.
type Instance struct {
	URL     string // empty: a data directory that no process serves
	Health  Answer
	Ready   Answer
	Metrics promtext.Samples // nil: it has none
	Clock   Clock
	Certs   []Cert
	// What it can say of what it recorded. Err is why it could not.
	Info     *engine.Info
	Clusters []Recorded
	Err      error
	Disk     *Disk // of the data directory, where it is on this machine
}

// Live reports whether the instance records while it runs, rather than serving a recording.
func (i *Instance) Live() bool {
	_, takes := i.Metrics.Sum("kubewake_ingest_healthy")
	return takes
}

// Answer of an endpoint.
type Answer struct {
	Status int // zero: not asked, or no answer
	Text   string
	Err    error
}

// Clock is what a server's Date header told.
type Clock struct {
	Known bool
	Ahead time.Duration // of this machine; negative: behind it
	Error time.Duration // how much of that the measurement may be wrong
}

// Cert is a certificate that something was reached with.
type Cert struct {
	Of       string
	NotAfter time.Time
}

// Recorded is what is recorded of one cluster.
type Recorded struct {
	engine.ClusterInfo
	Gaps      []engine.Gap
	Cut       int       // gaps not listed
	LastAudit time.Time // of the newest request recorded; zero: none
	// Unwatched are the resources audited below RequestResponse, as "deployments.apps", that no watch tells of.
	Unwatched map[string]bool
}

// Disk is the file system of the data directory.
type Disk struct {
	Path        string
	Free, Total uint64
}

// InstanceConfig says where to look.
type InstanceConfig struct {
	URL     string // of a running one; empty: Engine alone
	Client  *http.Client
	Engine  engine.Engine // required
	Cluster record.Cluster
	Since   time.Duration // how far back gaps count; zero: one day before the newest fact
}

// maxBody bounds small answers.
const maxBody = 4 << 10

// LookAtInstance gathers what there is to see. It returns what it saw even where something does not answer.
func LookAtInstance(ctx context.Context, c InstanceConfig) *Instance {
	i := &Instance{URL: strings.TrimSuffix(c.URL, "/")}
	if i.URL != "" {
		if c.Client == nil {
			c.Client = &http.Client{Timeout: 20 * time.Second}
		}
		i.Health = i.ask(ctx, c.Client, "/healthz")
		if i.Health.Err != nil {
			return i
		}
		i.Ready = i.ask(ctx, c.Client, "/readyz")
		i.readMetrics(ctx, c.Client)
	}
	i.Info, i.Err = c.Engine.Info(ctx)
	if i.Err != nil {
		return i
	}
	for _, cluster := range i.Info.Clusters {
		if c.Cluster == "" || string(c.Cluster) == cluster.Name {
			i.Clusters = append(i.Clusters, i.recorded(ctx, c, cluster))
		}
	}
	return i
}

func (i *Instance) ask(ctx context.Context, client *http.Client, path string) Answer {
	body, res, err := get(ctx, client, i.URL+path)
	if err != nil {
		return Answer{Err: err}
	}
	defer func() { _ = body.Close() }()
	if !i.Clock.Known {
		i.Clock = res.clock
		i.Certs = append(i.Certs, certs("kubewake at "+i.URL, res.certs)...)
	}
	text, err := io.ReadAll(io.LimitReader(body, maxBody))
	return Answer{Status: res.status, Text: strings.TrimSpace(string(text)), Err: err}
}

func (i *Instance) readMetrics(ctx context.Context, client *http.Client) {
	body, res, err := get(ctx, client, i.URL+"/metrics")
	if err != nil {
		return
	}
	defer func() { _ = body.Close() }()
	if res.status == http.StatusOK {
		i.Metrics, _ = promtext.Read(body) // a page of another kind is no metrics
	}
}

// response is what is kept of an answer beside its body.
type response struct {
	status int
	clock  Clock
	certs  []*x509.Certificate
}

func get(ctx context.Context, client *http.Client, url string) (io.ReadCloser, response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, response{}, err
	}
	asked := time.Now()
	res, err := client.Do(req)
	if err != nil {
		return nil, response{}, err
	}
	out := response{status: res.StatusCode, clock: clockOf(res.Header.Get("Date"), asked, time.Now())}
	if res.TLS != nil {
		out.certs = res.TLS.PeerCertificates
	}
	return res.Body, out, nil
}

// clockOf compares a Date header, which has whole seconds, with the moments between which it was written.
func clockOf(date string, asked, answered time.Time) Clock {
	at, err := http.ParseTime(date)
	if err != nil {
		return Clock{}
	}
	middle := asked.Add(answered.Sub(asked) / 2)
	return Clock{Known: true, Ahead: at.Add(500 * time.Millisecond).Sub(middle), Error: 500*time.Millisecond + answered.Sub(asked)/2}
}

// certs keeps the one of a chain that expires first.
func certs(of string, chain []*x509.Certificate) []Cert {
	var out []Cert
	for _, c := range chain {
		if len(out) == 0 {
			out = append(out, Cert{Of: of, NotAfter: c.NotAfter})
		} else if c.NotAfter.Before(out[0].NotAfter) {
			out[0].NotAfter = c.NotAfter
		}
	}
	return out
}

// mostAsked bounds the questions about single resources.
const mostAsked = 100

// unwatched asks, of each resource that is audited below RequestResponse, whether a watch tells of it.
func (i *Instance) unwatched(ctx context.Context, e engine.Engine, r *Recorded, w query.Window) {
	r.Unwatched = map[string]bool{}
	asked := map[string]bool{}
	for _, g := range r.Gaps {
		name := record.GroupResource{Group: g.Scope.Group, Resource: g.Scope.Resource}.String()
		if g.Reason != "level" || g.Scope.Resource == "" || asked[name] || len(asked) == mostAsked {
			continue
		}
		asked[name] = true
		cov, err := e.Coverage(ctx, query.Coverage{Cluster: record.Cluster(r.Name), Kind: name, Window: w})
		if err != nil {
			continue // a word that no kind goes by
		}
		r.Unwatched[name] = slices.ContainsFunc(cov.Gaps, func(g engine.Gap) bool { return g.Reason == "not-watched" })
	}
}

// errEnough ends a search.
var errEnough = errors.New("enough")

func (i *Instance) recorded(ctx context.Context, c InstanceConfig, info engine.ClusterInfo) Recorded {
	out := Recorded{ClusterInfo: info}
	name := record.Cluster(info.Name)
	var window query.Window
	if info.Last != nil {
		since := c.Since
		if since == 0 {
			since = 24 * time.Hour
		}
		window.From = info.Last.Add(-since)
	}
	if cov, err := c.Engine.Coverage(ctx, query.Coverage{Cluster: name, Window: window}); err != nil {
		i.Err = fmt.Errorf("ask what could not be seen of cluster %s: %w", info.Name, err)
	} else {
		out.Gaps, out.Cut = cov.Gaps, cov.Cut
		i.unwatched(ctx, c.Engine, &out, window)
	}
	_, err := c.Engine.Search(ctx, query.Search{Cluster: name, Window: window, Kinds: []record.Kind{record.KindRequest}, Reads: true, Newest: true, Limit: 1}, func(h *engine.Hit) error {
		if h.Request != nil {
			out.LastAudit = h.Request.ReceivedAt
		}
		return errEnough
	})
	if err != nil && !errors.Is(err, errEnough) {
		i.Err = fmt.Errorf("ask for the newest request to cluster %s: %w", info.Name, err)
	}
	return out
}
