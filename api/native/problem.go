package native

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/kubewake/kubewake/engine"
)

// errBusy: no turn came free in time.
var errBusy = errors.New("too many questions at once")

// problem is a problem document (RFC 9457) with this API's own members.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	// Kind, Column, Line, Candidates and Coverage are those of engine.Error.
	Kind       engine.ErrorKind `json:"kind,omitempty"`
	Column     int              `json:"column,omitempty"`
	Line       int              `json:"line,omitempty"`
	Candidates []string         `json:"candidates,omitempty"`
	Coverage   *engine.Coverage `json:"coverage,omitempty"`
}

// kindStatus is the one table from kinds of error to status codes.
var kindStatus = map[engine.ErrorKind]struct {
	status int
	title  string
}{
	engine.KindBadQuestion: {http.StatusBadRequest, "The question can not be understood"},
	engine.KindNotFound:    {http.StatusNotFound, "Not found"},
	engine.KindAmbiguous:   {http.StatusConflict, "Several objects match"},
	engine.KindNotCovered:  {http.StatusNotFound, "Not covered by the recording"},
	engine.KindTooMuch:     {http.StatusUnprocessableEntity, "A limit was reached"},
}

// problemOf sorts an error. What is not the asker's to mend is not shown: internal tells that it is to be logged.
func problemOf(err error) (p problem, internal bool) {
	if e, ok := errors.AsType[*engine.Error](err); ok {
		p = problem{Detail: e.Message, Kind: e.Kind, Column: e.Column, Line: e.Line, Candidates: e.Candidates, Coverage: e.Coverage}
		known, ok := kindStatus[e.Kind]
		if !ok {
			known = kindStatus[engine.KindBadQuestion]
		}
		p.Status, p.Title = known.status, known.title
		return p, false
	}
	switch {
	case errors.Is(err, errBusy):
		return problem{Status: http.StatusServiceUnavailable, Title: "Busy", Detail: "Too many questions at once; ask again."}, false
	case errors.Is(err, errFollowers):
		return problem{Status: http.StatusServiceUnavailable, Title: "Busy",
			Detail: fmt.Sprintf("%d follow already, which is the limit; ask again, or ask for the answer itself every now and then.", maxFollowers)}, false
	case errors.Is(err, context.DeadlineExceeded):
		return problem{Status: http.StatusGatewayTimeout, Title: "Timeout",
			Detail: "The answer took too long; ask for a shorter time or fewer objects."}, false
	case errors.Is(err, context.Canceled):
		return problem{Status: 499, Title: "Canceled", Detail: "The asker went away, or the server is stopping."}, false
	}
	return problem{Status: http.StatusInternalServerError, Title: "Internal error", Detail: "The server's log says more."}, true
}

func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	h.problem(w, r, h.sort(r, err))
}

// sort makes the problem of an error and logs what it hides.
func (h *Handler) sort(r *http.Request, err error) problem {
	p, internal := problemOf(err)
	p.Type = "about:blank"
	if internal {
		h.log.Error("question failed", "path", r.URL.Path, "error", err)
	}
	return p
}

func (h *Handler) problem(w http.ResponseWriter, r *http.Request, p problem) {
	p.Type = "about:blank"
	if p.Status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	h.send(w, r, p.Status, "application/problem+json", p)
}
