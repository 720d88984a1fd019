package scan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/gocurb/curb/internal/gobin"
	"github.com/gocurb/curb/internal/isa"
	"github.com/gocurb/curb/usage"
)

// An analysis is the state of one scan.
type analysis struct {
	file    *gobin.File
	arch    *arch
	facts   []facts // of each function
	reach   *reach
	callers map[int][]caller
	mid     map[int][]middle // places in the middle of functions that something refers to
	stores  []storeRef       // of reachable code to variables, by address
	taken   []takenRef       // addresses of variables that reachable code takes, by address
	bodies  map[int]*body
	last    *body       // the one that was viewed last
	limits  gobin.Range // of the image
	words   []word      // of the data, by address
	// anyMethods means that the form of methods' names and types is not known.
	anyMethods bool
	pointers   []uint64 // to variables, that the data holds, sorted
	found      map[uint32][]finding
	open       []openSite

	loaderFile *usage.LoaderFile // the dynamic loader, if there is one
	loaded     []loaderCall      // its calls
}

// A caller is a direct call or jump to a function's entry.
type caller struct {
	fn int
	place
}

// A storeRef is one store to a variable.
type storeRef struct {
	addr uint64
	size uint8
	caller
}

// A takenRef is a place that computes the address of a variable.
type takenRef struct {
	addr uint64
	caller
}

// A finding is a place that makes a system call with a known number.
type finding struct {
	fn      int
	pc      uint64
	through []int // functions that pass the number on, from the place to the instruction
}

// An openSite is a place whose system calls could not be told.
type openSite struct {
	fn     int
	pc     uint64
	reason string
}

// noFunc stands for a place that is in no function.
const noFunc = -1

func newAnalysis(f *gobin.File) *analysis {
	a := &analysis{
		file: f, arch: archOf(f), limits: f.Span(),
		callers: map[int][]caller{}, mid: map[int][]middle{},
		bodies: map[int]*body{}, found: map[uint32][]finding{},
	}
	var data sync.WaitGroup
	data.Go(a.readData)
	a.facts = gather(f)
	data.Wait()
	a.findMiddles()
	return a
}

// A word is one of the data that may be an address in the image.
type word struct{ addr, value uint64 }

// readData finds the words of the data that matter.
func (a *analysis) readData() {
	for addr, value := range a.file.Words() {
		if a.limits.Contains(value) {
			a.words = append(a.words, word{addr, value})
		}
	}
	a.pointers = a.file.Pointers()
	slices.Sort(a.pointers)
	a.learnMethods()
}

// A middle is a place inside of a function to which something refers.
type middle struct {
	pc     uint64
	inData bool // by a word of the data, as the tables of switches do
	shared bool // and other functions than its own use that table
	onward bool // code takes the address: it may go to any place from there on
}

// findMiddles notes the places inside of functions to which any code or data
// refers: there, nothing is known of what came before. A jump, a call or a
// computed address can even be to the middle of an instruction, and the
// function is decoded anew with what it holds when it is entered there. Of
// words of data and other numbers only those count that fit an instruction.
func (a *analysis) findMiddles() {
	sure, weak := map[int][]middle{}, map[int][]middle{}
	note := func(to map[int][]middle, m middle) {
		if _, ok := a.file.FuncWithEntry(m.pc); ok || !a.file.Module.Text.Contains(m.pc) {
			return
		}
		if fn := a.file.FuncAt(m.pc); fn >= 0 {
			to[fn] = append(to[fn], m)
		}
	}
	for fn := range a.facts {
		for _, r := range a.facts[fn].refs {
			switch r.kind {
			case refCall, refJump, refAddr:
				note(sure, middle{pc: r.addr, onward: r.kind == refAddr})
			case refNumber:
				note(weak, middle{pc: r.addr})
			}
		}
	}
	for _, m := range a.codeTables() {
		note(weak, m)
	}
	d := decoder{arch: a.arch}
	for fn, places := range weak {
		d.function(a.file, &a.file.Funcs[fn], nil)
		for _, m := range places {
			if _, ok := slices.BinarySearch(d.pcs, m.pc); ok {
				a.mid[fn] = append(a.mid[fn], m)
			}
		}
	}
	g := newGatherer(a.file)
	for fn, places := range sure {
		a.mid[fn] = append(a.mid[fn], places...)
		pcs := entryPCs(a.mid[fn])
		if d.function(a.file, &a.file.Funcs[fn], pcs); d.descended {
			a.facts[fn] = g.function(&a.file.Funcs[fn], pcs)
		}
	}
}

// codeTables returns the words of all tables of code addresses in the data: runs
// of words that lie in the text, of which some code or data refers to one. A
// number that only happens to look like an address has no such neighbours, and
// nobody refers to it.
func (a *analysis) codeTables() []middle {
	var tables [][]middle
	owner := map[uint64]tableWord{} // by the place of each word
	first, last := ^uint64(0), uint64(0)
	for _, w := range a.words {
		if !a.file.Module.Text.Contains(w.value) || a.file.Module.Text.Contains(w.addr) {
			continue
		}
		if len(tables) == 0 || w.addr != last+8 {
			tables = append(tables, nil)
		}
		first, last = min(first, w.addr), w.addr
		i := len(tables) - 1
		owner[w.addr] = tableWord{i, len(tables[i])}
		tables[i] = append(tables[i], middle{pc: w.value, inData: true})
	}
	used := make([]bool, len(tables))
	use := func(addr uint64, fn int) {
		if addr < first || addr > last {
			return
		}
		if w, ok := owner[addr]; ok {
			used[w.table] = true
			a.share(tables[w.table][w.index:], fn)
		}
	}
	for fn := range a.facts {
		for _, r := range a.facts[fn].refs {
			if r.takesAddr() || r.kind == refLoad {
				use(r.addr, fn)
			}
		}
	}
	for _, w := range a.words {
		use(w.value, noFunc)
	}
	var out []middle
	for i, t := range tables {
		if used[i] {
			out = append(out, t...)
		}
	}
	return out
}

// A tableWord is the place of a word in the tables of code addresses.
type tableWord struct{ table, index int }

// share notes that the function fn uses the table that begins with these words:
// as far as they lie in one function, and that is another.
func (a *analysis) share(table []middle, fn int) {
	to := a.file.FuncAt(table[0].pc)
	for i := range table {
		if table[i].shared || to == fn || a.file.FuncAt(table[i].pc) != to {
			return
		}
		table[i].shared = true
	}
}

func entryPCs(places []middle) []uint64 {
	pcs := make([]uint64, len(places))
	for i, m := range places {
		pcs[i] = m.pc
	}
	return pcs
}

// index prepares the look-ups over all reachable code.
func (a *analysis) index() {
	for fn := range a.facts {
		for r := range a.reach.live(fn) {
			switch r.kind {
			case refCall, refJump:
				if to, ok := a.file.FuncWithEntry(r.addr); ok {
					a.callers[to] = append(a.callers[to], caller{fn, r.place})
				}
			case refAddr, refNumber:
				a.taken = append(a.taken, takenRef{r.addr, caller{fn, r.place}})
			case refStore:
				a.stores = append(a.stores, storeRef{r.addr, r.size, caller{fn, r.place}})
			}
		}
	}
	slices.SortFunc(a.taken, func(x, y takenRef) int { return cmp.Compare(x.addr, y.addr) })
	slices.SortFunc(a.stores, func(x, y storeRef) int { return cmp.Compare(x.addr, y.addr) })
}

// view returns a function's instructions for a passing look. The last one is
// kept: a function is looked at once for each of the things that it refers to.
func (a *analysis) view(fn int) *body {
	if b := a.bodies[fn]; b != nil {
		return b
	}
	if a.last == nil || a.last.index != fn {
		a.last = newBody(a.file, fn, a.mid[fn])
	}
	return a.last
}

func (a *analysis) body(fn int) *body {
	b := a.bodies[fn]
	if b == nil {
		b = newBody(a.file, fn, a.mid[fn])
		a.bodies[fn] = b
	}
	return b
}

// argsSize returns how much of its caller's frame the function at an address
// may write to, or -1 if that is not known.
func (a *analysis) argsSize(entry uint64) int64 {
	fn, ok := a.file.FuncWithEntry(entry)
	if !ok {
		return -1
	}
	return a.file.ArgsSize(&a.file.Funcs[fn])
}

// sites resolves every system call instruction of the reachable code.
func (a *analysis) sites() {
	for fn := range a.facts {
		for r := range a.reach.live(fn) {
			pc := a.file.Funcs[fn].Entry + uint64(r.off)
			switch r.kind {
			case refSyscall:
				c := climb{a: a, seen: map[climbState]bool{}}
				c.site(fn, r.place, regLoc(a.arch.number, 4), nil)
			case refInt80:
				a.unresolved(fn, pc, "INT 0x80 makes a system call of the 32-bit kind, whose numbers are others")
			case refSysenter:
				a.unresolved(fn, pc, "SYSENTER makes a system call of the 32-bit kind, whose numbers are others")
			case refVsyscall:
				a.unresolved(fn, pc, "it refers to the vsyscall page, which makes system calls by itself")
			case refBad:
				a.unresolved(fn, pc, "an instruction that cannot be decoded, and the code after it")
			case refPage:
				a.unresolved(fn, pc, fmt.Sprintf("it computes an address from %#x on, in a way that is not followed", r.addr))
			case refCall, refJump:
				if a.file.FuncAt(r.addr) < 0 {
					a.unresolved(fn, pc, fmt.Sprintf("it goes to %#x, which is in no Go function", r.addr))
				}
			}
		}
	}
}

func (a *analysis) unresolved(fn int, pc uint64, reason string) {
	o := openSite{fn, pc, reason}
	if !slices.Contains(a.open, o) {
		a.open = append(a.open, o)
	}
}

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
	if why, taken := a.addressTaken(lf.value); taken {
		a.unresolved(fn, pc, fmt.Sprintf("the number is read from the variable at %#x, %s", lf.value, why))
		return
	}
	for _, st := range a.storesTo(lf.value, lf.size) {
		b := a.body(st.fn)
		spc := b.fn.Entry + uint64(st.off)
		i, ok := b.find(st.place)
		if !ok || b.insts[i].Op != isa.Mov || st.addr != lf.value || st.size < lf.size {
			a.unresolved(st.fn, spc, "it changes a variable that holds a system call's number in a way that is not followed")
			continue
		}
		switch in := &b.insts[i]; in.Src.Kind {
		case isa.KindImm:
			c.constant(st.fn, spc, uint32(truncate(uint64(in.Src.Imm), lf.size)), through)
		case isa.KindReg:
			c.site(st.fn, st.place, regLoc(in.Src.Reg, lf.size), through)
		default:
			a.unresolved(st.fn, spc, "it changes a variable that holds a system call's number in a way that is not followed")
		}
	}
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

// addressTaken reports whether code may change the variable at addr through a
// pointer. A pointer to a variable stays inside it, so that only one to the
// same object, at or before addr, can. Where the objects' limits are not known
// for want of symbols, the object is taken to start at addr: see doc.go.
func (a *analysis) addressTaken(addr uint64) (string, bool) {
	start := addr
	if sym, ok := a.file.SymbolAt(addr); ok {
		start = sym.Addr
	}
	if i, _ := slices.BinarySearch(a.pointers, start); i < len(a.pointers) && a.pointers[i] <= addr {
		return "to which the program's data points", true
	}
	i, _ := slices.BinarySearchFunc(a.taken, start, func(t takenRef, at uint64) int { return cmp.Compare(t.addr, at) })
	for ; i < len(a.taken) && a.taken[i].addr <= addr; i++ {
		t := a.taken[i]
		if !a.onlyReads(a.body(t.fn), t.place, t.addr) {
			return "whose address is taken in " + a.file.Name(&a.file.Funcs[t.fn]), true
		}
	}
	return "", false
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
