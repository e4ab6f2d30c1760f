package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kubewake/kubewake/test/testcluster"
)

// smallDisk mounts a file system of a size; the test is skipped where that is not allowed.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("mounting is not allowed here (%v); the tests of store/pebble try a full disk on a file system of their own", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Errorf("unmount %s: %v", dir, err)
		}
	})
	return dir
}

// fill takes all room that is left, and gives the file that has it.
func fill(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "somebody-elses")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 1<<20)
	for len(block) > 0 {
		switch _, err := f.Write(block); {
		case errors.Is(err, syscall.ENOSPC):
			block = block[:len(block)/2]
		case err != nil:
			t.Fatal(err)
		}
	}
	return path
}

// TestFullDiskRecovers fills the disk of the store under load. Writes are refused and say why, reads go on; when there is room again it
// goes on by itself, and nothing is missing.
func TestFullDiskRecovers(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	disk := smallDisk(t, "160m")
	data := filepath.Join(disk, "data")
	s.args[slices.Index(s.args, s.dir)], s.dir = data, data
	hook := s.hook("https://" + s.receive)
	hook.Backoff = 5 * time.Second // five times within 40 s, as 80 s is by default
	c := s.record(t, testcluster.Config{AuditLevel: testcluster.Metadata, Webhook: hook})
	c.Kubectl("create", "configmap", "early")
	within(t, 10*time.Second, "it is recorded", func() bool { _, err := s.ask("history", "cm/early", "-n", "default"); return err == nil })

	work := drive(t, c, 6, 20*time.Second)
	time.Sleep(5 * time.Second)
	theirs := fill(t, disk)
	within(t, 10*time.Second, "it is not ready", func() bool { return s.get("/readyz") == http.StatusServiceUnavailable })
	if _, text := s.page("/readyz"); !strings.Contains(text, "disk") {
		t.Errorf("/readyz does not say that the disk is full: %s", text)
	}
	if code := s.get("/healthz"); code != http.StatusOK {
		t.Errorf("/healthz: %d: the process is well", code)
	}
	if code, after := s.deliver(t, `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[`+
		`{"level":"Metadata","auditID":"refused-0","stage":"ResponseComplete","requestURI":"/api","verb":"get","user":{"username":"x"},"requestReceivedTimestamp":"2026-01-01T00:00:00.000000Z","stageTimestamp":"2026-01-01T00:00:00.000000Z"}]}`); code != http.StatusServiceUnavailable || after == "" {
		t.Errorf("the webhook answers %d, Retry-After %q, want 503 and a time", code, after)
	}
	if out, err := s.ask("history", "cm/early", "-n", "default"); err != nil || !strings.Contains(out, "create") {
		t.Errorf("reads do not go on: %v\n%s", err, out)
	}
	time.Sleep(6 * time.Second)
	if err := os.Remove(theirs); err != nil {
		t.Fatal(err)
	}
	freed := time.Now()
	within(t, 30*time.Second, "it is ready again", func() bool { return s.get("/readyz") == http.StatusOK })
	t.Logf("ready %v after there was room again", time.Since(freed).Round(100*time.Millisecond))
	work.wait()
	time.Sleep(10 * time.Second) // of the longest wait between two attempts to send a batch
	stored, missing := stopAndFind(t, s, c)
	missing.none(t)
	if len(stored.gaps) > 0 {
		t.Errorf("%d gaps, though nothing was lost", len(stored.gaps))
	}
	for stage := range stored.stages {
		if strings.HasPrefix(stage, "refused-0") {
			t.Error("what was answered 503 is stored")
		}
	}
}

// deliver sends a batch as an apiserver would.
func (s *server) deliver(t *testing.T, batch string) (code int, retryAfter string) {
	t.Helper()
	pem, err := os.ReadFile(s.pki.cert)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	client := http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	req, err := http.NewRequest(http.MethodPost, "https://"+s.receive+"/audit/"+string(cluster), strings.NewReader(batch))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+s.pki.secret(t))
	answer, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode, answer.Header.Get("Retry-After")
}
