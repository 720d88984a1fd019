package scan

import (
	"cmp"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/gocurb/curb/usage"
)

// A witness turns places in the binary into evidence that a reader can follow.
type witness struct {
	a       *analysis
	modules []*debug.Module // longest path first
}

func newWitness(a *analysis) *witness {
	w := &witness{a: a}
	if bi := a.file.BuildInfo; bi != nil {
		if bi.Main.Path != "" {
			w.modules = append(w.modules, &bi.Main)
		}
		w.modules = append(w.modules, bi.Deps...)
	}
	slices.SortStableFunc(w.modules, func(x, y *debug.Module) int { return len(y.Path) - len(x.Path) })
	return w
}

func (w *witness) evidence(f finding) usage.Evidence {
	e := usage.Evidence{Frame: w.frame(f.fn, f.pc), Chain: w.chain(f.fn)}
	for _, fn := range f.through {
		e.Through = append(e.Through, w.name(fn))
	}
	return e
}

func (w *witness) unresolved(o openSite) usage.Unresolved {
	if o.fn == noFunc {
		return usage.Unresolved{Frame: usage.Frame{Function: fmt.Sprintf("%#x", o.pc)}, Reason: o.reason}
	}
	return usage.Unresolved{Frame: w.frame(o.fn, o.pc), Reason: o.reason, Chain: w.chain(o.fn)}
}

func (w *witness) name(fn int) string { return w.a.file.Name(&w.a.file.Funcs[fn]) }

// frame describes the source of one instruction: of the innermost inlined call.
func (w *witness) frame(fn int, pc uint64) usage.Frame {
	at := w.a.file.Position(&w.a.file.Funcs[fn], pc)[0]
	f := usage.Frame{Function: at.Func, File: at.File, Line: max(at.Line, 0), Package: packageOf(at.Func)}
	f.Module, f.Version = w.module(f.Package)
	return f
}

// chain lists the functions on one shortest way from a root to fn.
func (w *witness) chain(fn int) []usage.Step {
	var out []usage.Step
	for {
		s := w.a.reach.parent[fn]
		how := map[stepKind]string{isRoot: "root", byCall: "call", byJump: "jump", byAddress: "address", byData: "data"}[s.how]
		step := usage.Step{How: how}
		entry := w.a.file.Funcs[fn].Entry
		where := w.a.file.Position(&w.a.file.Funcs[fn], entry)
		last := where[len(where)-1]
		step.Function, step.File, step.Line = last.Func, last.File, max(last.Line, 0)
		step.Package = packageOf(last.Func)
		step.Module, step.Version = w.module(step.Package)
		out = append(out, step)
		if s.how == isRoot || s.how == byData || s.how == notReached {
			break
		}
		fn = s.from
	}
	slices.Reverse(out)
	return out
}

// packageOf returns the import path of the package that a function is in. The
// linker writes dots in a path's last element as %2e.
func packageOf(function string) string {
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

// module returns the module that a package belongs to, "std" for Go's own.
func (w *witness) module(pkg string) (path, version string) {
	if pkg == "main" && w.a.file.BuildInfo != nil {
		return w.a.file.BuildInfo.Main.Path, w.a.file.BuildInfo.Main.Version
	}
	for _, m := range w.modules {
		if pkg == m.Path || strings.HasPrefix(pkg, m.Path) && pkg[len(m.Path)] == '/' {
			return m.Path, m.Version
		}
	}
	first, _, _ := strings.Cut(pkg, "/")
	if first == "vendor" || pkg != "" && !strings.Contains(first, ".") {
		return "std", ""
	}
	return "", ""
}

// sortEvidence puts what a reader wants first first: the places nearest to a
// root, and before those that are reached only through pointers.
func sortEvidence(ev []usage.Evidence) {
	distance := func(e usage.Evidence) int {
		if len(e.Chain) == 0 || e.Chain[0].How != "root" {
			return len(e.Chain) + 1<<20
		}
		return len(e.Chain)
	}
	slices.SortStableFunc(ev, func(x, y usage.Evidence) int {
		return cmp.Or(
			cmp.Compare(distance(x), distance(y)),
			cmp.Compare(x.Function, y.Function),
			cmp.Compare(x.File, y.File),
			cmp.Compare(x.Line, y.Line),
		)
	})
}
