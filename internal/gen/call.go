package gen

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
)

const function = "curbLockDown"

// Uncalled says what to do where no code of the package calls the lock-down, and
// is "" where some does.
func (p *Package) Uncalled() (string, error) {
	where := "main"
	fset := token.NewFileSet()
	for _, name := range p.goFiles {
		if slices.Contains([]string{lockDownFile(p.build.arch), otherFile, mismatchFile}, name) {
			continue
		}
		file, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return "", fmt.Errorf("look for a call of %s: %w", function, err)
		}
		if calls(file) {
			return "", nil
		}
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "main" {
				where = fmt.Sprintf("main (%s:%d)", name, fset.Position(f.Pos()).Line)
			}
		}
	}
	return fmt.Sprintf("%s: nothing is locked down yet, since no code calls the function that was written: add this as the first line of %s:\n\t%s()",
		p.ImportPath, where, function), nil
}

// calls reports whether a file calls the lock-down.
func calls(file *ast.File) bool {
	for n := range ast.Preorder(file) {
		if call, ok := n.(*ast.CallExpr); ok {
			if name, ok := ast.Unparen(call.Fun).(*ast.Ident); ok && name.Name == function {
				return true
			}
		}
	}
	return false
}
