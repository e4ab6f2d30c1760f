package serve

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/kubewake/kubewake/collect"
	"github.com/kubewake/kubewake/engine/extend"
	"github.com/kubewake/kubewake/export"
	"github.com/kubewake/kubewake/internal/settings"
)

// Settings are the configuration file of kubewake serve.
type Settings struct {
	Data           string         `yaml:"data" doc:"Directory of the store. It is made if it is not there; one process at a time writes it."`
	API            API            `yaml:"api" doc:"The listener that answers: API, page, /metrics, /healthz and /readyz."`
	Jaeger         JaegerSettings `yaml:"jaeger" doc:"What is done for a Jaeger. Its query API is always there, on api.listen."`
	collect.Config `yaml:",inline"`
	Spool          collect.Spool     `yaml:"spool" doc:"A bounded place on disk, best on another one than data, that takes batches while the store is slow or full."`
	Export         export.Settings   `yaml:"export" doc:"What is sent on, as it is recorded."`
	Retention      Retention         `yaml:"retention" doc:"What is dropped. The state and blame of what is alive then stay, as \"before\" the floor."`
	Links          Links             `yaml:"links" doc:"Which objects are linked, beside what kubewake knows by itself."`
	Traces         Traces            `yaml:"traces" doc:"How traces are shown, beside what kubewake knows by itself."`
	Extensions     extend.Settings   `yaml:"extensions" doc:"Other systems that are asked for spans when a trace is."`
	Redact         Redact            `yaml:"redact" doc:"What is replaced by keyed digests before anything is written, beside Secrets, tokens and commands."`
	Log            collect.Log       `yaml:"log" doc:"What this process says, on standard error."`
	StopWithin     settings.Duration `yaml:"stopWithin" doc:"How long an orderly stop may take; what is not acknowledged by then, its sender sends again. Default 25s."`
}

// API is the listener that answers.
type API struct {
	Listen   string            `yaml:"listen" doc:"HOST:PORT to listen on. Default 127.0.0.1:7575."`
	Cert     string            `yaml:"cert" doc:"PEM file of the certificate, for TLS."`
	Key      string            `yaml:"key" doc:"PEM file of its private key."`
	Tokens   string            `yaml:"tokens" doc:"File of bearer tokens that may ask, one a line: TOKEN (or sha256:HEX), then *. Empty: nobody is asked who they are; then listen on loopback, or set open. The files of the UI, which hold nothing that is recorded, are for everybody."`
	Open     bool              `yaml:"open" doc:"Answer everyone who can reach an address that is not loopback."`
	Insecure bool              `yaml:"insecure" doc:"Take tokens over plain HTTP on an address that is not loopback. Only where something before it ends TLS: whoever reads the network has the tokens."`
	Timeout  settings.Duration `yaml:"timeout" doc:"Bound of one question. Default 60s."`
	Pprof    bool              `yaml:"pprof" doc:"Serve Go's profiles at /debug/pprof/."`
}

// JaegerSettings are about Jaeger.
type JaegerSettings struct {
	GRPC string `yaml:"grpc" doc:"HOST:PORT to listen on for a Jaeger that has this for its remote storage; 127.0.0.1:17271 is where it looks. cert, key, tokens and open of api hold there too. Empty: not."`
	UI   string `yaml:"ui" doc:"Address of a Jaeger UI, http(s)://HOST:PORT, which /redirect leads to."`
}

// Retention drops what is old.
type Retention struct {
	Age   settings.Duration `yaml:"age" doc:"Drop what is older than this, counted back from each cluster's newest fact: 36h, 30d. 0s: keep everything."`
	Bytes settings.Bytes    `yaml:"bytes" doc:"Drop the oldest while more than this is on disk: 500MB, 20GB. 0: keep everything."`
	Every settings.Duration `yaml:"every" doc:"How often that is looked at. Default 10m."`
}

// Redact adds to what is redacted anyway.
type Redact struct {
	Rules string `yaml:"rules" doc:"YAML file of further fields to redact; see docs on redaction."`
	Key   string `yaml:"key" doc:"File of the key of the digests, 32 bytes as hexadecimal digits. Empty: one is made in data, mode 0600. Agents get it from here."`
}

// WithDefaults fills what is not set.
func (s Settings) WithDefaults() Settings {
	def(&s.API.Listen, DefaultListen)
	def(&s.API.Timeout, settings.Duration(time.Minute))
	def(&s.Retention.Every, settings.Duration(10*time.Minute))
	def(&s.StopWithin, settings.Duration(25*time.Second))
	s.Config = s.Config.WithDefaults()
	s.Spool = s.Spool.WithDefaults()
	s.Export = s.Export.WithDefaults()
	s.Extensions = s.Extensions.WithDefaults()
	s.Log = s.Log.WithDefaults()
	return s
}

func def[T comparable](v *T, to T) {
	var zero T
	if *v == zero {
		*v = to
	}
}

// Check says what is wrong, all of it.
func (s Settings) Check() error {
	errs := []error{s.Config.Check(), s.Export.Check(), s.Extensions.Check(), s.Log.Check()}
	if s.Data == "" {
		errs = append(errs, errors.New("data: a directory is needed"))
	}
	if _, _, err := net.SplitHostPort(s.API.Listen); err != nil {
		errs = append(errs, fmt.Errorf("api.listen: %q: want HOST:PORT", s.API.Listen))
	}
	if (s.API.Cert == "") != (s.API.Key == "") {
		errs = append(errs, errors.New("api: cert and key, or neither"))
	}
	errs = append(errs, s.API.reached("api", s.API.Listen)...)
	if grpc := s.Jaeger.GRPC; grpc != "" {
		if _, _, err := net.SplitHostPort(grpc); err != nil {
			errs = append(errs, fmt.Errorf("jaeger.grpc: %q: want HOST:PORT, for example %s", grpc, DefaultJaegerGRPC))
		} else {
			errs = append(errs, s.API.reached("jaeger", grpc)...)
		}
	}
	return errors.Join(errs...)
}

// reached says what is wrong with an address to answer on under these rules. who is the part of the settings that names it.
func (a API) reached(who, listen string) (errs []error) {
	if Loopback(listen) {
		return nil
	}
	if a.Tokens == "" && !a.Open {
		errs = append(errs, fmt.Errorf("%s: %s is reached from other machines: give api.tokens, cert and key, or set api.open to answer everyone", who, listen))
	}
	if a.Tokens != "" && a.Cert == "" && !a.Insecure {
		errs = append(errs, fmt.Errorf("%s: tokens would cross the network in plain text to %s: give api.cert and key, or set api.insecure where something before it ends TLS", who, listen))
	}
	return errs
}
