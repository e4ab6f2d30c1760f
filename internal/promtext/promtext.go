// SPDX-License-Identifier: Apache-2.0

// Package promtext reads the values of a page in Prometheus' text format. It takes what a server that is not ours may send: pages are
// bounded, and what is none is an error. (The parser of prometheus/common panics on some pages that are none.)
package promtext

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Samples are metrics by name; the parts of a histogram are there as name_bucket, name_sum and name_count.
type Samples map[string][]Sample

// Sample is one value.
type Sample struct {
	Labels map[string]string
	Value  float64
}

// Bounds of what is read of a /metrics page; an apiserver's is some MB.
const (
	maxMetricsBytes = 128 << 20
	maxMetricsLine  = 1 << 20
)

// Read gives of each sample its name, labels and value.
func Read(r io.Reader) (Samples, error) {
	out := Samples{}
	lines := bufio.NewScanner(io.LimitReader(r, maxMetricsBytes))
	lines.Buffer(make([]byte, 64<<10), maxMetricsLine)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		name, sample, ok := readSample(line)
		if !ok {
			return nil, fmt.Errorf("read metrics: line %d is no sample", n)
		}
		out[name] = append(out[name], sample)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read metrics: %w", err)
	}
	return out, nil
}

// readSample reads name{label="value",...} value, and leaves a time behind it alone.
func readSample(line string) (name string, s Sample, ok bool) {
	end := strings.IndexAny(line, "{ \t")
	if end <= 0 {
		return "", s, false
	}
	name = line[:end]
	rest := line[end:]
	s.Labels = map[string]string{}
	if rest[0] == '{' {
		if rest, ok = s.readLabels(rest[1:]); !ok {
			return "", s, false
		}
	}
	fields := strings.Fields(rest)
	if len(fields) == 0 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:") != "" {
		return "", s, false
	}
	value, err := strconv.ParseFloat(fields[0], 64)
	s.Value = value
	return name, s, err == nil
}

// readLabels reads behind the opening brace, and gives what comes behind the closing one.
func (s Sample) readLabels(text string) (rest string, ok bool) {
	for {
		text = strings.TrimLeft(text, ", \t")
		if rest, closed := strings.CutPrefix(text, "}"); closed {
			return rest, true
		}
		key, value, found := strings.Cut(text, "=")
		value = strings.TrimLeft(value, " \t")
		if !found || value == "" || value[0] != '"' {
			return "", false
		}
		var b strings.Builder
		i := 1
		for ; i < len(value) && value[i] != '"'; i++ {
			if value[i] == '\\' && i+1 < len(value) {
				i++
				if value[i] == 'n' {
					b.WriteByte('\n')
					continue
				}
			}
			b.WriteByte(value[i])
		}
		if i >= len(value) {
			return "", false
		}
		s.Labels[strings.TrimSpace(key)] = b.String()
		text = value[i+1:]
	}
}

// Sum adds up the samples of a name that have all the labels, given in pairs; known is false where there is none.
func (s Samples) Sum(name string, pairs ...string) (sum float64, known bool) {
	for _, sample := range s[name] {
		if sample.has(pairs) {
			sum, known = sum+sample.Value, true
		}
	}
	return sum, known
}

func (s Sample) has(pairs []string) bool {
	for i := 0; i+1 < len(pairs); i += 2 {
		if s.Labels[pairs[i]] != pairs[i+1] {
			return false
		}
	}
	return true
}

// By adds up the samples of a name by the values of one label, leaving out what is zero.
func (s Samples) By(name, label string) map[string]float64 {
	out := map[string]float64{}
	for _, sample := range s[name] {
		if sample.Value != 0 {
			out[sample.Labels[label]] += sample.Value
		}
	}
	return out
}
