package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/kubewake/kubewake/store/pebble"
)

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) != "kubewake" { // which the scripts run, with an environment of their own
		forgetEnvironment()
	}
	testscript.Main(m, map[string]func(){"kubewake": main})
}

// forgetEnvironment drops what the environment of whoever runs the tests says to the program.
func forgetEnvironment() {
	for _, name := range []string{"KUBEWAKE_DATA", "KUBEWAKE_SERVER", "KUBEWAKE_TOKEN_FILE", "KUBEWAKE_CA", "KUBEWAKE_LINK_RULES", "KUBEWAKE_TRACE_MODES", "KUBECONFIG", "NO_COLOR"} {
		if err := os.Unsetenv(name); err != nil {
			panic(err)
		}
	}
}

// The scripts run the program on real, redacted recordings: testdata/script says what a person types and sees.
func TestScripts(t *testing.T) {
	recordings, err := filepath.Abs("../../testdata/recordings")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(e *testscript.Env) error {
			e.Setenv("RECORDINGS", recordings)
			e.Setenv("XDG_CACHE_HOME", filepath.Join(e.WorkDir, "cache"))
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("TZ", "UTC")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"serving": serving, "times": times, "exits": exits},
	})
}

// serving DIR waits until a background process serves DIR, and puts its address into $URL.
func serving(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: serving DIR")
	}
	dir := ts.MkAbs(args[0])
	for range 200 {
		if matches, err := filepath.Glob(dir); err == nil && len(matches) == 1 {
			if url, err := pebble.ReadAddress(matches[0]); err == nil && url != "" {
				ts.Setenv("URL", strings.TrimSpace(url))
				return
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	ts.Fatalf("%s is not served", dir)
}

// exits N PROGRAM ARG...: runs a program that ends with exit status N.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits N PROGRAM ARG...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// times N TEXT: the text stands exactly so often in stdout of the last command.
func times(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: times N TEXT")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if got := strings.Count(ts.ReadFile("stdout"), args[1]); got != want {
		ts.Fatalf("%q stands %d times in stdout, not %d", args[1], got, want)
	}
}

// The recordings are part of the repository; a checkout without them must not pass for tested.
func TestRecordingsAreThere(t *testing.T) {
	if _, err := os.Stat("../../testdata/recordings/deployment"); err != nil {
		t.Fatal(err)
	}
}
