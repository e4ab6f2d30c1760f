package watch

import (
	"net/http"
	"os"
	"sync"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// renewEvery bounds how often a kubeconfig is looked at for a new token.
const renewEvery = time.Second

// renewing has requests carry the token that the kubeconfig holds now. client-go reads a token file again, but a token that stands in the
// kubeconfig itself only once: a process that watches for weeks outlives it.
type renewing struct {
	load  func() (*rest.Config, error)
	files []string
	now   func() time.Time

	mu     sync.Mutex
	token  string    // guarded by mu
	looked time.Time // guarded by mu
	state  []stamp   // of the files when token was read; guarded by mu
}

// stamp changes when a file does.
type stamp struct {
	at    time.Time
	bytes int64
}

// renewToken makes a configuration with a token from a kubeconfig follow the file.
func renewToken(c *rest.Config, load func() (*rest.Config, error), rules *clientcmd.ClientConfigLoadingRules) {
	if c.BearerToken == "" || c.BearerTokenFile != "" {
		return // none, or client-go follows its file
	}
	r := &renewing{load: load, files: rules.GetLoadingPrecedence(), now: time.Now, token: c.BearerToken}
	r.state = r.stamps()
	c.Wrap(func(next http.RoundTripper) http.RoundTripper { return renewed{r, next} })
}

func (r *renewing) stamps() []stamp {
	out := make([]stamp, len(r.files))
	for i, path := range r.files {
		if info, err := os.Stat(path); err == nil {
			out[i] = stamp{info.ModTime(), info.Size()}
		}
	}
	return out
}

// current is the token to use. While the kubeconfig can not be read, or holds none, the last one stays.
func (r *renewing) current() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	if now.Sub(r.looked) < renewEvery {
		return r.token
	}
	r.looked = now
	state := r.stamps()
	if equalStamps(state, r.state) {
		return r.token
	}
	c, err := r.load()
	if err != nil || c.BearerToken == "" {
		return r.token // looked at again: it may be half written
	}
	r.token, r.state = c.BearerToken, state
	return r.token
}

func equalStamps(a, b []stamp) bool {
	for i := range a {
		if a[i].bytes != b[i].bytes || !a[i].at.Equal(b[i].at) {
			return false
		}
	}
	return true
}

// renewed is next with the token of now.
type renewed struct {
	*renewing
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (r renewed) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+r.current())
	return r.next.RoundTrip(req)
}
