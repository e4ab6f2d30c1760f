package layout

import (
	"slices"
	"strings"
)

const module = "github.com/kubewake/kubewake"

// room is a folder with everything below it, unless a longer path has a line of its own.
type room struct {
	path string
	line int // imports go to lower lines only
	step int // within one line and one family (source/…): imports go to lower steps
}

// plan is the import table. Rooms of one line do not import each other.
func plan() []room {
	return []room{
		{"record", 0, 0}, {"internal", 0, 0}, {"test/nested", 0, 0}, {"test/testcluster", 0, 1}, {"test/testjaeger", 0, 1},
		{"object", 1, 0}, {"query", 1, 0}, {"tenant", 1, 0}, {"internal/bruteforce", 1, 0},
		{"store", 2, 0}, {"link", 2, 0},
		{"ingest", 3, 0}, {"join", 3, 0}, {"causal", 3, 0}, {"series", 3, 0},
		{"ingest/wire", 3, 1}, {"ingest/spool", 3, 2},
		{"source/manifest", 4, 0}, {"source/audit", 4, 1}, {"source/recording", 4, 1}, {"source/input", 4, 2},
		{"source/webhook", 4, 2}, {"source/tail", 4, 2}, {"source/watch", 4, 2},
		{"auditpolicy", 5, 0}, {"collect", 5, 0}, {"plugin", 5, 0},
		{"source/otlp", 4, 2}, {"source/push", 4, 2},
		{"index", 4, 0}, {"trace", 4, 0}, {"timeline", 4, 0}, {"trace/otlp", 4, 1},
		{"engine", 5, 0},
		{"api/native", 6, 2}, {"api/intake", 6, 0}, {"api/jaeger", 6, 1}, {"api/tempo", 6, 1}, {"export", 6, 0}, {"web", 6, 0}, {"doctor", 6, 0},
		{"serve", 7, 0}, {"agent", 7, 0}, {"hub", 7, 0},
		{"cmd", 8, 0},
	}
}

// pure rooms have no goroutine, clock, file, network or logger.
func pure() []string {
	return []string{"record", "object", "query", "join", "link", "causal", "series", "trace", "timeline"}
}

// impure packages, and functions of others, that pure rooms do not use.
func impurePackages() []string {
	return []string{"os", "os/exec", "os/signal", "net", "net/http", "log", "log/slog", "syscall", "io/ioutil", "path/filepath", "math/rand", "math/rand/v2",
		"crypto/rand", "runtime", "testing"}
}

func clockFunctions() []string {
	return []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}
}

// only lists packages that few rooms may import: everything below a prefix of import paths.
func only() map[string][]string {
	return map[string][]string{
		module + "/store":               {"store", "ingest", "index", "engine/local", "engine/enginetest", "auditpolicy", "serve", "agent", "hub", "cmd"},
		module + "/store/pebble":        {"store/pebble", "engine/enginetest", "serve", "agent", "hub", "cmd"},
		module + "/engine/local":        {"engine/local", "engine/enginetest", "serve", "hub", "cmd"},
		"github.com/cockroachdb/pebble": {"store/pebble", "engine/enginetest"},
		"github.com/google/cel-go":      {"query", "link"},
		"github.com/spf13/cobra":        {"cmd"},
		"k8s.io/client-go":              {"source/watch", "collect", "doctor"},
		"k8s.io/apimachinery":           {"object", "query", "link", "source", "collect", "doctor", "auditpolicy"},
		"k8s.io":                        {"object", "query", "link", "source", "collect", "doctor", "auditpolicy"},
		"google.golang.org/grpc":        {"api/jaeger", "source/otlp", "export", "serve", "agent", "cmd"},
		"go.opentelemetry.io":           {"trace/otlp", "api", "source/otlp", "export"},
		"github.com/prometheus":         {"ingest", "source", "collect", "api", "export", "serve", "agent", "doctor"},
	}
}

func forbiddenNames() []string {
	return []string{"util", "utils", "common", "helper", "helpers", "base", "types", "manager", "misc", "shared"}
}

const (
	maxFileLines     = 500
	maxFunctionLines = 80
)

// roomOf finds the line of the table that a folder falls under.
func roomOf(dir string) (room, bool) {
	var best room
	for _, r := range plan() {
		if isBelow(dir, r.path) && len(r.path) > len(best.path) {
			best = r
		}
	}
	return best, best.path != ""
}

func isBelow(dir, path string) bool { return dir == path || strings.HasPrefix(dir, path+"/") }

func isBelowAny(dir string, paths []string) bool {
	return slices.ContainsFunc(paths, func(p string) bool { return isBelow(dir, p) })
}

// isTool reports whether a folder is a program of the repository's own upkeep: it stands on the top floor.
func isTool(p *pkg) bool { return p.name == "main" && strings.HasPrefix(p.dir, "internal/") }

// mayImport applies the table to one import between rooms.
func mayImport(from, to room) bool {
	if from.path == to.path || from.line > to.line {
		return true
	}
	family, _, _ := strings.Cut(from.path, "/")
	other, _, _ := strings.Cut(to.path, "/")
	return from.line == to.line && family == other && from.step > to.step
}
