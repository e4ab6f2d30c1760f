package serve

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubewake/kubewake/collect"
	"github.com/kubewake/kubewake/internal/settings"
)

const customMode = "modes: [{name: mine, number: 9, steps: [{do: collapse}]}]\n"

// TestTraceModesReload: display modes that change are used without a restart; where they have a mistake the old ones hold, and it is said.
func TestTraceModesReload(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "modes.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("modes: []\n")
	s := Settings{Data: filepath.Join(dir, "data"), Traces: Traces{Modes: file}, Config: collect.Config{Tails: []collect.Tail{auditTail("one", filepath.Join(dir, "a.log"))}}}
	l, serving := startLive(t, s)
	s.API.Listen = "127.0.0.1:0"
	shown := func() bool {
		t.Helper()
		status, body := get(t, serving.url+"/api/services", "") // as a Jaeger UI asks
		if status != http.StatusOK {
			t.Fatal(status, body)
		}
		return strings.Contains(body, `"mine"`)
	}
	reload := func() error {
		t.Helper()
		restart, err := l.Reload(s)
		if len(restart) > 0 {
			t.Errorf("a restart is wanted for %q", restart)
		}
		return err
	}
	if shown() {
		t.Error("the mode is there before the file has it")
	}
	write(customMode)
	if err := reload(); err != nil || !shown() {
		t.Errorf("a new mode: %v", err)
	}
	write(customMode + "wrong: [\n")
	if err := reload(); err == nil || !strings.Contains(err.Error(), "modes.yaml") || !shown() {
		t.Errorf("a file with a mistake: %v", err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := reload(); !errors.Is(err, os.ErrNotExist) || !shown() {
		t.Errorf("a file that is gone: %v", err)
	}
	s.Traces.Modes = filepath.Join(dir, "none.yaml")
	if err := reload(); !errors.Is(err, os.ErrNotExist) || !settings.IsFault(err) || !shown() {
		t.Errorf("another file, which is not there: %v", err)
	}
	s.Traces.Modes = ""
	if err := reload(); err != nil || shown() {
		t.Errorf("no file any more: %v", err)
	}
}

// TestFollowed: the file of display modes is read again when it changes, without a word to the process.
func TestFollowed(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "modes.yaml")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, serving := startLive(t, Settings{Data: filepath.Join(dir, "data"), Traces: Traces{Modes: file}})
	if err := os.WriteFile(file, []byte(customMode), 0o600); err != nil {
		t.Fatal(err)
	}
	until(t, "the mode", func() bool {
		_, body := get(t, serving.url+"/api/services", "")
		return strings.Contains(body, `"mine"`)
	})
}
