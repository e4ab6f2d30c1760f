package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/kubewake/kubewake/api/intake"
	"github.com/kubewake/kubewake/collect"
	"github.com/kubewake/kubewake/engine/extend"
	"github.com/kubewake/kubewake/engine/local"
	"github.com/kubewake/kubewake/export"
	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/ingest/spool"
	"github.com/kubewake/kubewake/internal/settings"
	"github.com/kubewake/kubewake/internal/tlsfiles"
	"github.com/kubewake/kubewake/internal/tokens"
	"github.com/kubewake/kubewake/link"
	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/plugin"
	"github.com/kubewake/kubewake/store"
	"github.com/kubewake/kubewake/store/pebble"
	"github.com/kubewake/kubewake/trace"
)

// Live is the role that records and answers, everything in one process on the embedded store. Make one with NewLive,
// run it once, then Close it.
type Live struct {
	settings  Settings
	options   LiveOptions
	log       *slog.Logger
	store     *pebble.Store
	local     *ingest.Local
	export    *export.Exporter // nil: none
	spool     *spool.Sink
	collector *collect.Collector
	server    *Server
	engine    *local.Engine
	metrics   *prometheus.Registry
	host      plugin.Host // of the sources of plug-ins
	stopping  atomic.Bool
	retainNow chan struct{} // the retention has changed

	mu         sync.Mutex // guards all below
	retention  Retention
	linkRules  followed[*link.Rules]
	traceModes followed[*trace.Modes]
	shown      *trace.Modes // those that the engine has
}

// LiveOptions are what the process gives to the role.
type LiveOptions struct {
	Version string
	Log     *slog.Logger
	// Plugins are what the binary adds; see package plugin.
	Plugins plugin.Set
	// Ready is called once it can be asked at url; received is where data is taken in, or empty.
	Ready func(url, received string) error
}

// NewLive opens the store and everything the settings name, and listens where data is received. It starts nothing.
func NewLive(s Settings, o LiveOptions) (_ *Live, err error) {
	s = s.WithDefaults()
	if err := s.Check(); err != nil {
		return nil, settings.Faulty(err)
	}
	if err := o.Plugins.Check(); err != nil {
		return nil, err
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	l := &Live{settings: s, options: o, log: o.Log, retention: s.Retention, metrics: prometheus.NewRegistry(), retainNow: make(chan struct{}, 1)}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.Close())
		}
	}()
	l.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if l.linkRules, err = l.openLinkRules(s.Links.Rules); err != nil {
		return nil, err
	}
	if l.traceModes, err = l.openModes(s.Traces.Modes); err != nil {
		return nil, err
	}
	l.shown = l.traceModes.file.Now()
	if err := os.MkdirAll(s.Data, 0o700); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	if l.store, err = pebble.Open(s.Data, pebble.Options{}); err != nil {
		return nil, err
	}
	key, redactor, err := s.redaction()
	if err != nil {
		return nil, err
	}
	l.engine = local.New(l.store, local.Config{Version: o.Version, Data: s.Data, LinkRules: l.linkRules.file.Now(), Modes: l.shown})
	l.local = ingest.NewLocal(l.store, ingest.LocalConfig{Appended: l.engine.Clocks().Appended, Metrics: ingest.NewMetrics(l.metrics), Log: o.Log})
	stored, err := l.exported()
	if err != nil {
		return nil, err
	}
	l.spool, err = spool.New(spool.Config{Dir: s.Spool.Dir, MaxBytes: int64(s.Spool.Bytes), Slow: time.Duration(s.Spool.Slow),
		Next: stored, Metrics: spool.NewMetrics(l.metrics), Log: o.Log})
	if err != nil {
		return nil, err
	}
	l.host = plugin.Host{Sink: l.spool, Redactor: redactor, Log: o.Log}
	receives := intake.NewMetrics(l.metrics)
	l.collector, err = collect.New(s.Config, collect.Process{Sink: l.spool, Redactor: redactor, Metrics: l.metrics, Log: o.Log,
		Intake: func(identify collect.Identify) (http.Handler, error) {
			if s.Receive.Insecure {
				identify = byLocalName(identify)
			}
			return intake.New(intake.Config{Sink: l.spool, Identify: identify, RedactionKey: key.Encode(), Metrics: receives, Log: o.Log})
		}})
	if err != nil {
		return nil, err
	}
	l.metrics.MustRegister(newLiveMetrics(l.store, l.collector))
	return l, l.face()
}

// byLocalName is for a listener that asks nobody who they are: a web page whose own name was made to lead to this machine could ask for
// the redaction key, and deliver.
func byLocalName(identify collect.Identify) collect.Identify {
	return func(r *http.Request) (tokens.Access, error) {
		if !isLocalHost(r.Host) {
			return tokens.Access{}, errors.New("without authentication this machine is called localhost, or by a loopback address")
		}
		return identify(r)
	}
}

// redaction gives the key and what uses it.
func (s Settings) redaction() (redact.Key, *redact.Redactor, error) {
	rules, err := collect.ReadRules(s.Redact.Rules)
	if err != nil {
		return redact.Key{}, nil, settings.Faulty(err)
	}
	var key redact.Key
	if s.Redact.Key != "" {
		key, err = collect.ReadKey(s.Redact.Key)
		err = settings.Faulty(err)
	} else {
		key, err = collect.KeepKey(filepath.Join(s.Data, collect.KeyFile))
	}
	if err != nil {
		return redact.Key{}, nil, err
	}
	r, err := redact.New(key, rules)
	if err != nil {
		return redact.Key{}, nil, settings.Faulty(fmt.Errorf("redaction rules %s: %w", s.Redact.Rules, err))
	}
	return key, r, nil
}

// face makes the listener that answers.
func (l *Live) face() (err error) {
	s := l.settings
	extended, err := extend.New(l.engine, s.Extensions)
	if err != nil {
		return settings.Faulty(err)
	}
	c := Config{
		Engine:    extended,
		Listen:    s.API.Listen,
		Timeout:   time.Duration(s.API.Timeout),
		Log:       l.log,
		Readiness: l.readiness,
		Metrics:   promhttp.HandlerFor(l.metrics, promhttp.HandlerOpts{ErrorLog: slog.NewLogLogger(l.log.Handler(), slog.LevelWarn), Timeout: 20 * time.Second}),
		Pprof:     s.API.Pprof,
		Jaeger:    Jaeger(s.Jaeger),
		Version:   l.options.Version,
		Live:      true,
		Ready:     l.ready,
	}
	if s.API.Cert != "" {
		if c.TLS, err = (tlsfiles.Server{Cert: s.API.Cert, Key: s.API.Key}).Open(); err != nil {
			return settings.Faulty(fmt.Errorf("api: %w", err))
		}
	}
	if s.API.Tokens != "" {
		file, err := tokens.Open(s.API.Tokens)
		if err != nil {
			return settings.Faulty(fmt.Errorf("api: %w", err))
		}
		c.Callers = &tokens.Callers{Tokens: file}
	}
	l.server, err = New(c)
	return settings.Faulty(err)
}

func (l *Live) ready(url string) error {
	if err := pebble.WriteAddress(l.settings.Data, url); err != nil {
		return fmt.Errorf("write the address for other processes: %w", err)
	}
	if l.options.Ready == nil {
		return nil
	}
	return l.options.Ready(url, l.collector.Addr())
}

// JaegerAddr is where a Jaeger finds its storage, from when Ready is called; empty: nowhere.
func (l *Live) JaegerAddr() string { return l.server.JaegerAddr() }

func (l *Live) readiness(ctx context.Context) error {
	if l.stopping.Load() {
		return errors.New("stopping")
	}
	return l.local.Healthy(ctx)
}

// Run records and answers until ctx ends, and then stops in order, each step within its bound: sources stop taking in, what is under
// way is acknowledged or left to its sender, the spool is put down, and questions under way are answered last.
func (l *Live) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	late := make(chan struct{})
	defer context.AfterFunc(ctx, func() {
		l.stopping.Store(true)
		time.AfterFunc(time.Duration(l.settings.StopWithin), func() { close(late) })
	})()
	ended := make(chan error, 1)
	go func() { ended <- l.run(ctx, cancel) }()
	select {
	case err := <-ended:
		return err
	case <-late:
		err := fmt.Errorf("the stop took longer than stopWithin, %s; what was not acknowledged is sent again by its sender", time.Duration(l.settings.StopWithin))
		if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
			return errors.Join(cause, err)
		}
		return err
	}
}

func (l *Live) run(ctx context.Context, cancel context.CancelCauseFunc) error {
	background, stopBackground := context.WithCancel(context.WithoutCancel(ctx))
	defer stopBackground()
	answering, stopAnswering := context.WithCancel(context.WithoutCancel(ctx))
	defer stopAnswering()

	var behind, front sync.WaitGroup
	run := func(group *sync.WaitGroup, ctx context.Context, what string, f func(context.Context) error) {
		group.Go(func() {
			if err := f(ctx); err != nil && !errors.Is(err, context.Canceled) {
				cancel(fmt.Errorf("%s: %w", what, err))
			}
		})
	}
	run(&behind, background, "spool", l.spool.Run)
	run(&behind, background, "export", l.runExport)
	run(&behind, background, "index", l.engine.Clocks().Run)
	run(&behind, background, "links", l.engine.LinkIndex().Run)
	run(&behind, background, "files of the settings", l.follow)
	run(&behind, background, "retention", l.retain)
	run(&behind, background, "store", l.guard)
	run(&front, answering, "serve", l.server.Run)

	var sources sync.WaitGroup
	run(&sources, ctx, "plug-ins", func(ctx context.Context) error { return l.runPlugins(ctx, l.host) })
	err := l.collector.Run(ctx)
	if err != nil {
		cancel(err)
	}
	<-ctx.Done()
	sources.Wait()
	stopBackground()
	behind.Wait()
	stopAnswering()
	front.Wait()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// Close lets the listener, the store and the spool go. What was acknowledged is durable already.
func (l *Live) Close() error {
	var errs []error
	if l.collector != nil {
		errs = append(errs, l.collector.Close())
	}
	if l.spool != nil {
		errs = append(errs, l.spool.Close())
	}
	if l.export != nil {
		errs = append(errs, l.export.Close())
	}
	if l.store != nil {
		errs = append(errs, l.store.Close())
	}
	return errors.Join(errs...)
}

// guard ends the role when the store says that only a restart mends it: whoever supervises the process starts it again, and what was
// acknowledged is there.
func (l *Live) guard(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Second):
		}
		if err := l.local.Healthy(ctx); errors.Is(err, store.ErrFailed) {
			return err
		}
	}
}

// Reload takes over what can change while it runs, and gives the names of what needs a restart. With an error nothing has changed: all that can fail
// comes first.
func (l *Live) Reload(s Settings) (needRestart []string, err error) {
	s = s.WithDefaults()
	if err := s.Check(); err != nil {
		return nil, err
	}
	takeOver, err := l.readFollowed(s)
	if err != nil {
		return nil, err
	}
	if err := l.collector.Check(s.Config); err != nil {
		return nil, err
	}
	restart, err := l.reloadExport(s.Export)
	if err != nil {
		return nil, err
	}
	takeOver()
	if needRestart, err = l.collector.Reload(s.Config); err != nil {
		return nil, err
	}
	for name, same := range map[string]bool{"data": s.Data == l.settings.Data, "api": s.API == l.settings.API, "jaeger": s.Jaeger == l.settings.Jaeger, "spool": s.Spool == l.settings.Spool, "redact": s.Redact == l.settings.Redact,
		"extensions": reflect.DeepEqual(s.Extensions, l.settings.Extensions), "log": s.Log == l.settings.Log, "stopWithin": s.StopWithin == l.settings.StopWithin} {
		if !same {
			needRestart = append(needRestart, name)
		}
	}
	if restart {
		needRestart = append(needRestart, "export")
	}
	slices.Sort(needRestart)
	l.mu.Lock()
	l.retention = s.Retention
	l.mu.Unlock()
	select {
	case l.retainNow <- struct{}{}:
	default:
	}
	return needRestart, nil
}
