package scan_test

import (
	"errors"
	"go/ast"
	"go/types"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/gocurb/curb/scan"
)

// Where nobody sets GODEBUG or GOTRACEBACK, what only those bring is left out, but not
// what the program's own code or its build asks for.
func TestAssumeEnv(t *testing.T) {
	assumed := func(path string) []string {
		t.Helper()
		u, err := scan.File(path, scan.Options{Assume: scan.Assume{Env: true}})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(u.Assumes, []string{"env"}) {
			t.Errorf("it says that it assumes %v", u.Assumes)
		}
		return u.Names()
	}
	path := program(t, "hello", "plain")
	if lost := without(scanned(t, path).Names(), assumed(path)); !slices.Equal(lost, []string{"kill", "mprotect"}) {
		t.Errorf("it leaves out %v", lost)
	}
	if !slices.Contains(assumed(program(t, "loud", "plain")), "kill") {
		t.Error("kill is lost, which debug.SetTraceback brings")
	}
	path = buildOnce(t, "hello-efence", ".", nil, "-ldflags=-X runtime.godebugDefault=madvdontneed=1,efence=1", "./testdata/hello")
	if !slices.Contains(assumed(path), "mprotect") {
		t.Error("mprotect is lost, which a setting of the build brings")
	}
	checkEnds(t, 0, "run", "-q", "--deny", "trap", "--no-cache", "--assume", "env", path)
	checkEnds(t, syscall.SIGABRT, "run", "-q", "--deny", "trap", "--no-cache", "--assume", "env", program(t, "loud", "plain"))
}

// checkEnds runs curb, which must end with a signal, or well.
func checkEnds(t *testing.T, want syscall.Signal, args ...string) {
	t.Helper()
	out, err := exec.Command(curb(t), args...).CombinedOutput()
	var exit *exec.ExitError
	got := syscall.Signal(0)
	if errors.As(err, &exit) {
		got = exit.Sys().(syscall.WaitStatus).Signal()
	}
	if (err == nil) != (want == 0) || got != want {
		t.Errorf("curb %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// What is known of settings is true in all releases: only the start of the runtime asks
// for loud crashes on behalf of GOTRACEBACK, and only a signal's handler relays one.
func TestEnvSources(t *testing.T) {
	for _, release := range releases {
		t.Run(release, func(t *testing.T) {
			all := functions(t, sources(t, release, "runtime"))
			calls := func(name string) func(ast.Node) bool {
				return func(n ast.Node) bool {
					c, ok := n.(*ast.CallExpr)
					return ok && (types.ExprString(c.Fun) == name || strings.HasSuffix(types.ExprString(c.Fun), "."+name))
				}
			}
			for callee, callers := range map[string]string{
				"setTraceback":             "parsedebugvars finishDebugVarsSetup",
				"raiseproc":                "sighandler",
				"setUserArenaChunkToFault": "gcMarkTermination freeUserArenaChunk",
			} {
				if extra := without(uses(all, calls(callee)), strings.Fields(callers)); len(extra) > 0 {
					t.Errorf("%v calls %s, too", extra, callee)
				}
			}
			if frees := uses(all, calls("freeUserArenaChunk")); len(frees) > 0 && !slices.Contains(uses(all, calls("setUserArenaChunkToFault")), "freeUserArenaChunk") {
				t.Error("what frees an arena does not make it fault")
			}
			faults := uses(all, func(n ast.Node) bool {
				a, ok := n.(*ast.AssignStmt)
				return ok && slices.ContainsFunc(a.Lhs, func(e ast.Expr) bool { return types.ExprString(e) == "userArenaState.fault" })
			})
			if extra := without(faults, strings.Fields("freeUserArenaChunk gcMarkTermination")); len(extra) > 0 {
				t.Errorf("%v lists arenas that are to fault", extra)
			}
		})
	}
}
