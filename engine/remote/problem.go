package remote

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/kubewake/kubewake/engine"
)

// maxProblemBytes bounds an error's document.
const maxProblemBytes = 1 << 20

// problem is the part of a problem document (RFC 9457) that matters here.
type problem struct {
	Title      string           `json:"title"`
	Detail     string           `json:"detail"`
	Kind       engine.ErrorKind `json:"kind"`
	Column     int              `json:"column"`
	Line       int              `json:"line"`
	Candidates []string         `json:"candidates"`
	Coverage   *engine.Coverage `json:"coverage"`
}

// err turns a problem back into the error that it was made from; nil where it names no kind of ours.
func (p *problem) err() error {
	if p.Kind == "" {
		return nil
	}
	return &engine.Error{Kind: p.Kind, Message: p.Detail, Column: p.Column, Line: p.Line, Candidates: p.Candidates, Coverage: p.Coverage}
}

func (p *problem) text() string {
	if p.Detail != "" {
		return p.Detail
	}
	return p.Title
}

// refused reads the error that a server answered with.
func (e *Engine) refused(response *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(response.Body, maxProblemBytes))
	if err != nil {
		return fmt.Errorf("ask %s: %s: %w", e.Server(), response.Status, err)
	}
	var p problem
	if strings.HasPrefix(response.Header.Get("Content-Type"), "application/problem+json") && json.Unmarshal(body, &p) == nil {
		if err := p.err(); err != nil {
			return err
		}
		return fmt.Errorf("ask %s: %s: %s", e.Server(), response.Status, p.text())
	}
	return fmt.Errorf("ask %s: %s (no kubewake, or one of another version?)", e.Server(), response.Status)
}
