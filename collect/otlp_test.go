package collect

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/source/otlp"
)

func TestOTLPSettings(t *testing.T) {
	secured := OTLP{GRPC: "0.0.0.0:4317", Tokens: "tokens"}
	secured.TLS.Cert, secured.TLS.Key = "cert", "key"
	for name, c := range map[string]struct {
		o    OTLP
		want string
	}{
		"none":              {OTLP{}, ""},
		"loopback":          {OTLP{GRPC: "127.0.0.1:4317", HTTP: "localhost:4318", Insecure: true}, ""},
		"open to all":       {OTLP{HTTP: "0.0.0.0:4318", Insecure: true}, "other machines"},
		"without TLS":       {OTLP{GRPC: "127.0.0.1:4317", Tokens: "t"}, "cert and key"},
		"no port":           {OTLP{GRPC: "localhost", Insecure: true}, "otlp.grpc"},
		"secured":           {secured, ""},
		"nobody known":      {OTLP{GRPC: "0.0.0.0:4317", TLS: secured.TLS}, "tokens or tls.clientCA"},
		"what to keep":      {OTLP{Settings: otlp.Settings{Keep: "x"}}, "otlp.keep"},
		"of no cluster":     {OTLP{GRPC: "127.0.0.1:1", Insecure: true, Settings: otlp.Settings{Cluster: "a\n"}}, "otlp.cluster"},
		"half a rule":       {OTLP{Settings: otlp.Settings{Objects: []otlp.Object{{Name: "x"}}}}, "otlp.objects[0]"},
		"tokens for nobody": {OTLP{GRPC: "127.0.0.1:4317", Insecure: true, Tokens: "t"}, "hold for nobody"},
		"insecure at any":   {OTLP{GRPC: ":4317", Insecure: true}, "other machines"},
	} {
		err := Config{OTLP: c.o}.Check()
		if (err == nil) != (c.want == "") || (err != nil && !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// The listeners answer while the collector runs, and are free again when it ended or never ran.
func TestOTLPListeners(t *testing.T) {
	c := Config{OTLP: OTLP{GRPC: "127.0.0.1:0", HTTP: "127.0.0.1:0", Insecure: true, Settings: otlp.Settings{Cluster: "c"}}}
	p := Process{Sink: nothing{}, Redactor: redact.Off()}
	idle, err := New(c, p)
	if err != nil {
		t.Fatal(err)
	}
	if err := idle.Close(); err != nil {
		t.Error(err)
	}
	k, err := New(c, p)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	done := make(chan error, 1)
	go func() { done <- k.Run(ctx) }()
	grpc, over := k.SpanAddrs()
	if grpc == "" || over == "" {
		t.Errorf("listening at %q and %q", grpc, over)
	}
	answer, err := http.Post("http://"+over+"/v1/logs", "application/json", bytes.NewReader([]byte("{}")))
	if err != nil {
		t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("%s, %v", answer.Status, err)
	}
	changed := c
	changed.OTLP.Keep = "all"
	if restart, err := k.Reload(changed); err != nil || len(restart) != 1 || restart[0] != "otlp" {
		t.Errorf("reload: %v, %v", restart, err)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
