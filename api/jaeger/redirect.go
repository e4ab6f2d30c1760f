package jaeger

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
)

// around is how far a redirect without window looks, both ways from its ts.
const around = 30 * time.Minute

// redirect leads from an object's name and a moment to its trace in the Jaeger UI. Who takes JSON only is told the address: a script in a
// browser can not read where it is sent.
func (f *Face) redirect(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("Vary", "Accept")
	header.Set("X-Content-Type-Options", "nosniff")
	told := r.Header.Get("Accept") == "application/json"
	to, err := f.leadsTo(r)
	if err != nil {
		status, message := f.statusOf(r.URL.Path, err)
		if !told {
			http.Error(w, message, status)
			return
		}
		header.Set("Content-Type", "application/problem+json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{"title": http.StatusText(status), "status": status, "detail": message}) // the asker may have gone
		return
	}
	if !told {
		http.Redirect(w, r, to, http.StatusFound)
		return
	}
	header.Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"location": to}) // as above
}

// leadsTo is the address of the trace that r asks for.
func (f *Face) leadsTo(r *http.Request) (string, error) {
	if f.ui == nil {
		return "", engine.Errorf(engine.KindNotFound, "No Jaeger UI is configured here: set jaeger.ui, or give --jaeger-ui URL.")
	}
	q, err := readRedirect(r.URL)
	if err != nil {
		return "", err
	}
	ctx, leave, err := f.enter(r.Context())
	if err != nil {
		return "", err
	}
	defer leave()
	answer, err := f.config.Engine.Trace(ctx, q)
	if err != nil {
		return "", err
	}
	if len(answer.Spans) == 0 {
		return "", engine.Errorf(engine.KindNotFound, "Nothing was recorded of %s/%s between %s and %s.", q.Object.Kind, q.Object.Name,
			q.Window.From.Format(time.RFC3339), q.Window.To.Format(time.RFC3339))
	}
	return f.ui.JoinPath("trace", answer.ID.String()).String(), nil
}

// readRedirect reads cluster, group, resource, namespace, name and ts, and besides uid, window, mode and modifier.
func readRedirect(u *url.URL) (q query.Trace, err error) {
	values, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return q, badParam("the parameters can not be read: %v", err)
	}
	kind := values.Get("resource")
	if group := values.Get("group"); group != "" && kind != "" {
		kind += "." + group
	}
	q.Object = query.Object{Cluster: record.Cluster(values.Get("cluster")), Kind: kind, Namespace: values.Get("namespace"),
		Name: values.Get("name"), UID: record.UID(values.Get("uid"))}
	if q.Object.UID == "" && (kind == "" || q.Object.Name == "") {
		return q, badParam("which object? give resource and name (and cluster, group, namespace, ts), or uid")
	}
	q.Mode, q.Modifier = values.Get("mode"), values.Get("modifier")
	q.Limit = 1 // its ID is wanted, not its spans
	half := around
	if s := values.Get("window"); s != "" {
		if half, err = time.ParseDuration(s); err != nil || half <= 0 {
			return q, badParam("window: %q is no duration such as 30m", s)
		}
	}
	ts := values.Get("ts")
	if ts == "" {
		return q, nil // its recorded life
	}
	at, err := readMoment(ts)
	if err != nil {
		return q, err
	}
	q.Window, q.At = query.Window{From: at.Add(-half), To: at.Add(half)}, at
	return q, nil
}

// readMoment reads RFC 3339, or seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their size.
func readMoment(s string) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339Nano, strings.ReplaceAll(s, " ", "+")); err == nil {
		return t.UTC(), nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	switch {
	case err != nil || n <= 0:
		return time.Time{}, badParam("ts: %q is neither a time such as 2026-01-31T12:00:00Z nor a number since 1970", s)
	case n < 1e11:
		return time.Unix(n, 0).UTC(), nil
	case n < 1e14:
		return time.UnixMilli(n).UTC(), nil
	case n < 1e17:
		return time.UnixMicro(n).UTC(), nil
	}
	return time.Unix(0, n).UTC(), nil
}
