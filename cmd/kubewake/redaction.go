package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"sigs.k8s.io/yaml"

	"github.com/kubewake/kubewake/object/redact"
)

// keyFile holds the redaction key of a data directory.
const keyFile = "redaction.key"

// rulesFile is what --redact-rules names.
type rulesFile struct {
	Rules []redact.Rule `json:"rules"`
}

// redactor makes what takes secrets out before anything is written to dir.
func (a *app) redactor(dir string, in *intakeFlags) (*redact.Redactor, error) {
	if in.noRedact {
		if in.rules != "" {
			return nil, usagef("give --redact-rules or --no-redact, not both")
		}
		a.say("warning: --no-redact writes Secrets and tokens to %s as they are", dir)
		return redact.Off(), nil
	}
	rules, err := readRules(in.rules)
	if err != nil {
		return nil, err
	}
	key, err := redactionKey(filepath.Join(dir, keyFile))
	if err != nil {
		return nil, err
	}
	r, err := redact.New(key, rules)
	if err != nil {
		return nil, &usageError{fmt.Errorf("redaction rules %s: %w", in.rules, err)}
	}
	return r, nil
}

func readRules(path string) ([]redact.Rule, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read redaction rules: %w", err)
	}
	var file rulesFile
	if err := yaml.UnmarshalStrict(text, &file); err != nil {
		return nil, usagef("redaction rules %s: %w", path, err)
	}
	return file.Rules, nil
}

// redactionKey reads the key, or makes one that only its owner may read. The key is written before anything that was
// redacted with it: a crash between leaves a key without values, never values without their key.
func redactionKey(path string) (redact.Key, error) {
	text, err := os.ReadFile(path)
	if err == nil {
		key, err := redact.ParseKey(text)
		if err != nil {
			return redact.Key{}, fmt.Errorf("%s: %w; restore it, or take everything in to a new directory", path, err)
		}
		return key, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return redact.Key{}, fmt.Errorf("read redaction key: %w", err)
	}
	key, err := redact.NewKey(rand.Reader)
	if err != nil {
		return redact.Key{}, err
	}
	return key, writeKey(path, key)
}

func writeKey(path string, key redact.Key) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write redaction key: %w", err)
	}
	_, err = file.Write(key.Encode())
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("write redaction key: %w", err)
	}
	return nil
}
