package tempo

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/kubewake/kubewake/engine"
)

// paramError is a parameter that can not be read.
type paramError struct{ message string }

func (e *paramError) Error() string { return e.message }

func badParam(format string, args ...any) error { return &paramError{fmt.Sprintf(format, args...)} }

// errNoTrace: nothing has this ID.
var errNoTrace = errors.New("trace not found")

// kinds is the one table from kinds of error to status codes.
var kinds = map[engine.ErrorKind]int{
	engine.KindBadQuestion: http.StatusBadRequest,
	engine.KindNotFound:    http.StatusNotFound,
	engine.KindAmbiguous:   http.StatusConflict,
	engine.KindNotCovered:  http.StatusNotFound,
	engine.KindTooMuch:     http.StatusUnprocessableEntity,
}

// statusOf sorts an error. What is not the asker's to mend is logged, not shown.
func (f *Face) statusOf(what string, err error) (code int, message string) {
	if known, ok := kinds[engine.KindOf(err)]; ok {
		return known, err.Error()
	}
	var param *paramError
	var query *queryError
	switch {
	case errors.As(err, &param):
		return http.StatusBadRequest, param.message
	case errors.As(err, &query):
		return http.StatusBadRequest, query.Error()
	case errors.Is(err, errNoTrace):
		return http.StatusNotFound, err.Error()
	case errors.Is(err, errBusy):
		return http.StatusServiceUnavailable, err.Error()
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout, "the answer took too long; ask for a shorter time"
	case errors.Is(err, context.Canceled):
		return 499, "the asker went away, or the server is stopping"
	}
	f.config.Log.Error("question failed", "question", what, "error", err)
	return http.StatusInternalServerError, "internal error; the server's log says more"
}
