package tokens

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/kubewake/kubewake/internal/fresh"
)

// Bearer is the other side: the file of one token that a client shows, read again when it changed.
type Bearer struct{ token *fresh.Value[string] }

// OpenBearer reads the file.
func OpenBearer(path string) (*Bearer, error) {
	token, err := fresh.Load(func() (string, error) {
		b, err := os.ReadFile(path)
		if err != nil {
			return "", fmt.Errorf("read token: %w", err)
		}
		token := strings.TrimSpace(string(b))
		if token == "" || len(token) > 1<<16 || strings.ContainsAny(token, " \t\r\n") {
			return "", errors.New("read token: " + path + " must hold one token and nothing else")
		}
		return token, nil
	}, path)
	return &Bearer{token: token}, err
}

// Header is the value of the Authorization header.
func (b *Bearer) Header() string { return "Bearer " + b.token.Now() }

// Err says why the file, having changed, can not be read; the token read before stays in use.
func (b *Bearer) Err() error { return b.token.Err() }
