package collect

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

// KeyFile is the name of the redaction key in a data directory.
const KeyFile = "redaction.key"

// ReadRules reads a YAML file of redaction rules; no path gives none.
func ReadRules(path string) ([]redact.Rule, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read redaction rules: %w", err)
	}
	var file struct {
		Rules []redact.Rule `json:"rules"`
	}
	if err := yaml.UnmarshalStrict(text, &file); err != nil {
		return nil, fmt.Errorf("redaction rules %s: %w", path, err)
	}
	return file.Rules, nil
}

// ReadKey reads a redaction key. The error of a file that is not there is fs.ErrNotExist.
func ReadKey(path string) (redact.Key, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return redact.Key{}, fmt.Errorf("read redaction key: %w", err)
	}
	key, err := redact.ParseKey(text)
	if err != nil {
		return redact.Key{}, fmt.Errorf("%s: %w; restore it, or take everything in to a new directory", path, err)
	}
	return key, nil
}

// KeepKey reads the key, or makes one that only its owner may read. The key is written before anything that was
// redacted with it: a crash between leaves a key without values, never values without their key.
func KeepKey(path string) (redact.Key, error) {
	key, err := ReadKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if key, err = redact.NewKey(rand.Reader); err != nil {
		return redact.Key{}, err
	}
	return key, WriteKey(path, key)
}

// WriteKey keeps a key in a file that only its owner may read, in the place of one that was there; no path keeps nothing.
func WriteKey(path string, key redact.Key) error {
	if path == "" {
		return nil
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".key-*") // mode 0600
	if err != nil {
		return fmt.Errorf("write redaction key: %w", err)
	}
	_, err = file.Write(key.Encode())
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write redaction key: %w", errors.Join(err, os.Remove(file.Name())))
	}
	return nil
}
