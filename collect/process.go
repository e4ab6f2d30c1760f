package collect

import (
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/kubewake/kubewake/internal/settings"
)

// Spool bridges a slow receiver or store.
type Spool struct {
	Dir   string            `yaml:"dir" doc:"Directory of a bounded spool, which takes batches while what is behind it is slow or away; best on another disk than the data. Empty: none; senders are told to come again instead."`
	Bytes settings.Bytes    `yaml:"bytes" doc:"Bound of what it holds. Default 1GB."`
	Slow  settings.Duration `yaml:"slow" doc:"How long a batch may take before it is spooled. Default 2s."`
}

// WithDefaults fills what is not set.
func (s Spool) WithDefaults() Spool {
	def(&s.Bytes, 1e9)
	def(&s.Slow, settings.Duration(2*time.Second))
	return s
}

// Log of the process.
type Log struct {
	Level  string `yaml:"level" doc:"debug, info, warn or error. Default info."`
	Format string `yaml:"format" doc:"text or json. Default text."`
}

// WithDefaults fills what is not set.
func (l Log) WithDefaults() Log {
	def(&l.Level, "info")
	def(&l.Format, "text")
	return l
}

// Check says what is wrong.
func (l Log) Check() error {
	_, err := l.Logger(io.Discard)
	return err
}

// Logger writes to w.
func (l Log) Logger(w io.Writer) (*slog.Logger, error) {
	o := &slog.HandlerOptions{}
	var level slog.Level
	if l.Level != "" {
		if err := level.UnmarshalText([]byte(l.Level)); err != nil {
			return nil, fmt.Errorf("log.level: %q: want debug, info, warn or error", l.Level)
		}
	}
	o.Level = level
	switch l.Format {
	case "", "text":
		return slog.New(slog.NewTextHandler(w, o)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, o)), nil
	}
	return nil, fmt.Errorf("log.format: %q: want text or json", l.Format)
}
