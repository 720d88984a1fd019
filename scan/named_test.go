package scan_test

import (
	"go/ast"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// functionsIn returns the functions of a package's files in a directory that are for
// Linux, by their names with the receiver's type.
func functionsIn(t *testing.T, dir string) map[string]*ast.FuncDecl {
	t.Helper()
	functions := map[string]*ast.FuncDecl{}
	for file, fn := range declared(t, dir) {
		name := fn.Name.Name
		if fn.Recv != nil {
			receiver := fn.Recv.List[0].Type
			if star, ok := receiver.(*ast.StarExpr); ok {
				receiver = star.X
			}
			if id, ok := receiver.(*ast.Ident); ok {
				name = id.Name + "." + name
			}
		}
		functions[file+": "+name] = fn
	}
	return functions
}

// users returns the functions that name a field or a method of that name.
func users(functions map[string]*ast.FuncDecl, selector string) []string {
	var list []string
	for name, fn := range functions {
		ast.Inspect(fn, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && s.Sel.Name == selector {
				_, name, _ := strings.Cut(name, ": ")
				list = append(list, name)
			}
			return true
		})
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Package syscall and x/sys call the field mmap of their mapper in one method, which
// has a deferred call, so that it is never inlined; x/sys does in MmapPtr, too.
func TestMappers(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "golang.org/x/sys").Output()
	if err != nil {
		t.Fatal(err)
	}
	dirs := []string{filepath.Join(strings.TrimSpace(string(out)), "unix")}
	for _, release := range releases {
		dirs = append(dirs, sources(t, release, "syscall"))
	}
	for _, dir := range dirs {
		functions := functionsIn(t, dir)
		for _, name := range users(functions, "mmap") {
			if name != "mmapper.Mmap" && name != "MmapPtr" {
				t.Errorf("%s: %s uses the field mmap", dir, name)
			}
		}
		method := functions["syscall_unix.go: mmapper.Mmap"]
		if method == nil {
			t.Errorf("%s has no method mmapper.Mmap", dir)
			continue
		}
		deferred := false
		ast.Inspect(method, func(n ast.Node) bool {
			_, ok := n.(*ast.DeferStmt)
			deferred = deferred || ok
			return true
		})
		if !deferred {
			t.Errorf("%s: mmapper.Mmap defers nothing, and could be inlined", dir)
		}
	}
}

// net.favoriteAddrFamily calls nothing of its parameters but two methods, which no
// other package can have, and all that it returns is constants or what family does.
func TestFavoriteAddrFamily(t *testing.T) {
	for _, release := range releases {
		dir := sources(t, release, "net")
		fn := functionsIn(t, dir)["ipsock_posix.go: favoriteAddrFamily"]
		if fn == nil {
			t.Errorf("%s has no favoriteAddrFamily", dir)
			continue
		}
		ast.Inspect(fn, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			switch f := call.Fun.(type) {
			case *ast.SelectorExpr:
				if f.Sel.Name != "family" && f.Sel.Name != "isWildcard" {
					t.Errorf("%s: favoriteAddrFamily calls %s", dir, f.Sel.Name)
				}
			case *ast.Ident:
				if f.Name != "len" && f.Name != "supportsIPv4map" && f.Name != "supportsIPv4" {
					t.Errorf("%s: favoriteAddrFamily calls %s", dir, f.Name)
				}
			default:
				t.Errorf("%s: favoriteAddrFamily calls a %T", dir, f)
			}
			return true
		})
	}
}
