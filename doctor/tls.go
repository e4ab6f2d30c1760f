package doctor

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"time"
)

// LookAtTLS tells when the certificate expires that a https:// address shows, whoever signed it. Of any other address it tells nothing.
func LookAtTLS(ctx context.Context, of, address string) ([]Cert, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" {
		return nil, nil
	}
	host := u.Host
	if u.Port() == "" {
		host = net.JoinHostPort(u.Hostname(), "443")
	}
	dialer := tls.Dialer{NetDialer: &net.Dialer{Timeout: 10 * time.Second},
		Config: &tls.Config{ServerName: u.Hostname(), InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}} //nolint:gosec // nothing is sent; only the dates are read
	conn, err := dialer.DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", host, err)
	}
	defer func() { _ = conn.Close() }()
	return certs(of, conn.(*tls.Conn).ConnectionState().PeerCertificates), nil
}
