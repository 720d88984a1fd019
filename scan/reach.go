package scan

import (
	"iter"
	"slices"

	"github.com/gocurb/curb/internal/gobin"
)

// A reach is the set of code that the program can run. It only ever grows:
// the walk starts from the assumption that every variable that guards a jump
// keeps its initial value, and opens the jump's other way as soon as code that
// may change the variable turns out to be reachable.
type reach struct {
	a      *analysis
	start  int            // the function with the entry point
	parent []step         // of each function: how it was reached first
	how    map[int]string // functions that may be called through a pointer
	queue  []int
	guards *guardSet
	closed map[int][]bool // refs of a function that are not reachable, where there are any

	latents   []latent
	awake     map[int]bool          // functions that were latent
	pointedTo map[gobin.Symbol]bool // variables to which the data points
	values    map[uint64]bool       // places of function values in the constant data
	sleepers  map[int]*sleeper      // functions that are dormant until somebody wakes them
	globals   *globals              // what the data has in variables
	folds     map[int]*body         // functions that were folded, as they are now

	// What makes a reach that of one phase: see phase.go.
	tasks   *initTasks      // the initialisers, where they are told from other data
	once    once            // the functions that are called once, where they are told from others
	ends    map[int][]end   // places where the walk ends, by function
	earlier *reach          // what can run before it
	resumed map[int][]place // places where functions are entered that nobody calls, by function
}

// A step says how a function was reached.
type step struct {
	how  stepKind
	from int    // the function
	off  uint32 // the instruction in it
}

type stepKind uint8

const (
	notReached stepKind = iota
	isRoot
	byCall
	byJump
	byAddress
	byData
	byResume // it was running when the phase began, and is not known to be called
)

func (r *reach) has(fn int) bool { return r.parent[fn].how != notReached }

// indirect reports whether the function may be called through a pointer, and why.
func (r *reach) indirect(fn int) (string, bool) {
	why, ok := r.how[fn]
	return why, ok
}

// live returns what the reachable code of a function refers to.
func (r *reach) live(fn int) iter.Seq[ref] {
	return func(yield func(ref) bool) {
		if !r.has(fn) {
			return
		}
		closed := r.closed[fn]
		for i, x := range r.a.facts[fn].refs {
			if (closed == nil || !closed[i]) && !yield(x) {
				return
			}
		}
	}
}

// newReach begins a walk from which nothing has been reached yet. Without folding,
// no variable is taken to keep its value.
func (a *analysis) newReach(folding bool) *reach {
	r := &reach{
		a: a, start: a.start(), parent: make([]step, len(a.facts)), how: map[int]string{}, closed: map[int][]bool{},
		awake: map[int]bool{}, pointedTo: map[gobin.Symbol]bool{}, folds: map[int]*body{},
	}
	if folding {
		r.guards = newGuardSet(a)
		r.globals = a.globals()
		r.values = a.functionValues(r.globals)
		r.sleepers = a.sleepers()
		a.attrs = a.findAttributes()
		for _, v := range a.pointers {
			if sym, ok := a.file.SymbolAt(v); ok {
				r.pointedTo[sym] = true
			}
		}
	}
	return r
}

// walk finds everything reachable from the entry point.
func (a *analysis) walk(allCode bool) {
	r := a.newReach(!allCode)
	a.reach, a.whole = r, r
	r.visit(r.start, step{how: isRoot})
	r.finish()
	if allCode {
		for fn := range a.facts {
			r.visit(fn, step{how: byData})
		}
		r.drain()
	}
}

// finish goes on from the roots until nothing more is reached.
func (r *reach) finish() {
	r.settle()
	r.fromC()
	r.data()
	r.middles()
	r.methods()
	r.kept()
	r.settle()
}

func (r *reach) visit(fn int, s step) {
	if fn >= 0 && (r.parent[fn].how == notReached || r.parent[fn].how == byResume) {
		r.parent[fn] = s
		r.queue = append(r.queue, fn)
	}
}

func (r *reach) drain() {
	for len(r.queue) > 0 {
		fn := r.queue[0]
		r.queue = r.queue[1:]
		r.function(fn)
	}
}

// function follows what a function's reachable code refers to.
func (r *reach) function(fn int) {
	r.awaken(fn)
	delete(r.folds, fn)
	r.close(fn)
	r.reopen(r.a.attrs.below(fn))
	file := r.a.file
	for x := range r.live(fn) {
		switch x.kind {
		case refCall:
			r.visit(file.FuncAt(x.addr), step{byCall, fn, x.off})
		case refJump:
			r.visit(file.FuncAt(x.addr), step{byJump, fn, x.off})
		case refAddr, refNumber, refLoad:
			if x.takesAddr() && r.guards.mayChange(x.addr) && !r.a.onlyReads(r.a.view(fn), x.place, x.addr) {
				r.reopen(r.guards.taken(x.addr))
			}
			if to := r.target(x.addr); to >= 0 && !(x.takesAddr() && r.later(fn, x, to)) {
				r.viaPointer(to, "its address is taken by "+file.Name(&file.Funcs[fn]), step{byAddress, fn, x.off})
			}
		case refStore:
			r.reopen(r.guards.stored(x.addr, x.size))
		}
	}
}

// target returns the function whose code is at an address, or to which
// the word at the address points, as a function value's does; -1 if none.
func (r *reach) target(addr uint64) int {
	if r.a.file.Module.Text.Contains(addr) {
		return r.a.file.FuncAt(addr)
	}
	if w, ok := r.a.file.Word(addr); ok {
		if fn, ok := r.a.file.FuncWithEntry(w); ok {
			return fn
		}
	}
	return -1
}

// methods visits the functions in method tables of types that can be called by way
// of those: the runtime builds itabs from them for conversions that only it sees, and
// reflection looks methods up.
func (r *reach) methods() {
	for _, to := range r.a.tableMethods() {
		r.viaPointer(to, "it is a method in a type's table", step{how: byData})
	}
}

// viaPointer visits a function that may be called through a pointer. The program's
// start is none, though numbers in the code look like its address.
func (r *reach) viaPointer(to int, why string, s step) {
	if to == r.start {
		return
	}
	if _, ok := r.how[to]; !ok {
		r.how[to] = why
	}
	r.visit(to, s)
}

// inData is why functions may be called whose values are in the data.
const inData = "the program's data holds its address"

// data visits the functions to which words of the data point, directly or by
// way of a function value.
func (r *reach) data() {
	for _, w := range r.a.words {
		if to, ok := r.a.file.FuncWithEntry(w.value); ok && !r.values[w.addr] && !r.tasks.hold(w.addr) && !r.once.words[w.addr] {
			r.viaPointer(to, inData, step{how: byData})
		}
		if r.values[w.value] && !r.globals.holds(w.addr) {
			r.viaPointer(r.target(w.value), inData, step{how: byData})
		}
	}
}

// middles visits the functions that words of the data point into, at places
// that are not those of their own switches.
func (r *reach) middles() {
	for fn, places := range r.a.mid {
		if r.has(fn) || !slices.ContainsFunc(places, func(m middle) bool { return m.inData }) {
			continue
		}
		b := r.a.view(fn)
		for _, m := range places {
			if i, ok := b.at(m.pc); ok && m.inData && b.open[i] {
				r.viaPointer(fn, "the program's data holds an address in it", step{how: byData})
				break
			}
		}
	}
}

// reopen looks again at reachable functions that a variable guards.
func (r *reach) reopen(fns []int) {
	for _, fn := range fns {
		if r.has(fn) {
			r.queue = append(r.queue, fn)
		}
	}
}

// close finds the refs of a function that are not reachable yet.
func (r *reach) close(fn int) {
	closed := r.asleep(fn, r.folded(fn))
	if slices.Contains(closed, true) {
		r.closed[fn] = closed
	} else {
		delete(r.closed, fn)
	}
}

// folded finds those of them that are behind jumps whose way is known.
func (r *reach) folded(fn int) []bool {
	b, live := r.guarded(fn)
	if live == nil {
		return nil
	}
	refs := r.a.facts[fn].refs
	closed := make([]bool, len(refs))
	for k, x := range refs {
		i, ok := b.find(x.place)
		closed[k] = ok && (!live[i] || r.endsBefore(fn, x.place))
	}
	return closed
}

// guarded returns the instructions of a function that its guards let be reached, and
// the places where it is entered; nil if all can be.
func (r *reach) guarded(fn int) (b *body, live []bool) {
	var fixed []guard
	for _, g := range r.a.facts[fn].guards {
		if r.guards.holds(g.variable) {
			fixed = append(fixed, g)
		}
	}
	covered := r.a.attrs.covers(fn)
	if len(fixed) == 0 && r.ends[fn] == nil && r.parent[fn].how != byResume && !covered {
		return nil, nil
	}
	decide := func(b *body, i int) (taken, ok bool) {
		for k := range fixed {
			g := &fixed[k]
			if b.pcs[i] != b.fn.Entry+uint64(g.off) || !b.straight(g) {
				continue
			}
			v, ok := r.a.file.Initial(g.addr, g.size)
			if !ok {
				continue
			}
			return g.takes(v)
		}
		return false, false
	}
	if covered {
		if r.folds[fn] == nil {
			r.folds[fn] = r.fold(fn, decide)
		}
		return r.folds[fn], r.folds[fn].live
	}
	b = r.a.view(fn)
	return b, b.reachable(r.entries(fn, b), r.endings(fn, b), func(i int) (taken, ok bool) { return decide(b, i) })
}

// straight reports whether control can come to a guard's jump only by way of
// the instruction that reads its variable.
func (b *body) straight(g *guard) bool {
	from, ok1 := b.at(b.fn.Entry + uint64(g.from))
	to, ok2 := b.at(b.fn.Entry + uint64(g.off))
	if !ok1 || !ok2 {
		return false
	}
	for i := from + 1; i <= to; i++ {
		if len(b.jumps[i]) > 0 || b.open[i] {
			return false
		}
	}
	return true
}

// reachable walks the function's instructions from its entries on, and those that are
// not known; decide says of a conditional jump which way alone is open. At the ends
// it does not go on.
func (b *body) reachable(entries []int, ends map[int]bool, decide func(i int) (taken, ok bool)) []bool {
	out := b.successors()
	live := make([]bool, len(b.insts))
	var work []int
	mark := func(i int) {
		if i < len(live) && !live[i] {
			live[i] = true
			work = append(work, i)
		}
	}
	for _, i := range entries {
		mark(i)
	}
	for i := range b.open {
		mark(i)
	}
	for len(work) > 0 {
		i := work[len(work)-1]
		work = work[:len(work)-1]
		if ends[i] {
			continue
		}
		taken, decided := false, false
		if len(out[i]) > 0 && b.falls(i) {
			taken, decided = decide(i)
		}
		if b.falls(i) && !(decided && taken) {
			mark(i + 1)
		}
		if !(decided && !taken) {
			for _, to := range out[i] {
				mark(to)
			}
		}
	}
	return live
}
