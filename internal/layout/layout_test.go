package layout

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const root = "../.."

// TestHouse walks the repository and holds every package against the plan.
func TestHouse(t *testing.T) {
	packages := load(t)
	if len(packages) < 5 {
		t.Fatalf("only %d packages found; the test looks in the wrong place", len(packages))
	}
	for _, p := range packages {
		for _, finding := range check(p) {
			t.Error(finding)
		}
	}
}

// load parses all packages of the module. Tests, test data, nested modules and hidden folders are left out.
func load(t *testing.T) []*pkg {
	t.Helper()
	var packages []*pkg
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if name := d.Name(); path != root && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" || name == "node_modules") {
			return fs.SkipDir
		}
		if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil && path != root {
			return fs.SkipDir
		}
		p, err := parse(path)
		if p != nil {
			packages = append(packages, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return packages
}

func parse(path string) (*pkg, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	dir, err := filepath.Rel(root, path)
	if err != nil {
		return nil, err
	}
	p := &pkg{dir: filepath.ToSlash(dir), fset: token.NewFileSet(), files: map[string]*ast.File{}}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		source, err := os.ReadFile(filepath.Join(path, e.Name()))
		if err != nil {
			return nil, err
		}
		name := filepath.ToSlash(filepath.Join(dir, e.Name()))
		f, err := parser.ParseFile(p.fset, name, source, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		if !isIgnored(f) {
			p.files[name], p.name = f, f.Name.Name
		}
	}
	if len(p.files) == 0 {
		return nil, nil
	}
	return p, nil
}

// isIgnored: "//go:build ignore" marks programs for go generate.
func isIgnored(f *ast.File) bool {
	for _, group := range f.Comments {
		for _, c := range group.List {
			if c.Pos() < f.Package && c.Text == "//go:build ignore" {
				return true
			}
		}
	}
	return false
}

// TestRulesBite shows that each rule finds what it is for, and lets through what it should.
func TestRulesBite(t *testing.T) {
	long := strings.Repeat("\tf()\n", 100)
	for _, tc := range []struct{ dir, source, want string }{
		{"object", `package object; import _ "` + module + `/record"`, ""},
		{"record", `package record; import _ "` + module + `/object"`, "imports only fall"},
		{"record", `package record; import _ "github.com/google/go-cmp/cmp"`, "standard library only"},
		{"object", `package object; import _ "` + module + `/query"`, "imports only fall"},
		{"source/input", `package input; import _ "` + module + `/source/audit"`, ""},
		{"source/audit", `package audit; import _ "` + module + `/source/input"`, "imports only fall"},
		{"source/audit", `package audit; import _ "` + module + `/store"`, "may not import"},
		{"index", `package index; import _ "` + module + `/store"`, ""},
		{"index", `package index; import _ "` + module + `/store/pebble"`, "may not import"},
		{"engine", `package engine; import _ "` + module + `/store"`, "may not import"},
		{"engine/local", `package local; import _ "` + module + `/store"`, ""},
		{"serve", `package serve; import _ "` + module + `/store/pebble"`, ""},
		{"index", `package index; import _ "github.com/cockroachdb/pebble/v2"`, "may not import"},
		{"engine", `package engine; import _ "github.com/google/cel-go/cel"`, "may not import"},
		{"cmd/kubewake", `package main; import _ "github.com/spf13/cobra"`, ""},
		{"serve", `package serve; import _ "github.com/spf13/cobra"`, "may not import"},
		{"source/audit", `package audit; import _ "k8s.io/client-go/rest"`, "only source/watch, collect, doctor may"},
		{"engine", `package engine; import _ "k8s.io/apimachinery/pkg/labels"`, "may not import"},
		{"query", `package query; import _ "k8s.io/apimachinery/pkg/labels"`, ""},
		{"cellar", `package cellar`, "no line in the table"},
		{"query", `package question`, "one name"},
		{"internal/util", `package util`, "says nothing"},
		{"query", `package query; import _ "os"`, "does not import os"},
		{"query", `package query; import "time"; func f() any { return time.Now() }`, "reads no clock"},
		{"query", `package query; import "time"; func f() any { return time.Date }`, ""},
		{"query", `package query; func f() { go f() }`, "starts no goroutine"},
		{"ingest", `package ingest; func f() { go f() }`, ""},
		{"query", `package query; func init() {}`, "init wires"},
		{"query", `package query; import "errors"; var ErrX = errors.New("x"); var table = map[string]int{"a": 1}`, ""},
		{"query", `package query; var n int`, "no value from the start"},
		{"query", `package query; var n = 1; func f() { n = 2 }`, "is written here"},
		{"query", `package query; var n = 1; func f() { n++ }`, "is written here"},
		{"query", `package query; var n = 1; func f() { n := 2; n++ }`, ""},
		{"query", `package query; var m = map[string]int{}; func f() { m["a"] = 1 }`, "is written here"},
		{"query", `package query; var m = map[string]int{}; func f() { delete(m, "a") }`, "is written here"},
		{"query", `package query; var m = struct{ a int }{}; func f() { m.a = 1 }`, "is written here"},
		{"query", `package query; import "sync"; var m = &sync.Mutex{}`, "holds state"},
		{"query", `package query; import "sync"; var once = sync.OnceValue(func() int { return 1 })`, ""},
		{"web", "package web\nimport _ \"embed\"\n//go:embed page\nvar page []byte", ""},
		{"query", "package query\nfunc f() {\n" + long + "}", "f has 102 lines"},
		{"query", "package query\nvar x = 1\nfunc f() []int {\n\treturn []int{\n" + strings.Repeat("\t\t1,\n", 100) + "\t}\n}", ""},
		{"query", "package query\n" + strings.Repeat("func f() {}\n", 600), "500 are the limit"},
		{"query", "// Code generated by x. DO NOT EDIT.\n\npackage query\n" + strings.Repeat("func f() {}\n", 600), ""},
		{"query", "// Code generated by x. DO NOT EDIT.\n\npackage query\nvar n int\nfunc init() { n = 1 }", ""},
	} {
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, tc.dir+"/x.go", tc.source, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		p := &pkg{dir: tc.dir, name: f.Name.Name, fset: fset, files: map[string]*ast.File{tc.dir + "/x.go": f}}
		findings := strings.Join(check(p), "\n")
		if (tc.want == "") != (findings == "") || !strings.Contains(findings, tc.want) {
			t.Errorf("%.80s\nfindings: %q, want: %q", tc.source, findings, tc.want)
		}
	}
}
