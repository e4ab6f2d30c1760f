package main

import (
	"path/filepath"

	"github.com/kubewake/kubewake/collect"
	"github.com/kubewake/kubewake/object/redact"
)

// redactor makes what takes secrets out before anything is written to dir.
func (a *app) redactor(dir string, in *intakeFlags) (*redact.Redactor, error) {
	if in.noRedact {
		if in.rules != "" {
			return nil, usagef("give --redact-rules or --no-redact, not both")
		}
		a.say("warning: --no-redact writes Secrets and tokens to %s as they are", dir)
		return redact.Off(), nil
	}
	rules, err := collect.ReadRules(in.rules)
	if err != nil {
		return nil, &usageError{err}
	}
	key, err := collect.KeepKey(filepath.Join(dir, collect.KeyFile))
	if err != nil {
		return nil, err
	}
	r, err := redact.New(key, rules)
	if err != nil {
		return nil, usagef("redaction rules %s: %w", in.rules, err)
	}
	return r, nil
}
