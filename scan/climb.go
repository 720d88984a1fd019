package scan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gocurb/curb/internal/isa"
)

// A climb follows the number of one system call instruction up through the
// callers, to the places where it becomes a constant, and notes at each step where
// the call's arguments are then.
type climb struct {
	a    *analysis
	seen map[climbState]bool
	ways map[climbPlace]int // how often a place was come to, with other arguments
}

type climbPlace struct {
	caller
	l loc
}

type climbState struct {
	climbPlace
	args arguments
}

func newClimb(a *analysis) *climb {
	return &climb{a: a, seen: map[climbState]bool{}, ways: map[climbPlace]int{}}
}

// site resolves what l holds before the instruction at a place. through lists
// the functions between that place and the system call instruction.
func (c *climb) site(fn int, at place, l loc, args arguments, through []int) {
	st := climbState{climbPlace{caller{fn, at}, l}, args}
	if c.ways[st.climbPlace] >= maxWays {
		st.args = arguments{}
	}
	if c.seen[st] {
		return // a cycle of callers adds nothing
	}
	c.seen[st] = true
	c.ways[st.climbPlace]++
	args = st.args
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
			c.constant(fn, pc, uint32(lf.value), args, through)
		case leafParam:
			c.callers(fn, lf.loc, args, through)
		case leafGlobal:
			c.global(fn, pc, lf, args, through)
		case leafStack:
			c.a.unresolved(fn, pc, "the number cannot be told: it is an address on the stack")
		case leafPointed:
			switch {
			case !c.a.keepsRecord(fn):
				c.a.unresolved(fn, pc, "the number cannot be told: "+lf.reason)
			case c.a.cwalk.changed(c.a.c.function(fn).image, lf.value):
				c.pointed(fn, pc, lf, through)
			}
		case leafBehind:
			if !c.a.keepsRecord(fn) {
				if !c.synccalled(fn, lf, through) {
					c.a.unresolved(fn, pc, "the number cannot be told: "+lf.reason)
				}
				continue
			}
			c.behind(fn, pc, fn, lf.loc.reg, record{int64(lf.value), lf.size}, through)
		default:
			c.a.unresolved(fn, pc, "the number cannot be told: "+lf.reason)
		}
	}
}

func (c *climb) constant(fn int, pc uint64, nr uint32, args arguments, through []int) {
	c.a.noteArguments(nr, args)
	found := c.a.found
	if c.a.inC(fn) {
		found = c.a.cfound
	}
	for _, have := range found[nr] {
		if have.fn == fn && have.pc == pc {
			return
		}
	}
	found[nr] = append(found[nr], finding{fn, pc, slices.Clone(through)})
}

// callers goes on in every function that calls fn or jumps to it.
func (c *climb) callers(fn int, l loc, args arguments, through []int) {
	a := c.a
	calls := a.directCalls(fn)
	how, indirect := a.indirect(fn)
	never := a.inC(fn) && !a.cwalk.entersAt(a.c.function(fn)) // it is entered elsewhere
	if more, held := a.heldInC(fn); indirect && held {
		calls, indirect = slices.Concat(calls, more), false
		never = never || len(calls) == 0
	}
	if indirect {
		a.unresolved(fn, a.entry(fn), "the number is a parameter, and the function may be called through a pointer: "+how)
	}
	through = append([]int{fn}, through...)
	if !indirect && len(calls) == 0 && !never {
		a.unresolved(fn, a.entry(fn), "the number is a parameter, and no call of the function was found")
	}
	for _, from := range calls {
		_, at, why := a.passedBy(from, l)
		if why != "" {
			a.unresolved(from.fn, a.entry(from.fn)+uint64(from.off), why)
			continue
		}
		c.site(from.fn, from.place, at, args.passedBy(a, from), through)
	}
}

// passedBy returns where a caller, before the call, holds what is in l when the
// function that it calls is entered, and the instruction of the call.
func (a *analysis) passedBy(from caller, l loc) (i int, at loc, why string) {
	b := a.body(from.fn)
	i, ok := b.find(from.place)
	if !ok {
		return 0, loc{}, "the call is not on an instruction's boundary"
	}
	if l.kind == inSlot {
		if b.sp[i] == unknownSP {
			return 0, loc{}, "the number is passed on the stack, whose pointer is not known"
		}
		l.off += b.sp[i]
		if op := b.insts[i].Op; op == isa.Call || op == isa.CallInd {
			l.off -= a.arch.pushed // the return address
		}
	}
	return i, l, ""
}

// allThreads makes a call on behalf of syscall.AllThreadsSyscall, which has put
// the number into a variable before: its initial value is never used.
const allThreads = "runtime.runPerThreadSyscall"

// global resolves a number that comes from a variable: its initial value and
// every store to it.
func (c *climb) global(fn int, pc uint64, lf leaf, args arguments, through []int) {
	a := c.a
	if a.inC(fn) {
		if v, ok := a.c.constant(fn, lf.value, lf.size); ok {
			c.constant(fn, pc, uint32(v), args, through)
		} else {
			a.unresolved(fn, pc, fmt.Sprintf("the number is read from a variable of C, at %#x", lf.value))
		}
		return
	}
	initial, ok := a.file.Initial(lf.value, lf.size)
	if !ok {
		a.unresolved(fn, pc, fmt.Sprintf("the number is read from %#x, outside of the program's data", lf.value))
		return
	}
	if a.file.Name(&a.file.Funcs[fn]) != allThreads {
		c.constant(fn, pc, uint32(truncate(initial, lf.size)), args, through)
	}
	if a.file.ReadOnly(lf.value) {
		return
	}
	if _, known := a.file.SymbolAt(lf.value); !known && !a.ownVariable(fn, pc) {
		a.unresolved(fn, pc, fmt.Sprintf("the number is read from the variable at %#x, whose limits are not known for want of symbols", lf.value))
	}
	stores, why := a.storesInto(lf.value, lf.size)
	if why != "" {
		a.unresolved(fn, pc, fmt.Sprintf("the number is read from the variable at %#x, %s", lf.value, why))
	}
	for _, st := range stores {
		c.store(st, lf, args.fixed(), through)
	}
}

// storesInto returns all stores that touch the size bytes of a variable at addr, or
// says why it may change otherwise.
func (a *analysis) storesInto(addr uint64, size uint8) (stores []storeRef, why string) {
	stores, why = a.storesThrough(addr)
	if why != "" {
		return nil, why
	}
	all := append(stores, a.storesTo(addr, size)...)
	return slices.DeleteFunc(all, func(st storeRef) bool {
		return st.addr >= addr+uint64(size) || addr >= st.addr+uint64(st.size)
	}), ""
}

// store goes on with what a store puts into the variable that lf names.
func (c *climb) store(st storeRef, lf leaf, args arguments, through []int) {
	a := c.a
	pc := a.file.Funcs[st.fn].Entry + uint64(st.off)
	what, why := a.stored(st, lf.value, lf.size)
	if why != "" {
		a.unresolved(st.fn, pc, why)
	}
	for _, v := range what {
		if v.known {
			c.constant(st.fn, pc, uint32(v.value), args, through)
		} else {
			c.site(st.fn, st.place, v.l, args, through)
		}
	}
}

// A stored value is a constant, or what a place holds just before the store.
type stored struct {
	known bool
	value uint64
	l     loc
	at    int // the instruction that stores
}

// stored returns what a store puts into the size bytes of a variable at addr.
func (a *analysis) stored(st storeRef, addr uint64, size uint8) (what []stored, why string) {
	b := a.body(st.fn)
	i, ok := b.find(st.place)
	off := int64(addr - st.addr) // of the value in what is stored
	if ok && off >= 0 && off+int64(size) <= int64(st.size) {
		in := &b.insts[i]
		switch {
		case in.Op == isa.Mov && off == 0 && in.Src.Kind == isa.KindImm:
			return []stored{{known: true, value: truncate(uint64(in.Src.Imm), size)}}, ""
		case in.Op == isa.Mov && off == 0 && in.Src.Kind == isa.KindReg:
			return []stored{{l: regLoc(in.Src.Reg, size), at: i}}, ""
		case in.Op == isa.MovVec && in.Src.Kind == isa.KindVec:
			return []stored{{l: vecLoc(in.Src.Reg, off), at: i}}, ""
		case a.isCopy(in):
			for _, from := range a.origins(b, i, regLoc(a.arch.copyFrom, 8)) {
				if from.kind != leafStack {
					why = "it copies a system call's number from a place that is computed"
					continue
				}
				what = append(what, stored{l: slotLoc(int64(from.value)+off, size), at: i})
			}
			return what, why
		}
	}
	return nil, "it changes a variable that holds a system call's number in a way that is not followed"
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
	return keepsNumbers(a.file.Position(&a.file.Funcs[fn], pc)[0].Func)
}

// keepsNumbers reports whether a function is of one of those packages.
func keepsNumbers(function string) bool {
	for _, pkg := range []string{"runtime.", "syscall.", "internal/syscall/unix.", "internal/poll.", "golang.org/x/sys/unix."} {
		if strings.HasPrefix(function, pkg) {
			return true
		}
	}
	return false
}
