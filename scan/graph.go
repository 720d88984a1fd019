package scan

import (
	"fmt"
	"slices"

	"github.com/gocurb/curb/internal/gobin"
	"github.com/gocurb/curb/internal/isa"
	"github.com/gocurb/curb/usage"
)

// A Graph is who can call whom in a program, as the scan has found it: what its
// result rests on. Stacks that were seen in a run test it: all that was seen must
// be in it. It is not safe for use by several goroutines.
type Graph struct {
	a     *analysis
	w     *witness
	calls map[uint64]*callSite // by the address behind the call
	tails map[int]*exits       // of functions
	any   *exits               // of all functions that may be called through a pointer
	known map[link]string      // answers
}

// A callSite is a call instruction, or what else makes a function the caller of
// another.
type callSite struct {
	fn       int
	target   uint64
	indirect bool // it calls through a pointer, and target means nothing
	live     bool
}

// exits are the functions in which a call of one may end up, itself included.
type exits struct {
	fns map[int]bool
	any bool // those that may be called through a pointer, too: it ends in a computed jump
}

// A link is two neighbours of a stack.
type link struct{ callee, caller uint64 }

// OpenGraph reads the Go executable at path, and finds who can call whom. The
// Graph is to be closed.
func OpenGraph(path string) (*Graph, error) {
	f, err := gobin.Open(path)
	if err != nil {
		return nil, err
	}
	a := newAnalysis(f)
	a.walk(false)
	a.index()
	return &Graph{
		a: a, w: newWitness(a, nil),
		calls: map[uint64]*callSite{}, tails: map[int]*exits{}, known: map[link]string{},
	}, nil
}

// Close gives back the memory of the program's image.
func (g *Graph) Close() error { return g.a.file.Close() }

// Missing compares a stack with the graph, as usage.Stack has its addresses. It
// returns the neighbours of which the one cannot call the other as far as the
// graph knows, and functions on the stack that it says cannot be run: each is a
// bug in curb, if the stack is one of this very file.
func (g *Graph) Missing(s *usage.Stack) []usage.Gap {
	var gaps []usage.Gap
	note := func(callee, caller uint64, why string) {
		if why != "" {
			gaps = append(gaps, usage.Gap{Caller: g.frame(caller), Callee: g.frame(callee), PCs: [2]uint64{callee, caller}, Reason: why})
		}
	}
	if len(s.PCs) > 0 && g.inC(s.PCs[0]) {
		return nil // it keeps no frame pointers: what comes next was not its caller
	}
	if len(s.PCs) > 0 && s.PCs[0] != 0 {
		note(s.PCs[0], 0, g.leaf(s.PCs[0]))
	}
	for i := 0; i+1 < len(s.PCs); i++ {
		callee, caller := s.PCs[i], s.PCs[i+1]
		if callee == 0 {
			continue // the vDSO
		}
		fn := g.holder(callee)
		if caller == 0 || fn < 0 || g.ends(fn) || g.inC(caller) {
			break
		}
		why, ok := g.known[link{callee, caller}]
		if !ok {
			why = g.missing(fn, caller, g.bare(fn, callee, i == 0))
			g.known[link{callee, caller}] = why
		}
		note(callee, caller, why)
		if g.injected(fn) {
			i++ // who called what was interrupted depends on how far it had got
		}
	}
	return gaps
}

// leaf says what is wrong with the place that makes a system call.
func (g *Graph) leaf(pc uint64) string {
	fn := g.holder(pc)
	switch {
	case fn < 0:
		return "no function is there"
	case !g.a.reach.has(fn):
		return "it was found not to be reachable"
	}
	for r := range g.a.reach.live(fn) {
		if r.kind == refSyscall || r.kind == refInt80 || r.kind == refSysenter {
			if at := g.a.file.Funcs[fn].Entry + uint64(r.off); at < pc && pc-at <= maxSyscall {
				return ""
			}
		}
	}
	return "no system call that can be reached is there"
}

// maxSyscall is the length of the longest instruction that makes a system call.
const maxSyscall = 4

// bare reports whether a function keeps no frame at a place, so that who called
// it is not in the list, and its caller's caller comes next. Where it makes a
// system call the word at the stack pointer says who called it, but for
// syscall.rawVforkSyscall, which takes that word off the stack.
func (g *Graph) bare(fn int, pc uint64, leaf bool) bool {
	size, ok := g.a.file.Frames(&g.a.file.Funcs[fn]).At(pc - 1)
	return ok && (size < 0 || size == 0 && !leaf)
}

// missing says why a function cannot be the callee at a place, "" if it can.
// bare: it is not the callee, but has called it without leaving a trace.
func (g *Graph) missing(callee int, caller uint64, bare bool) string {
	reach := g.a.reach
	if !reach.has(callee) {
		return "the callee was found not to be reachable"
	}
	if g.injected(callee) {
		return "" // it is made to look like a call at whatever instruction was interrupted
	}
	site := g.site(caller)
	switch {
	case site == nil:
		return "there is no call"
	case !reach.has(site.fn):
		return "the caller was found not to be reachable"
	case !site.live:
		return "the call was found not to be reachable"
	}
	to := g.targets(site)
	if bare {
		if g.viaOne(to, callee) {
			return ""
		}
		return "no function that is called there calls the callee"
	}
	if !g.leads(to, callee) {
		if site.indirect {
			return "the callee was found not to be called through a pointer"
		}
		return "the call is one of another function, which does not go on to the callee"
	}
	return ""
}

// site returns the call before an address, nil if there is none.
func (g *Graph) site(after uint64) *callSite {
	if s, ok := g.calls[after]; ok {
		return s
	}
	s := g.findSite(after)
	g.calls[after] = s
	return s
}

func (g *Graph) findSite(after uint64) *callSite {
	file := g.a.file
	fn := g.holder(after)
	if fn < 0 {
		return nil
	}
	code := &file.Funcs[fn]
	if name := file.Name(code); name == "runtime.goexit" {
		// A goroutine's first function returns there, and was called by nobody.
		return &callSite{fn: fn, indirect: true, live: g.a.reach.has(fn)}
	}
	b, live := g.view(fn)
	for i, pc := range b.pcs {
		in := &b.insts[i]
		behind := pc+uint64(in.Len) == after && (in.Op == isa.Call || in.Op == isa.CallInd)
		// Up to Go 1.17, a deferred function returns to the call of deferreturn,
		// which then runs the next one (runtime.jmpdefer).
		deferred := pc == after && in.Op == isa.Call && g.a.nameAt(in.Target) == "runtime.deferreturn"
		if behind || deferred {
			return &callSite{fn: fn, target: in.Target, indirect: deferred || in.Op == isa.CallInd, live: live == nil || live[i]}
		}
	}
	return nil
}

// targets returns where a call may end up.
func (g *Graph) targets(s *callSite) *exits {
	if s.indirect {
		return g.pointers()
	}
	return g.exits(g.a.file.FuncAt(s.target))
}

// leads reports whether a callee is among those where a call may end up.
func (g *Graph) leads(to *exits, callee int) bool {
	return to.fns[callee] || to.any && g.pointers().fns[callee]
}

// viaOne reports whether a function where a call may end up calls the callee.
func (g *Graph) viaOne(to *exits, callee int) bool {
	all := []*exits{to}
	if to.any {
		all = append(all, g.pointers())
	}
	for _, e := range all {
		for fn := range e.fns {
			b, live := g.view(fn)
			for i := range b.insts {
				in := &b.insts[i]
				if live != nil && !live[i] || in.Op != isa.Call && in.Op != isa.CallInd {
					continue
				}
				if g.leads(g.targets(&callSite{indirect: in.Op == isa.CallInd, target: in.Target}), callee) {
					return true
				}
			}
		}
	}
	return false
}

// pointers returns where a call through a pointer may end up.
func (g *Graph) pointers() *exits {
	if g.any == nil {
		g.any = g.follow(func(yield func(int) bool) {
			for fn := range g.a.reach.how {
				if !yield(fn) {
					return
				}
			}
		})
	}
	return g.any
}

// exits returns where a call of a function may end up.
func (g *Graph) exits(fn int) *exits {
	e := g.tails[fn]
	if e == nil {
		e = g.follow(func(yield func(int) bool) { yield(fn) })
		g.tails[fn] = e
	}
	return e
}

// follow follows the jumps out of functions.
func (g *Graph) follow(from func(yield func(int) bool)) *exits {
	e := &exits{fns: map[int]bool{}}
	var work []int
	visit := func(fn int) {
		if fn >= 0 && g.a.reach.has(fn) && !e.fns[fn] {
			e.fns[fn] = true
			work = append(work, fn)
		}
	}
	for fn := range from {
		visit(fn)
	}
	for len(work) > 0 {
		fn := work[len(work)-1]
		work = work[:len(work)-1]
		for r := range g.a.reach.live(fn) {
			if r.kind == refJump {
				visit(g.a.file.FuncAt(r.addr))
			}
		}
		e.any = e.any || g.jumpsAnywhere(fn)
	}
	return e
}

// jumpsAnywhere reports whether a function has a computed jump that is no switch.
func (g *Graph) jumpsAnywhere(fn int) bool {
	b, live := g.view(fn)
	isSwitch := map[int]bool{}
	for _, from := range b.jumps {
		for _, i := range from {
			isSwitch[i] = true
		}
	}
	for i := range b.insts {
		if b.insts[i].Op == isa.JumpInd && !isSwitch[i] && (live == nil || live[i]) {
			return true
		}
	}
	return false
}

// ends reports whether what a stack has below a function is not its own: there is
// nothing, or another stack. In the thread that runtime.clone makes, the frame
// pointer is its parent's until runtime.mstart. What returns from a signal handler
// was called by nobody. And runtime.mcall and morestack go to the scheduler's
// stack, in old releases (1.17 is one) with the frame pointer still on that of the
// goroutine, which another thread may be running by then.
func (g *Graph) ends(fn int) bool {
	return g.a.file.TopFrame(&g.a.file.Funcs[fn]) || slices.Contains([]string{
		"runtime.clone", "runtime.sigreturn", "runtime.sigreturn__sigaction", "runtime.mcall", "runtime.morestack",
	}, g.w.name(fn))
}

// view returns a function's instructions and which of them can be reached: nil
// for all.
func (g *Graph) view(fn int) (*body, []bool) {
	if b, live := g.a.reach.guarded(fn); b != nil {
		return b, live
	}
	return g.a.view(fn), nil
}

// injected reports whether the runtime, or the kernel at a signal, makes the
// function run as if the interrupted instruction had called it (runtime's
// sigctxt.pushCall and preparePanic; runtime.sigtramp is a signal's handler).
func (g *Graph) injected(fn int) bool {
	return slices.Contains([]string{"runtime.asyncPreempt", "runtime.sigpanic", "runtime.sigpanic0", "runtime.sigtramp"}, g.w.name(fn))
}

// holder returns the function that a stack's address belongs to. It is behind an
// instruction, and where a call does not return that can be the next function.
func (g *Graph) holder(pc uint64) int { return g.a.file.FuncAt(pc - 1) }

// inC reports whether an address in a stack is one of the program's C code, of which
// the graph knows nothing.
func (g *Graph) inC(pc uint64) bool {
	return g.a.mayHaveC() && g.holder(pc) < 0 && slices.ContainsFunc(g.a.file.Executable(), func(r gobin.Range) bool { return r.Contains(pc - 1) })
}

// frame describes the place of an address in a stack.
func (g *Graph) frame(pc uint64) usage.Frame {
	if pc == 0 {
		return usage.Frame{}
	}
	fn := g.holder(pc)
	if fn < 0 {
		return usage.Frame{Function: fmt.Sprintf("%#x", pc)}
	}
	place := g.w.place(fn, uint32(pc-1-g.a.file.Funcs[fn].Entry))
	return place[0]
}
