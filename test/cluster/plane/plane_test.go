// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

func TestAuthority(t *testing.T) {
	a, err := newAuthority()
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(a.cert)
	for _, tc := range []struct {
		name  string
		ttl   time.Duration
		usage x509.ExtKeyUsage
		ok    bool
	}{
		{"client", time.Hour, x509.ExtKeyUsageClientAuth, true},
		{"expired", -time.Minute, x509.ExtKeyUsageClientAuth, false},
	} {
		certPEM, _, err := a.issue("eve", []string{"devs"}, tc.usage, tc.ttl)
		if err != nil {
			t.Fatal(err)
		}
		block, _ := pem.Decode(certPEM)
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		if cert.Subject.CommonName != "eve" || !slices.Equal(cert.Subject.Organization, []string{"devs"}) {
			t.Errorf("%s: subject %v", tc.name, cert.Subject)
		}
		_, err = cert.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{tc.usage}})
		if (err == nil) != tc.ok {
			t.Errorf("%s: verified with %v", tc.name, err)
		}
	}
	token, err := a.token("ns", "robot", "uid-1", -time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	body, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims struct {
		Sub      string
		Exp, Nbf int64
	}
	if err := json.Unmarshal(body, &claims); err != nil {
		t.Fatal(err)
	}
	if claims.Sub != "system:serviceaccount:ns:robot" || claims.Exp > time.Now().Unix() || claims.Nbf > claims.Exp {
		t.Errorf("claims %+v", claims)
	}
}

func TestConfig(t *testing.T) {
	for _, tc := range []struct {
		name string
		c    Config
		want string // in the error
	}{
		{"zero", Config{}, ""},
		{"too many", Config{APIServers: 10}, "apiservers"},
		{"level", Config{Audit: Audit{Level: "Everything"}}, "Metadata"},
		{"no URL", Config{Audit: Audit{Webhook: &Webhook{}}}, "URL"},
		{"half a certificate", Config{Audit: Audit{Webhook: &Webhook{URL: "https://x", CertFile: "c"}}}, "key"},
	} {
		_, err := tc.c.withDefaults()
		if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want %q", tc.name, err, tc.want)
		}
	}
}

func TestArguments(t *testing.T) {
	c, err := New(Config{
		Dir: t.TempDir(), APIServers: 2, EtcdCompaction: -1, APIServerArgs: []string{"--v=4"},
		Audit: Audit{Level: LevelMetadata, Webhook: &Webhook{URL: "https://127.0.0.1:1/audit", BatchMaxSize: 7, Mode: "batch"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	args := c.apiServerArgs(1)
	for _, want := range []string{
		"--etcd-compaction-interval=0s", "--audit-log-path=" + filepath.Join(c.config.Dir, "audit-1.jsonl"),
		"--audit-webhook-batch-max-size=7", "--audit-webhook-mode=batch", "--v=4",
	} {
		if !slices.Contains(args, want) {
			t.Errorf("no %s in %q", want, args)
		}
	}
	policy, err := os.ReadFile(c.files.policy())
	if err != nil || !strings.Contains(string(policy), "- level: Metadata\n") {
		t.Errorf("policy %s, %v", policy, err)
	}
	webhook, err := os.ReadFile(c.files.webhook())
	if err != nil || !strings.Contains(string(webhook), "insecure-skip-tls-verify: true") {
		t.Errorf("a webhook without an authority: %s, %v", webhook, err)
	}
	again, err := c.MintUser("admin", nil, time.Hour)
	if err != nil || again.Kubeconfigs[0] == c.State().Kubeconfig || len(again.Kubeconfigs) != 2 {
		t.Errorf("a second admin's kubeconfigs %v, %v: want two new ones", again.Kubeconfigs, err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func TestChange(t *testing.T) {
	pod := &corev1.Pod{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}, ObjectMeta: metav1.ObjectMeta{Name: "a", Namespace: "n", UID: "u"}}
	raw, err := pod.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	unknown := runtime.Unknown{TypeMeta: runtime.TypeMeta{APIVersion: "v1", Kind: "Pod"}, Raw: raw}
	packed, err := unknown.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	proto := append([]byte("k8s\x00"), packed...)
	plain, err := json.Marshal(pod)
	if err != nil {
		t.Fatal(err)
	}
	want := Change{Revision: 7, Key: "/k", APIVersion: "v1", Kind: "Pod", Namespace: "n", Name: "a", UID: "u"}
	kv := func(value []byte, created int64) *mvccpb.KeyValue {
		return &mvccpb.KeyValue{Key: []byte("/k"), Value: value, ModRevision: 7, CreateRevision: created}
	}
	for _, tc := range []struct {
		kind  string
		event *clientv3.Event
	}{
		{"create", &clientv3.Event{Kv: kv(proto, 7)}},
		{"update", &clientv3.Event{Kv: kv(plain, 3)}},
		{"delete", &clientv3.Event{Type: clientv3.EventTypeDelete, Kv: kv(nil, 0), PrevKv: kv(proto, 3)}},
	} {
		want.Type = tc.kind
		if got := changeOf(tc.event); got != want {
			t.Errorf("%s: %+v, want %+v", tc.kind, got, want)
		}
	}
}

func FuzzChange(f *testing.F) {
	f.Add([]byte("k8s\x00\x0a\x04"))
	f.Add([]byte(`{"metadata":{"uid":"u"}}`))
	f.Fuzz(func(t *testing.T, value []byte) {
		c := Change{Key: "/k"}
		c.describe(value)
		if c.Key != "/k" {
			t.Error("a value has changed the key")
		}
	})
}

func TestProcess(t *testing.T) {
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Skip(err)
	}
	s := newSpawner()
	dir := t.TempDir()
	p := &process{name: "sleeper", program: sleep, args: []string{"60"}, dir: dir, log: filepath.Join(dir, "log")}
	if err := p.signal(syscall.SIGSTOP); err == nil {
		t.Error("what never started can be paused")
	}
	if err := p.start(s); err != nil {
		t.Fatal(err)
	}
	if err := p.start(s); err == nil {
		t.Error("it started twice")
	}
	if err := errors.Join(p.signal(syscall.SIGSTOP), p.end(syscall.SIGTERM, time.Minute)); err != nil {
		t.Errorf("a paused process does not end: %v", err)
	}
	if p.pid() != 0 || p.failed() != nil {
		t.Errorf("ended on purpose: pid %d, %v", p.pid(), p.failed())
	}
	p.args = []string{"nonsense"}
	if err := p.start(s); err != nil {
		t.Fatal(err)
	}
	<-p.done
	if err := p.failed(); err == nil || !strings.Contains(err.Error(), "nonsense") {
		t.Errorf("it failed with %v, want what its log says", err)
	}
}
