package main

import (
	"cmp"
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/serve"
)

func jaegerFlags(flags *pflag.FlagSet, j *serve.Jaeger) {
	flags.StringVar(&j.GRPC, "jaeger-grpc", "", "address to answer a Jaeger on that has this for its storage, such as "+serve.DefaultJaegerGRPC+" (docs/jaeger.md)")
	flags.StringVar(&j.UI, "jaeger-ui", "", "address of a Jaeger UI, http(s)://HOST:PORT, that /redirect leads to")
}

// sayJaeger tells where a Jaeger finds its storage, if anywhere.
func (a *app) sayJaeger(address string) {
	if address != "" {
		a.say("answering a Jaeger on %s (jaeger --config docs/jaeger.yaml)", address)
	}
}

// sayJaegerSearch gives the address of a search over the time that is recorded, which the page itself would look for in the last hour.
func (a *app) sayJaegerSearch(ctx context.Context, e engine.Engine, j serve.Jaeger) error {
	if j.GRPC == "" {
		return nil
	}
	info, err := e.Info(ctx)
	if err != nil {
		return err
	}
	if link := jaegerSearch(info, j.UI); link != "" {
		a.say("and then %s", link)
	}
	return nil
}

// jaegerSearch is empty where nothing is recorded.
func jaegerSearch(info *engine.Info, ui string) string {
	var first, last time.Time
	for _, c := range info.Clusters {
		if c.First == nil || c.Last == nil {
			continue
		}
		if first.IsZero() || c.First.Before(first) {
			first = *c.First
		}
		if c.Last.After(last) {
			last = *c.Last
		}
	}
	if first.IsZero() {
		return ""
	}
	values := url.Values{"service": {"tracing"}, "tags": {`{"resource":"deployments"}`}, "limit": {"20"}, "lookback": {"custom"},
		"start": {strconv.FormatInt(first.UnixMicro(), 10)}, "end": {strconv.FormatInt(last.UnixMicro()+1, 10)}}
	return strings.TrimSuffix(cmp.Or(ui, "http://127.0.0.1:16686"), "/") + "/search?" + values.Encode()
}
