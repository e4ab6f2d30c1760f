package collect

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/source/push"
)

// Custom records come in beside the webhook; where nobody is asked who they are, not from a page of another name.
func TestCustomRecords(t *testing.T) {
	sink := &clusters{}
	k, err := New(Config{Receive: Receive{Listen: "127.0.0.1:0", Insecure: true}}, Process{Sink: sink, Redactor: redact.Off()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- k.Run(ctx) }()
	const body = `{"cluster":"prod","source":"ci","records":[{"key":"1","at":"2026-01-01T00:00:00Z","name":"deploy"}]}`
	for host, want := range map[string]int{"": http.StatusOK, "evil.example": http.StatusUnauthorized} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+k.Addr()+push.Path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Host = host
		answer, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if err := answer.Body.Close(); err != nil || answer.StatusCode != want {
			t.Errorf("called %q: %s, %v", host, answer.Status, err)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if len(sink.all) != 1 || sink.all[0] != "prod" {
		t.Errorf("delivered for %v", sink.all)
	}
}
