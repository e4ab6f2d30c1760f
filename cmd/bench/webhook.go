package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/time/rate"

	"github.com/kubewake/kubewake/internal/corpus"
)

// batchEvents is the apiserver's own default.
const batchEvents = 400

// hook is a server that takes in batches, and what it cost.
type hook struct {
	cmd    *exec.Cmd
	url    string
	client *http.Client
	ready  string
}

// benchWebhook posts the corpus to kubewake serve as apiservers do: first as fast as it acknowledges, then at half that rate.
func benchWebhook(ctx context.Context, out io.Writer, c config, dir string, template *corpus.Template, copies int) error {
	h, err := startHook(ctx, c.binary, dir)
	if err != nil {
		return err
	}
	defer h.kill()
	fmt.Fprintf(out, "| webhook over TLS, batches of %d events, synced | events | MB | events/s wall | events/s per core | MB per CPU second | p50 | p99 |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n", batchEvents)
	half := max(1, copies/2)
	full, err := h.post(ctx, template, 0, half, rate.Inf)
	if err != nil {
		return err
	}
	full.print(out, "as fast as it acknowledges")
	perSecond := float64(full.events) / full.wall.Seconds()
	paced, err := h.post(ctx, template, half, max(1, copies-half), rate.Limit(perSecond/2))
	if err != nil {
		return err
	}
	paced.print(out, fmt.Sprintf("at %.0f events/s", perSecond/2))
	peak, err := h.stop()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\npeak memory of the server: %.0f MiB\n", float64(peak)/1024)
	return nil
}

func startHook(ctx context.Context, binary, dir string) (*hook, error) {
	pool, cert, key, err := certificate(dir)
	if err != nil {
		return nil, err
	}
	tokens := filepath.Join(dir, "tokens")
	if err := os.WriteFile(tokens, []byte("bench-token-of-32-characters-long *\n"), 0o600); err != nil {
		return nil, err
	}
	receive, err := freePort()
	if err != nil {
		return nil, err
	}
	listen, err := freePort()
	if err != nil {
		return nil, err
	}
	h := &hook{url: "https://" + receive + "/audit/bench", ready: "http://" + listen + "/readyz"}
	h.client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, MaxIdleConnsPerHost: 16}}
	h.cmd = exec.CommandContext(ctx, binary, "serve", "--data", filepath.Join(dir, "store"), "--listen", listen, "--receive", receive,
		"--receive-cert", cert, "--receive-key", key, "--receive-tokens", tokens)
	h.cmd.Stdout, h.cmd.Stderr = io.Discard, os.Stderr
	if err := h.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s (run make build first): %w", binary, err)
	}
	for range 300 {
		if r, err := http.Get(h.ready); err == nil {
			_ = r.Body.Close()
			return h, nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	h.kill()
	return nil, errors.New("the server does not get ready")
}

func (h *hook) kill() {
	_ = h.cmd.Process.Kill() // it may have ended
	_, _ = h.cmd.Process.Wait()
}

// stop gives the server's peak memory in KiB.
func (h *hook) stop() (int64, error) {
	if err := h.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return 0, err
	}
	if err := h.cmd.Wait(); err != nil {
		return 0, fmt.Errorf("serve: %w", err)
	}
	if usage, ok := h.cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		return usage.Maxrss, nil
	}
	return 0, nil
}

// posted is what one run of batches cost.
type posted struct {
	events, bytes int64
	wall, cpu     time.Duration
	times         []time.Duration
}

func (p *posted) print(out io.Writer, what string) {
	mb := float64(p.bytes) / 1e6
	fmt.Fprintf(out, "| %s | %d | %.0f | %.0f | %.0f | %.1f | %s | %s |\n", what, p.events, mb, float64(p.events)/p.wall.Seconds(),
		float64(p.events)/p.cpu.Seconds(), mb/p.cpu.Seconds(), quantile(p.times, 0.5), quantile(p.times, 0.99))
}

// senders is how many batches are under way at once: some apiservers, each with some.
const senders = 4

func (h *hook) post(ctx context.Context, template *corpus.Template, first, copies int, limit rate.Limit) (*posted, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	batches := make(chan []byte, 2*senders)
	go func() {
		defer close(batches)
		if err := makeBatches(ctx, template, first, copies, batches); err != nil {
			cancel(err)
		}
	}()
	for len(batches) < cap(batches) && ctx.Err() == nil { // the generator is not measured
		time.Sleep(time.Millisecond)
		if copies < 3 {
			break
		}
	}
	limiter := rate.NewLimiter(limit, batchEvents)
	p := &posted{}
	before, err := cpuOf(h.cmd.Process.Pid)
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	var mu sync.Mutex
	var all sync.WaitGroup
	for range senders {
		all.Go(func() {
			for body := range batches {
				if limiter.WaitN(ctx, batchEvents) != nil {
					return
				}
				sent := time.Now()
				if err := h.send(ctx, body); err != nil {
					cancel(err)
					return
				}
				mu.Lock()
				p.times = append(p.times, time.Since(sent))
				p.bytes += int64(len(body))
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if cause := context.Cause(ctx); cause != nil {
		return nil, cause
	}
	p.wall = time.Since(begin)
	after, err := cpuOf(h.cmd.Process.Pid)
	if err != nil {
		return nil, err
	}
	p.cpu, p.events = after-before, int64(copies)*int64(template.Lines())
	slices.Sort(p.times)
	return p, nil
}

func (h *hook) send(ctx context.Context, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer bench-token-of-32-characters-long")
	request.Header.Set("Content-Type", "application/json")
	answer, err := h.client.Do(request)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<10))
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the server answered %d: %s", answer.StatusCode, text)
	}
	return nil
}

// makeBatches writes the corpus as EventLists.
func makeBatches(ctx context.Context, template *corpus.Template, first, copies int, to chan<- []byte) error {
	r, w := io.Pipe()
	go func() { _ = w.CloseWithError(template.WriteCopies(w, first, copies)) }()
	defer r.Close() // it ends the writer
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 64<<20)
	var body []byte
	n := 0
	flush := func() error {
		if n == 0 {
			return nil
		}
		select {
		case to <- append(body, ']', '}'):
			body, n = nil, 0
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for lines.Scan() {
		if n == 0 {
			body = append(make([]byte, 0, 3<<20), `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[`...)
		} else {
			body = append(body, ',')
		}
		body = append(body, lines.Bytes()...)
		if n++; n == batchEvents {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return errors.Join(lines.Err(), flush())
}

// cpuOf is what a process has used so far, from /proc: Linux only, as this tool is.
func cpuOf(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	var user, system int64
	if _, err := fmt.Sscan(string(fields[11])+" "+string(fields[12]), &user, &system); err != nil {
		return 0, fmt.Errorf("read /proc/%d/stat: %w", pid, err)
	}
	const ticks = 100 // a second; the same on every Linux that Go runs on
	return time.Duration(user+system) * time.Second / ticks, nil
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// certificate makes one for 127.0.0.1 that is its own authority.
func certificate(dir string) (pool *x509.CertPool, cert, key string, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, "", "", err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "bench"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		return nil, "", "", err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, "", "", err
	}
	chain := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(chain)
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	return pool, cert, key, errors.Join(os.WriteFile(cert, chain, 0o600),
		os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), 0o600))
}
