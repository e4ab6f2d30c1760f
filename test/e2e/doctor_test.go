package e2e

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubewake/kubewake/auditpolicy"
	"github.com/kubewake/kubewake/doctor"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/test/testcluster"
)

// diagnose runs kubewake doctor and gives its report and exit status. How full this machine's disk is says nothing of kubewake.
func diagnose(t *testing.T, args ...string) (report doctor.Report, status int) {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	cmd := exec.Command(path, append([]string{"doctor", "-o", "json", "--ignore", "disk"}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+t.TempDir(), "KUBEWAKE_DATA=", "KUBEWAKE_SERVER=")
	_ = cmd.Run() // the status tells
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatalf("doctor %s: %v\n%s%s", strings.Join(args, " "), err, out.String(), errs.String())
	}
	return report, cmd.ProcessState.ExitCode()
}

func finding(r doctor.Report, check string) *doctor.Finding {
	i := slices.IndexFunc(r.Findings, func(f doctor.Finding) bool { return f.Check == check })
	if i < 0 {
		return nil
	}
	return &r.Findings[i]
}

func pasted(t *testing.T, f *doctor.Finding, into string) string {
	t.Helper()
	i := slices.IndexFunc(f.Paste, func(p doctor.Paste) bool { return strings.Contains(p.Into, into) })
	if i < 0 {
		t.Fatalf("nothing to paste into %s: %+v", into, f)
	}
	return f.Paste[i].Text
}

// A cluster whose audit batches nobody takes, and users who may read nothing.
func TestDoctorOfACluster(t *testing.T) {
	c := testcluster.Start(t, testcluster.Config{Nodes: -1, NoControllers: true, NoScheduler: true, AuditLevel: testcluster.Metadata,
		Webhook: &testcluster.Webhook{URL: "https://127.0.0.1:1/audit/c", BatchMaxSize: 1, Backoff: 10 * time.Millisecond}})

	t.Run("dropped batches", func(t *testing.T) {
		c.Kubectl("create", "configmap", "a")
		deadline := time.Now().Add(30 * time.Second)
		for {
			r, status := diagnose(t, "--kubeconfig", c.Kubeconfig())
			if f := finding(r, "dropped"); f != nil {
				if status != 4 || !strings.Contains(strings.Join(f.Evidence, ""), `apiserver_audit_error_total{plugin="webhook"`) && !strings.Contains(strings.Join(f.Evidence, ""), "webhook") {
					t.Errorf("status %d, %+v", status, f)
				}
				if level := finding(r, "level"); level == nil || level.Severity != doctor.Hint {
					t.Errorf("a policy of heads only: %+v", r.Findings)
				}
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("no dropped batch is found: %+v", r)
			}
			time.Sleep(500 * time.Millisecond)
		}
	})
	t.Run("rights", func(t *testing.T) {
		user := c.User("reader", nil, time.Hour)
		r, status := diagnose(t, "--kubeconfig", user.Kubeconfig())
		f := finding(r, "rbac")
		if f == nil || status != 4 || f.Severity != doctor.Failure {
			t.Fatalf("status %d: %+v", status, r)
		}
		r, _ = diagnose(t, "--kubeconfig", c.Kubeconfig(), "--as", "reader")
		if f = finding(r, "rbac"); f == nil {
			t.Fatalf("of another user: %+v", r)
		}
		file := filepath.Join(t.TempDir(), "role.yaml")
		if err := os.WriteFile(file, []byte(pasted(t, f, "kubectl apply")), 0o600); err != nil {
			t.Fatal(err)
		}
		c.Kubectl("apply", "-f", file)
		deadline := time.Now().Add(20 * time.Second) // RBAC is read by the apiserver's own watch
		for {
			r, _ = diagnose(t, "--kubeconfig", user.Kubeconfig())
			if finding(r, "rbac") == nil && strings.Contains(strings.Join(r.Fine, "\n"), "may list and watch everything") && !strings.Contains(strings.Join(r.Skipped, "\n"), "metrics") {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("what was pasted does not help: %+v", r)
			}
			time.Sleep(300 * time.Millisecond)
		}
	})
	t.Run("right to elect", func(t *testing.T) {
		r, _ := diagnose(t, "--kubeconfig", c.Kubeconfig(), "--as", "reader")
		f := finding(r, "election")
		if f == nil || f.Severity != doctor.Hint {
			t.Fatalf("%+v", r)
		}
		file := filepath.Join(t.TempDir(), "role.yaml")
		if err := os.WriteFile(file, []byte(pasted(t, f, "kubectl apply")), 0o600); err != nil {
			t.Fatal(err)
		}
		c.Kubectl("create", "namespace", "kubewake")
		c.Kubectl("apply", "-f", file)
		for deadline := time.Now().Add(20 * time.Second); finding(r, "election") != nil; time.Sleep(300 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("what was pasted does not help: %+v", r)
			}
			r, _ = diagnose(t, "--kubeconfig", c.Kubeconfig(), "--as", "reader")
		}
	})
	t.Run("expired credentials", func(t *testing.T) {
		r, status := diagnose(t, "--kubeconfig", c.User("late", nil, -time.Hour).Kubeconfig())
		if f := finding(r, "cluster"); f == nil || status != 4 {
			t.Errorf("status %d: %+v", status, r)
		}
	})
	t.Run("credentials that expire soon", func(t *testing.T) {
		r, _ := diagnose(t, "--kubeconfig", c.User("soon", []string{"system:masters"}, 24*time.Hour).Kubeconfig())
		if f := finding(r, "certificate"); f == nil || f.Severity != doctor.Failure {
			t.Errorf("%+v", r)
		}
	})
}

// An apiserver takes the recommended policies, and decides as Policy.Match does.
func TestApiserverTakesRecommendedPolicies(t *testing.T) {
	for _, profile := range []auditpolicy.Profile{auditpolicy.Balanced, auditpolicy.Full} {
		t.Run(string(profile), func(t *testing.T) {
			p := auditpolicy.Recommend(auditpolicy.Options{Profile: profile})
			c := testcluster.Start(t, testcluster.Config{Nodes: 1, AuditPolicy: p.String()})
			c.Kubectl("create", "secret", "generic", "s", "--from-literal=a=verysecretvalue")
			c.Kubectl("get", "secret", "s")
			c.Kubectl("create", "deployment", "web", "--image=registry.test/web:v1", "--replicas=2")
			c.Kubectl("scale", "deployment", "web", "--replicas=1")
			c.Kubectl("create", "token", "default")
			c.Kubectl("delete", "deployment", "web")
			log, err := os.ReadFile(c.AuditLog())
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(log, []byte("dmVyeXNlY3JldHZhbHVl")) || bytes.Contains(log, []byte(`"token":"`)) {
				t.Error("the audit log holds a secret")
			}
			events := 0
			for line := range bytes.Lines(log) {
				e, err := auditpolicy.ReadEvent(bytes.TrimSpace(line))
				if err != nil {
					continue // the last line, as it is written
				}
				events++
				if d := p.Match(&e.Attributes); d.Level != e.Level || d.Omits(e.Stage) || e.Level == record.LevelNone {
					t.Errorf("%s %s/%s %s by %s: recorded at %s %s, said %s", e.Verb, e.Resource, e.Subresource, e.Path, e.User, e.Level, e.Stage, d.Level)
				}
			}
			if events < 50 {
				t.Errorf("only %d events", events)
			}
		})
	}
}

// A whole installation: nothing is wrong with it, until something is.
func TestDoctorOfAnInstallation(t *testing.T) {
	s := newServer(t)
	c := testcluster.Start(t, testcluster.Config{Nodes: 1, AuditPolicy: auditpolicy.Recommend(auditpolicy.Options{}).String(), Webhook: &testcluster.Webhook{
		URL: "https://" + s.receive + "/audit/prod", CAFile: s.pki.cert, Token: s.pki.secret(t), BatchMaxWait: 100 * time.Millisecond, Backoff: 50 * time.Millisecond}})
	s.args = append(s.args, "--kubeconfig", c.Kubeconfig(), "--cluster", "prod")
	s.start()
	look := func() (doctor.Report, int) { return diagnose(t, "--server", s.url(), "--kubeconfig", c.Kubeconfig()) }

	var r doctor.Report
	within(t, 60*time.Second, "audit events and watches are seen to come in", func() bool {
		c.Kubectl("create", "configmap", "a"+strings.ToLower(rand.Text()[:8]))
		r, _ = look()
		said := strings.Join(r.Fine, "\n")
		return strings.Contains(said, "Audit events of cluster prod arrive") && strings.Contains(said, "resources are watched") && strings.Contains(said, "is among those recorded")
	})
	for _, f := range r.Findings {
		// The apiserver began before the server did, and its admin's certificate is made for a test.
		if f.Check != "dropped" && f.Check != "certificate" && f.Severity != doctor.Hint {
			t.Errorf("%s: %s %v", f.Check, f.Sentence, f.Evidence)
		}
	}

	t.Run("somebody with another token", func(t *testing.T) {
		before := s.pki.secret(t)
		if err := os.WriteFile(s.pki.tokens, []byte("another-token-of-some-length *\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := os.WriteFile(s.pki.tokens, []byte(before+" *\n"), 0o600); err != nil {
				t.Error(err)
			}
		}()
		within(t, 60*time.Second, "the refused batches are found", func() bool {
			c.Kubectl("create", "configmap", "b"+strings.ToLower(rand.Text()[:8]))
			r, _ := look()
			f := finding(r, "webhook")
			return f != nil && strings.Contains(strings.Join(f.Evidence, ""), "unauthorized")
		})
	})
	t.Run("stopped", func(t *testing.T) {
		s.terminate(40 * time.Second)
		r, status := look()
		if f := finding(r, "instance"); f == nil || f.Severity != doctor.Failure || status != 4 {
			t.Errorf("status %d, %+v", status, r)
		}
		if r, _ := diagnose(t, "--data", s.dir, "--no-cluster"); finding(r, "instance") != nil || !strings.Contains(strings.Join(r.Skipped, "\n"), "served by no process") {
			t.Errorf("the directory alone: %+v", r)
		}
	})
}
