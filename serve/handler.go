package serve

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/pprof"
	"strings"

	"github.com/kubewake/kubewake/api/native"
	"github.com/kubewake/kubewake/api/tempo"
	"github.com/kubewake/kubewake/internal/tokens"
	"github.com/kubewake/kubewake/web"
)

// Handler is all that is served. With loopback set, requests that name another host are refused: a web page that
// had its own name point to 127.0.0.1 could read everything otherwise (DNS rebinding). What a browser asks for a page of another
// site is refused everywhere. /healthz and /readyz answer everybody; they tell nothing but whether.
func (s *Server) Handler(loopback bool) http.Handler {
	mux := http.NewServeMux()
	mux.Handle(native.Prefix, native.New(native.Config{Engine: s.config.Engine, Timeout: s.config.Timeout, Stopping: s.stopping, Log: s.config.Log}))
	s.jaeger.Register(mux)
	tempo.New(tempo.Config{Engine: s.config.Engine, Timeout: s.config.Timeout, Log: s.config.Log}).Register(mux)
	ui := web.New(web.Config{Engine: s.config.Engine, Version: s.config.Version, Jaeger: s.config.Jaeger.UI, Live: s.config.Live, Log: s.config.Log})
	mux.Handle("/", ui)
	if s.config.Metrics != nil {
		mux.Handle("GET /metrics", s.config.Metrics)
	}
	if s.config.Pprof {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	var inner http.Handler = mux
	if s.config.Callers != nil {
		inner = exceptFor(ui, onlyFor(*s.config.Callers, ui, mux))
	}
	outer := http.NewServeMux()
	outer.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "ok") })
	outer.HandleFunc("GET /readyz", s.readyz)
	outer.Handle("/", exceptForeign(inner))
	if !loopback {
		return outer
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isLocalHost(r.Host) {
			http.Error(w, "This server answers to localhost only, not to "+strings.ToValidUTF8(r.Host, "")+".", http.StatusMisdirectedRequest)
			return
		}
		outer.ServeHTTP(w, r)
	})
}

func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	if s.config.Readiness == nil {
		say(w, http.StatusOK, "ready")
		return
	}
	if err := s.config.Readiness(r.Context()); err != nil {
		say(w, http.StatusServiceUnavailable, "not ready: "+err.Error())
		return
	}
	say(w, http.StatusOK, "ready")
}

func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n")) // the asker may have gone
}

// exceptForeign refuses what a browser says a page of another site asks: that page could not read the answer, since no path here says that it
// may, but keep this server busy. Links from there may be followed, and what is no browser says nothing: Grafana asks from its own server, Jaeger UI its Jaeger.
func exceptForeign(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Sec-Fetch-Site") == "cross-site" && r.Header.Get("Sec-Fetch-Mode") != "navigate" {
			refuse(w, http.StatusForbidden, "A page of another site asked: it could not read the answer, only keep this server busy.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// exceptFor gives everybody the files of the UI, which hold nothing that is recorded: a browser can not send a token for its first page, and
// the UI sends one with every question. What it does not take goes to next.
func exceptFor(ui *web.Handler, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ui.Public(r) {
			ui.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// onlyFor lets in those who may ask about every cluster. Who sees only some comes with tenants. People in a browser are told by a page of the UI's why
// they are not, programs by a problem document.
func onlyFor(callers tokens.Callers, ui *web.Handler, next http.Handler) http.Handler {
	refuse := func(w http.ResponseWriter, r *http.Request, status int, detail string) {
		if !ui.Refuse(w, r, status, detail) {
			refuse(w, status, detail)
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		access, err := callers.Identify(r)
		switch {
		case errors.Is(err, tokens.ErrNobody):
			w.Header().Set("WWW-Authenticate", `Bearer realm="kubewake"`)
			refuse(w, r, http.StatusUnauthorized, "Say who you are: send a bearer token that this server's api.tokens names (--token-file).")
		case err != nil:
			w.Header().Set("WWW-Authenticate", `Bearer realm="kubewake", error="invalid_token"`)
			refuse(w, r, http.StatusUnauthorized, "This token or certificate is not known here.")
		case !access.Everything():
			refuse(w, r, http.StatusForbidden, "This token may not ask about all clusters; api.tokens gives it *.")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// refuse answers with a problem document (RFC 9457), as the API does.
func refuse(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": detail}) // the asker may have gone
}
