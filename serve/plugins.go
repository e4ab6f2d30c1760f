package serve

import (
	"context"
	"sync"
	"time"

	"github.com/kubewake/kubewake/internal/settings"
	"github.com/kubewake/kubewake/plugin"
)

// ReadSettings reads a configuration file of kubewake serve, strictly; name is for its errors.
func ReadSettings(name string, text []byte) (Settings, error) {
	var s Settings
	err := settings.Read(name, text, &s)
	return s, err
}

// Pauses before a source of a plug-in that failed is started again.
const (
	firstPause = time.Second
	lastPause  = time.Minute
)

// runPlugins runs the sources of plug-ins until ctx ends.
func (l *Live) runPlugins(ctx context.Context, host plugin.Host) error {
	var all sync.WaitGroup
	for _, source := range l.options.Plugins.Sources {
		all.Go(func() { l.runPlugin(ctx, source, host) })
	}
	all.Wait()
	return nil
}

func (l *Live) runPlugin(ctx context.Context, source plugin.Source, host plugin.Host) {
	host.Log = l.log.With("source", source.Name())
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		began := time.Now()
		err := source.Run(ctx, host)
		if ctx.Err() != nil || err == nil {
			return
		}
		if time.Since(began) > lastPause {
			pause = firstPause
		}
		host.Log.Error("a source of a plug-in failed; it is started again", "after", pause, "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}
