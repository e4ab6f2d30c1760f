package watch

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/record"
)

func updating() bool {
	f := flag.Lookup("update")
	return f != nil && f.Value.String() == "true"
}

var _ = flag.Bool("update", false, "rewrite the plays' answers")

// TestPlays runs the plays in testdata/plays: each line tells the machine something, and a line behind it, begun with ->, what came of it.
// With -update the answers are rewritten; the difference is then reviewed.
func TestPlays(t *testing.T) {
	paths, err := filepath.Glob("testdata/plays/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatal(err, "no plays")
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			p := player{start: time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)}
			p.now = p.start
			p.m.jitter = func() float64 { return 0 }
			var out strings.Builder
			for line := range strings.Lines(string(text)) {
				line = strings.TrimRight(line, "\n")
				if strings.HasPrefix(line, "->") {
					continue
				}
				out.WriteString(line + "\n")
				if line == "" || line[0] == '#' {
					continue
				}
				answer, err := p.play(strings.Fields(line))
				if err != nil {
					t.Fatalf("%s: %v", line, err)
				}
				if answer != "" {
					out.WriteString("-> " + answer + "\n")
				}
			}
			if updating() {
				if err := os.WriteFile(path, []byte(out.String()), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(text), out.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

type player struct {
	m          machine
	s          step
	start, now time.Time
}

func (p *player) play(words []string) (string, error) {
	number := func(i int) record.ResourceVersion {
		if i >= len(words) {
			return 0
		}
		n, _ := strconv.ParseUint(words[i], 10, 64)
		return record.ResourceVersion(n)
	}
	switch words[0] {
	case "resume": // resume RV [FROM]
		p.m.position, p.m.from = number(1), number(2)
	case "pages": // lists in pages
		p.m.noStream = true
	case "asked": // asked DURATION: how long the watch was asked to last
		d, err := time.ParseDuration(words[1])
		p.m.least = d
		return "", err
	case "wait":
		d, err := time.ParseDuration(words[1])
		p.now = p.now.Add(d)
		return "", err
	case "next":
		p.s = p.m.next()
		out := [...]string{"", "list", "stream", "verify", "watch"}[p.s.do]
		if p.s.from != 0 {
			out += fmt.Sprint(" from ", p.s.from)
		}
		if p.s.wait > 0 {
			out += fmt.Sprint(" after ", p.s.wait)
		}
		return out, nil
	case "saw":
		p.m.saw(number(1), p.now)
		return p.where(), nil
	case "reached":
		p.m.reached(number(1))
	case "listed":
		f := p.m.listed(number(1), p.now)
		if f.gap == nil {
			return p.where() + ", no gap", nil
		}
		begin := "unknown"
		if !f.begin.IsZero() {
			begin = "+" + f.begin.Sub(p.start).String()
		}
		return fmt.Sprintf("%s, gap %d..%d from %s to +%s: %s", p.where(), f.gap.FromRV, f.gap.ToRV, begin, f.gap.Until.Sub(p.start), f.gap.Detail), nil
	case "failed": // failed HOW [after LASTING] [heard] [retry DURATION]
		return p.failed(words[1:])
	default:
		return "", fmt.Errorf("what is %q?", words[0])
	}
	return "", nil
}

func (p *player) where() string {
	return fmt.Sprintf("run %d..%d", p.m.from, p.m.position)
}

func (p *player) failed(words []string) (string, error) {
	var how failure
	for how = ended; how.String() != words[0]; how++ {
		if how == noEnd {
			return "", fmt.Errorf("no failure is called %q", words[0])
		}
	}
	duration := func(word string) (time.Duration, error) {
		i := slices.Index(words, word)
		if i < 0 {
			return 0, nil
		}
		return time.ParseDuration(words[i+1])
	}
	lasted, err := duration("after")
	if err != nil {
		return "", err
	}
	retry, err := duration("retry")
	p.m.failed(p.s, how, lasted, slices.Contains(words, "heard"), retry)
	p.now = p.now.Add(lasted)
	return "", err
}
