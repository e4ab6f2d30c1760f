package serve

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/kubewake/kubewake/internal/fresh"
	"github.com/kubewake/kubewake/link"
)

// Links adds rules that link objects.
type Links struct {
	Rules string `yaml:"rules" doc:"YAML file of further rules that say which objects are linked; see docs/links.md. It is read again when it changes, and on SIGHUP; what is recorded already is linked by it too."`
}

// LinkRules reads the rules of a file, beside the built-in ones; with an empty path those alone.
func LinkRules(path string, more ...link.Custom) (*link.Rules, error) {
	if path == "" {
		rules, err := link.New(more...)
		if err != nil {
			return nil, fmt.Errorf("link rules of plug-ins: %w", err)
		}
		return rules, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read link rules: %w", err)
	}
	custom, err := link.Load(text)
	if err != nil {
		return nil, fmt.Errorf("link rules %s: %w", path, err)
	}
	rules, err := link.New(append(custom, more...)...)
	if err != nil {
		return nil, fmt.Errorf("link rules %s: %w", path, err)
	}
	return rules, nil
}

// linkRules are those in force, and the file that they are read from.
type linkRules struct {
	path string
	file *fresh.Value[*link.Rules]
}

func openLinkRules(path string, more []link.Custom) (linkRules, error) {
	file, err := fresh.Load(func() (*link.Rules, error) { return LinkRules(path, more...) }, path)
	return linkRules{path, file}, err
}

// followLinkRules gives the index of links the rules of the file whenever that changes.
func (l *Live) followLinkRules(ctx context.Context) error {
	said := ""
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(fresh.Every):
		}
		l.mu.Lock()
		r := l.linkRules
		l.mu.Unlock()
		l.useLinkRules(r.file.Now())
		words := ""
		if err := r.file.Err(); err != nil {
			words = err.Error()
		}
		if words != "" && words != said {
			l.log.Error("the link rules were not read again; the old ones hold", "error", words)
		}
		said = words
	}
}

func (l *Live) useLinkRules(rules *link.Rules) {
	index := l.engine.LinkIndex()
	if index.Rules().Hash() == rules.Hash() {
		return
	}
	index.Use(rules)
	l.log.Info("link rules read; what is recorded is linked by them in the background", "rules", len(rules.Custom()))
}

// reloadLinkRules reads the file that the settings name, or the same one again.
func (l *Live) reloadLinkRules(path string) error {
	l.mu.Lock()
	r := l.linkRules
	l.mu.Unlock()
	if path == r.path {
		if err := r.file.Reload(); err != nil {
			return err
		}
		l.useLinkRules(r.file.Now())
		return nil
	}
	r, err := openLinkRules(path, l.options.Plugins.LinkRules)
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.linkRules = r
	l.mu.Unlock()
	l.useLinkRules(r.file.Now())
	return nil
}
