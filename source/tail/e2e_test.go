package tail

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/audit"
	"github.com/kubewake/kubewake/test/testcluster"
)

// A real apiserver that rotates its log every megabyte: what its files hold is what was delivered, over restarts of the tail.
func TestFollowsARealAPIServer(t *testing.T) {
	c := testcluster.Start(t, testcluster.Config{NoControllers: true, NoScheduler: true, Nodes: -1, APIServerArgs: []string{"--audit-log-maxsize=1"}})
	sink := newMemory()
	log := c.AuditLog()
	config := Config{Cluster: "real", Sink: sink, Redactor: redact.Off(), Settings: Settings{Paths: []string{log}, Poll: 20 * time.Millisecond}}
	follow := func(work func()) {
		tail, err := New(config)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- tail.Run(ctx) }()
		work()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	write := func(round string) {
		for i := range 3 {
			text := filepath.Join(t.TempDir(), "text")
			if err := os.WriteFile(text, []byte(strings.Repeat(round, 150_000)), 0o600); err != nil {
				t.Fatal(err)
			}
			c.Kubectl("create", "configmap", fmt.Sprint("c", round, i), "--from-file=text="+text)
		}
	}
	follow(func() { write("a") })
	write("b") // nobody looks
	follow(func() {
		write("c")
		c.Stop(testcluster.APIServer(0))
		time.Sleep(2 * time.Second)
	})

	ext := filepath.Ext(log)
	files, _ := filepath.Glob(strings.TrimSuffix(log, ext) + "*" + ext)
	want := map[record.ID]bool{}
	for _, path := range files {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 16<<20)
		for lines.Scan() {
			records, err := audit.Decode(lines.Bytes(), audit.Options{Cluster: "real", Redactor: redact.Off()})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range records {
				want[r.ID()] = true
			}
		}
		_ = f.Close()
	}
	t.Logf("%d files, %d facts", len(files), len(want))
	if len(files) < 2 || len(want) < 50 {
		t.Error("the log was not rotated")
	}
	for id, r := range sink.facts {
		if !want[id] {
			t.Errorf("not in the log: %+v", r)
		}
		delete(want, id)
	}
	if len(want) > 0 {
		t.Errorf("%d facts are missing", len(want))
	}
}
