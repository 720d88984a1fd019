package gen

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
)

const function = "curbLockDown"

// Uncalled says what to do where no code of the package calls the lock-down, so
// that the usage that was scanned of it has none.
func (p *Package) Uncalled() (string, error) {
	where := "main"
	fset := token.NewFileSet()
	for _, name := range p.goFiles {
		file, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return "", fmt.Errorf("look for main: %w", err)
		}
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "main" {
				where = fmt.Sprintf("main (%s:%d)", name, fset.Position(f.Pos()).Line)
			}
		}
	}
	return fmt.Sprintf("%s: nothing is locked down yet, since no code that can run calls the function that was written: "+
		"add this as the first line of %s, or where the program has opened what it needs only once, and run curb gen again:\n\t%s()",
		p.ImportPath, where, function), nil
}
