package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math/rand/v2"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/kubewake/kubewake/internal/leak"
)

// synthetic gives a secret of the same length and the same alphabet, decided by the value and the seed.
func synthetic(secret leak.Secret, seed string) leak.Secret {
	other := secret
	switch value := string(secret.Value); {
	case isJWT(value):
		other.Value = []byte(syntheticJWT(value, seed))
	case strings.HasPrefix(value, "-----BEGIN "):
		other.Value = []byte(syntheticPEM(value, seed))
	default:
		other.Value = sameShape(secret.Value, seed)
	}
	if secret.Sent == string(secret.Value) {
		other.Sent = string(other.Value)
	} else {
		other.Sent = base64.StdEncoding.EncodeToString(other.Value)
	}
	return other
}

// source of random numbers that the value and the seed decide.
func source(value, seed string) *rand.Rand {
	mac := hmac.New(sha256.New, []byte(seed))
	mac.Write([]byte(value))
	sum := mac.Sum(nil)
	return rand.New(rand.NewPCG(binary.BigEndian.Uint64(sum), binary.BigEndian.Uint64(sum[8:]))) //nolint:gosec // to be repeatable is the point
}

// sameShape replaces letters by letters, digits by digits and, in what is no text, bytes by bytes.
func sameShape(value []byte, seed string) []byte {
	random := source(string(value), seed)
	isText := utf8.Valid(value)
	out := make([]byte, len(value))
	for i, b := range value {
		switch {
		case !isText:
			out[i] = byte(random.UintN(256))
		case 'a' <= b && b <= 'z':
			out[i] = 'a' + byte(random.UintN(26))
		case 'A' <= b && b <= 'Z':
			out[i] = 'A' + byte(random.UintN(26))
		case '0' <= b && b <= '9':
			out[i] = '0' + byte(random.UintN(10))
		default:
			out[i] = b
		}
	}
	return out
}

// syntheticJWT keeps the claims, but the key's ID, the token's ID and the signature are of nobody.
func syntheticJWT(token, seed string) string {
	parts := strings.Split(token, ".")
	uuid := regexp.MustCompile(`[0-9a-f-]{36}`)
	for i, name := range []string{"kid", "jti"} {
		plain, err := base64.RawURLEncoding.DecodeString(parts[i])
		var claims map[string]any
		if err != nil || json.Unmarshal(plain, &claims) != nil {
			parts[i] = string(sameShape([]byte(parts[i]), seed))
			continue
		}
		if old, ok := claims[name].(string); ok {
			new := string(sameShape([]byte(old), seed))
			if uuid.MatchString(old) {
				new = hexShape(old, seed)
			}
			plain = []byte(strings.Replace(string(plain), old, new, 1))
		}
		parts[i] = base64.RawURLEncoding.EncodeToString(plain)
	}
	parts[2] = string(sameShape([]byte(parts[2]), seed))
	return strings.Join(parts, ".")
}

// hexShape replaces hexadecimal digits by others.
func hexShape(value, seed string) string {
	random := source(value, seed)
	return strings.Map(func(r rune) rune {
		if r == '-' {
			return r
		}
		return rune("0123456789abcdef"[random.UintN(16)])
	}, value)
}

// syntheticPEM keeps the lines that say what it is.
func syntheticPEM(value, seed string) string {
	lines := strings.Split(value, "\n")
	for i, line := range lines {
		if !strings.HasPrefix(line, "-----") {
			lines[i] = string(sameShape([]byte(line), seed))
		}
	}
	return strings.Join(lines, "\n")
}
