package layout

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"
)

// pkg is one folder's Go files, tests left out.
type pkg struct {
	dir   string // from the repository's root, with slashes
	name  string
	fset  *token.FileSet
	files map[string]*ast.File // by path from the root
}

func (p *pkg) at(pos token.Pos) string {
	at := p.fset.Position(pos)
	return fmt.Sprintf("%s:%d", at.Filename, at.Line)
}

func (p *pkg) sortedFiles() []string {
	var names []string
	for name := range p.files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// check lists what is against the plan in one package.
func check(p *pkg) []string {
	var found []string
	say := func(pos token.Pos, format string, args ...any) {
		found = append(found, p.at(pos)+": "+fmt.Sprintf(format, args...))
	}
	r, known := roomOf(p.dir)
	if !known {
		found = append(found, fmt.Sprintf("%s: the folder has no line in the table of internal/layout/plan_test.go", p.dir))
	}
	if isTool(p) {
		r = room{path: p.dir, line: 8}
	}
	written := writtenVariables(p)
	for _, name := range p.sortedFiles() {
		f := p.files[name]
		checkName(p, f, say)
		checkImports(p, r, f, say)
		checkVariables(f, written, say)
		checkSizes(p, f, say)
		if isBelowAny(p.dir, pure()) {
			checkPurity(f, say)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" && !ast.IsGenerated(f) {
				say(fn.Pos(), "init wires behind the reader's back; call it from where it is needed")
			}
		}
	}
	return found
}

type sayFunc func(pos token.Pos, format string, args ...any)

func checkName(p *pkg, f *ast.File, say sayFunc) {
	name := f.Name.Name
	if slices.Contains(forbiddenNames(), name) {
		say(f.Name.Pos(), "package %s: the name says nothing about what is in it", name)
	}
	if name == "main" && (isBelow(p.dir, "cmd") || isTool(p)) {
		return
	}
	if name != path.Base(p.dir) {
		say(f.Name.Pos(), "package %s lies in folder %s; they have one name", name, p.dir)
	}
}

func checkImports(p *pkg, from room, f *ast.File, say sayFunc) {
	for _, imp := range f.Imports {
		target, err := strconv.Unquote(imp.Path.Value)
		if err != nil {
			continue
		}
		for prefix, rooms := range only() {
			if isBelow(target, prefix) && !isBelowAny(p.dir, rooms) && !isTool(p) && !hasCloserRule(target, prefix) {
				say(imp.Pos(), "%s may not import %s; only %s may", p.dir, target, orNobody(rooms))
			}
		}
		dir, ours := strings.CutPrefix(target, module+"/")
		if !ours {
			if from.path == "record" && strings.Contains(strings.Split(target, "/")[0], ".") {
				say(imp.Pos(), "record uses the standard library only, not %s", target)
			}
			continue
		}
		to, known := roomOf(dir)
		if known && !mayImport(from, to) {
			say(imp.Pos(), "imports only fall: %s (line %d) may not import %s (line %d)", p.dir, from.line, dir, to.line)
		}
	}
}

// hasCloserRule: a rule for store/pebble stands instead of the one for store.
func hasCloserRule(target, prefix string) bool {
	for other := range only() {
		if len(other) > len(prefix) && isBelow(target, other) {
			return true
		}
	}
	return false
}

func orNobody(rooms []string) string {
	if len(rooms) == 0 {
		return "nobody"
	}
	return strings.Join(rooms, ", ")
}

func checkPurity(f *ast.File, say sayFunc) {
	for _, imp := range f.Imports {
		if target, err := strconv.Unquote(imp.Path.Value); err == nil && slices.Contains(impurePackages(), target) {
			say(imp.Pos(), "a pure room does not import %s", target)
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			say(n.Pos(), "a pure room starts no goroutine")
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && x.Obj == nil && slices.Contains(clockFunctions(), n.Sel.Name) {
				say(n.Pos(), "a pure room reads no clock: time.%s; let the caller hand the time in", n.Sel.Name)
			}
		}
		return true
	})
}

func checkSizes(p *pkg, f *ast.File, say sayFunc) {
	if ast.IsGenerated(f) {
		return
	}
	if lines := p.fset.File(f.Pos()).LineCount(); lines > maxFileLines {
		say(f.Name.Pos(), "the file has %d lines, %d are the limit; split it by what its parts are about", lines, maxFileLines)
	}
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
			lines := p.fset.Position(fn.End()).Line - p.fset.Position(fn.Pos()).Line + 1
			if lines > maxFunctionLines && !isTable(fn) {
				say(fn.Pos(), "%s has %d lines, %d are the limit", fn.Name.Name, lines, maxFunctionLines)
			}
		}
	}
}

// isTable reports whether a function is mostly one composite literal: data, which is as long as it is.
func isTable(fn *ast.FuncDecl) bool {
	longest := 0
	ast.Inspect(fn, func(n ast.Node) bool {
		if lit, ok := n.(*ast.CompositeLit); ok {
			longest = max(longest, int(lit.End()-lit.Pos()))
		}
		return true
	})
	return longest*10 > int(fn.End()-fn.Pos())*7
}

// checkVariables: a package variable is a constant in all but name. It has a value from the start, nothing writes it later, and it
// is nothing that changes by being used.
func checkVariables(f *ast.File, written map[string]token.Pos, say sayFunc) {
	if ast.IsGenerated(f) {
		return
	}
	for _, d := range f.Decls {
		decl, ok := d.(*ast.GenDecl)
		if !ok || decl.Tok != token.VAR {
			continue
		}
		for _, s := range decl.Specs {
			spec := s.(*ast.ValueSpec)
			embedded := isEmbedded(decl, spec)
			for _, name := range spec.Names {
				switch {
				case name.Name == "_":
				case len(spec.Values) == 0 && !embedded:
					say(name.Pos(), "package variable %s has no value from the start, so something writes it", name.Name)
				case changesByUse(spec):
					say(name.Pos(), "package variable %s holds state; put it into a struct that its user makes", name.Name)
				case written[name.Name].IsValid():
					say(written[name.Name], "package variable %s is written here; put it into a struct that its user makes", name.Name)
				}
			}
		}
	}
}

func isEmbedded(decl *ast.GenDecl, spec *ast.ValueSpec) bool {
	for _, doc := range []*ast.CommentGroup{decl.Doc, spec.Doc} {
		if doc == nil {
			continue
		}
		for _, c := range doc.List {
			if strings.HasPrefix(c.Text, "//go:embed ") {
				return true
			}
		}
	}
	return false
}

// changesByUse recognizes locks, pools, atomics and channels. Functions below are not looked into: their variables are their own.
func changesByUse(spec *ast.ValueSpec) bool {
	state := false
	look := func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ChanType:
			state = true
		case *ast.SelectorExpr:
			x, ok := n.X.(*ast.Ident)
			if ok && (x.Name == "atomic" || x.Name == "sync" && slices.Contains([]string{"Mutex", "RWMutex", "Map", "Pool", "Once", "WaitGroup", "Cond"}, n.Sel.Name)) {
				state = true
			}
		}
		return true
	}
	if spec.Type != nil {
		ast.Inspect(spec.Type, look)
	}
	for _, v := range spec.Values {
		ast.Inspect(v, look)
	}
	return state
}

// writtenVariables finds assignments to package variables, to their elements and fields.
func writtenVariables(p *pkg) map[string]token.Pos {
	global := map[string]bool{}
	for _, f := range p.files {
		for _, d := range f.Decls {
			if decl, ok := d.(*ast.GenDecl); ok && decl.Tok == token.VAR {
				for _, s := range decl.Specs {
					for _, name := range s.(*ast.ValueSpec).Names {
						global[name.Name] = true
					}
				}
			}
		}
	}
	written := map[string]token.Pos{}
	for _, name := range p.sortedFiles() {
		f := p.files[name]
		mark := func(e ast.Expr) {
			if id := rootOf(e); id != nil && global[id.Name] && isGlobal(f, id) && !written[id.Name].IsValid() {
				written[id.Name] = id.Pos()
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				if n.Tok != token.DEFINE {
					for _, left := range n.Lhs {
						mark(left)
					}
				}
			case *ast.IncDecStmt:
				mark(n.X)
			case *ast.CallExpr:
				if fn, ok := n.Fun.(*ast.Ident); ok && (fn.Name == "delete" || fn.Name == "clear") && len(n.Args) > 0 {
					mark(n.Args[0])
				}
			}
			return true
		})
	}
	return written
}

// rootOf is the variable that an expression like x.f[i] writes into.
func rootOf(e ast.Expr) *ast.Ident {
	switch e := e.(type) {
	case *ast.Ident:
		return e
	case *ast.SelectorExpr:
		return rootOf(e.X)
	case *ast.IndexExpr:
		return rootOf(e.X)
	case *ast.ParenExpr:
		return rootOf(e.X)
	case *ast.StarExpr:
		return rootOf(e.X)
	}
	return nil
}

// isGlobal: the parser resolves local names, and those of the file's own scope; what it leaves open is of another file.
func isGlobal(f *ast.File, id *ast.Ident) bool {
	return id.Obj == nil || f.Scope.Lookup(id.Name) == id.Obj
}
