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
	wakes    string   // what makes the calls count, too, where others use it than these
	unless   []string
	env      bool // it is so only where nobody sets GOTRACEBACK
}

// dormancies has the facts. They hold for every release from 1.17 to 1.27: the
// tests read them off the runtime's sources.
//
// setThreadCPUProfiler makes and deletes a thread's profiling timer. The
// scheduler, and a call from C, call it where m.profilehz differs from
// sched.profilehz. Both are zero until setcpuprofilerate changes them, which
// calls setThreadCPUProfiler first (runtime/proc.go, cgocall.go, os_linux.go).
//
// The garbage collector calls setUserArenaChunkToFault for arenas that were freed
// and are still pointed to: freeUserArenaChunk lists them, which calls it as well
// (runtime/arena.go, mgc.go).
//
// A signal's handler calls raiseproc, to have all threads say where they are, only if
// a crash is to be loud: GOTRACEBACK=crash, which runtime/debug.SetTraceback can ask
// for too (runtime/signal_unix.go, runtime1.go).
var dormancies = []dormancy{
	{function: "runtime.setThreadCPUProfiler", waits: []string{"runtime.execute", "runtime.cgocallbackg1"}},
	{function: "runtime.(*mspan).setUserArenaChunkToFault", waits: []string{"runtime.gcMarkTermination"}},
	{
		function: "runtime.raiseproc", waits: []string{"runtime.sighandler"},
		wakes: "runtime/debug.SetTraceback", unless: []string{"runtime.parsedebugvars", "runtime.finishDebugVarsSetup"}, env: true,
	},
}

// A sleeper is a function that is dormant, with the calls that do not wake it.
type sleeper struct {
	*dormancy
	calls map[int][]int // of each function that calls it so: which of its refs do
	wakes int           // the function whose use wakes it, noFunc if none
	awake bool
}

// sleepers finds the program's dormant functions. One whose name was changed is
// not found, and counts as any other.
func (a *analysis) sleepers() map[int]*sleeper {
	out := map[int]*sleeper{}
	var callers []int // all of them are in package runtime
	wakers := map[string]int{}
	for fn := range a.file.Funcs {
		name := a.file.Name(&a.file.Funcs[fn])
		if !strings.HasPrefix(name, "runtime") {
			continue
		}
		callers = append(callers, fn)
		for i := range dormancies {
			d := &dormancies[i]
			if name == d.wakes {
				wakers[name] = fn
			}
			if name == d.function && (a.quiet || !d.env) {
				out[fn] = &sleeper{dormancy: d, calls: map[int][]int{}, wakes: noFunc}
			}
		}
	}
	for to, s := range out {
		if s.dormancy.wakes != "" {
			fn, ok := wakers[s.dormancy.wakes]
			if !ok {
				s.awake = true // it may be inlined, or has another name
			}
			s.wakes = fn
		}
		for _, fn := range callers {
			for i, x := range a.facts[fn].refs {
				if x.kind == refCall && x.addr == a.file.Funcs[to].Entry && a.isIn(fn, x, s.waits) {
					s.calls[fn] = append(s.calls[fn], i)
				}
			}
		}
	}
	return out
}

// isIn reports whether a place in a function is in one of those of these names, from
// which inlining may have moved it.
func (a *analysis) isIn(fn int, x ref, names []string) bool {
	code := &a.file.Funcs[fn]
	return slices.Contains(names, a.file.Position(code, code.Entry+uint64(x.off))[0].Func)
}

// asleep closes the calls of a function that do not count yet.
func (r *reach) asleep(fn int, closed []bool) []bool {
	for to, s := range r.sleepers {
		calls := s.calls[fn]
		if len(calls) == 0 || s.awake || r.has(to) {
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

// roused looks whether anybody wakes dormant functions by what they use, and reports
// whether there were any.
func (r *reach) roused() bool {
	roused := false
	for _, s := range r.sleepers {
		if s.wakes == noFunc || s.awake || !r.uses(s.wakes, s.unless) {
			continue
		}
		s.awake, roused = true, true
		for from := range s.calls {
			r.reopen([]int{from})
		}
	}
	return roused
}

// uses reports whether reachable code or data refers to a function, but for the code of
// some others.
func (r *reach) uses(fn int, unless []string) bool {
	if _, ok := r.indirect(fn); ok {
		return true
	}
	for from := range r.a.facts {
		for x := range r.live(from) {
			if (x.kind == refCall || x.kind == refJump) && x.addr == r.a.file.Funcs[fn].Entry && !r.a.isIn(from, x, unless) {
				return true
			}
		}
	}
	return false
}
