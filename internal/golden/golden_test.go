package golden

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// told is a test that only remembers what it was told.
type told struct {
	testing.TB
	errors []string
}

func (t *told) Helper()      {}
func (t *told) Name() string { return "TestX" }
func (t *told) Errorf(format string, args ...any) {
	t.errors = append(t.errors, fmt.Sprintf(format, args...))
}

func TestEqual(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.txt")
	if err := os.WriteFile(path, []byte("one\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got := &told{TB: t}
	Equal(got, path, "one\n", false)
	if len(got.errors) != 0 {
		t.Errorf("equal: %v", got.errors)
	}
	Equal(got, path, strings.Repeat("two\n", 10_000), false)
	if len(got.errors) != 1 || !strings.Contains(got.errors[0], "-run TestX -update") || len(got.errors[0]) > 2*maxDiff {
		t.Errorf("different: %.500v", got.errors)
	}
	Equal(got, path, "three\n", true)
	if b, err := os.ReadFile(path); err != nil || string(b) != "three\n" || len(got.errors) != 1 {
		t.Errorf("updated: %q, %v, %v", b, err, got.errors[1:])
	}
}
