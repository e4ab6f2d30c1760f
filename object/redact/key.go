package redact

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

// Key is what digests are made with. Whoever holds it can test guesses against stored digests, so it is kept like a
// secret; whoever does not can only compare them.
type Key struct {
	ID     string // short hex of a hash of Secret; it stands in every redacted value
	Secret []byte
}

const (
	secretBytes = 32
	idBytes     = 4
	keyHeader   = "kubewake-redaction-key-1:"
)

// NewKey draws a key from random, which must be cryptographically strong.
func NewKey(random io.Reader) (Key, error) {
	secret := make([]byte, secretBytes)
	if _, err := io.ReadFull(random, secret); err != nil {
		return Key{}, fmt.Errorf("draw redaction key: %w", err)
	}
	return Key{keyID(secret), secret}, nil
}

// ParseKey reads what Encode wrote. Its errors never quote the text.
func ParseKey(text []byte) (Key, error) {
	encoded, ok := bytes.CutPrefix(bytes.TrimSpace(text), []byte(keyHeader))
	if !ok {
		return Key{}, fmt.Errorf("parse redaction key: %q is not what it begins with", keyHeader)
	}
	secret := make([]byte, base64.StdEncoding.DecodedLen(len(encoded)))
	n, err := base64.StdEncoding.Decode(secret, encoded)
	if err != nil || n != secretBytes {
		return Key{}, fmt.Errorf("parse redaction key: not %d bytes in base64", secretBytes)
	}
	return Key{keyID(secret[:n]), secret[:n]}, nil
}

// Encode gives the key as a line of text, for a file that only its owner may read.
func (k Key) Encode() []byte {
	return []byte(keyHeader + base64.StdEncoding.EncodeToString(k.Secret) + "\n")
}

func (k Key) check() error {
	if len(k.Secret) < secretBytes || k.ID != keyID(k.Secret) {
		return errors.New("redaction key: made by neither NewKey nor ParseKey")
	}
	return nil
}

func keyID(secret []byte) string {
	sum := sha256.Sum256(append([]byte(keyHeader), secret...))
	return hex.EncodeToString(sum[:idBytes])
}
