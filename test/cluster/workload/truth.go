// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Action is one request that the driver made: a line of the ground truth.
type Action struct {
	Sent     time.Time `json:"sent"`
	Answered time.Time `json:"answered"`
	Scenario string    `json:"scenario,omitempty"`
	Play     string    `json:"play,omitempty"` // one performance of the scenario
	Step     string    `json:"step,omitempty"`
	User     string    `json:"user"`
	Method   string    `json:"method"`
	URI      string    `json:"uri"`
	Patch    string    `json:"patch,omitempty"` // the patch's media type
	Code     int       `json:"code"`            // 0: no answer came
	Error    string    `json:"error,omitempty"`
	AuditID  string    `json:"auditID,omitempty"` // as the apiserver answered
	// What the answer's body said, where it was one object.
	Kind            string `json:"kind,omitempty"`
	Namespace       string `json:"namespace,omitempty"`
	Name            string `json:"name,omitempty"`
	UID             string `json:"uid,omitempty"`
	ResourceVersion string `json:"resourceVersion,omitempty"`
	Reason          string `json:"reason,omitempty"` // of a Status
}

// truth writes Actions, one per line, and counts them.
type truth struct {
	quiet bool

	mu       sync.Mutex // guards the rest
	out      *bufio.Writer
	err      error
	requests int
	codes    map[int]int
}

func newTruth(out io.Writer, quiet bool) *truth {
	if out == nil {
		out = io.Discard
	}
	return &truth{out: bufio.NewWriter(out), quiet: quiet, codes: map[int]int{}}
}

func (t *truth) write(a Action) {
	line, err := json.Marshal(a)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.requests++
	t.codes[a.Code]++
	if t.quiet && a.Method == http.MethodGet {
		return
	}
	if err == nil {
		_, err = t.out.Write(append(line, '\n'))
	}
	if t.err == nil {
		t.err = err
	}
}

func (t *truth) flush() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.out.Flush(); err != nil {
		return err
	}
	return t.err
}

func (t *truth) summary() Summary {
	t.mu.Lock()
	defer t.mu.Unlock()
	return Summary{Requests: t.requests, Codes: maps.Clone(t.codes)}
}

// scene is where in the play a request is made. It is one per performance and moves on with it.
type scene struct {
	scenario, play string

	mu   sync.Mutex
	step string
}

type sceneKey struct{}

func withScene(ctx context.Context, scenario, play string) context.Context {
	return context.WithValue(ctx, sceneKey{}, &scene{scenario: scenario, play: play})
}

// at names the step that begins.
func at(ctx context.Context, step string) {
	if s, ok := ctx.Value(sceneKey{}).(*scene); ok {
		s.mu.Lock()
		s.step = step
		s.mu.Unlock()
	}
}

// observer is a client's transport that writes down every request.
type observer struct {
	truth *truth
	user  string
	next  http.RoundTripper
}

// maxBody bounds what is kept of an answer to look into it; longer ones (lists) are passed on unread.
const maxBody = 4 << 20

func (o *observer) RoundTrip(r *http.Request) (*http.Response, error) {
	a := Action{Sent: time.Now(), User: o.user, Method: r.Method, URI: r.URL.RequestURI()}
	if s, ok := r.Context().Value(sceneKey{}).(*scene); ok {
		s.mu.Lock()
		a.Scenario, a.Play, a.Step = s.scenario, s.play, s.step
		s.mu.Unlock()
	}
	if r.Method == http.MethodPatch {
		a.Patch = r.Header.Get("Content-Type")
	}
	response, err := o.next.RoundTrip(r)
	a.Answered = time.Now()
	if err != nil {
		a.Error = err.Error()
		o.truth.write(a)
		return response, err
	}
	a.Code, a.AuditID = response.StatusCode, response.Header.Get("Audit-Id")
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	response.Body = replay{io.MultiReader(bytes.NewReader(body), response.Body), response.Body}
	if err != nil {
		a.Error = err.Error()
	}
	a.look(body)
	o.truth.write(a)
	return response, nil
}

type replay struct {
	io.Reader
	io.Closer
}

// look reads the head of the object that was answered.
func (a *Action) look(body []byte) {
	var o struct {
		Kind     string `json:"kind"`
		Reason   string `json:"reason"`
		Metadata struct {
			Namespace       string `json:"namespace"`
			Name            string `json:"name"`
			UID             string `json:"uid"`
			ResourceVersion string `json:"resourceVersion"`
		} `json:"metadata"`
		Details struct {
			Name string `json:"name"`
			UID  string `json:"uid"`
		} `json:"details"`
	}
	if json.Unmarshal(body, &o) != nil {
		return // a list that was cut, or no JSON
	}
	a.Kind, a.Namespace, a.Name = o.Kind, o.Metadata.Namespace, o.Metadata.Name
	a.UID, a.ResourceVersion = o.Metadata.UID, o.Metadata.ResourceVersion
	if o.Kind == "Status" {
		a.Reason, a.Name, a.UID = o.Reason, o.Details.Name, o.Details.UID
	}
	if strings.HasSuffix(o.Kind, "List") {
		a.ResourceVersion = "" // the storage's, not an object's
	}
}
