package scan

import (
	"cmp"
	"fmt"
	"slices"
	"sync"

	"github.com/gocurb/curb/internal/gobin"
	"github.com/gocurb/curb/syscalls"
	"github.com/gocurb/curb/usage"
)

// An analysis is the state of one scan.
type analysis struct {
	file    *gobin.File
	arch    *arch
	facts   []facts     // of each function
	reach   *reach      // the code of the phase
	whole   *reach      // and all code that leads there
	points  []caller    // the calls that lock down, in phase locked
	since   usage.Phase // from which phase on code counts, there
	callers map[int][]caller
	earlier map[int][]caller // those in all code, where that is more
	mid     map[int][]middle // places in the middle of functions that something refers to
	stores  []storeRef       // of reachable code to variables, by address
	taken   []takenRef       // addresses of variables that reachable code takes, by address
	bodies  map[int]*body
	quiet   bool        // crashes are not loud, unless the program asks for it
	set     []uint64    // places of four bytes in the data that change, and not what is beside them
	attrs   *attributes // of the processes that the program starts, as long as there are none
	last    *body       // the one that was viewed last
	limits  gobin.Range // of the image
	words   []word      // of the data, by address
	// anyMethods means that the form of methods' names and types is not known.
	anyMethods bool
	// types returns the types of the program, nil if their form is not known.
	types func() *typeSet
	// inTables tells of each function whether some type's method table has it.
	inTables func() []bool
	// unreferenced returns the functions to which nothing was found to refer.
	unreferenced func() []int
	// tableMethods returns the functions that can be called because they are in the
	// method table of a type.
	tableMethods func() []int
	pointers     []uint64 // to variables, that the data holds, sorted
	found        map[uint32][]finding
	combined     map[uint32][]combination // with which arguments each call is made
	terms        *terms
	table        *syscalls.Table
	tell         map[uint32][]tellingArg
	open         []openSite

	foreign []gobin.Func         // C code in the midst of Go's
	refused bool                 // it has C code that is not analysed, which is said once
	c       *clib                // the C code, if it has any and that can be analysed
	cwalk   *cwalk               // what of it can run
	cfound  map[uint32][]finding // and the calls that it makes

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
	size uint16
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
		callers: map[int][]caller{}, earlier: map[int][]caller{}, mid: map[int][]middle{},
		bodies: map[int]*body{}, found: map[uint32][]finding{}, cfound: map[uint32][]finding{}, combined: map[uint32][]combination{},
		tell: map[uint32][]tellingArg{},
	}
	a.setApart()
	a.terms = newTerms(a)
	a.types = sync.OnceValue(func() *typeSet { return newTypeSet(a) })
	a.inTables = sync.OnceValue(a.findInTables)
	a.unreferenced = sync.OnceValue(a.findUnreferenced)
	a.tableMethods = sync.OnceValue(a.findTableMethods)
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

// index prepares the look-ups over all reachable code. What was in the midst of a
// call when the phase began may have been called by code from before, and
// variables may hold what that has stored.
func (a *analysis) index() {
	for fn := range a.facts {
		for r := range a.whole.live(fn) {
			switch r.kind {
			case refCall, refJump:
				if to, ok := a.file.FuncWithEntry(r.addr); ok {
					if a.whole != a.reach {
						a.earlier[to] = append(a.earlier[to], caller{fn, r.place})
					}
					if a.reach.resumed[to] != nil {
						a.callers[to] = append(a.callers[to], caller{fn, r.place})
					}
				}
			case refAddr, refNumber:
				a.taken = append(a.taken, takenRef{r.addr, caller{fn, r.place}})
			case refStore:
				a.stores = append(a.stores, storeRef{r.addr, uint16(r.size), caller{fn, r.place}})
			}
		}
		for r := range a.reach.live(fn) {
			if r.kind == refCall || r.kind == refJump {
				if to, ok := a.file.FuncWithEntry(r.addr); ok && a.reach.resumed[to] == nil {
					a.callers[to] = append(a.callers[to], caller{fn, r.place})
				}
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
		switch {
		case a.inC(fn):
			b = a.c.body(fn)
		case a.attrs.covers(fn) && a.reach.has(fn):
			b, _ = a.reach.guarded(fn)
		default:
			b = newBody(a.file, fn, a.mid[fn])
		}
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
				newClimb(a).site(fn, r.place, regLoc(a.arch.number, 4), a.kernelArguments(fn, r.place), nil)
			case refCall, refJump:
				if a.file.FuncAt(r.addr) < 0 && !a.c.covers(r.addr) && !a.refused {
					a.unresolved(fn, pc, fmt.Sprintf("it goes to %#x, which is in no Go function", r.addr))
				}
			default:
				a.opaque(fn, pc, r)
			}
		}
	}
}

// opaque notes an instruction whose system calls cannot be told, if it is one.
func (a *analysis) opaque(fn int, pc uint64, r ref) {
	switch r.kind {
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
	}
}

func (a *analysis) unresolved(fn int, pc uint64, reason string) {
	o := openSite{fn, pc, reason}
	if !slices.Contains(a.open, o) {
		a.open = append(a.open, o)
	}
}
