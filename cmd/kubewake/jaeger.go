package main

import (
	"github.com/spf13/pflag"

	"github.com/kubewake/kubewake/serve"
)

func jaegerFlags(flags *pflag.FlagSet, j *serve.Jaeger) {
	flags.StringVar(&j.GRPC, "jaeger-grpc", "", "address to answer a Jaeger on that has this for its storage, such as "+serve.DefaultJaegerGRPC+" (docs/jaeger.md)")
	flags.StringVar(&j.UI, "jaeger-ui", "", "address of a Jaeger UI, http(s)://HOST:PORT, that /redirect leads to")
}

func (a *app) sayJaeger(j serve.Jaeger) {
	if j.GRPC != "" {
		a.say("answering a Jaeger on %s (jaeger --config docs/jaeger.yaml)", j.GRPC)
	}
}
