package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/engine/local"
	"github.com/kubewake/kubewake/engine/remote"
	"github.com/kubewake/kubewake/internal/tlsfiles"
	"github.com/kubewake/kubewake/internal/tokens"
	"github.com/kubewake/kubewake/serve"
	"github.com/kubewake/kubewake/store"
	"github.com/kubewake/kubewake/store/pebble"
)

// connect finds who answers: a server, a directory, or the process that holds it.
func (a *app) connect(ctx context.Context) (*asker, error) {
	server, data := a.server, a.data
	if server == "" && data == "" {
		server, data = os.Getenv("KUBEWAKE_SERVER"), os.Getenv("KUBEWAKE_DATA")
	}
	if server != "" {
		if a.linkRules != "" {
			return nil, usagef("--link-rules is for a directory; the rules of a server are its own (links.rules of its settings)")
		}
		if a.traceModes != "" {
			return nil, usagef("--trace-modes is for a directory; the display modes of a server are its own (traces.modes of its settings)")
		}
		client, err := a.httpClient(server)
		if err != nil {
			return nil, &usageError{err}
		}
		e, err := remote.New(server, client)
		if err != nil {
			return nil, &usageError{err}
		}
		return a.asker(e, func() error { return nil }), nil
	}
	if data == "" {
		if data = lastOpened(); data == "" {
			return nil, usagef("nothing to ask: name a directory with --data or a server with --server, or take something in first: kubewake open audit.log")
		}
		a.say("asking %s, opened last (--data or --server names another)", data)
	}
	return a.openData(ctx, data)
}

// serverFlags are those of every command that may ask a server.
func (a *app) serverFlags(flags *pflag.FlagSet) {
	flags.StringVar(&a.tokenFile, "token-file", "", "file of the bearer token to show to the server ($KUBEWAKE_TOKEN_FILE)")
	flags.StringVar(&a.ca, "ca", "", "PEM authorities of the server's certificate ($KUBEWAKE_CA; default: the system's)")
}

// httpClient shows the token and believes the authorities that flags or the environment name.
func (a *app) httpClient(server string) (*http.Client, error) {
	token, ca := cmp.Or(a.tokenFile, os.Getenv("KUBEWAKE_TOKEN_FILE")), cmp.Or(a.ca, os.Getenv("KUBEWAKE_CA"))
	if !strings.Contains(server, "://") {
		server = "http://" + server // as the engine takes it
	}
	to, err := url.Parse(strings.TrimSpace(server))
	if err != nil {
		return nil, err
	}
	dialer, err := tlsfiles.Client{CA: ca}.Open()
	if err != nil {
		return nil, err
	}
	transport, _ := http.DefaultTransport.(*http.Transport) // which it is
	transport = transport.Clone()
	transport.TLSClientConfig = dialer.Config(to.Hostname())
	if token == "" {
		return &http.Client{Transport: transport}, nil
	}
	bearer, err := tokens.OpenBearer(token)
	if err != nil {
		return nil, err
	}
	return &http.Client{Transport: &authorized{transport, bearer, to.Host}}, nil
}

// authorized shows a token to one host, and to no other that it may be sent on to.
type authorized struct {
	next   http.RoundTripper
	bearer *tokens.Bearer
	host   string
}

func (t *authorized) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host == t.host {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", t.bearer.Header())
	}
	return t.next.RoundTrip(r)
}

// openData asks a directory, or the process that holds it.
func (a *app) openData(ctx context.Context, dir string) (*asker, error) {
	st, err := openReader(dir)
	if errors.Is(err, store.ErrLocked) {
		address, addressErr := pebble.ReadAddress(dir)
		if addressErr != nil || address == "" {
			return nil, err
		}
		client, clientErr := a.httpClient(address)
		if clientErr != nil {
			return nil, &usageError{clientErr}
		}
		e, remoteErr := remote.New(strings.TrimSpace(address), client)
		if remoteErr != nil {
			return nil, err
		}
		if _, infoErr := e.Info(ctx); infoErr != nil {
			return nil, errors.Join(err, infoErr)
		}
		return a.asker(e, func() error { return nil }), nil
	}
	if err != nil {
		return nil, err
	}
	rules, err := serve.LinkRules(cmp.Or(a.linkRules, os.Getenv("KUBEWAKE_LINK_RULES")))
	if err != nil {
		return nil, errors.Join(&usageError{err}, st.Close())
	}
	modes, err := serve.TraceModes(cmp.Or(a.traceModes, os.Getenv("KUBEWAKE_TRACE_MODES")))
	if err != nil {
		return nil, errors.Join(&usageError{err}, st.Close())
	}
	if a.linked {
		if st, err = a.keepLinks(ctx, dir, rules, st); err != nil {
			return nil, err
		}
	}
	e := local.New(st, local.Config{Version: versionText(), Data: dir, LinkRules: rules, Modes: modes})
	e.LinkIndex().Patience, e.LinkIndex().Progress = -1, a.linkProgress()
	return a.asker(e, st.Close), nil
}

// reader is a store opened to be read: derived data that cannot be kept is derived again by whoever asks next.
type reader struct{ *pebble.Store }

// openReader opens a data directory to read it.
func openReader(dir string) (reader, error) {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return reader{}, fmt.Errorf("there is no data directory %s; kubewake import PATH --data %s makes it", dir, dir)
	}
	st, err := pebble.Open(dir, pebble.Options{ReadOnly: true})
	return reader{st}, err
}

// LetGo keeps what cannot be let go of.
func (r reader) LetGo(ctx context.Context, upTo uint64) error {
	if err := r.Store.LetGo(ctx, upTo); !errors.Is(err, pebble.ErrReadOnly) {
		return err
	}
	return nil
}

// SetDerived drops what cannot be written.
func (r reader) SetDerived(ctx context.Context, name string, change []store.KeyValue) error {
	if err := r.Store.SetDerived(ctx, name, change); !errors.Is(err, pebble.ErrReadOnly) {
		return err
	}
	return nil
}

func (a *app) asker(e engine.Engine, close func() error) *asker {
	zone := time.Local
	if a.utc {
		zone = time.UTC
	}
	return &asker{Engine: e, close: close, cluster: a.cluster, zone: zone}
}

// say tells something beside the answer, on stderr.
func (a *app) say(format string, args ...any) {
	if !a.quiet {
		_, _ = fmt.Fprintf(a.err, "kubewake: "+format+"\n", args...) // nobody is left to tell
	}
}
