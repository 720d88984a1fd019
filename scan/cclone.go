package scan

import "slices"

// threads visits the functions that make threads by system calls of their own: such a
// thread may have gone on in the function since, on another stack.
func (w *cwalk) threads() {
	for i, im := range w.c.images {
		for fn := range w.whole.steps[i].reached {
			at := cfunc{i, fn}
			if w.steps[i][fn] == nil && w.c.makesThreads(at) {
				w.take(cplace{i, im.Funcs[fn].Start}, cstep{how: byData, from: none, goFn: noFunc, note: "a thread may be in it"})
			}
		}
	}
	w.drain()
}

// makesThreads reports whether a function may make a thread by a system call of its own.
// Where its callers say which call that is it makes none: a thread with a stack of its
// own does not return to them, so it would go nowhere.
func (c *clib) makesThreads(at cfunc) bool {
	n := c.number(at)
	return slices.ContainsFunc(c.images[at.image].facts[at.fn].refs, func(x ref) bool {
		if x.kind != refSyscall {
			return false
		}
		b := c.a.body(n)
		i, ok := b.find(x.place)
		return !ok || slices.ContainsFunc(c.a.origins(b, i, regLoc(c.a.arch.number, 4)), func(lf leaf) bool {
			switch lf.kind {
			case leafParam:
				return false
			case leafPointed, leafBehind:
				return !c.a.keepsRecord(n)
			}
			return lf.kind != leafConst || c.a.clones(uint32(lf.value))
		})
	})
}

// clones reports whether a number is that of a system call that makes threads.
func (a *analysis) clones(nr uint32) bool {
	call, ok := a.table.ByNumber(nr)
	return ok && (call.Name == "clone" || call.Name == "clone3")
}
