package scan_test

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"os"
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
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no sources in %s: %v", dir, err)
	}
	functions := map[string]*ast.FuncDecl{}
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") || !forLinux(t, path) {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
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
			functions[filepath.Base(path)+": "+name] = fn
		}
	}
	return functions
}

func forLinux(t *testing.T, path string) bool {
	t.Helper()
	for _, arch := range []string{"amd64", "arm64"} {
		c := build.Default
		c.GOOS, c.GOARCH = "linux", arch
		ok, err := c.MatchFile(filepath.Split(path))
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			return true
		}
	}
	return false
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

// goRoots are those of the releases whose programs are scanned.
func goRoots(t *testing.T) []string {
	t.Helper()
	var roots []string
	for _, toolchain := range []string{"go1.17.13", "go1.20.14", "go1.22.12", "go1.24.13", "local", "go1.27.4"} {
		cmd := exec.Command("go", "env", "GOROOT")
		cmd.Env = append(os.Environ(), "GOTOOLCHAIN="+toolchain, "GOFLAGS=-mod=readonly")
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v", toolchain, err)
		}
		roots = append(roots, strings.TrimSpace(string(out)))
	}
	return roots
}

// Package syscall and x/sys call the field mmap of their mapper in one method, which
// has a deferred call, so that it is never inlined; x/sys does in MmapPtr, too.
func TestMappers(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "golang.org/x/sys").Output()
	if err != nil {
		t.Fatal(err)
	}
	dirs := []string{filepath.Join(strings.TrimSpace(string(out)), "unix")}
	for _, root := range goRoots(t) {
		dirs = append(dirs, filepath.Join(root, "src", "syscall"))
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
	for _, root := range goRoots(t) {
		fn := functionsIn(t, filepath.Join(root, "src", "net"))["ipsock_posix.go: favoriteAddrFamily"]
		if fn == nil {
			t.Errorf("%s: net has no favoriteAddrFamily", root)
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
					t.Errorf("%s: favoriteAddrFamily calls %s", root, f.Sel.Name)
				}
			case *ast.Ident:
				if f.Name != "len" && f.Name != "supportsIPv4map" && f.Name != "supportsIPv4" {
					t.Errorf("%s: favoriteAddrFamily calls %s", root, f.Name)
				}
			default:
				t.Errorf("%s: favoriteAddrFamily calls a %T", root, f)
			}
			return true
		})
	}
}
