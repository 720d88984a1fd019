package scan_test

import (
	"go/ast"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// uses returns the functions in which something of that name is found that says
// yes to a question.
func uses(all map[string][]*ast.FuncDecl, is func(ast.Node) bool) []string {
	var out []string
	for name, decls := range all {
		for _, d := range decls {
			ast.Inspect(d.Body, func(n ast.Node) bool {
				if n != nil && is(n) {
					out = append(out, name)
				}
				return true
			})
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// What keeps runtime.setThreadCPUProfiler asleep is true in all releases: the rate is
// changed only by setcpuprofilerate, and only after a call of setThreadCPUProfiler
// that counts; the calls that do not count are made where two rates differ.
func TestProfilerSleeps(t *testing.T) {
	rate := func(e ast.Expr) bool {
		s, ok := ast.Unparen(e).(*ast.SelectorExpr)
		return ok && s.Sel.Name == "profilehz"
	}
	calls := func(n ast.Node) bool {
		c, ok := n.(*ast.CallExpr)
		return ok && types.ExprString(c.Fun) == "setThreadCPUProfiler"
	}
	for _, release := range releases {
		t.Run(release, func(t *testing.T) {
			dir := sources(t, release, "runtime")
			all := functions(t, dir)
			changing := uses(all, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.AssignStmt:
					return slices.ContainsFunc(n.Lhs, rate)
				case *ast.IncDecStmt:
					return rate(n.X)
				case *ast.UnaryExpr:
					return n.Op == token.AND && rate(n.X)
				}
				return false
			})
			if extra := without(changing, []string{"setThreadCPUProfiler", "setThreadCPUProfilerHz", "setcpuprofilerate"}); len(extra) > 0 {
				t.Errorf("the rate is changed in %v, too", extra)
			}
			if hz := uses(all, func(n ast.Node) bool {
				c, ok := n.(*ast.CallExpr)
				return ok && types.ExprString(c.Fun) == "setThreadCPUProfilerHz"
			}); len(without(hz, []string{"setThreadCPUProfiler"})) > 0 {
				t.Errorf("the rate is changed for %v", hz)
			}
			waits := []string{"setcpuprofilerate", "execute", "cgocallbackg1"}
			if callers := without(uses(all, calls), waits); len(callers) > 0 {
				t.Errorf("%v calls setThreadCPUProfiler, too", callers)
			}
			named := uses(all, func(n ast.Node) bool {
				id, ok := n.(*ast.Ident)
				return ok && id.Name == "setThreadCPUProfiler"
			})
			if extra := without(named, waits); len(extra) > 0 {
				t.Errorf("%v names setThreadCPUProfiler, too", extra)
			}
			for _, name := range waits[1:] {
				for _, d := range all[name] {
					checkCompared(t, d, calls)
				}
			}
			checkWakes(t, all["setcpuprofilerate"], calls, rate)
			checkNoAssembly(t, dir, "profilehz")
		})
	}
}

// checkCompared holds that a function makes a call only where the rate of the thread
// and that of the scheduler, the one in a variable, were found to differ.
func checkCompared(t *testing.T, d *ast.FuncDecl, calls func(ast.Node) bool) {
	t.Helper()
	made, guarded, read := 0, 0, false
	ast.Inspect(d.Body, func(n ast.Node) bool {
		if n != nil && calls(n) {
			made++
		}
		switch n := n.(type) {
		case *ast.AssignStmt:
			for i, l := range n.Lhs {
				if types.ExprString(l) == "hz" {
					read = types.ExprString(n.Rhs[i]) == "sched.profilehz"
				}
			}
		case *ast.IfStmt:
			cond := types.ExprString(n.Cond)
			if strings.HasSuffix(cond, ".profilehz != hz") {
				for _, s := range n.Body.List {
					if e, ok := s.(*ast.ExprStmt); ok && calls(e.X) {
						guarded++
					}
				}
			}
		}
		return true
	})
	if made != guarded || made > 0 && !read {
		t.Errorf("%s calls setThreadCPUProfiler %d times, %d of them where the rates differ", d.Name.Name, made, guarded)
	}
}

// checkWakes holds that the first statements of a function call what wakes, before the
// rate is changed.
func checkWakes(t *testing.T, all []*ast.FuncDecl, calls func(ast.Node) bool, rate func(ast.Expr) bool) {
	t.Helper()
	for _, d := range all {
		for _, s := range d.Body.List {
			if e, ok := s.(*ast.ExprStmt); ok && calls(e.X) {
				return
			}
			if a, ok := s.(*ast.AssignStmt); ok && slices.ContainsFunc(a.Lhs, rate) {
				break
			}
		}
	}
	t.Errorf("setcpuprofilerate does not call setThreadCPUProfiler before it changes the rate")
}

// checkNoAssembly holds that no assembly names a field.
func checkNoAssembly(t *testing.T, dir, field string) {
	t.Helper()
	all, _ := filepath.Glob(filepath.Join(dir, "*.s"))
	for _, path := range all {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), field) {
			t.Errorf("%s names %s", path, field)
		}
	}
}
