package agent

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/kubewake/kubewake/collect"
	"github.com/kubewake/kubewake/internal/settings"
	"github.com/kubewake/kubewake/internal/tlsfiles"
)

// Settings are the configuration file of kubewake agent.
type Settings struct {
	To             To `yaml:"to" doc:"Where what is collected goes."`
	collect.Config `yaml:",inline"`
	Spool          collect.Spool     `yaml:"spool" doc:"What bridges a receiver that is away. Without it the audit webhook's pressure goes back to the apiserver, which drops a batch after some 80 seconds; watches wait and go on from where they were."`
	Redact         Redact            `yaml:"redact" doc:"What is replaced by keyed digests before anything leaves this process, beside Secrets, tokens and commands."`
	Listen         string            `yaml:"listen" doc:"HOST:PORT of /metrics, /healthz and /readyz. Default 127.0.0.1:7576; empty with --listen=\"\": none."`
	Log            collect.Log       `yaml:"log" doc:"What this process says, on standard error."`
	StopWithin     settings.Duration `yaml:"stopWithin" doc:"How long an orderly stop may take. Default 25s."`
}

// To is the receiver.
type To struct {
	URL   string          `yaml:"url" doc:"Address of the receiver: the receive listener of kubewake serve, as https://HOST:PORT."`
	TLS   tlsfiles.Client `yaml:"tls" doc:"Certificates of the connection; files are read again when they change."`
	Token string          `yaml:"token" doc:"File of the bearer token to show; read again when it changes."`
}

// Redact adds to what is redacted anyway.
type Redact struct {
	Rules string `yaml:"rules" doc:"YAML file of further fields to redact."`
	Key   string `yaml:"key" doc:"File of the key of the digests. Empty: the receiver's, so that equal values are seen to be equal across agents."`
}

// DefaultListen is where an agent tells how it is.
const DefaultListen = "127.0.0.1:7576"

// WithDefaults fills what is not set.
func (s Settings) WithDefaults() Settings {
	if s.StopWithin == 0 {
		s.StopWithin = settings.Duration(25 * time.Second)
	}
	s.Config = s.Config.WithDefaults()
	s.Spool = s.Spool.WithDefaults()
	s.Log = s.Log.WithDefaults()
	return s
}

// Check says what is wrong, all of it.
func (s Settings) Check() error {
	errs := []error{s.To.check(), s.Config.Check(), s.Log.Check()}
	if s.Receive.Listen == "" && len(s.Tails) == 0 && len(s.Clusters) == 0 && s.OTLP.GRPC == "" && s.OTLP.HTTP == "" {
		errs = append(errs, errors.New("nothing to collect: give clusters, tails, receive or otlp"))
	}
	return errors.Join(errs...)
}

func (t To) check() error {
	if t.URL == "" {
		return errors.New("to.url: the address of a receiver is needed")
	}
	u, err := url.Parse(t.URL)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || u.User != nil {
		return fmt.Errorf("to.url: %q: want https://HOST:PORT", u.Redacted())
	}
	if u.Scheme == "http" && !collect.IsLoopback(u.Host) {
		return fmt.Errorf("to.url: %s: plain http is for a receiver on this machine only", t.URL)
	}
	return nil
}
