package jaeger

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/kubewake/kubewake/engine"
)

// tooLong is what an asker reads who waited in vain.
const tooLong = "the answer took too long; ask for a shorter time, or let the client wait longer (timeout of Jaeger's grpc storage, default 5s)"

// paramError is a parameter that can not be read.
type paramError struct{ message string }

func (e *paramError) Error() string { return e.message }

func badParam(format string, args ...any) error { return &paramError{fmt.Sprintf(format, args...)} }

// errNoTrace: nothing has this ID. Jaeger's own words, which some clients look for.
var errNoTrace = errors.New("trace not found")

// errNoTraces is what the newer dialect says of an empty search.
var errNoTraces = errors.New("No traces found") //nolint:staticcheck // the words of Jaeger

// kinds is the one table from kinds of error to status codes, of HTTP and of gRPC.
var kinds = map[engine.ErrorKind]struct {
	http int
	grpc codes.Code
}{
	engine.KindBadQuestion: {http.StatusBadRequest, codes.InvalidArgument},
	engine.KindNotFound:    {http.StatusNotFound, codes.NotFound},
	engine.KindAmbiguous:   {http.StatusConflict, codes.FailedPrecondition},
	engine.KindNotCovered:  {http.StatusNotFound, codes.NotFound},
	engine.KindTooMuch:     {http.StatusUnprocessableEntity, codes.ResourceExhausted},
}

// statusOf sorts an error for HTTP. What is not the asker's to mend is logged, not shown.
func (f *Face) statusOf(what string, err error) (code int, message string) {
	if known, ok := kinds[engine.KindOf(err)]; ok {
		return known.http, err.Error()
	}
	var param *paramError
	switch {
	case errors.As(err, &param):
		return http.StatusBadRequest, param.message
	case errors.Is(err, errNoTrace), errors.Is(err, errNoTraces):
		return http.StatusNotFound, err.Error()
	case errors.Is(err, errBusy):
		return http.StatusServiceUnavailable, err.Error()
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout, tooLong
	case errors.Is(err, context.Canceled):
		return 499, "the asker went away, or the server is stopping"
	}
	f.config.Log.Error("question failed", "question", what, "error", err)
	return http.StatusInternalServerError, "internal error; the server's log says more"
}

// grpcError sorts an error for gRPC.
func (f *Face) grpcError(what string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := status.FromError(err); ok {
		return err // of the stream itself
	}
	if known, ok := kinds[engine.KindOf(err)]; ok {
		return status.Error(known.grpc, err.Error())
	}
	var param *paramError
	switch {
	case errors.As(err, &param):
		return status.Error(codes.InvalidArgument, param.message)
	case errors.Is(err, errBusy):
		return status.Error(codes.Unavailable, err.Error())
	case errors.Is(err, context.DeadlineExceeded):
		return status.Error(codes.DeadlineExceeded, tooLong)
	case errors.Is(err, context.Canceled):
		return status.Error(codes.Canceled, "the asker went away, or the server is stopping")
	}
	f.config.Log.Error("question failed", "question", what, "error", err)
	return status.Error(codes.Internal, "internal error; kubewake's log says more")
}

// failV1 is an error in the older dialect.
func failV1(code int, message string) any {
	return &Answer{Errors: []Problem{{Code: code, Message: message}}}
}

// failV3 is an error in the newer dialect.
func failV3(code int, message string) any {
	type detail struct {
		Code    int    `json:"httpCode"`
		Message string `json:"message"`
	}
	return map[string]detail{"error": {Code: code, Message: message}}
}
