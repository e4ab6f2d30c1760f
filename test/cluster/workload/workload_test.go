// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestNames(t *testing.T) {
	names := Names()
	if len(names) < 20 || !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("%d scenarios, want at least 20, sorted and different: %q", len(names), names)
	}
	for _, name := range names {
		if len(name) > 40 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz-") != "" {
			t.Errorf("%q cannot begin the name of a namespace", name)
		}
	}
	if _, err := choose([]string{"deployment", "nonsense"}); err == nil || !strings.Contains(err.Error(), "statefulset") {
		t.Errorf("error %v, want one that names the scenarios", err)
	}
}

func TestObserver(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Audit-Id", "id-1")
		if strings.HasSuffix(r.URL.Path, "/gone") {
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"kind":"Status","reason":"NotFound","metadata":{},"details":{"name":"gone"}}`)
			return
		}
		_, _ = io.WriteString(w, `{"kind":"ConfigMap","metadata":{"name":"a","namespace":"n","uid":"u","resourceVersion":"5"},"data":{"k":"`+strings.Repeat("x", maxBody)+`"}}`)
	}))
	defer server.Close()
	var out bytes.Buffer
	truth := newTruth(&out, true)
	client := &http.Client{Transport: &observer{truth: truth, user: alice, next: http.DefaultTransport}}
	ctx := withScene(context.Background(), "config", "config-0-1")
	for _, tc := range []struct {
		step, method, path string
		body               int
	}{
		{"read", http.MethodGet, "/a", maxBody},
		{"edit", http.MethodPatch, "/a?fieldManager=x", maxBody},
		{"lose", http.MethodDelete, "/gone", 10},
	} {
		at(ctx, tc.step)
		request, err := http.NewRequestWithContext(ctx, tc.method, server.URL+tc.path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/merge-patch+json")
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if err != nil || len(body) < tc.body {
			t.Errorf("%s: the client got %d bytes, %v", tc.step, len(body), err)
		}
		response.Body.Close()
	}
	if err := truth.flush(); err != nil {
		t.Fatal(err)
	}
	var actions []Action
	for lines := json.NewDecoder(&out); lines.More(); {
		var a Action
		if err := lines.Decode(&a); err != nil {
			t.Fatal(err)
		}
		actions = append(actions, a)
	}
	if len(actions) != 2 {
		t.Fatalf("%d lines, want two: reads are left out", len(actions))
	}
	edit, lose := actions[0], actions[1]
	if edit.Step != "edit" || edit.Play != "config-0-1" || edit.User != alice || edit.AuditID != "id-1" || edit.Code != 200 || edit.Patch == "" {
		t.Errorf("edit: %+v", edit)
	}
	if lose.Code != 404 || lose.Reason != "NotFound" || lose.Name != "gone" {
		t.Errorf("lose: %+v", lose)
	}
	if s := truth.summary(); s.Requests != 3 || s.Codes[200] != 2 {
		t.Errorf("summary %+v", s)
	}
}

func TestUntil(t *testing.T) {
	forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "a", errors.New("no"))
	asked := 0
	err := until(context.Background(), "it rains", func(context.Context) (bool, error) {
		asked++
		return asked == 3, map[int]error{1: errors.New("connection refused"), 2: forbidden}[asked]
	})
	if err != nil || asked != 3 {
		t.Errorf("asked %d times, %v: want an answer after an absence and a refusal", asked, err)
	}
	if err := until(context.Background(), "it rains", func(context.Context) (bool, error) { return false, forbidden }); !apierrors.IsForbidden(err) {
		t.Errorf("a refusal that stays: %v", err)
	}
	short, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	if err := until(short, "it rains", func(context.Context) (bool, error) { return false, nil }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("no time left: %v", err)
	}
	if err := soon(context.Background(), time.Millisecond, func(context.Context) (bool, error) { return false, nil }); err != nil {
		t.Errorf("not getting there soon is no error, but %v", err)
	}
}

func TestFailuresAreBounded(t *testing.T) {
	d := &driver{}
	for range 3 * maxFailures {
		d.note("config", "config-0-0", errors.New("no"))
	}
	d.note("config", "config-0-1", nil)
	if len(d.failed) != maxFailures+1 || d.counts["config"] != 1 {
		t.Errorf("%d failures listed, %d played", len(d.failed), d.counts["config"])
	}
}
