package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/export"
)

// otlpFlags say where a trace is sent.
type otlpFlags struct {
	to      export.Target
	headers []string
}

func (f *otlpFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.to.Endpoint, "otlp", "", "send it to an OTLP receiver instead, as http://localhost:4317 or https://HOST:4318")
	flags.StringVar(&f.to.Protocol, "otlp-protocol", "", "grpc or http (default: http for port 4318 or a URL with a path, else grpc)")
	flags.StringVar(&f.to.TLS.CA, "otlp-ca", "", "PEM file of the authorities of the receiver's certificate (default: the system's)")
	flags.BoolVar(&f.to.Insecure, "otlp-insecure", false, "without TLS, and headers to another machine in plain text")
	flags.StringArrayVar(&f.headers, "otlp-header", nil, "NAME=FILE: a header, as Authorization, whose value the file holds")
}

// send sends a trace, and says what became of it.
func (f *otlpFlags) send(ctx context.Context, a *app, t *engine.Trace) error {
	to := f.to.WithDefaults()
	for _, h := range f.headers {
		name, file, ok := strings.Cut(h, "=")
		if !ok {
			return usagef("--otlp-header %s: want NAME=FILE", name)
		}
		to.Headers = append(to.Headers, export.Header{Name: name, File: file})
	}
	if err := to.Check(); err != nil {
		return usagef("--otlp: %v", err)
	}
	sent, err := export.Send(ctx, to, &t.Trace)
	if err != nil {
		return err
	}
	line := fmt.Sprintf("sent %d spans to %s, trace %s", sent.Spans-sent.Rejected, to.Endpoint, t.ID)
	if sent.Rejected > 0 {
		line += fmt.Sprintf("; the receiver rejected %d", sent.Rejected)
	}
	if sent.Message != "" {
		line += ": " + sent.Message
	}
	if _, err := fmt.Fprintln(a.out, line); err != nil {
		return err
	}
	if note := cutOrPending(t.Cut, t.Pending); note != "" {
		a.say("%s", note)
	}
	if sent.Rejected > 0 {
		return errors.New("the receiver did not take all of it")
	}
	return nil
}
