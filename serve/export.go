package serve

import (
	"context"
	"path/filepath"

	"github.com/kubewake/kubewake/export"
	"github.com/kubewake/kubewake/ingest"
)

// exportDir is where the export's queue lies in data unless told otherwise.
const exportDir = "export"

// exported gives the sink before which the spool stands: the store's, with the export behind it where there is one.
func (l *Live) exported() (ingest.Sink, error) {
	s := l.settings.Export
	if !s.Enabled() {
		return l.local, nil
	}
	var err error
	l.export, err = export.New(export.Config{Settings: s, Dir: filepath.Join(l.settings.Data, exportDir), Facts: l.engine, Notes: l.engine.Notes("export"),
		Metrics: export.NewMetrics(l.metrics), Log: l.log})
	if err != nil {
		return nil, err
	}
	return l.export.Before(l.local), nil
}

// runExport makes spans and sends them, where that is asked for.
func (l *Live) runExport(ctx context.Context) error {
	if l.export == nil {
		return nil
	}
	return l.export.Run(ctx)
}

// reloadExport takes over target and selection; beginning to export, or ending it, takes a restart.
func (l *Live) reloadExport(s export.Settings) (needRestart bool, err error) {
	if l.export == nil {
		return s.Enabled(), nil
	}
	return l.export.Reload(s)
}
