package scan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gocurb/curb/internal/isa"
)

// heldBy is how a function is called by way of variables that hold it.
type heldBy struct {
	callers []caller
	ok      bool // there is no other way, direct calls aside
}

// callers returns every place that can call a function, directly or through a
// pointer; or, if past, can have called it before the phase. It is not ok if there
// may be others.
func (s *terms) callers(fn int, past bool) ([]caller, bool) {
	a := s.a
	if a.inC(fn) {
		direct := a.directCalls(fn)
		_, indirect := a.indirect(fn)
		return direct, !indirect && len(direct) > 0
	}
	direct := a.callers[fn]
	if past {
		direct = a.earlier[fn]
	}
	if fn == a.reach.start {
		return nil, false
	}
	if _, indirect := a.whole.indirect(fn); !indirect {
		return direct, len(direct) > 0
	}
	held, known := s.held[fn]
	if !known {
		held = s.heldCalls(fn)
		s.held[fn] = held
	}
	return slices.Concat(direct, held.callers), held.ok
}

// maxHeld bounds for how many functions the data is searched for who holds them.
const maxHeld = 100

// heldCalls finds the calls of a function that is called through a pointer, where
// nothing has its address but variables of its own: as net has one for
// syscall.Socket, which tests of that package may set.
//
// The function's value is a word of the constant data. No code and no method
// table may refer to it, and each variable that does must be a function's value
// and nothing else, from which all code only calls. That it is called is also the
// proof that the word is a function's value, and not an entry of a table.
func (s *terms) heldCalls(fn int) heldBy {
	a := s.a
	entry := a.file.Funcs[fn].Entry
	if a.whole.how[fn] != inData || len(a.mid[fn]) > 0 || a.takes(entry, 1) || len(s.held) > maxHeld || a.inTables()[fn] {
		return heldBy{}
	}
	var all heldBy
	for _, value := range a.holders(entry) {
		variables := a.holders(value)
		if a.takes(value, 8) || len(s.loads(value)) > 0 {
			return heldBy{}
		}
		if method, known := mappers[a.file.Name(&a.file.Funcs[fn])]; known && len(variables) == 1 {
			calls, ok := a.mapperCalls(method)
			if !ok {
				return heldBy{}
			}
			all.callers = append(all.callers, calls...)
			continue
		}
		called := false
		for _, v := range variables {
			calls, ok := s.callsFrom(v)
			if !ok {
				return heldBy{}
			}
			called = called || len(calls) > 0
			all.callers = append(all.callers, calls...)
		}
		if !called {
			return heldBy{}
		}
	}
	all.ok = true
	return all
}

// holders returns the words of the data that hold a value.
func (a *analysis) holders(value uint64) []uint64 {
	return slices.DeleteFunc(a.file.FindWord(value), func(addr uint64) bool {
		_, found := slices.BinarySearchFunc(a.words, addr, func(w word, at uint64) int { return cmp.Compare(w.addr, at) })
		return !found
	})
}

// takes reports whether reachable code may make a pointer to one of the bytes.
func (a *analysis) takes(addr, size uint64) bool {
	i, _ := slices.BinarySearchFunc(a.taken, addr, func(t takenRef, at uint64) int {
		if t.addr < at {
			return -1
		}
		return 1
	})
	return i < len(a.taken) && a.taken[i].addr < addr+size
}

// loads returns the loads that touch the word at addr.
func (s *terms) loads(addr uint64) []caller {
	var out []caller
	for fn := range s.a.facts {
		for r := range s.a.whole.live(fn) {
			if r.kind == refLoad && r.addr < addr+8 && addr < r.addr+uint64(r.size) {
				out = append(out, caller{fn, r.place})
			}
		}
	}
	return out
}

// callsFrom returns the calls of what a variable holds. It is not ok if the
// variable may hold more than one function's value, or is used otherwise.
func (s *terms) callsFrom(addr uint64) (calls []caller, ok bool) {
	a := s.a
	i, _ := slices.BinarySearch(a.pointers, addr)
	if !a.file.IsVariable(addr) || a.takes(addr, 8) || i < len(a.pointers) && a.pointers[i] < addr+8 {
		return nil, false
	}
	sym, known := a.file.SymbolAt(addr)
	if known && (sym.Addr != addr || sym.Size != 8) {
		return nil, false
	}
	for _, at := range s.loads(addr) {
		b := a.body(at.fn)
		k, ok := b.find(at.place)
		if !ok || !known && !a.ownHook(at.fn, b.pcs[k]) {
			return nil, false
		}
		in := &b.insts[k]
		if in.Op != isa.Mov || in.Size != 8 || in.Dst.Kind != isa.KindReg || uint64(in.Src.Imm) != addr {
			return nil, false
		}
		from, ok := a.callsOf(b, k)
		if !ok {
			return nil, false
		}
		calls = append(calls, from...)
	}
	return calls, true
}

// ownHook reports whether the code at pc is of a package whose variables of
// functions are known not to be parts of others.
func (a *analysis) ownHook(fn int, pc uint64) bool {
	function := a.file.Position(&a.file.Funcs[fn], pc)[0].Func
	return strings.HasPrefix(function, "net.") || strings.HasPrefix(function, "internal/poll.")
}

// A held state of a walk: which registers hold the function's value, and which the
// address of its code.
type heldState struct {
	at          int
	value, code isa.RegSet
}

// callsOf follows a function's value from the instruction that loads it. It is not
// ok if anything is done with it but to call it, or compare it.
func (a *analysis) callsOf(b *body, load int) (calls []caller, ok bool) {
	out := b.successors()
	seen := map[heldState]bool{}
	var work []heldState
	after := func(i int, value, code isa.RegSet) {
		for _, k := range b.next(i, out, nil) {
			if st := (heldState{k, value, code}); value|code != 0 && !seen[st] {
				seen[st] = true
				work = append(work, st)
			}
		}
	}
	after(load, 1<<b.insts[load].Dst.Reg, 0)
	for len(work) > 0 {
		st := work[len(work)-1]
		work = work[:len(work)-1]
		in := &b.insts[st.at]
		has := func(set isa.RegSet, o *isa.Operand) bool { return o.Kind == isa.KindReg && set&(1<<o.Reg) != 0 }
		fetches := in.Src.Kind == isa.KindMem && in.Src.Index == isa.NoReg && in.Src.Seg == 0 && in.Src.Imm == 0 &&
			in.Src.Base != isa.NoReg && st.value&(1<<in.Src.Base) != 0
		if in.Op == isa.CallInd && (has(st.code, &in.Src) || fetches) {
			calls = append(calls, caller{b.index, b.place(st.at)})
			continue // no register outlives a call
		}
		value, code := st.value&^in.Writes, st.code&^in.Writes
		switch toReg := in.Op == isa.Mov && in.Size == 8 && in.Dst.Kind == isa.KindReg; {
		case toReg && fetches:
			code |= 1 << in.Dst.Reg
		case toReg && has(st.value, &in.Src):
			value |= 1 << in.Dst.Reg
		case toReg && has(st.code, &in.Src):
			code |= 1 << in.Dst.Reg
		case b.leaves(in) || a.mayUse(in, st.value|st.code):
			return nil, false
		}
		after(st.at, value, code)
	}
	return calls, true
}

// leaves reports whether an instruction can lead out of the function, with what is
// in its registers.
func (b *body) leaves(in *isa.Inst) bool {
	switch in.Op {
	case isa.Call, isa.CallInd, isa.JumpInd, isa.Ret, isa.Syscall, isa.Sysenter, isa.Int:
		return true
	case isa.Jump, isa.CondJump:
		return in.Target < b.fn.Entry || in.Target >= b.fn.End
	}
	return false
}

// mayUse reports whether an instruction may do anything with what is in the
// registers but compare it.
func (a *analysis) mayUse(in *isa.Inst, regs isa.RegSet) bool {
	if in.Op == isa.StringOp {
		return true
	}
	compares := in.Op == isa.Cmp || in.Op == isa.Test
	for r := isa.Reg(0); regs>>r != 0; r++ {
		if regs&(1<<r) != 0 && (based(in, r) || !compares && readsReg(in, r)) {
			return true
		}
	}
	return false
}
