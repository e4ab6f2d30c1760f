package intake_test

import (
	"errors"
	"testing"

	"github.com/kubewake/kubewake/api/intake"
	"github.com/kubewake/kubewake/ingest/wire"
)

// TestRedactionKey: those who may deliver get it, nobody else, and a receiver that has none says so.
func TestRedactionKey(t *testing.T) {
	p := newPlace(t, intake.Config{RedactionKey: []byte("a key")})
	if got, err := p.client(t, token).RedactionKey(t.Context()); err != nil || string(got) != "a key" {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := p.client(t, "wrong").RedactionKey(t.Context()); !errors.Is(err, wire.ErrDenied) || len(got) > 0 {
		t.Errorf("a stranger got %q, %v", got, err)
	}
	none := newPlace(t, intake.Config{})
	if got, err := none.client(t, token).RedactionKey(t.Context()); err == nil {
		t.Errorf("a receiver without a key gave %q", got)
	}
}
