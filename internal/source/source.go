// Package source names places in a Go binary: function, file, line, package and
// module, as a usage has them.
package source

import (
	"runtime/debug"
	"slices"
	"strings"

	"github.com/gocurb/curb/internal/gobin"
	"github.com/gocurb/curb/usage"
)

// A Namer names places in one binary. It is safe for use by many goroutines.
type Namer struct {
	main    *debug.Module   // nil where the binary does not say
	modules []*debug.Module // longest path first
}

// NewNamer returns a Namer for a binary.
func NewNamer(file *gobin.File) *Namer {
	n := &Namer{}
	if bi := file.BuildInfo; bi != nil {
		n.main = &bi.Main
		if bi.Main.Path != "" {
			n.modules = append(n.modules, &bi.Main)
		}
		n.modules = append(n.modules, bi.Deps...)
	}
	slices.SortStableFunc(n.modules, func(x, y *debug.Module) int { return len(y.Path) - len(x.Path) })
	return n
}

// Frame describes a place.
func (n *Namer) Frame(at gobin.Position) usage.Frame {
	f := usage.Frame{Function: at.Func, File: at.File, Line: max(at.Line, 0), Package: PackageOf(at.Func)}
	f.Module, f.Version = n.Module(f.Package)
	return f
}

// PackageOf returns the import path of the package that a function is in. The
// linker writes dots in a path's last element as %2e.
func PackageOf(function string) string {
	path := function
	if i := strings.IndexByte(path, '['); i >= 0 { // type arguments
		path = path[:i]
	}
	slash := strings.LastIndexByte(path, '/') + 1
	if dot := strings.IndexByte(path[slash:], '.'); dot >= 0 {
		path = path[:slash+dot]
	} else {
		return ""
	}
	return strings.ReplaceAll(path, "%2e", ".")
}

// Module returns the module that a package belongs to, "std" for Go's own.
func (n *Namer) Module(pkg string) (path, version string) {
	if pkg == "main" && n.main != nil {
		return n.main.Path, n.main.Version
	}
	for _, m := range n.modules {
		if pkg == m.Path || strings.HasPrefix(pkg, m.Path) && pkg[len(m.Path)] == '/' {
			return m.Path, m.Version
		}
	}
	first, _, _ := strings.Cut(pkg, "/")
	if first == "cmd" { // the Go distribution's commands
		return "cmd", ""
	}
	if first == "vendor" || pkg != "" && !strings.Contains(first, ".") {
		return "std", ""
	}
	return "", ""
}
