package main

import (
	"testing"
	"time"
)

func TestRetentionFlags(t *testing.T) {
	for text, want := range map[string]time.Duration{"36h": 36 * time.Hour, "30d": 720 * time.Hour, "1d12h": 36 * time.Hour, "0d": 0, "d": 0, "-3h": 0, "x": 0, "": 0} {
		var f ageFlag
		err := f.Set(text)
		if (err == nil) != (want > 0) || time.Duration(f) != want {
			t.Errorf("--retain-age %q: got %v, %v; want %v", text, time.Duration(f), err, want)
		}
	}
	for text, want := range map[string]int64{"500MB": 500e6, "1.5gb": 15e8, "20000": 20000, "7B": 7, "0": 0, "-1GB": 0, "NaN": 0, "GB": 0, "9e99TB": 0} {
		var f bytesFlag
		err := f.Set(text)
		if (err == nil) != (want > 0) || int64(f) != want {
			t.Errorf("--retain-bytes %q: got %d, %v; want %d", text, f, err, want)
		}
	}
}
