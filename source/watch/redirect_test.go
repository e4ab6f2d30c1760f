package watch

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"k8s.io/client-go/rest"
)

// TestNoRedirectElsewhere: what an apiserver, or one that it aggregates, answers does not send our token to others.
func TestNoRedirectElsewhere(t *testing.T) {
	asked := false
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer elsewhere.Close()
	apiserver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusTemporaryRedirect)
	}))
	defer apiserver.Close()
	c, err := newClient(&rest.Config{Host: apiserver.URL, BearerToken: "secret"}, Options{}.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	body, err := c.open(t.Context(), "/api/v1/pods", nil, acceptJSON)
	if err == nil {
		_ = body.Close()
	}
	if f, _ := failureOf(err); err == nil || f != serverError || asked {
		t.Errorf("asked elsewhere: %v; %v", asked, err)
	}
	if _, err := c.disco.ServerVersion(); err == nil || asked {
		t.Errorf("discovery asked elsewhere: %v; %v", asked, err)
	}
}
