package scan

import (
	"slices"

	"github.com/gocurb/curb/internal/isa"
)

// A term is a value that something holds whenever control comes to a place. What
// it can be depends on other terms: those of the operands, of the callers, of
// the stores to a variable.
type term struct {
	kind termKind
	fn   int
	at   int    // the instruction
	l    loc    // of termVariable and termOperand the size alone counts
	addr uint64 // termVariable
	// past means that it may be of code that ran before the phase began.
	past bool
}

type termKind uint8

const (
	termBefore   termKind = iota // what l holds before the instruction
	termOperand                  // what the instruction reads as its source
	termParam                    // what l holds at the function's entry
	termResult                   // what l holds when the function has returned
	termVariable                 // what a variable holds, whenever the program reads it
)

// terms finds what terms can be. All are solved together, so that terms that
// depend on each other (a loop, a recursion) come out right: each begins with
// no value and grows until none grows any more.
type terms struct {
	a      *analysis
	known  map[term]*solution
	grown  []*solution // what depends on them is to be looked at again
	asking *solution
	steps  int // what all of it took

	origins map[term][]leaf
	live    map[int]folded
	held    map[int]heldBy
}

type solution struct {
	term
	is    bitset
	users []*solution // those that depend on it
	again bool        // it is among those that have grown
}

func newTerms(a *analysis) *terms {
	return &terms{a: a, known: map[term]*solution{}, origins: map[term][]leaf{}, live: map[int]folded{}, held: map[int]heldBy{}}
}

// solve returns what a term can be: none if no code makes it.
func (s *terms) solve(t term) bitset {
	s.asking = nil
	n := s.get(t)
	for len(s.grown) > 0 {
		g := s.grown[len(s.grown)-1]
		s.grown = s.grown[:len(s.grown)-1]
		g.again = false
		for _, user := range g.users {
			s.look(user)
		}
	}
	return n.is
}

// read returns what is known of a term so far, on behalf of the one in question.
func (s *terms) read(t term) bitset {
	user := s.asking
	n := s.get(t)
	s.asking = user
	if slices.Contains(n.users, user) {
		return n.is
	}
	n.users = append(n.users, user)
	return n.is
}

func (s *terms) get(t term) *solution {
	n := s.known[t]
	if n == nil {
		n = &solution{term: t}
		s.known[t] = n
		s.look(n)
	}
	return n
}

// look finds anew what a term can be, from what is known of others.
func (s *terms) look(n *solution) {
	size := n.l.size
	if n.is.any(size) {
		return
	}
	s.asking = n
	is := n.is.union(s.find(n).cut(size))
	if is.equal(n.is) {
		return
	}
	n.is = is
	if len(n.users) > 0 && !n.again {
		n.again = true
		s.grown = append(s.grown, n)
	}
}

func (s *terms) find(n *solution) bitset {
	if s.exhausted() {
		return anything()
	}
	switch n.kind {
	case termBefore, termOperand:
		var is bitset
		for _, lf := range s.leaves(n.term) {
			if is = is.union(s.leaf(n.term, lf)); is.any(n.l.size) {
				break
			}
		}
		return is
	case termParam:
		return s.param(n.term)
	case termResult:
		return s.result(n.term)
	}
	return s.variable(n.addr, n.l.size)
}

// maxSteps bounds the work, in instructions that are gone back over for each
// function of the program: what is beyond is not told.
const maxSteps = 400

func (s *terms) exhausted() bool { return s.steps > 1<<20+maxSteps*len(s.a.facts) }

// leaves searches a function for where a value comes from.
func (s *terms) leaves(t term) []leaf {
	if found, ok := s.origins[t]; ok {
		return found
	}
	b, live := s.alive(t.fn)
	w := search{a: s.a, b: b, seen: map[searchState]bool{}, terms: true, live: live}
	if t.kind == termOperand {
		w.source(t.at, &b.insts[t.at].Src, t.l.size)
	} else {
		w.push(t.at, t.l)
	}
	s.origins[t] = w.run()
	s.steps += len(w.seen)
	return w.out
}

// folded is a function's instructions, and which of them can run; nil: all.
type folded struct {
	b    *body
	live []bool
}

// alive returns a function's instructions, and which of them can run, in all walks.
func (s *terms) alive(fn int) (*body, []bool) {
	if f, ok := s.live[fn]; ok {
		return f.b, f.live
	}
	f := folded{b: s.a.body(fn)}
	for r := s.a.reach; r != nil && !s.a.inC(fn); r = r.earlier {
		if !r.has(fn) {
			continue
		}
		b, live := r.guarded(fn)
		if live == nil {
			f.live = nil
			break
		}
		if s.a.reach.earlier == nil {
			f = folded{b, live}
			break
		}
		if f.live == nil {
			f.live = make([]bool, len(live))
		}
		for i := range live {
			f.live[i] = f.live[i] || live[i]
		}
	}
	s.live[fn] = f
	return f.b, f.live
}

// leaf returns what a leaf of the search for a term can be. What functions return,
// and what variables hold, may have been made before the phase began.
func (s *terms) leaf(t term, lf leaf) bitset {
	fn, later := t.fn, s.a.whole != s.a.reach
	switch lf.kind {
	case leafConst:
		return exactly(lf.value)
	case leafParam:
		return s.read(term{kind: termParam, fn: fn, l: lf.loc, past: t.past})
	case leafGlobal:
		if s.a.inC(fn) {
			if v, ok := s.a.c.constant(fn, lf.value, lf.size); ok {
				return exactly(v)
			}
			break
		}
		if !s.a.knowsVariable(lf.value, fn) {
			break
		}
		return s.read(term{kind: termVariable, addr: lf.value, l: loc{size: lf.size}, past: later})
	case leafComputed:
		// Of the result only so much counts: an extension made the rest zero.
		return s.computed(t, int(lf.value), lf.size).cut(lf.size)
	case leafCall:
		in := &s.a.body(fn).insts[lf.value]
		if in.Op == isa.CallInd {
			return s.methodResult(fn, lf.loc)
		}
		if in.Op != isa.Call || lf.loc.kind != inReg || s.a.arch.results&(1<<lf.loc.reg) == 0 || s.a.inC(fn) && lf.loc.reg != s.a.arch.result {
			break
		}
		return s.results(fn, in.Target, lf.loc, later)
	}
	return anything()
}

// computed returns what the arithmetic of instruction i makes, in the lower bytes.
func (s *terms) computed(t term, i int, size uint8) bitset {
	in := &s.a.body(t.fn).insts[i]
	before := func(r isa.Reg, size uint8) bitset {
		return s.read(term{kind: termBefore, fn: t.fn, at: i, l: regLoc(r, size), past: t.past})
	}
	source := func(size uint8) bitset {
		return s.read(term{kind: termOperand, fn: t.fn, at: i, l: loc{size: size}, past: t.past})
	}
	if in.Size < 4 && in.Op != isa.SetCond && size > in.Size { // the rest of the register stays
		low := source(in.Size)
		if in.Op != isa.Mov {
			low = before(in.Dst.Reg, in.Size).apply(in, low)
		}
		rest := before(in.Dst.Reg, size).apply(&isa.Inst{Op: isa.And, Size: 8}, exactly(^truncate(^uint64(0), in.Size)))
		return rest.apply(&isa.Inst{Op: isa.Or, Size: 8}, low.cut(in.Size))
	}
	switch in.Op {
	case isa.SetCond: // writes the lowest byte alone
		rest := before(in.Dst.Reg, size).apply(&isa.Inst{Op: isa.And, Size: 8}, exactly(^uint64(0xff)))
		return rest.union(rest.plus(exactly(1)))
	case isa.Lea:
		sum := exactly(uint64(in.Src.Imm))
		if in.Src.Base != isa.NoReg {
			sum = sum.plus(before(in.Src.Base, size))
		}
		if in.Src.Index != isa.NoReg {
			sum = sum.plus(before(in.Src.Index, size).times(in.Src.Scale))
		}
		return sum
	case isa.MovSX:
		return source(in.Src.Size).extend(in.Src.Size)
	case isa.Shl:
		return before(in.Dst.Reg, size).apply(in, source(1))
	case isa.Shr:
		return before(in.Dst.Reg, in.Size).apply(in, source(1))
	}
	// The lower bytes of the result depend on those of the operands alone.
	return before(in.Dst.Reg, size).apply(in, source(size))
}

// result returns what a function leaves in a register.
func (s *terms) result(t term) bitset {
	a := s.a
	b, live := s.alive(t.fn)
	if !a.inC(t.fn) && a.file.Asm(b.fn) {
		return anything()
	}
	out := b.successors()
	var is bitset
	for i := range b.insts {
		if live != nil && !live[i] {
			continue
		}
		in := &b.insts[i]
		switch {
		case in.Op == isa.Ret:
			is = is.union(s.read(term{kind: termBefore, fn: t.fn, at: i, l: t.l, past: t.past}))
		case in.Op == isa.JumpInd && len(out[i]) == 0:
			return anything()
		case (in.Op == isa.Jump || in.Op == isa.CondJump) && (in.Target < b.fn.Entry || in.Target >= b.fn.End):
			is = is.union(s.results(t.fn, in.Target, t.l, t.past))
		}
	}
	return is
}

// results returns what is in l when what a function calls at an address, or jumps
// to, has returned.
func (s *terms) results(fn int, target uint64, l loc, past bool) bitset {
	list, ok := s.a.callees(fn, target)
	if !ok {
		return anything()
	}
	var is bitset
	for _, to := range list {
		is = is.union(s.read(term{kind: termResult, fn: to, l: l, past: past}))
	}
	return is
}

// maxCallers bounds the calls of one function that are looked at.
const maxCallers = 4096

// param returns what all callers of a function leave in a place.
func (s *terms) param(t term) bitset {
	callers, ok := s.callers(t.fn, t.past)
	if !ok || len(callers) > maxCallers {
		return anything()
	}
	var is bitset
	for _, from := range callers {
		if known, ok := s.a.ofVDSO(from, t); ok {
			is = is.union(exactly(known))
			continue
		}
		i, at, why := s.a.passedBy(from, t.l)
		if why != "" {
			return anything()
		}
		if is = is.union(s.read(term{kind: termBefore, fn: from.fn, at: i, l: at, past: t.past})); is.any(t.l.size) {
			break
		}
	}
	return is
}

// variable returns what a variable holds: its initial value and all that is
// stored there.
func (s *terms) variable(addr uint64, size uint8) bitset {
	a := s.a
	initial, ok := a.file.Initial(addr, size)
	if !ok {
		return anything()
	}
	is := exactly(truncate(initial, size))
	if a.file.ReadOnly(addr) {
		return is
	}
	stores, why := a.storesInto(addr, size)
	if why != "" {
		return anything()
	}
	for _, st := range stores {
		what, why := a.stored(st, addr, size)
		if why != "" {
			return anything()
		}
		for _, v := range what {
			if v.known {
				is = is.union(exactly(v.value))
			} else {
				is = is.union(s.read(term{kind: termBefore, fn: st.fn, at: v.at, l: v.l, past: a.whole != a.reach}))
			}
		}
	}
	return is
}

// knowsVariable reports whether the limits of a variable that a function reads are
// known.
func (a *analysis) knowsVariable(addr uint64, fn int) bool {
	if _, known := a.file.SymbolAt(addr); known || a.file.ReadOnly(addr) {
		return true
	}
	return keepsNumbers(a.file.Name(&a.file.Funcs[fn]))
}
