package scan

import "slices"

// threads visits the functions that make threads by system calls of their own: such a
// thread may have gone on in the function since, on another stack. Where a function is told
// which call it makes, those are visited that tell it so.
func (w *cwalk) threads() {
	for i, im := range w.c.images {
		for fn := range w.whole.steps[i].reached {
			for _, x := range im.facts[fn].refs {
				if x.kind == refSyscall {
					w.mayClone(cfunc{i, fn}, x.place, regLoc(w.c.a.arch.number, 4), 0)
				}
			}
		}
	}
	w.drain()
}

// mayClone visits the functions by which what a place holds, before an instruction of a
// function, may be the number of a system call that makes threads.
func (w *cwalk) mayClone(at cfunc, where place, what loc, depth int) {
	a := w.c.a
	b := a.body(w.c.number(at))
	i, ok := b.find(where)
	may := !ok
	if ok {
		for _, lf := range a.origins(b, i, what) {
			switch lf.kind {
			case leafConst:
				may = may || a.clones(uint32(lf.value))
			case leafParam:
				may = !w.passedClone(at, lf.loc, depth) || may
			case leafPointed, leafBehind:
				may = may || !a.keepsRecord(w.c.number(at))
			default:
				may = true
			}
		}
	}
	if !may {
		return
	}
	if w.steps[at.image][at.fn] == nil {
		w.mayBeIn(at)
		return
	}
	// It runs in the phase as well. A thread from before may go on with what it was told then.
	for _, by := range w.whole.callersOf(at) {
		if a.inC(by.fn) && w.c.images[at.image].Name != "libc.so.6" { // whose threads begin by a pointer
			w.mayBeIn(w.c.function(by.fn))
		}
	}
}

// mayBeIn visits a function in which a thread may be, unless it was reached.
func (w *cwalk) mayBeIn(at cfunc) {
	if w.steps[at.image][at.fn] == nil {
		w.take(cplace{at.image, w.c.images[at.image].Funcs[at.fn].Start}, cstep{how: byData, from: none, goFn: noFunc, note: "a thread may be in it"})
	}
}

// passedClone goes on with what the callers of a function pass it. It reports whether they
// are known.
func (w *cwalk) passedClone(at cfunc, in loc, depth int) bool {
	const most = 4 // callers of each other
	start := cplace{at.image, w.c.images[at.image].Funcs[at.fn].Start}
	calls := w.whole.callersOf(at)
	_, taken := w.whole.taken[start]
	if taken || w.whole.roots[at] || depth == most || in.kind != inReg || slices.ContainsFunc(calls, func(by caller) bool { return !w.c.a.inC(by.fn) }) {
		return false
	}
	for _, by := range calls {
		w.mayClone(w.c.function(by.fn), by.place, in, depth+1)
	}
	return true
}

// clones reports whether a number is that of a system call that makes threads.
func (a *analysis) clones(nr uint32) bool {
	const x32 = 1 << 30 // the mark of the calls of the x32 kind
	call, ok := a.table.ByNumber(nr &^ x32)
	return ok && (call.Name == "clone" || call.Name == "clone3")
}
