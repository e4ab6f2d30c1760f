package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestBinary runs the custom binary beside an audit log that comes over the webhook, and looks at each of the three things that it adds.
func TestBinary(t *testing.T) {
	dir := t.TempDir()
	config, list := filepath.Join(dir, "serve.yaml"), filepath.Join(dir, "deploys.jsonl")
	write(t, config, fmt.Sprintf("data: %s\napi: {listen: %q}\nreceive: {listen: %q, insecure: true}\n", filepath.Join(dir, "data"), free(t), free(t)))
	at := time.Now().UTC().Add(-time.Minute).Truncate(time.Second)
	write(t, list, fmt.Sprintf(`{"run":"42","at":%q,"cluster":"prod","namespace":"shop","app":"web","commit":"abc","log":"pushed with password=hunter2hunter2"}`+"\nnot JSON\n", at.Format(time.RFC3339)))

	ctx, stop := context.WithCancel(context.Background())
	type address struct{ url, received string }
	ready, ended := make(chan address, 1), make(chan error, 1)
	go func() {
		ended <- run(ctx, []string{"-config", config, "-deploys", list}, func(url, received string) { ready <- address{url, received} })
	}()
	var a address
	select {
	case a = <-ready:
	case err := <-ended:
		t.Fatal(err)
	case <-time.After(time.Minute):
		t.Fatal("not ready within a minute")
	}
	deployment := fmt.Sprintf(`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop","uid":"u-1","resourceVersion":"10","creationTimestamp":%q},"spec":{"replicas":1}}`, at.Format(time.RFC3339))
	configMap := fmt.Sprintf(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"colours","namespace":"shop","uid":"u-2","resourceVersion":"11","creationTimestamp":%q,"annotations":{"example.com/part-of":"web"}}}`, at.Format(time.RFC3339))
	post(t, "http://"+a.received+"/audit/prod", `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[`+
		created("a-1", at, "/apis/apps/v1/namespaces/shop/deployments", "apps", "deployments", "web", deployment)+","+
		created("a-2", at, "/api/v1/namespaces/shop/configmaps", "", "configmaps", "colours", configMap)+"]}")

	within(t, "the deployment of run 42 stands in the history", func() error {
		text := get(t, a.url+"/api/v1/history?kind=deploy&namespace=shop&name=web")
		if !strings.Contains(text, `"key":"42"`) || !strings.Contains(text, `"commit":"abc"`) {
			return fmt.Errorf("%s", text)
		}
		if strings.Contains(text, "hunter2") {
			t.Fatalf("a secret is stored: %s", text)
		}
		return nil
	})
	within(t, "the rule links the ConfigMap to the Deployment", func() error {
		text := get(t, a.url+"/api/v1/links?kind=configmaps&namespace=shop&name=colours")
		if !strings.Contains(text, `"rule":"part-of"`) || !strings.Contains(text, `"uid":"u-1"`) {
			return fmt.Errorf("%s", text)
		}
		return nil
	})
	within(t, "the display mode shows a trace", func() error {
		var services struct{ Data []string }
		text := get(t, a.url+"/api/services")
		if err := json.Unmarshal([]byte(text), &services); err != nil || !strings.Contains(text, "trouble") {
			return fmt.Errorf("%v in %s", err, text)
		}
		text = get(t, a.url+"/api/v1/trace?kind=deploy&namespace=shop&name=web&mode=trouble")
		if !strings.Contains(text, `"name":"deploy"`) || strings.Contains(text, `"name":"create"`) { // what it keeps, and what it leaves out
			return fmt.Errorf("%s", text)
		}
		return nil
	})
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// created is an audit event of a create that was answered with an object.
func created(id string, at time.Time, uri, group, resource, name, object string) string {
	return fmt.Sprintf(`{"level":"RequestResponse","auditID":%q,"stage":"ResponseComplete","requestURI":%q,"verb":"create","user":{"username":"jane"},"sourceIPs":["127.0.0.1"],"userAgent":"kubectl/v1",`+
		`"objectRef":{"resource":%q,"namespace":"shop","name":%q,"apiGroup":%q,"apiVersion":"v1"},"responseStatus":{"code":201},"responseObject":%s,"requestReceivedTimestamp":%q,"stageTimestamp":%q}`,
		id, uri, resource, name, group, object, at.Format(time.RFC3339Nano), at.Add(time.Millisecond).Format(time.RFC3339Nano))
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func post(t *testing.T, url, body string) {
	t.Helper()
	answer, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if text, _ := io.ReadAll(answer.Body); answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s", url, answer.Status, text)
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func within(t *testing.T, what string, is func() error) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if err = is(); err == nil {
			return
		}
	}
	t.Fatalf("not within a minute: %s: %v", what, err)
}
