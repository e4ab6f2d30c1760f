package settings

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Duration is written as "90s", "36h", "30d", "1d12h". Zero is written "0s".
type Duration time.Duration

// Set reads a duration, as flags do.
func (d *Duration) Set(text string) error {
	wrong := fmt.Errorf("%q is no duration: write 90s, 36h or 30d", text)
	days, rest, hasDays := strings.Cut(text, "d")
	if !hasDays {
		days, rest = "0", text
	}
	n, err := strconv.ParseUint(days, 10, 16)
	if err != nil {
		return wrong
	}
	sum := time.Duration(n) * 24 * time.Hour
	if rest != "" {
		more, err := time.ParseDuration(rest)
		if err != nil || more < 0 {
			return wrong
		}
		sum += more
	}
	*d = Duration(sum)
	return nil
}

// String is the form in which people write it: whole days apart, and no zeros behind.
func (d *Duration) String() string {
	if *d < 0 {
		return time.Duration(*d).String()
	}
	const day = 24 * time.Hour
	days, rest := time.Duration(*d)/day, time.Duration(*d)%day
	text := rest.String()
	for _, zero := range []string{"0s", "0m"} {
		if cut := strings.TrimSuffix(text, zero); strings.HasSuffix(cut, "m") || strings.HasSuffix(cut, "h") {
			text = cut
		}
	}
	switch {
	case days == 0:
		return text
	case rest == 0:
		return strconv.FormatInt(int64(days), 10) + "d"
	}
	return strconv.FormatInt(int64(days), 10) + "d" + text
}

// Type is the word that flags show.
func (d *Duration) Type() string { return "duration" }

// UnmarshalYAML reads the form of Set.
func (d *Duration) UnmarshalYAML(n *yaml.Node) error { return scalar(n, d.Set) }

// MarshalYAML writes the form of Set.
func (d Duration) MarshalYAML() (any, error) { return d.String(), nil }

// Bytes is a size, written as "500MB", "20GB" (powers of ten), "64MiB" (powers of two), or a number.
type Bytes int64

type unit struct {
	suffix string
	bytes  int64
}

func units() []unit {
	return []unit{{"KIB", 1 << 10}, {"MIB", 1 << 20}, {"GIB", 1 << 30}, {"TIB", 1 << 40}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"B", 1}}
}

// Set reads a size, as flags do.
func (b *Bytes) Set(text string) error {
	number, factor := strings.ToUpper(text), int64(1)
	for _, u := range units() {
		if n, ok := strings.CutSuffix(number, u.suffix); ok {
			number, factor = n, u.bytes
			break
		}
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || !(n >= 0) || n*float64(factor) > 1e18 {
		return fmt.Errorf("%q is no size: write 500MB or 20GB", text)
	}
	*b = Bytes(n * float64(factor))
	return nil
}

// String is the shortest exact form.
func (b *Bytes) String() string {
	for _, u := range []unit{{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if n := int64(*b); n > 0 && n%u.bytes == 0 {
			return strconv.FormatInt(n/u.bytes, 10) + u.suffix
		}
	}
	return strconv.FormatInt(int64(*b), 10)
}

// Type is the word that flags show.
func (b *Bytes) Type() string { return "size" }

// UnmarshalYAML reads the form of Set.
func (b *Bytes) UnmarshalYAML(n *yaml.Node) error { return scalar(n, b.Set) }

// MarshalYAML writes the form of Set.
func (b Bytes) MarshalYAML() (any, error) { return b.String(), nil }

func scalar(n *yaml.Node, set func(string) error) error {
	if n.Kind != yaml.ScalarNode {
		return &Error{Line: n.Line, Column: n.Column, Problem: "want one value"}
	}
	if err := set(n.Value); err != nil {
		return &Error{Line: n.Line, Column: n.Column, Problem: err.Error()}
	}
	return nil
}
