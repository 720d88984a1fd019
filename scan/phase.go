package scan

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gocurb/curb/internal/gobin"
	"github.com/gocurb/curb/usage"
)

// A phase later than exec begins while code is running. What can run in it is
// found in two walks.
//
// The first finds what can run before: all that can be reached from the entry
// point on ways that do not go over a place where the phase begins. The second
// finds what can run from there on. Its roots are what the moment leaves behind:
//
//   - The stack of the goroutine that begins the phase: what follows the place in
//     its function, and in every function that can have called that one, up to
//     runtime.main. What is behind a call that is still going on can run, what is
//     before it cannot. In the initialisers' case that is also all of them that come
//     later, in the order of the linker's list.
//   - Every function that can be called through a pointer, for which some code of
//     the first walk, or data, has made that pointer: that is how all other
//     goroutines begin, and how threads, timers, finalizers, cleanups, signal
//     handlers, deferred functions and methods in itabs are called. Whether the
//     pointer is still there is not asked, and a goroutine that is in the middle
//     of its work counts as one that starts it.
//   - The stack of the first thread, which is in runtime.mstart.
//
// C code is walked in the same two steps (walkPhase): from the Go code of the second walk,
// and from what C code, called at any time, leaves behind. A call of Go into C is over
// when what follows it runs: on a stack of Go's, C code is beneath a function of Go only
// where C code has called that, by its address. So C code is still running in a thread
// or in a goroutine of which nothing is known, and those began with a function to which
// a pointer was made: the thread's function, that of a coroutine with a stack of its own,
// or the goroutine's, in Go. (A thread that code makes by a system call of its own may go
// on in the function that does; that counts.) Handlers of signals, what is called at the end of threads,
// of the program and at fork, timers' functions, callbacks, tables of functions and what
// resolvers choose are called through pointers. All functions count to which any C code,
// or data, makes one, and all data to which C code can come. Only of the pointer by which
// Go calls a function is it known that nobody keeps it (cgocalls.go).
//
// A variable that code of either walk may change does not keep its value; a
// function value that the first has put into a variable, and nowhere else, is
// called only if either reads it.
//
// This holds for stacks that are known: where direct calls alone lead from
// runtime.main to the place. If a function on the way can be called through a pointer
// it may run in any goroutine, and nothing is known of the others' stacks, that of
// runtime.main among them. Then the phase counts from an earlier moment on of which
// that is not so: from main.main on, or from the program's first instruction, if the
// place can be reached before main.main.

// An end is a place in a function where a phase begins.
type end struct {
	place
	before bool // in front of the instruction, not behind it
}

// ErrNoLockDown means that a program has no lock-down point.
var ErrNoLockDown = errors.New("it has no lock-down point: no code that can be reached calls curbLockDown in package main, or enforces a policy of package curb")

// phase finds what can run in a phase of the program's life.
func (a *analysis) phase(p usage.Phase) error {
	switch p {
	case usage.Exec, "":
		a.walk(false)
		return nil
	case usage.Main:
		points, err := a.mainCall()
		if err != nil {
			return err
		}
		return a.fromMain(a.before(points), points)
	case usage.Locked:
		return a.locked()
	}
	return fmt.Errorf("there is no phase %q to scan: there are %s, %s and %s", p, usage.Exec, usage.Main, usage.Locked)
}

// fromMain finds what can run from main.main on.
func (a *analysis) fromMain(before *reach, points map[int][]end) error {
	s := a.stackAt(before, points)
	if s.unknown {
		return errors.New("it cannot be told where phase main begins: other code than runtime.main may call main.main")
	}
	a.from(s)
	return nil
}

// locked finds what can run once the program is locked down.
func (a *analysis) locked() error {
	points := a.lockDowns()
	s := a.stackAt(a.before(points), points)
	a.points, a.since = s.points, usage.Locked
	switch {
	case len(s.points) == 0:
		return ErrNoLockDown
	case !s.unknown:
		a.from(s)
		return nil
	}
	if main, err := a.mainCall(); err == nil {
		early := a.before(main)
		if len(a.stackAt(early, points).points) == 0 && a.fromMain(early, main) == nil {
			a.since = usage.Main
			return nil
		}
	}
	a.since = usage.Exec
	a.walk(false)
	return nil
}

// mainCall returns where runtime.main calls main.main: there, Go code of the
// program's own takes over.
func (a *analysis) mainCall() (map[int][]end, error) {
	fn, ok := a.funcNamed("runtime.main")
	main, ok2 := a.funcNamed("main.main")
	if !ok || !ok2 {
		return nil, errors.New("the call of main.main cannot be found: the program's functions have other names")
	}
	r := reach{a: a}
	var ends []end
	for _, x := range a.facts[fn].refs {
		to := noFunc
		switch {
		case x.kind == refCall || x.kind == refJump:
			to = a.file.FuncAt(x.addr)
		case x.takesAddr() || x.kind == refLoad:
			to = r.target(x.addr)
		}
		if to == main {
			ends = append(ends, end{x.place, true})
		}
	}
	if len(ends) == 0 {
		return nil, errors.New("the call of main.main cannot be found: runtime.main does not refer to it")
	}
	return map[int][]end{fn: ends}, nil
}

func (a *analysis) funcNamed(name string) (int, bool) {
	fn := slices.IndexFunc(a.file.Funcs, func(f gobin.Func) bool { return a.file.Name(&f) == name })
	return fn, fn >= 0
}

// Functions that load a filter: of package main, as "curb gen" writes it, and
// those that all ways of enforcing a policy come to.
const (
	generated = "main.curbLockDown"
	loader    = "github.com/gocurb/curb/internal/seccomp."
)

// lockDowns returns the calls after which the program is locked down, and where code
// makes pointers to what does that.
func (a *analysis) lockDowns() map[int][]end {
	points := map[int][]end{}
	var targets []uint64
	for i := range a.file.Funcs {
		fn := &a.file.Funcs[i]
		if name := a.file.Name(fn); name == generated || strings.HasPrefix(name, loader+"Load") {
			targets = append(targets, fn.Entry)
		}
	}
	slices.Sort(targets)
	r := reach{a: a}
	for fn := range a.facts {
		for _, x := range a.facts[fn].refs {
			to := x.addr
			if x.takesAddr() || x.kind == refLoad {
				if held := r.target(x.addr); held >= 0 {
					to = a.file.Funcs[held].Entry
				}
			}
			_, hit := slices.BinarySearch(targets, to)
			if hit && !strings.HasPrefix(a.file.Name(&a.file.Funcs[fn]), loader) {
				points[fn] = append(points[fn], end{place: x.place})
			}
		}
	}
	return points
}

// before finds what can run before any of the places is passed.
func (a *analysis) before(points map[int][]end) *reach {
	r := a.newReach(true)
	r.tasks, r.once, r.ends = a.initTasks(), a.calledOnce(), points
	r.visit(r.start, step{how: isRoot})
	r.drain()
	for _, task := range r.tasks.tasks {
		for _, fn := range task.fns {
			r.visit(fn, step{how: byData})
		}
	}
	r.finish()
	return r
}

// endsBefore reports whether a phase begins in front of a place.
func (r *reach) endsBefore(fn int, at place) bool {
	return slices.Contains(r.ends[fn], end{at, true})
}

// entries returns the instructions at which a function is entered.
func (r *reach) entries(fn int, b *body) []int {
	if r.parent[fn].how != byResume {
		return []int{0}
	}
	var list []int
	for _, at := range r.resumed[fn] {
		if i, ok := b.find(at); ok {
			list = append(list, i)
		}
	}
	return list
}

// endings returns the instructions at which the walk through a function ends.
func (r *reach) endings(fn int, b *body) map[int]bool {
	if len(r.ends[fn]) == 0 {
		return nil
	}
	at := map[int]bool{}
	for _, e := range r.ends[fn] {
		if i, ok := b.find(e.place); ok {
			at[i] = true
		}
	}
	return at
}
