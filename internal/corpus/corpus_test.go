package corpus

import (
	"bufio"
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

const lines = `{"auditID":"937544e3-a8f4-4caa-b657-0d983500c0b5","requestURI":"/api/v1/namespaces/shop/pods/web-d59d8dd45-42wk2?resourceVersion=0","objectRef":{"namespace":"shop","name":"web-d59d8dd45-42wk2","resourceVersion":"7"},"requestReceivedTimestamp":"2026-11-20T15:49:42.161153Z"}
{"auditID":"5fc6ee3b-4128-4058-9305-1bfb2285d328","objectRef":{"namespace":"shop","name":"web-d59d8dd45-42wk2","uid":"778886bd-6803-4f88-a743-7f769d3541fb","resourceVersion":"9"},"metadata":{"creationTimestamp":"2026-11-20T15:49:40Z"},"requestReceivedTimestamp":"2026-11-20T15:49:43.000001Z"}
`

type line struct {
	AuditID                  string
	ObjectRef                struct{ Namespace, Name, ResourceVersion string }
	RequestReceivedTimestamp time.Time
}

func TestCopiesAreNewAndConsistent(t *testing.T) {
	tpl, err := Read(strings.NewReader(lines))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	const copies = 2*Interleaved + 1
	if err := tpl.WriteCopies(&out, 0, copies); err != nil {
		t.Fatal(err)
	}
	names, audits, versions := map[string]int{}, map[string]bool{}, map[string]bool{}
	last := time.Time{}
	in := bufio.NewScanner(&out)
	for in.Scan() {
		var l line
		if err := json.Unmarshal(in.Bytes(), &l); err != nil {
			t.Fatalf("%v in %s", err, in.Bytes())
		}
		if audits[l.AuditID] || versions[l.ObjectRef.ResourceVersion] {
			t.Errorf("audit ID or resourceVersion used twice: %+v", l)
		}
		audits[l.AuditID], versions[l.ObjectRef.ResourceVersion] = true, true
		names[l.ObjectRef.Namespace+"/"+l.ObjectRef.Name]++
		if l.RequestReceivedTimestamp.Before(last.Add(-time.Millisecond)) {
			t.Errorf("time runs back at %v", l.RequestReceivedTimestamp)
		}
		last = l.RequestReceivedTimestamp
	}
	if len(audits) != 2*copies || len(names) != copies {
		t.Errorf("%d lines, %d names; want %d and %d", len(audits), len(names), 2*copies, copies)
	}
	for n, seen := range names {
		if seen != 2 {
			t.Errorf("%s is named %d times, want 2: one copy must name one object alike", n, seen)
		}
	}
}
