package extend

import (
	"net/http"
	"strings"
	"testing"
)

// An answer of very many empty spans is not read: it would be hundreds of times larger in memory.
func TestDenseAnswer(t *testing.T) {
	address := endpoint(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"data":[{"spans":[` + strings.Repeat("{},", 1<<20) + `{}]}]}`))
	})
	s, err := open(&Source{Name: "s", URL: address + "/x", Format: formatJaeger, Bytes: 4 << 20}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if found, err := s.ask(t.Context(), address+"/x", values{}); err == nil || !strings.Contains(err.Error(), "small parts") || len(found) > 0 {
		t.Errorf("%d spans, %v", len(found), err)
	}
}
