package collect

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
)

// clusters are those that batches were delivered for.
type clusters struct {
	nothing
	mu  sync.Mutex
	all []record.Cluster
}

func (c *clusters) Deliver(_ context.Context, b ingest.Batch) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, b.Cluster)
	return nil
}

// TestTokensForNobody: who gives tokens means them to hold.
func TestTokensForNobody(t *testing.T) {
	r := Receive{Listen: "127.0.0.1:0", Insecure: true, Tokens: "tokens"}
	if err := (Config{Receive: r}).Check(); err == nil || !strings.Contains(err.Error(), "receive.insecure") {
		t.Error(err)
	}
}

// TestClusterWithASlash: EKS calls a cluster by its ARN. The apiserver's own client sends the slash as it is, whatever its kubeconfig
// says; others keep it escaped. Both come through the listener's mux to the same cluster.
func TestClusterWithASlash(t *testing.T) {
	const arn = "arn:aws:eks:eu-1:7:cluster/prod"
	const body = `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[{"level":"Metadata","auditID":"a","stage":"ResponseComplete","verb":"get","requestURI":"/api","user":{"username":"u"},"requestReceivedTimestamp":"2026-11-20T12:00:00.000000Z","stageTimestamp":"2026-11-20T12:00:00.000000Z"}]}`
	sink := &clusters{}
	k, err := New(Config{Receive: Receive{Listen: "127.0.0.1:0", Insecure: true}}, Process{Sink: sink, Redactor: redact.Off()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- k.Run(ctx) }()
	base := "http://" + k.Addr() + "/audit/"
	for _, path := range []string{url.PathEscape(arn), strings.ReplaceAll(arn, "/", "%2f"), arn, arn + "/"} {
		answer, err := http.Post(base+path+"?timeout=30s", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", path, answer.Status)
		}
	}
	for _, path := range []string{url.PathEscape(arn), arn} {
		client, err := rest.UnversionedRESTClientFor(&rest.Config{Host: base + path, ContentConfig: rest.ContentConfig{
			GroupVersion: &schema.GroupVersion{}, NegotiatedSerializer: scheme.Codecs.WithoutConversion()}})
		if err != nil {
			t.Fatal(err)
		}
		if err := client.Post().SetHeader("Content-Type", "application/json").Body([]byte(body)).Do(t.Context()).Error(); err != nil {
			t.Errorf("an apiserver's client, told %s: %v", path, err)
		}
	}
	if diff := cmp.Diff([]record.Cluster{arn, arn, arn, arn, arn, arn}, sink.all); diff != "" {
		t.Error(diff)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
