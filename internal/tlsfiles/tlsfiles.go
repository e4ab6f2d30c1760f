// SPDX-License-Identifier: Apache-2.0

// Package tlsfiles makes TLS configurations from files that are rotated under the running process: certificates, keys
// and authorities are read again when they changed, for the next connection.
package tlsfiles

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/kubewake/kubewake/internal/fresh"
)

// Server names the files of a listener.
type Server struct {
	Cert string `yaml:"cert" doc:"PEM file of the certificate, then the intermediates."`
	Key  string `yaml:"key" doc:"PEM file of its private key."`
	// ClientCA verifies the certificates that clients show, PEM; empty: none is asked for.
	ClientCA string `yaml:"clientCA" doc:"PEM file of the authorities whose client certificates are believed. Empty: none are asked for."`
	// RequireClient refuses connections without a client certificate; else one that is shown must be good, and tokens may do instead.
	RequireClient bool `yaml:"requireClientCert" doc:"Refuse connections without a client certificate; else a token may do instead."`
}

// Listener is the TLS side of a listener.
type Listener struct {
	files   Server
	pair    *fresh.Value[*tls.Certificate]
	clients *fresh.Value[*x509.CertPool] // nil: no client certificates
}

// Open reads the files.
func (s Server) Open() (*Listener, error) {
	if s.Cert == "" || s.Key == "" {
		return nil, errors.New("TLS: certificate and key files are needed, both")
	}
	if s.RequireClient && s.ClientCA == "" {
		return nil, errors.New("TLS: client certificates are required, but no file of their authorities is given")
	}
	l := &Listener{files: s}
	var err error
	if l.pair, err = loadPair(s.Cert, s.Key); err != nil {
		return nil, err
	}
	if s.ClientCA != "" {
		if l.clients, err = loadPool(s.ClientCA); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// Config for http.Server; HTTP/2 and 1.1.
func (l *Listener) Config() *tls.Config {
	base := &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return l.pair.Now(), nil },
	}
	if l.clients == nil {
		return base
	}
	base.ClientAuth = tls.VerifyClientCertIfGiven
	if l.files.RequireClient {
		base.ClientAuth = tls.RequireAndVerifyClientCert
	}
	outer := base.Clone()
	outer.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		c := base.Clone()
		c.ClientCAs = l.clients.Now()
		return c, nil
	}
	return outer
}

// NotAfter is when the listener's certificate expires.
func (l *Listener) NotAfter() time.Time { return notAfter(l.pair.Now()) }

// Err says why files that changed can not be read; what was read before stays in use.
func (l *Listener) Err() error {
	if l.clients == nil {
		return l.pair.Err()
	}
	return errors.Join(l.pair.Err(), l.clients.Err())
}

// Client names the files of a connection outwards.
type Client struct {
	CA   string `yaml:"ca" doc:"PEM file of the authorities of the server's certificate. Empty: the system's."`
	Cert string `yaml:"cert" doc:"PEM file of a client certificate to show. Empty: none."`
	Key  string `yaml:"key" doc:"PEM file of its private key."`
	// ServerName that the server's certificate must bear; empty: the host of the address.
	ServerName string `yaml:"serverName" doc:"Name that the server's certificate must bear. Empty: the host of the address."`
}

// Dialer makes TLS connections.
type Dialer struct {
	files Client
	roots *fresh.Value[*x509.CertPool]   // nil: the system's
	pair  *fresh.Value[*tls.Certificate] // nil: none
}

// Open reads the files.
func (c Client) Open() (*Dialer, error) {
	if (c.Cert == "") != (c.Key == "") {
		return nil, errors.New("TLS: a client certificate needs its key file, and a key its certificate file")
	}
	d := &Dialer{files: c}
	var err error
	if c.CA != "" {
		if d.roots, err = loadPool(c.CA); err != nil {
			return nil, err
		}
	}
	if c.Cert != "" {
		if d.pair, err = loadPair(c.Cert, c.Key); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// DialContext connects and shakes hands, with the files as they are now; for http.Transport.DialTLSContext (with ForceAttemptHTTP2).
func (d *Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := d.config(address)
	if err != nil {
		return nil, err
	}
	return (&tls.Dialer{NetDialer: &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second}, Config: c}).DialContext(ctx, network, address)
}

func (d *Dialer) config(address string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}, ServerName: d.files.ServerName}
	if c.ServerName == "" {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		c.ServerName = host
	}
	if d.roots != nil {
		c.RootCAs = d.roots.Now()
	}
	if d.pair != nil {
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return d.pair.Now(), nil }
	}
	return c, nil
}

// Config is for connections to a host that somebody else dials, as http.Transport does through a proxy: the same files decide, as they
// are when it shakes hands.
func (d *Dialer) Config(host string) *tls.Config {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: cmp.Or(d.files.ServerName, host)}
	if d.pair != nil {
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return d.pair.Now(), nil }
	}
	if d.roots == nil {
		return c
	}
	name := c.ServerName
	c.InsecureSkipVerify = true // VerifyConnection does it, with authorities that may have changed
	c.VerifyConnection = func(s tls.ConnectionState) error {
		if len(s.PeerCertificates) == 0 {
			return errors.New("TLS: the server shows no certificate")
		}
		between := x509.NewCertPool()
		for _, certificate := range s.PeerCertificates[1:] {
			between.AddCert(certificate)
		}
		_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: d.roots.Now(), Intermediates: between, DNSName: name})
		return err
	}
	return c
}

// NotAfter is when the client certificate expires; zero: there is none.
func (d *Dialer) NotAfter() time.Time {
	if d.pair == nil {
		return time.Time{}
	}
	return notAfter(d.pair.Now())
}

// Err says why files that changed can not be read; what was read before stays in use.
func (d *Dialer) Err() error {
	var errs []error
	if d.roots != nil {
		errs = append(errs, d.roots.Err())
	}
	if d.pair != nil {
		errs = append(errs, d.pair.Err())
	}
	return errors.Join(errs...)
}

func notAfter(c *tls.Certificate) time.Time {
	if c.Leaf == nil {
		return time.Time{}
	}
	return c.Leaf.NotAfter
}

func loadPair(cert, key string) (*fresh.Value[*tls.Certificate], error) {
	return fresh.Load(func() (*tls.Certificate, error) {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return nil, fmt.Errorf("read certificate %s and key %s: %w", cert, key, err)
		}
		return &pair, nil
	}, cert, key)
}

func loadPool(path string) (*fresh.Value[*x509.CertPool], error) {
	return fresh.Load(func() (*x509.CertPool, error) {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read authorities: %w", err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(b) {
			return nil, fmt.Errorf("read authorities %s: no PEM certificate in it", path)
		}
		return pool, nil
	}, path)
}
