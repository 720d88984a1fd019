package scan_test

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// releases are those of Go whose sources the facts are read off, "" the one at hand.
var releases = []string{
	"go1.17.13", "go1.18.10", "go1.19.13", "go1.20.14", "go1.21.13", "go1.22.12", "go1.23.12",
	"go1.24.13", "go1.25.14", "", "go1.27.4",
}

// sources returns the directory of a release's package.
func sources(t *testing.T, release, pkg string) string {
	t.Helper()
	cmd := exec.Command("go", "env", "GOROOT")
	cmd.Dir = t.TempDir() // outside of the module, which old releases do not accept
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	if release != "" {
		cmd.Env = append(cmd.Env, "GOTOOLCHAIN="+release)
	}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s of %q: %v", cmd, release, err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "src", pkg)
}

// declared yields the functions of a package's files for Linux on both architectures,
// with the files' names.
func declared(t *testing.T, dir string) iter.Seq2[string, *ast.FuncDecl] {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(all) == 0 {
		t.Fatalf("no sources in %s: %v", dir, err)
	}
	return func(yield func(string, *ast.FuncDecl) bool) {
		for _, path := range all {
			if !builtForLinux(t, path) {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range f.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && !yield(filepath.Base(path), fn) {
					return
				}
			}
		}
	}
}

func builtForLinux(t *testing.T, path string) bool {
	t.Helper()
	if strings.HasSuffix(path, "_test.go") {
		return false
	}
	for _, arch := range []string{"amd64", "arm64"} {
		for _, c := range []bool{false, true} {
			ctx := build.Default
			ctx.GOOS, ctx.GOARCH, ctx.CgoEnabled = "linux", arch, c
			ok, err := ctx.MatchFile(filepath.Split(path))
			if err != nil {
				t.Fatal(err)
			}
			if ok {
				return true
			}
		}
	}
	return false
}

// functions returns those of a package that have a body, by their names.
func functions(t *testing.T, dir string) map[string][]*ast.FuncDecl {
	t.Helper()
	out := map[string][]*ast.FuncDecl{}
	for _, fn := range declared(t, dir) {
		if fn.Body != nil {
			out[fn.Name.Name] = append(out[fn.Name.Name], fn)
		}
	}
	return out
}
