package serve

import (
	"context"
	"errors"
	"time"

	"github.com/kubewake/kubewake/internal/fresh"
	"github.com/kubewake/kubewake/internal/settings"
	"github.com/kubewake/kubewake/link"
	"github.com/kubewake/kubewake/trace"
)

// followed is what a file that the settings name holds; it is read again when the file changes.
type followed[T any] struct {
	path string
	file *fresh.Value[T]
}

func (l *Live) openLinkRules(path string) (followed[*link.Rules], error) {
	file, err := fresh.Load(func() (*link.Rules, error) { return LinkRules(path, l.options.Plugins.LinkRules...) }, path)
	return followed[*link.Rules]{path, file}, settings.Faulty(err)
}

func (l *Live) openModes(path string) (followed[*trace.Modes], error) {
	file, err := fresh.Load(func() (*trace.Modes, error) { return TraceModes(path, l.options.Plugins.Modes) }, path)
	return followed[*trace.Modes]{path, file}, settings.Faulty(err)
}

// again reads the file that the settings name, or the same one if it changed. The error leaves what was read before in force.
func again[T any](have followed[T], path string, open func(string) (followed[T], error)) (followed[T], error) {
	if path == have.path {
		return have, have.file.Reload()
	}
	return open(path)
}

// follow takes over link rules and display modes whenever their files change.
func (l *Live) follow(ctx context.Context) error {
	var said [2]string
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(fresh.Every):
		}
		l.mu.Lock()
		rules, modes := l.linkRules.file, l.traceModes.file
		l.useFollowed()
		l.mu.Unlock()
		for i, f := range []struct {
			what string
			err  error
		}{{"the link rules were not read again; the old ones hold", rules.Err()}, {"the display modes were not read again; the old ones hold", modes.Err()}} {
			words := ""
			if f.err != nil {
				words = f.err.Error()
			}
			if words != "" && words != said[i] {
				l.log.Error(f.what, "error", words)
			}
			said[i] = words
		}
	}
}

// useFollowed gives index and engine what the files hold, where that is new. l.mu is held.
func (l *Live) useFollowed() {
	rules, index := l.linkRules.file.Now(), l.engine.LinkIndex()
	if index.Rules().Hash() != rules.Hash() {
		index.Use(rules)
		l.log.Info("link rules read; what is recorded is linked by them in the background", "rules", len(rules.Custom()))
	}
	if modes := l.traceModes.file.Now(); modes != l.shown {
		l.shown = modes
		l.engine.UseModes(modes)
		l.log.Info("display modes read; traces are shown by them from now on", "modes", len(modes.Modes))
	}
}

// readFollowed reads the files that the settings name. What it gives takes them over.
func (l *Live) readFollowed(s Settings) (takeOver func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	rules, errRules := again(l.linkRules, s.Links.Rules, l.openLinkRules)
	modes, errModes := again(l.traceModes, s.Traces.Modes, l.openModes)
	if err := errors.Join(errRules, errModes); err != nil {
		return nil, err
	}
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.linkRules, l.traceModes = rules, modes
		l.useFollowed()
	}, nil
}
