// Package house holds the rules that every package of the module keeps, as
// tests.
package house

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	module = "github.com/gocurb/curb"
	root   = "../.."
)

// list runs "go list" in the module's root, for the system goos, and returns
// the lines it prints.
func list(t *testing.T, goos string, args ...string) []string {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command("go", append([]string{"list"}, args...)...)
	cmd.Dir = root
	cmd.Env = append(cmd.Environ(), "GOOS="+goos, "CGO_ENABLED=0")
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, &stderr)
	}
	return strings.Fields(string(out))
}

// dependencies returns everything that a package of the module links in, the
// standard library and the package itself apart.
func dependencies(t *testing.T, goos, pkg string) []string {
	t.Helper()
	deps := list(t, goos, "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", pkg)
	return slices.DeleteFunc(deps, func(dep string) bool { return dep == pkg })
}

// within reports whether a package is one of roots or lies below one.
func within(pkg string, roots []string) bool {
	return slices.ContainsFunc(roots, func(root string) bool {
		return pkg == root || strings.HasPrefix(pkg, root+"/")
	})
}

// TestLibraryStaysSmall: who imports package curb gets curb and no more.
func TestLibraryStaysSmall(t *testing.T) {
	allowed := []string{
		"golang.org/x/sys",
		module + "/precompiled", module + "/filter",
		module + "/syscalls",
		module + "/internal/seccomp",
	}
	for _, goos := range []string{"linux", "windows"} {
		for _, dep := range dependencies(t, goos, module) {
			if !within(dep, allowed) {
				t.Errorf("GOOS=%s: package curb must not depend on %s", goos, dep)
			}
		}
	}
}

// TestFlowIsOneWay: what is found becomes a policy, a policy becomes a filter,
// and nothing looks back.
func TestFlowIsOneWay(t *testing.T) {
	policies := []string{"", "filter", "profile", "internal/seccomp"}
	findings := []string{"usage", "scan", "record"}
	unknown := map[string][]string{
		"scan":             policies,
		"record":           policies,
		"filter":           append(findings, "", "profile"),
		"internal/seccomp": append(findings, "", "profile"),
		"syscalls":         append(findings, policies...),
		"":                 append(findings, "notify"),
		"notify":           append(findings, "profile"),
	}
	own := list(t, "linux", "-e", "./...")
	checked := 0
	for name, others := range unknown {
		pkg := path.Join(module, name)
		if !slices.Contains(own, pkg) {
			continue // of a later day
		}
		checked++
		deps := dependencies(t, "linux", pkg)
		for _, other := range others {
			if slices.Contains(deps, path.Join(module, other)) {
				t.Errorf("package %s must know nothing of %s", name, path.Join(module, other))
			}
		}
	}
	if checked == 0 {
		t.Errorf("none of the packages with a rule is among %v", own)
	}
}

// A source is one Go file of the module.
type source struct {
	path  string // below the module's root, with slashes
	file  *ast.File
	lines int
}

// sources parses the module's Go files, those for other systems and builds
// too, but for testdata and the modules inside the module.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	fset := token.NewFileSet()
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name != root && (entry.Name() == "testdata" || strings.HasPrefix(entry.Name(), ".") || isModule(name)) {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(name) != ".go" {
			return nil
		}
		file, err := parser.ParseFile(fset, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		all = append(all, source{filepath.ToSlash(rel), file, fset.File(file.FileStart).LineCount()})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// isModule reports whether a directory holds a module of its own.
func isModule(dir string) bool {
	found, _ := filepath.Glob(filepath.Join(dir, "go.mod")) // fails on a bad pattern only
	return len(found) > 0
}

// TestPackageComments: every package says what it is for.
func TestPackageComments(t *testing.T) {
	documented := make(map[string]bool)
	for _, src := range sources(t) {
		dir := path.Dir(src.path)
		documented[dir] = documented[dir] || src.file.Doc != nil
		name := src.file.Name.Name
		if src.file.Doc != nil && name != "main" && !strings.HasPrefix(src.file.Doc.Text(), "Package "+name+" ") {
			t.Errorf("%s: the package comment must begin with %q", src.path, "Package "+name)
		}
	}
	for dir, has := range documented {
		if !has {
			t.Errorf("the package in %s has no comment", dir)
		}
	}
}

// TestFilesStayShort: a file is one thing, and can be read in one sitting.
func TestFilesStayShort(t *testing.T) {
	const most = 700
	for _, src := range sources(t) {
		if src.lines > most && !ast.IsGenerated(src.file) {
			t.Errorf("%s has %d lines, %d at most: is it one thing?", src.path, src.lines, most)
		}
	}
}

// TestGeneratedFilesSaySo: only files named for it are generated, and all of
// those say so in the line that tools look for.
func TestGeneratedFilesSaySo(t *testing.T) {
	for _, src := range sources(t) {
		base := path.Base(src.path)
		isTable := strings.HasPrefix(base, "z")
		isLockDown := strings.HasPrefix(base, "curb_") && strings.HasPrefix(src.path, "examples/")
		if want := isTable || isLockDown; want != ast.IsGenerated(src.file) {
			t.Errorf("%s: generated by its name: %t, by its first comment: %t", src.path, want, !want)
		}
	}
}

// TestNoC: curb builds without a C compiler.
func TestNoC(t *testing.T) {
	for _, src := range sources(t) {
		for _, imported := range src.file.Imports {
			if imported.Path.Value == `"C"` && !strings.HasSuffix(src.path, "_test.go") {
				t.Errorf("%s uses cgo", src.path)
			}
		}
	}
}
