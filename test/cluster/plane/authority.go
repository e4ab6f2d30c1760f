// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"time"
)

// authority signs everything that this cluster believes: certificates of servers and users, and service account tokens.
type authority struct {
	cert    *x509.Certificate
	certPEM []byte
	key     *ecdsa.PrivateKey
	keyPEM  []byte
	tokens  *rsa.PrivateKey // signs service account tokens
}

const day = 24 * time.Hour

func newAuthority() (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "testcluster"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(30 * day),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	if template.SerialNumber, err = serial(); err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("sign the authority's certificate: %w", err)
	}
	a := &authority{key: key, certPEM: pemBlock("CERTIFICATE", der)}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		return nil, err
	}
	if a.keyPEM, err = pemKey(key); err != nil {
		return nil, err
	}
	// RSA, because the apiserver signs tokens with what it is given and most verifiers know RS256.
	a.tokens, err = rsa.GenerateKey(rand.Reader, 2048)
	return a, err
}

// issue signs a certificate and its new key, both as PEM. A negative ttl makes one that has expired.
func (a *authority) issue(name string, groups []string, usage x509.ExtKeyUsage, ttl time.Duration) (certPEM, keyPEM []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: name, Organization: groups},
		NotBefore:   now.Add(min(0, ttl) - time.Hour),
		NotAfter:    now.Add(ttl),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{usage},
	}
	if usage == x509.ExtKeyUsageServerAuth {
		template.DNSNames = []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"}
		template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv4(10, 96, 0, 1)}
	}
	if template.SerialNumber, err = serial(); err != nil {
		return nil, nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		return nil, nil, fmt.Errorf("sign the certificate of %s: %w", name, err)
	}
	if keyPEM, err = pemKey(key); err != nil {
		return nil, nil, err
	}
	return pemBlock("CERTIFICATE", der), keyPEM, nil
}

// token signs a service account token as the apiserver would, but with any time to live: TokenRequest
// grants ten minutes at least, too long for a test that waits for the end. uid has to be the account's.
func (a *authority) token(namespace, name, uid string, ttl time.Duration) (string, error) {
	now := time.Now()
	claims := map[string]any{
		"iss": tokenIssuer, "aud": []string{tokenIssuer},
		"sub": "system:serviceaccount:" + namespace + ":" + name,
		"iat": now.Add(min(0, ttl) - time.Minute).Unix(),
		"nbf": now.Add(min(0, ttl) - time.Minute).Unix(),
		"exp": now.Add(ttl).Unix(),
		"kubernetes.io": map[string]any{
			"namespace": namespace, "serviceaccount": map[string]string{"name": name, "uid": uid},
		},
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	enc := base64.RawURLEncoding
	signed := enc.EncodeToString([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + enc.EncodeToString(body)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, a.tokens, crypto.SHA256, sum[:])
	if err != nil {
		return "", err
	}
	return signed + "." + enc.EncodeToString(signature), nil
}

// write leaves what the components read: the authority, its key, and the pair that signs tokens.
func (a *authority) write(f files) error {
	private, err := x509.MarshalPKCS8PrivateKey(a.tokens)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(a.tokens.Public())
	if err != nil {
		return err
	}
	server, serverKey, err := a.issue("kube-apiserver", nil, x509.ExtKeyUsageServerAuth, 30*day)
	if err != nil {
		return err
	}
	for path, data := range map[string][]byte{
		f.ca(): a.certPEM, f.caKey(): a.keyPEM,
		f.tokenKey(): pemBlock("PRIVATE KEY", private), f.tokenPub(): pemBlock("PUBLIC KEY", public),
		f.serverCert(): server, f.serverKey(): serverKey,
	} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func serial() (*big.Int, error) { return rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)) }

func pemBlock(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func pemKey(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pemBlock("PRIVATE KEY", der), nil
}
