package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/kubewake/kubewake/cmd/kubewake/show"
	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/store"
)

// retention is what --retain-age and --retain-bytes ask for; the zero value keeps everything.
type retention struct {
	age   ageFlag
	bytes bytesFlag
}

func (r *retention) flags(flags *pflag.FlagSet) {
	flags.Var(&r.age, "retain-age", "drop what is older than this, counted back from each cluster's newest fact: 36h, 30d (default: keep everything)")
	flags.Var(&r.bytes, "retain-bytes", "drop the oldest while more than this is on disk: 500MB, 20GB (default: keep everything)")
}

// apply drops what the policy does not keep; the state and blame of what was alive then stay, as "before" the floor.
func (r *retention) apply(ctx context.Context, a *app, st store.Store) error {
	policy := index.Policy{MaxAge: time.Duration(r.age), MaxBytes: int64(r.bytes)}
	if policy == (index.Policy{}) {
		return nil
	}
	dropped, err := index.Retain(ctx, st, policy)
	if err != nil {
		return fmt.Errorf("retain: %w", err)
	}
	if dropped.Buckets > 0 {
		a.say("dropped %d old parts (%s); kept the last state of %d objects from before", dropped.Buckets, show.Bytes(dropped.Bytes), dropped.Objects)
	}
	return nil
}

// ageFlag is a duration that also takes days: "30d", "1d12h".
type ageFlag time.Duration

func (f *ageFlag) String() string {
	if *f == 0 {
		return ""
	}
	return time.Duration(*f).String()
}

func (f *ageFlag) Type() string { return "duration" }

func (f *ageFlag) Set(text string) error {
	days, rest, hasDays := strings.Cut(text, "d")
	if !hasDays {
		days, rest = "0", text
	}
	n, err := strconv.ParseUint(days, 10, 16)
	if err != nil {
		return fmt.Errorf("%q is no duration: write 36h or 30d", text)
	}
	d := time.Duration(n) * 24 * time.Hour
	if rest != "" {
		more, err := time.ParseDuration(rest)
		if err != nil {
			return fmt.Errorf("%q is no duration: write 36h or 30d", text)
		}
		d += more
	}
	if d <= 0 {
		return fmt.Errorf("%q keeps nothing: write 36h or 30d", text)
	}
	*f = ageFlag(d)
	return nil
}

// bytesFlag is a size with a decimal unit: "500MB", "20GB", or plain bytes.
type bytesFlag int64

func (f *bytesFlag) String() string {
	if *f == 0 {
		return ""
	}
	return strconv.FormatInt(int64(*f), 10)
}

func (f *bytesFlag) Type() string { return "size" }

func (f *bytesFlag) Set(text string) error {
	number, unit := strings.ToUpper(text), int64(1)
	for _, u := range []struct {
		suffix string
		bytes  int64
	}{{"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"B", 1}} {
		if n, ok := strings.CutSuffix(number, u.suffix); ok {
			number, unit = n, u.bytes
			break
		}
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || !(n > 0) || n*float64(unit) > 1e18 {
		return fmt.Errorf("%q is no size: write 500MB or 20GB", text)
	}
	*f = bytesFlag(n * float64(unit))
	return nil
}
