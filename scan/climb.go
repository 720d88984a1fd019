package scan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gocurb/curb/internal/isa"
)

// A climb follows the number of one system call instruction up through the
// callers, to the places where it becomes a constant.
type climb struct {
	a    *analysis
	seen map[climbState]bool
}

type climbState struct {
	caller
	l loc
}

// site resolves what l holds before the instruction at a place. through lists
// the functions between that place and the system call instruction.
func (c *climb) site(fn int, at place, l loc, through []int) {
	st := climbState{caller{fn, at}, l}
	if c.seen[st] {
		return // a cycle of callers adds nothing
	}
	c.seen[st] = true
	b := c.a.body(fn)
	pc := b.fn.Entry + uint64(at.off)
	i, ok := b.find(at)
	if !ok {
		c.a.unresolved(fn, pc, "the call is not on an instruction's boundary")
		return
	}
	for _, lf := range c.a.origins(b, i, l) {
		switch lf.kind {
		case leafConst:
			c.constant(fn, pc, uint32(lf.value), through)
		case leafParam:
			c.callers(fn, lf.loc, through)
		case leafGlobal:
			c.global(fn, pc, lf, through)
		case leafStack:
			c.a.unresolved(fn, pc, "the number cannot be told: it is an address on the stack")
		default:
			c.a.unresolved(fn, pc, "the number cannot be told: "+lf.reason)
		}
	}
}

func (c *climb) constant(fn int, pc uint64, nr uint32, through []int) {
	for _, have := range c.a.found[nr] {
		if have.pc == pc {
			return
		}
	}
	c.a.found[nr] = append(c.a.found[nr], finding{fn, pc, slices.Clone(through)})
}

// callers goes on in every function that calls fn or jumps to it.
func (c *climb) callers(fn int, l loc, through []int) {
	a := c.a
	if how, ok := a.reach.indirect(fn); ok {
		a.unresolved(fn, a.file.Funcs[fn].Entry, "the number is a parameter, and the function may be called through a function value: "+how)
	}
	through = append([]int{fn}, through...)
	if _, indirect := a.reach.indirect(fn); !indirect && len(a.callers[fn]) == 0 {
		a.unresolved(fn, a.file.Funcs[fn].Entry, "the number is a parameter, and no call of the function was found")
	}
	for _, from := range a.callers[fn] {
		b := a.body(from.fn)
		pc := b.fn.Entry + uint64(from.off)
		i, ok := b.find(from.place)
		if !ok {
			a.unresolved(from.fn, pc, "the call is not on an instruction's boundary")
			continue
		}
		at := l
		if l.kind == inSlot {
			if b.sp[i] == unknownSP {
				a.unresolved(from.fn, pc, "the number is passed on the stack, whose pointer is not known")
				continue
			}
			at.off += b.sp[i]
			if b.insts[i].Op == isa.Call {
				at.off -= a.arch.pushed // the return address
			}
		}
		c.site(from.fn, from.place, at, through)
	}
}

// allThreads makes a call on behalf of syscall.AllThreadsSyscall, which has put
// the number into a variable before: its initial value is never used.
const allThreads = "runtime.runPerThreadSyscall"

// global resolves a number that comes from a variable: its initial value and
// every store to it.
func (c *climb) global(fn int, pc uint64, lf leaf, through []int) {
	a := c.a
	initial, ok := a.file.Initial(lf.value, lf.size)
	if !ok {
		a.unresolved(fn, pc, fmt.Sprintf("the number is read from %#x, outside of the program's data", lf.value))
		return
	}
	if a.file.Name(&a.file.Funcs[fn]) != allThreads {
		c.constant(fn, pc, uint32(truncate(initial, lf.size)), through)
	}
	if a.file.ReadOnly(lf.value) {
		return
	}
	if _, known := a.file.SymbolAt(lf.value); !known && !a.ownVariable(fn, pc) {
		a.unresolved(fn, pc, fmt.Sprintf("the number is read from the variable at %#x, whose limits are not known for want of symbols", lf.value))
	}
	stores, why := a.storesThrough(lf.value)
	if why != "" {
		a.unresolved(fn, pc, fmt.Sprintf("the number is read from the variable at %#x, %s", lf.value, why))
		return
	}
	for _, st := range append(stores, a.storesTo(lf.value, lf.size)...) {
		if st.addr < lf.value+uint64(lf.size) && lf.value < st.addr+uint64(st.size) {
			c.store(st, lf, through)
		}
	}
}

// store goes on with what a store puts into the variable that lf names.
func (c *climb) store(st storeRef, lf leaf, through []int) {
	a, b := c.a, c.a.body(st.fn)
	pc := b.fn.Entry + uint64(st.off)
	i, ok := b.find(st.place)
	off := int64(lf.value - st.addr) // of the number in what is stored
	if ok && off >= 0 && off+int64(lf.size) <= int64(st.size) {
		in := &b.insts[i]
		switch {
		case in.Op == isa.Mov && off == 0 && in.Src.Kind == isa.KindImm:
			c.constant(st.fn, pc, uint32(truncate(uint64(in.Src.Imm), lf.size)), through)
			return
		case in.Op == isa.Mov && off == 0 && in.Src.Kind == isa.KindReg:
			c.site(st.fn, st.place, regLoc(in.Src.Reg, lf.size), through)
			return
		case in.Op == isa.MovVec && in.Src.Kind == isa.KindVec:
			c.site(st.fn, st.place, vecLoc(in.Src.Reg, off), through)
			return
		case a.isCopy(in):
			for _, from := range a.origins(b, i, regLoc(a.arch.copyFrom, 8)) {
				if from.kind != leafStack {
					a.unresolved(st.fn, pc, "it copies a system call's number from a place that is computed")
					continue
				}
				c.site(st.fn, st.place, slotLoc(int64(from.value)+off, lf.size), through)
			}
			return
		}
	}
	a.unresolved(st.fn, pc, "it changes a variable that holds a system call's number in a way that is not followed")
}

// storesTo returns the stores that touch the size bytes at addr.
func (a *analysis) storesTo(addr uint64, size uint8) []storeRef {
	const widest = 64
	i, _ := slices.BinarySearchFunc(a.stores, addr-widest, func(s storeRef, at uint64) int { return cmp.Compare(s.addr, at) })
	var out []storeRef
	for ; i < len(a.stores) && a.stores[i].addr < addr+uint64(size); i++ {
		if s := a.stores[i]; s.addr+uint64(s.size) > addr {
			out = append(out, s)
		}
	}
	return out
}

// storesThrough returns the stores to the object at addr by way of pointers to it,
// or says why the variable may change otherwise. A pointer to a variable stays
// inside it, so that only one to the same object, at or before addr, can change
// it. Where the objects' limits are not known for want of symbols, the object is
// taken to start at addr: see doc.go.
func (a *analysis) storesThrough(addr uint64) (stores []storeRef, why string) {
	start := addr
	if sym, ok := a.file.SymbolAt(addr); ok {
		start = sym.Addr
	}
	if i, _ := slices.BinarySearch(a.pointers, start); i < len(a.pointers) && a.pointers[i] <= addr {
		return nil, "to which the program's data points"
	}
	i, _ := slices.BinarySearchFunc(a.taken, start, func(t takenRef, at uint64) int { return cmp.Compare(t.addr, at) })
	for ; i < len(a.taken) && a.taken[i].addr <= addr; i++ {
		more, ok := a.storesBy(a.taken[i])
		if !ok {
			return nil, "whose address is taken in " + a.file.Name(&a.file.Funcs[a.taken[i].fn])
		}
		stores = append(stores, more...)
	}
	return stores, ""
}

// ownVariable reports whether the code at pc is of a package that is known to
// keep a system call's number in a variable of its own (fcntl64Syscall), or at
// the start of one (perThreadSyscall): its limits are known without symbols.
func (a *analysis) ownVariable(fn int, pc uint64) bool {
	function := a.file.Position(&a.file.Funcs[fn], pc)[0].Func
	for _, pkg := range []string{"runtime.", "syscall.", "internal/syscall/unix.", "internal/poll.", "golang.org/x/sys/unix."} {
		if strings.HasPrefix(function, pkg) {
			return true
		}
	}
	return false
}
