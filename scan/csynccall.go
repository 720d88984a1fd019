package scan

import (
	"slices"

	"github.com/gocurb/curb/internal/isa"
)

// musl has all threads make a setuid and the like by a function of its own, too: who asks
// for it passes that, and a record in its frame with the number, to one that calls the
// function with the record in every thread, by a signal that musl keeps for this alone
// (src/unistd/setxid.c, src/thread/synccall.c).

const synccallSignal = 34

// synccalled goes on where the number is in such a record, for which the function gets a
// pointer. It reports whether that is so.
func (c *climb) synccalled(fn int, lf leaf, through []int) bool {
	a := c.a
	order := &a.arch.inOrder
	if !a.inC(fn) || lf.loc.kind != inReg || lf.loc.reg != order[0] || !a.killsAll(fn) {
		return false
	}
	at, rec := a.c.function(fn), record{int64(lf.value), lf.size}
	if at.image != max(0, a.c.loader) || writesRecord(a, fn, order[0], rec) {
		return false
	}
	by, ok := a.c.onlyTaker(at)
	if !ok {
		return false
	}
	b := a.body(by.fn)
	i, ok := b.find(by.place)
	for i++; ok && i < len(b.insts) && b.insts[i].Op != isa.Call; i++ {
		ok = b.falls(i)
	}
	if !ok || i == len(b.insts) {
		return false
	}
	to, ok := a.callees(by.fn, b.insts[i].Target)
	tkill, _ := a.table.ByName("tkill")
	passesOn := func(g int) bool {
		return a.names(g, synccallSignal) && a.names(g, int64(tkill.Nr)) && !writesRecord(a, g, order[1], rec)
	}
	if !ok || slices.ContainsFunc(to, func(g int) bool { return !passesOn(g) }) {
		return false
	}
	passed := a.origins(b, i, regLoc(order[0], 8))
	put, ok := b.recorded(i, order[1], rec)
	if !ok || b.insts[put].Src.Kind != isa.KindReg || len(passed) != 1 || passed[0].kind != leafConst || passed[0].value != a.entry(fn) {
		return false
	}
	c.site(by.fn, b.place(put), regLoc(b.insts[put].Src.Reg, lf.size), arguments{}, append([]int{fn}, through...))
	return true
}

// killsAll reports whether a function of C kills the program, if threads do not agree on
// who they are.
func (a *analysis) killsAll(fn int) bool {
	const sigkill = 9
	getpid, _ := a.table.ByName("getpid")
	kill, _ := a.table.ByName("kill")
	return a.names(fn, int64(getpid.Nr)) && a.names(fn, int64(kill.Nr)) && a.names(fn, sigkill)
}

// onlyTaker returns the only place in code that runs at any time where a pointer to a
// function is made, if there is nothing else that leads there.
func (c *clib) onlyTaker(at cfunc) (by caller, ok bool) {
	im := c.images[at.image]
	start := im.Funcs[at.fn].Start
	w := c.a.cwalk
	if w.whole != nil {
		w = w.whole
	}
	n := len(w.callersOf(at))
	for fn := range w.steps[at.image].reached {
		for _, x := range im.facts[fn].refs {
			if x.addr == start && (x.takesAddr() || x.kind == refCall || x.kind == refJump) {
				by = caller{c.number(cfunc{at.image, fn}), x.place}
				n++
			}
		}
	}
	for fn := range c.a.facts {
		if at.image == 0 && slices.ContainsFunc(c.a.facts[fn].refs, func(x ref) bool { return x.addr == start }) {
			n += 2
		}
	}
	for _, to := range c.pointers {
		if to == (cplace{at.image, start}) {
			n += 2
		}
	}
	return by, n == 1 && !c.inData(cplace{at.image, start})
}
