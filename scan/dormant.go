package scan

import (
	"slices"
	"strings"
)

// A dormancy is a fact about the runtime: calls of a function from some places
// are made only after another place has called it. As long as these are the only
// ones that reachable code has, nobody calls it.
type dormancy struct {
	function string
	waits    []string // the functions whose calls of it do not count at first
}

// dormancies has the facts. They hold for every release from 1.17 to 1.27: the
// tests read them off the runtime's sources.
//
// setThreadCPUProfiler makes and deletes a thread's profiling timer. The
// scheduler, and a call from C, call it where m.profilehz differs from
// sched.profilehz. Both are zero until setcpuprofilerate changes them, which
// calls setThreadCPUProfiler first (runtime/proc.go, cgocall.go, os_linux.go).
var dormancies = []dormancy{
	{"runtime.setThreadCPUProfiler", []string{"runtime.execute", "runtime.cgocallbackg1"}},
}

// A sleeper is a function that is dormant, with the calls that do not wake it.
type sleeper struct {
	*dormancy
	calls map[int][]int // of each function that calls it so: which of its refs do
}

// sleepers finds the program's dormant functions. One whose name was changed is
// not found, and counts as any other.
func (a *analysis) sleepers() map[int]*sleeper {
	out := map[int]*sleeper{}
	var callers []int // all of them are in package runtime
	for fn := range a.file.Funcs {
		name := a.file.Name(&a.file.Funcs[fn])
		if !strings.HasPrefix(name, "runtime.") {
			continue
		}
		callers = append(callers, fn)
		for i := range dormancies {
			if name == dormancies[i].function {
				out[fn] = &sleeper{&dormancies[i], map[int][]int{}}
			}
		}
	}
	for to, s := range out {
		for _, fn := range callers {
			for i, x := range a.facts[fn].refs {
				if x.kind == refCall && x.addr == a.file.Funcs[to].Entry && a.waits(fn, x, s.dormancy) {
					s.calls[fn] = append(s.calls[fn], i)
				}
			}
		}
	}
	return out
}

// waits reports whether a call is one of those that do not count at first, where
// inlining may have moved it.
func (a *analysis) waits(fn int, x ref, d *dormancy) bool {
	code := &a.file.Funcs[fn]
	return slices.Contains(d.waits, a.file.Position(code, code.Entry+uint64(x.off))[0].Func)
}

// asleep closes the calls of a function that do not count yet.
func (r *reach) asleep(fn int, closed []bool) []bool {
	for to, s := range r.sleepers {
		calls := s.calls[fn]
		if len(calls) == 0 || r.has(to) {
			continue
		}
		if closed == nil {
			closed = make([]bool, len(r.a.facts[fn].refs))
		}
		for _, i := range calls {
			closed[i] = true
		}
	}
	return closed
}

// awaken looks again at the functions whose calls of fn count from now on.
func (r *reach) awaken(fn int) {
	if s := r.sleepers[fn]; s != nil {
		for from := range s.calls {
			r.reopen([]int{from})
		}
	}
}
