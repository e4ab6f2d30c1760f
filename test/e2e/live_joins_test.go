package e2e

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/join"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/test/testcluster"
)

// stripper is an audit webhook that makes of each event what the apiserver would have written at level Metadata, and sends it on. It
// takes batches at once and sends them in order, each until it is taken: what is tried here is not delivery.
type stripper struct {
	tb      testing.TB
	address string
	to      string
	token   string
	client  *http.Client
	queue   chan stripped
	sent    sync.Map // audit IDs of what was delivered
}

// stripped is a batch as it is sent on.
type stripped struct {
	body []byte
	ids  []string
}

// newStripper runs until the test ends.
func newStripper(tb testing.TB, s *server) *stripper {
	tb.Helper()
	certificate, err := tls.LoadX509KeyPair(s.pki.cert, s.pki.key)
	if err != nil {
		tb.Fatal(err)
	}
	pem, err := os.ReadFile(s.pki.cert)
	if err != nil {
		tb.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate}})
	if err != nil {
		tb.Fatal(err)
	}
	p := &stripper{tb: tb, address: listener.Addr().String(), to: "https://" + s.receive + "/audit/" + string(cluster), token: s.pki.secret(tb), queue: make(chan stripped, 10000),
		client: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}}
	ctx, cancel := context.WithCancel(context.Background())
	web := &http.Server{Handler: p, BaseContext: func(net.Listener) context.Context { return ctx }}
	var running sync.WaitGroup
	running.Go(func() { _ = web.Serve(listener) }) // it ends with ErrServerClosed
	running.Go(func() { p.send(ctx) })
	tb.Cleanup(func() {
		cancel()
		_ = web.Close()
		running.Wait()
	})
	return p
}

func (p *stripper) hook(s *server) *testcluster.Webhook { return s.hook("https://" + p.address) }

func (p *stripper) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var batch stripped
	body, err := io.ReadAll(r.Body)
	if err == nil {
		batch, err = p.strip(body)
	}
	if err != nil {
		p.tb.Errorf("strip a batch: %v", err)
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.queue <- batch
}

// strip removes what is not written at level Metadata: both bodies, and the patches of mutating webhooks.
func (p *stripper) strip(body []byte) (out stripped, err error) {
	var list map[string]json.RawMessage
	if err := json.Unmarshal(body, &list); err != nil {
		return out, err
	}
	var events []map[string]json.RawMessage
	if err := json.Unmarshal(list["items"], &events); err != nil {
		return out, err
	}
	for _, e := range events {
		var id string
		if err := json.Unmarshal(e["auditID"], &id); err != nil {
			return out, err
		}
		out.ids = append(out.ids, id)
		delete(e, "requestObject")
		delete(e, "responseObject")
		e["level"] = json.RawMessage(`"Metadata"`)
		var annotations map[string]string
		if raw := e["annotations"]; raw != nil {
			if err := json.Unmarshal(raw, &annotations); err != nil {
				return out, err
			}
		}
		for key := range annotations {
			if strings.HasPrefix(key, "patch.webhook.admission.k8s.io/") {
				delete(annotations, key)
			}
		}
		if len(annotations) > 0 {
			raw, err := json.Marshal(annotations)
			if err != nil {
				return out, err
			}
			e["annotations"] = raw
		}
	}
	if list["items"], err = json.Marshal(events); err != nil {
		return out, err
	}
	out.body, err = json.Marshal(list)
	return out, err
}

func (p *stripper) send(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case batch := <-p.queue:
			for p.post(ctx, batch.body) != nil && ctx.Err() == nil {
				time.Sleep(200 * time.Millisecond)
			}
			for _, id := range batch.ids {
				p.sent.Store(id, true)
			}
		}
	}
}

// passOn gives the requests that the control plane has logged by now, when all of them are delivered. Watches are left out: they are logged
// when they end.
func (p *stripper) passOn(logs ...string) map[record.ID]*record.Record {
	p.tb.Helper()
	all := audited(p.tb, logs...)
	maps.DeleteFunc(all, func(_ record.ID, r *record.Record) bool { return r.Request.Verb == "watch" })
	within(p.tb, time.Minute, "all that was logged is delivered", func() bool {
		for _, r := range all {
			if _, ok := p.sent.Load(r.Request.AuditID); !ok {
				return false
			}
		}
		return true
	})
	return all
}

func (p *stripper) post(ctx context.Context, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.to, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+p.token)
	r.Header.Set("Content-Type", "application/json")
	a, err := p.client.Do(r)
	if err != nil {
		return err
	}
	defer a.Body.Close()
	if a.StatusCode != http.StatusOK {
		return fmt.Errorf("answered %s", a.Status)
	}
	return nil
}

// TestJoinsLive records a control plane under load by its watch and by an audit webhook that brings events as at level Metadata, and
// holds what is said of each watched state's maker against the bodies that the control plane's own log holds of the same run.
func TestJoinsLive(t *testing.T) {
	for apiservers, d := range map[int]time.Duration{1: 30 * time.Second, 2: 60 * time.Second} {
		t.Run(fmt.Sprint(apiservers, " apiservers"), func(t *testing.T) {
			dir, logs := recordStripped(t, testcluster.Config{APIServers: apiservers}, d)
			f := compareJoins(t, dir, logs...)
			t.Log(f)
			if f.wrong > 0 || f.missed > 0 {
				t.Errorf("%d wrong, %d missed", f.wrong, f.missed)
			}
			if f.total < 2000 || percent(f.several, f.total) > 1 {
				t.Errorf("%d states, %d of them undecided: the run shows too little", f.total, f.several)
			}
			if f.apart == 0 && (percent(f.actor, f.total) < 99.5 || f.share() < 97) { // with clocks apart less can be told
				t.Error("below the bars")
			}
		})
	}
}

// recordStripped drives a cluster and gives the store that recorded it and the control plane's own logs.
func recordStripped(t *testing.T, config testcluster.Config, d time.Duration, scenarios ...string) (dir string, logs []string) {
	t.Helper()
	s := newServer(t)
	p := newStripper(t, s)
	config.Webhook, config.KeepHistory = p.hook(s), true
	c := s.record(t, config)
	var running []chan error
	for i, a := range c.State().APIServers {
		logs = append(logs, a.AuditLog)
		done := make(chan error, 1)
		running = append(running, done)
		go func() {
			_, err := c.Drive(t.Context(), testcluster.DriveConfig{Seed: uint64(i + 1), Duration: d, Concurrency: max(12, 24/len(c.State().APIServers)), Scenarios: scenarios, Kubeconfig: a.Kubeconfig})
			done <- err
		}()
	}
	for _, done := range running {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	for _, component := range []string{testcluster.ControllerManager, testcluster.Scheduler, testcluster.Kwok} {
		c.Stop(component) // nothing changes any more
	}
	time.Sleep(3 * time.Second)
	all := p.passOn(logs...) // what the server itself asks for from now on may not reach it any more
	time.Sleep(3 * time.Second)
	s.terminate(30 * time.Second)
	if missing := read(t, s.dir).missingRequests(all); len(missing) > 0 {
		t.Errorf("%d of %d requests are missing:\n%s", len(missing), len(all), few(missing))
	}
	return s.dir, logs
}

// TestNotAudited leaves one resource out of the audit policy: its changes say that their actor is not audited, and name nobody.
func TestNotAudited(t *testing.T) {
	policy := `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: None
  resources: [{group: coordination.k8s.io, resources: [leases]}, {group: "", resources: [configmaps]}]
- level: None
  verbs: [watch]
- level: RequestResponse
`
	s := newServer(t)
	p := newStripper(t, s)
	c := s.record(t, testcluster.Config{AuditPolicy: policy, Webhook: p.hook(s)})
	for _, name := range []string{"a", "b"} {
		c.Kubectl("create", "configmap", name, "--from-literal=a=1")
		c.Kubectl("create", "secret", "generic", name, "--from-literal=a=1")
		c.Kubectl("annotate", "configmap", name, "b=2")
		c.Kubectl("annotate", "secret", name, "b=2")
		c.Kubectl("delete", "configmap", name)
		c.Kubectl("delete", "secret", name)
	}
	time.Sleep(3 * time.Second)
	p.passOn(c.AuditLog())
	text, err := s.ask("history", "configmap/a", "-n", "default")
	if err != nil || !strings.Contains(text, strings.ToLower(index.NotAudited)) {
		t.Errorf("the history does not say so: %v\n%s", err, text)
	}
	s.terminate(30 * time.Second)
	said, named := 0, 0
	for k, a := range answersIn(t, s.dir) {
		switch {
		case strings.HasPrefix(a.what, "configmaps/default/a"), strings.HasPrefix(a.what, "configmaps/default/b"):
			if a.maker.Certainty != join.Unknown || !strings.HasPrefix(strings.Join(a.maker.Evidence, " "), index.NotAudited) {
				t.Errorf("%s rv %d end=%v: %v %v", a.what, k.RV, k.End, a.maker.Certainty, a.maker.Evidence)
			}
			said++
		case strings.HasPrefix(a.what, "secrets/default/a"), strings.HasPrefix(a.what, "secrets/default/b"):
			if a.maker.Request == nil {
				t.Errorf("%s rv %d end=%v, which is audited, has no maker: %v", a.what, k.RV, k.End, a.maker.Evidence)
			}
			named++
		}
	}
	if said != 6 || named != 6 {
		t.Errorf("%d states and ends out of the policy, %d within; want 6 each", said, named)
	}
}
