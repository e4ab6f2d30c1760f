package wire

import (
	"context"
	"fmt"
)

// maxKeyBytes bounds the receiver's answer.
const maxKeyBytes = 4096

// RedactionKey asks for the receiver's redaction key, in the form that redact.ParseKey reads. The chain of its error holds ErrDenied
// where asking again does not help.
func (k *Client) RedactionKey(ctx context.Context) ([]byte, error) {
	b, err := k.fetch(ctx, PathKey, nil, maxKeyBytes)
	if err != nil {
		return nil, fmt.Errorf("ask the receiver for the redaction key: %w", err)
	}
	return b, nil
}
