// SPDX-License-Identifier: Apache-2.0

package testcluster

import (
	"bufio"
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestDriverTellsTheTruth plays every scenario once and holds what the driver wrote down
// against the audit log and against etcd.
func TestDriverTellsTheTruth(t *testing.T) {
	c := Start(t, Config{Nodes: 3, KeepHistory: true})
	done, err := c.Drive(t.Context(), DriveConfig{Each: true, Concurrency: 25, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	for _, failure := range done.Failed {
		t.Errorf("did not come to its end: %s", failure)
	}
	if len(done.Played) < 20 {
		t.Errorf("only %d scenarios were played", len(done.Played))
	}
	if n := mostAtOnce(done.Requests); n < 20 {
		t.Errorf("at most %d scenarios ran at once, want 20", n)
	}

	audited := auditIDs(t, c.AuditLog())
	stored := map[string]bool{}
	for _, change := range c.History(1) {
		if change.Type != "delete" {
			stored[change.UID+"@"+strconv.FormatInt(change.Revision, 10)] = true
		}
	}
	codes := map[int]int{}
	for _, a := range done.Requests {
		codes[a.Code]++
		if a.URI != "/readyz" && !strings.Contains(a.URI, "/leases") && audited[a.AuditID] != a.Code { // the policy leaves probes and Leases out
			t.Errorf("%s %s: answered %d, the audit log says %d (audit ID %s)", a.Method, a.URI, a.Code, audited[a.AuditID], a.AuditID)
		}
		written := a.Code < 300 && (a.Method == http.MethodPost || a.Method == http.MethodPut || a.Method == http.MethodPatch)
		if written && a.UID != "" && a.ResourceVersion != "" && a.Step != "dry run" && !stored[a.UID+"@"+a.ResourceVersion] {
			t.Errorf("%s %s (%s): etcd never had %s at resourceVersion %s", a.Method, a.URI, a.Step, a.UID, a.ResourceVersion)
		}
	}
	for _, code := range []int{200, 201, 400, 401, 403, 404, 409, 422, 429} {
		if codes[code] == 0 {
			t.Errorf("no request was answered %d: %v", code, codes)
		}
	}
}

func mostAtOnce(actions []Action) int {
	type turn struct {
		at    int64
		delta int
	}
	first, last := map[string]int64{}, map[string]int64{}
	for _, a := range actions {
		if a.Scenario == "cast" {
			continue
		}
		if at, ok := first[a.Play]; !ok || a.Sent.UnixNano() < at {
			first[a.Play] = a.Sent.UnixNano()
		}
		last[a.Play] = max(last[a.Play], a.Answered.UnixNano())
	}
	var turns []turn
	for play, at := range first {
		turns = append(turns, turn{at, 1}, turn{last[play], -1})
	}
	slices.SortFunc(turns, func(a, b turn) int { return int(a.at - b.at) })
	now, most := 0, 0
	for _, turn := range turns {
		now += turn.delta
		most = max(most, now)
	}
	return most
}

// auditIDs maps each audit ID of the log to the code of its answer.
func auditIDs(t *testing.T, path string) map[string]int {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ids := map[string]int{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var event struct {
			AuditID string
			Status  struct{ Code int } `json:"responseStatus"`
		}
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		ids[event.AuditID] = event.Status.Code
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return ids
}
