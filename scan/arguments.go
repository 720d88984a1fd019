package scan

import (
	"slices"

	"github.com/gocurb/curb/internal/isa"
	"github.com/gocurb/curb/syscalls"
)

// arguments say where the six arguments of a system call are, seen from a place
// on the way that its number takes. The zero term stands for one that is not known.
type arguments [6]argument

// An argument is a term, of kind termBefore, of which the bits in keep are kept and
// those in set are set: flags are added on the way.
type argument struct {
	term
	keep, set uint64
	known     bool
	// here means that the term is of the function that the number has come to: it
	// may be a parameter, which that one's callers pass on.
	here bool
}

// maxWays bounds with how many different arguments a climb comes to a place.
const maxWays = 64

// kernelArguments returns where the kernel finds the arguments of the system call
// at a place.
func (a *analysis) kernelArguments(fn int, at place) (args arguments) {
	i, ok := a.body(fn).find(at)
	if !ok {
		return args
	}
	for k, r := range a.arch.inOrder {
		args[k] = argument{term: term{kind: termBefore, fn: fn, at: i, l: regLoc(r, 8)}, keep: ^uint64(0), known: true, here: true}
	}
	return args
}

// passedBy returns where the arguments are before a call of the function that the
// number has come to: those that are its parameters are with the caller, and of
// the others nothing depends on who that is.
func (args arguments) passedBy(a *analysis, from caller) arguments {
	for k := range args {
		args[k] = args[k].passedBy(a, from)
	}
	return args
}

func (g argument) passedBy(a *analysis, from caller) argument {
	if !g.here {
		return g
	}
	g.here = false
	if param, ok := a.terms.passes(g); ok {
		if v, ok := a.ofVDSO(from, param.term); ok {
			g.set, g.keep = param.set|v&param.keep, 0
			return g
		}
		if i, at, why := a.passedBy(from, param.l); why == "" {
			g = param
			g.term, g.here = term{kind: termBefore, fn: from.fn, at: i, l: at}, true
		}
	}
	return g
}

// passes returns the parameter of its function that an argument is, if it is one and
// nothing else but flags.
func (s *terms) passes(g argument) (param argument, ok bool) {
	const most = 4 // operations
	for range most {
		leaves := s.leaves(g.term)
		if len(leaves) != 1 {
			break
		}
		switch lf := leaves[0]; lf.kind {
		case leafParam:
			g.term = term{kind: termParam, fn: g.fn, l: lf.loc}
			return g, true
		case leafComputed:
			in := &s.a.body(g.fn).insts[lf.value]
			if in.Op != isa.And && in.Op != isa.Or || in.Src.Kind != isa.KindImm || in.Src.Inexact || in.Size < lf.size {
				return g, false
			}
			v := truncate(uint64(in.Src.Imm), lf.size)
			if in.Op == isa.And {
				g.keep &= v
			} else {
				g.set, g.keep = g.set|v&g.keep, g.keep&^v
			}
			g.at, g.l = int(lf.value), regLoc(in.Dst.Reg, lf.size)
		default:
			return g, false
		}
	}
	return g, false
}

// argument returns what an argument can be.
func (s *terms) argument(g argument) bitset {
	if !g.known {
		return anything()
	}
	is := s.solve(g.term)
	is = is.apply(&isa.Inst{Op: isa.And, Size: 8}, exactly(g.keep))
	return is.apply(&isa.Inst{Op: isa.Or, Size: 8}, exactly(g.set)).cut(g.l.size)
}

// fixed returns the arguments for where the number goes on without them: in the
// code that stores it into a variable.
func (args arguments) fixed() arguments {
	for k := range args {
		args[k].here = false
	}
	return args
}

// A combination is the telling arguments of one call at one place.
type combination [syscalls.MaxTelling]argument

// noteArguments notes with which arguments a call is made.
func (a *analysis) noteArguments(nr uint32, args arguments) {
	var c combination
	for k, arg := range a.telling(nr) {
		c[k] = args[arg.index]
		c[k].l.size = min(c[k].l.size, arg.size)
	}
	if slices.Contains(a.combined[nr], c) {
		return
	}
	a.combined[nr] = append(a.combined[nr], c)
}

// A tellingArg is an argument whose values are looked for.
type tellingArg struct {
	index int
	name  string
	size  uint8 // bytes that the kernel looks at
}

// telling lists the telling arguments of a call.
func (a *analysis) telling(nr uint32) []tellingArg {
	call, ok := a.table.ByNumber(nr)
	if !ok {
		return nil
	}
	list, known := a.tell[nr]
	if !known {
		args := call.Args()
		for _, i := range call.Telling() {
			list = append(list, tellingArg{i, args[i].Name, args[i].Width / 8})
		}
		a.tell[nr] = list
	}
	return list
}
