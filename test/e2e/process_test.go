// Package e2e holds the end-to-end tests: the built program beside a real control plane, with faults tried for real. They run with
// KUBEWAKE_E2E=1 (make e2e) and skip without.
package e2e

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// program builds kubewake once for all tests, or takes the one that KUBEWAKE_BIN names.
var program = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("KUBEWAKE_BIN"); path != "" {
		return filepath.Abs(path)
	}
	dir, err := os.MkdirTemp("", "kubewake-e2e-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "kubewake")
	build := exec.Command("go", "build", "-o", path, "../../cmd/kubewake")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build kubewake: %w\n%s", err, out)
	}
	return path, nil
})

// process is one run of the program.
type process struct {
	tb   testing.TB
	args []string
	cmd  *exec.Cmd
	done chan error
	log  *logFile
}

// logFile keeps what a process says, for failures.
type logFile struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logFile) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *logFile) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// start runs the program with args; it is killed when the test ends, and its log shown if that failed.
func start(tb testing.TB, args ...string) *process {
	tb.Helper()
	path, err := program()
	if err != nil {
		tb.Fatal(err)
	}
	p := &process{tb: tb, args: args, cmd: exec.Command(path, args...), done: make(chan error, 1), log: &logFile{}}
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	p.cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+tb.TempDir(), "KUBEWAKE_DATA=", "KUBEWAKE_SERVER=")
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	go func() { p.done <- p.cmd.Wait() }()
	tb.Cleanup(func() {
		p.kill()
		if tb.Failed() {
			tb.Logf("kubewake %s\n%s", strings.Join(args, " "), tail(p.log.String(), 60))
		}
	})
	return p
}

func tail(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// kill is kill -9. It waits until the process is gone.
func (p *process) kill() {
	if p.cmd.Process != nil {
		_ = p.cmd.Process.Kill() // it may have ended
		_ = p.wait()
	}
}

func (p *process) wait() error {
	err := <-p.done
	p.done <- err
	return err
}

// terminate asks for an orderly stop, which must come within bound and without an error.
func (p *process) terminate(bound time.Duration) {
	p.tb.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.tb.Fatal(err)
	}
	select {
	case err := <-p.done:
		p.done <- err
		if err != nil {
			p.tb.Errorf("an orderly stop ended with %v", err)
		}
	case <-time.After(bound):
		p.tb.Fatalf("no stop within %v", bound)
	}
}

// server is kubewake serve with everything it needs. Its addresses and files stay the same over restarts.
type server struct {
	*process
	tb      testing.TB
	dir     string // of the store
	listen  string // HOST:PORT of the API
	receive string // HOST:PORT of the receiver
	pki     pki
	args    []string
}

// newServer prepares a server, which is not running yet. args are added to those for data, listeners and tokens.
func newServer(tb testing.TB, args ...string) *server {
	tb.Helper()
	s := &server{tb: tb, dir: filepath.Join(tb.TempDir(), "data"), listen: freeAddress(tb), receive: freeAddress(tb), pki: newPKI(tb)}
	s.args = append([]string{"serve", "--data", s.dir, "--listen", s.listen, "--receive", s.receive, "--receive-cert", s.pki.cert, "--receive-key", s.pki.key,
		"--receive-tokens", s.pki.tokens}, args...)
	return s
}

// start runs the server and waits until it is ready; it may be started again after it ended.
func (s *server) start() {
	s.tb.Helper()
	s.process = start(s.tb, s.args...)
	within(s.tb, 60*time.Second, "the server is ready", func() bool { return s.get("/readyz") == http.StatusOK })
}

func (s *server) url() string { return "http://" + s.listen }

// get gives the status of a page, or 0 if nobody answers.
func (s *server) get(path string) int {
	client := http.Client{Timeout: 5 * time.Second}
	r, err := client.Get(s.url() + path)
	if err != nil {
		return 0
	}
	_ = r.Body.Close()
	return r.StatusCode
}

// ask runs one command against the server and gives what it prints.
func (s *server) ask(args ...string) (string, error) {
	path, err := program()
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, append(args, "--server", s.url(), "--utc")...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("kubewake %s: %w: %s", strings.Join(args, " "), err, errs.String())
	}
	return out.String(), nil
}

// within waits for what has to become true.
func within(tb testing.TB, bound time.Duration, what string, is func() bool) {
	tb.Helper()
	for deadline := time.Now().Add(bound); ; time.Sleep(50 * time.Millisecond) {
		if is() {
			return
		}
		if time.Now().After(deadline) {
			tb.Fatalf("not within %v: %s", bound, what)
		}
	}
}

var givenAddresses sync.Map // by freeAddress

// freeAddress is one on loopback where nobody listens, for a program that is started there, more than once maybe. It lies below the range from
// which the kernel gives ports to connections and to listeners that do not care, and is given to one test only.
func freeAddress(tb testing.TB) string {
	tb.Helper()
	const lowest, highest = 20000, 32000
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", lowest+mathrand.IntN(highest-lowest))
		if _, given := givenAddresses.LoadOrStore(address, true); given {
			continue
		}
		if l, err := net.Listen("tcp", address); err == nil {
			if err := l.Close(); err != nil {
				tb.Fatal(err)
			}
			return address
		}
	}
	tb.Fatal("no free port found on 127.0.0.1")
	return ""
}

// pki is a certificate for 127.0.0.1 that is its own authority, and a token that may speak for every cluster.
type pki struct{ cert, key, token, tokens string }

func newPKI(tb testing.TB) pki {
	tb.Helper()
	dir := tb.TempDir()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "kubewake"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		tb.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		tb.Fatal(err)
	}
	p := pki{cert: filepath.Join(dir, "cert.pem"), key: filepath.Join(dir, "key.pem"), token: filepath.Join(dir, "token"), tokens: filepath.Join(dir, "tokens")}
	secret := rand.Text()
	for path, text := range map[string][]byte{
		p.cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), p.key: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}),
		p.token: []byte(secret + "\n"), p.tokens: []byte(secret + " *\n"),
	} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	return p
}

// secret is the token itself.
func (p pki) secret(tb testing.TB) string {
	tb.Helper()
	b, err := os.ReadFile(p.token)
	if err != nil {
		tb.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}
