package scan

import (
	"fmt"
	"slices"

	"github.com/gocurb/curb/internal/isa"
)

// A loc is a place that holds a value inside a function: a general register,
// eight bytes of a vector register, or a slot of the stack.
type loc struct {
	kind locKind
	reg  isa.Reg // inReg; inVec: the number of the vector register
	off  int64   // inSlot: from the stack pointer at the entry; inVec: first byte
	size uint8   // bytes of interest: 4 or 8 for a register's lower part
}

type locKind uint8

const (
	inReg locKind = iota
	inSlot
	inVec
)

func regLoc(r isa.Reg, size uint8) loc      { return loc{kind: inReg, reg: r, size: size} }
func slotLoc(off int64, size uint8) loc     { return loc{kind: inSlot, off: off, size: size} }
func vecLoc(r isa.Reg, off int64) loc       { return loc{kind: inVec, reg: r, off: off, size: 8} }
func (l loc) cut(v uint64) uint64           { return truncate(v, l.size) }
func (l loc) overlaps(off, size int64) bool { return off < l.off+int64(l.size) && l.off < off+size }

func truncate(v uint64, size uint8) uint64 {
	if size >= 8 || size == 0 {
		return v
	}
	return v & (1<<(8*size) - 1)
}

// A leaf is where the search for the origin of a value ends.
type leaf struct {
	kind   leafKind
	value  uint64 // leafConst; leafGlobal: the address
	loc    loc    // leafParam, leafCall: the place at the function's entry, or after the call
	size   uint8  // leafGlobal, leafComputed: bytes
	reason string // leafUnknown
}

type leafKind uint8

const (
	leafConst    leafKind = iota
	leafParam             // what the caller left there
	leafGlobal            // what a variable of the program holds
	leafStack             // an address in the function's frame; value is its offset
	leafCall              // what the call at instruction value left in loc
	leafAttr              // a pointer to attributes of a process: see attributes.go
	leafComputed          // what the arithmetic at instruction value makes, in a search for terms
	leafPointed           // what is behind a pointer that the variable at value holds
	leafBehind            // what is, at value, behind a pointer that the caller left at loc: in C code
	leafUnknown           // cannot be told, for the reason given
)

// maxDepth bounds how deeply arithmetic is followed.
const maxDepth = 6

// A search finds the origins of a value in one function. It walks backwards
// over every way that leads to the place; since most steps only copy a value,
// collecting the leaves of that walk is exact, however the ways join.
type search struct {
	a     *analysis
	b     *body
	seen  map[searchState]bool
	work  []searchState
	out   []leaf
	depth int

	// terms means that arithmetic ends the search, for who asked for the value to
	// follow, and ways over instructions that are not live are left out. live is nil
	// where all are.
	terms bool
	live  []bool
	// bound is set in a search for how large a value can be (bound.go).
	bound *bound
}

type searchState struct {
	at int // before this instruction
	l  loc
}

// origins returns what the value that l holds before instruction at can be.
func (a *analysis) origins(b *body, at int, l loc) []leaf {
	return a.originsDepth(b, at, l, 0)
}

func (a *analysis) originsDepth(b *body, at int, l loc, depth int) []leaf {
	s := search{a: a, b: b, seen: map[searchState]bool{}, depth: depth}
	if depth > maxDepth {
		s.unknown("it is computed in too many steps")
		return s.out
	}
	if depth == 0 || a.attrs.covers(b.index) { // of which what is known can change
		s.push(at, l)
		return s.run()
	}
	// Within a search the same is asked again and again.
	key := asked{searchState{at, l}, depth}
	if out, ok := b.asked[key]; ok {
		return out
	}
	s.push(at, l)
	if b.asked == nil {
		b.asked = map[asked][]leaf{}
	}
	b.asked[key] = s.run()
	return b.asked[key]
}

// asked is a search in the midst of another.
type asked struct {
	searchState
	depth int
}

// run follows what was pushed, and returns the leaves.
func (s *search) run() []leaf {
	for len(s.work) > 0 {
		st := s.work[len(s.work)-1]
		s.work = s.work[:len(s.work)-1]
		s.before(st)
	}
	if len(s.out) == 0 {
		s.unknown("no way is known that leads to it")
	}
	return s.out
}

func (s *search) push(at int, l loc) {
	st := searchState{at, l}
	if !s.seen[st] {
		s.seen[st] = true
		s.work = append(s.work, st)
	}
}

func (s *search) leaf(l leaf) {
	if slices.Contains(s.out, l) {
		return
	}
	s.out = append(s.out, l)
}

func (s *search) unknown(format string, args ...any) {
	s.leaf(leaf{kind: leafUnknown, reason: fmt.Sprintf(format, args...)})
}

// before goes from a place to all instructions that can come just before it.
func (s *search) before(st searchState) {
	if st.at == 0 {
		s.entry(st.l)
	}
	if s.b.open[st.at] {
		s.unknown("the code is reached in a way that is not known")
	}
	if st.at > 0 && s.b.falls(st.at-1) {
		s.from(st.at-1, st, false)
	}
	for _, from := range s.b.jumps[st.at] {
		s.from(from, st, true)
	}
}

// from goes on before an instruction that can come just before a place.
func (s *search) from(i int, st searchState, jumped bool) {
	if !s.runs(i, st.at) || s.bounded(i, st, jumped) {
		return
	}
	if v, ok := s.b.compared(i, st.at, st.l); ok {
		s.leaf(leaf{kind: leafConst, value: v})
		return
	}
	s.step(i, st.l)
}

// runs reports whether control can go from one instruction to the other.
func (s *search) runs(from, to int) bool {
	return s.b.goes(from, to) && (s.live == nil || s.live[from])
}

// entry ends the search at the function's entry.
func (s *search) entry(l loc) {
	switch {
	case l.kind != inVec:
		s.leaf(leaf{kind: leafParam, loc: l})
	case s.zeroed(l.reg):
		s.leaf(leaf{kind: leafConst})
	default:
		s.unknown("it is passed in a vector register")
	}
}

// step looks at what instruction i does to l: it goes on before i with the
// place that the value came from, or ends in a leaf.
func (s *search) step(i int, l loc) {
	in := &s.b.insts[i]
	switch l.kind {
	case inReg:
		s.stepReg(i, in, l)
	case inSlot:
		s.stepSlot(i, in, l)
	case inVec:
		s.stepVec(i, in, l)
	}
}

func (s *search) stepReg(i int, in *isa.Inst, l loc) {
	if s.keeps(in, l.reg) {
		s.push(i, l)
		return
	} else if in.Op == isa.Call || in.Op == isa.CallInd {
		s.leaf(leaf{kind: leafCall, value: uint64(i), loc: l, reason: "it is the result of a call"})
		return
	}
	if in.Op == isa.Xchg {
		s.exchange(i, in, l)
		return
	}
	if in.Dst.Kind != isa.KindReg || in.Dst.Reg != l.reg {
		s.unknown("it is computed by an instruction that is not followed, at %#x", s.b.pcs[i])
		return
	}
	if in.Op == isa.SetCond && s.terms {
		s.leaf(leaf{kind: leafComputed, value: uint64(i), size: l.size})
		return
	}
	if in.Size < 4 && l.size > in.Size {
		switch in.Op {
		case isa.Mov, isa.And, isa.Or, isa.Xor, isa.Add, isa.Sub:
			if s.terms {
				s.leaf(leaf{kind: leafComputed, value: uint64(i), size: l.size})
				return
			}
		}
		s.partly(i, in, l)
		return
	}
	l.size = min(l.size, max(in.Size, 1))
	switch in.Op {
	case isa.Zero:
		s.leaf(leaf{kind: leafConst})
	case isa.Mov:
		s.source(i, &in.Src, l.size)
	case isa.MovZX:
		s.source(i, &in.Src, min(l.size, in.Src.Size))
	case isa.MovSX:
		if l.size <= in.Src.Size {
			s.source(i, &in.Src, l.size)
			return
		}
		s.compute(i, in, l)
	case isa.CondMove:
		s.push(i, l)
		s.source(i, &in.Src, l.size)
	case isa.Pop:
		s.slotAt(i, 0, l.size)
	case isa.Lea:
		s.lea(i, in, l)
	case isa.Add, isa.Sub, isa.And, isa.Or, isa.Xor, isa.Shl, isa.Shr:
		s.compute(i, in, l)
	default:
		s.unknown("it is computed by an instruction that is not followed, at %#x", s.b.pcs[i])
	}
}

// keeps reports whether an instruction leaves a register as it is.
func (s *search) keeps(in *isa.Inst, r isa.Reg) bool {
	switch in.Op {
	case isa.Call, isa.CallInd:
		writes := ^isa.RegSet(0) // in Go no register outlives a call
		if s.b.c {
			writes = ^s.a.arch.kept
		} else if s.a.isWriteBarrier(in.Target) {
			writes = s.a.arch.barrierWrites
		}
		return writes&(1<<r) == 0
	}
	return in.Writes&(1<<r) == 0
}

// zeroed reports whether a vector register is the one that compiled Go code
// keeps at zero.
func (s *search) zeroed(r isa.Reg) bool {
	return r == s.a.arch.zeroVec && !s.b.c && !s.a.file.Asm(s.b.fn)
}

// exchange follows XCHG of two registers.
func (s *search) exchange(i int, in *isa.Inst, l loc) {
	switch {
	case in.Dst.Kind != isa.KindReg || in.Src.Kind != isa.KindReg || in.Size < 4:
		s.unknown("it is exchanged with memory, at %#x", s.b.pcs[i])
	case in.Dst.Reg == l.reg:
		s.push(i, regLoc(in.Src.Reg, min(l.size, in.Size)))
	default:
		s.push(i, regLoc(in.Dst.Reg, min(l.size, in.Size)))
	}
}

// source goes on with an operand that instruction i reads.
func (s *search) source(i int, o *isa.Operand, size uint8) {
	switch o.Kind {
	case isa.KindImm:
		if o.Inexact {
			s.unknown("it is a part of an address, at %#x", s.b.pcs[i])
			return
		}
		s.leaf(leaf{kind: leafConst, value: truncate(uint64(o.Imm), size)})
	case isa.KindReg:
		if o.Reg == s.a.arch.sp {
			s.frame(i, 0)
			return
		}
		s.push(i, regLoc(o.Reg, size))
	case isa.KindMem:
		s.memory(i, o, 0, size)
	case isa.KindVec:
		s.push(i, vecLoc(o.Reg, 0))
	default:
		s.unknown("it comes from an operand that is not followed, at %#x", s.b.pcs[i])
	}
}

// memory goes on with size bytes at delta behind what a memory operand names.
func (s *search) memory(i int, o *isa.Operand, delta int64, size uint8) {
	switch {
	case o.Seg != 0 || o.Index != isa.NoReg || o.Inexact:
		s.unknown("it is read from memory whose place is computed, at %#x", s.b.pcs[i])
	case o.Base == isa.NoReg:
		s.leaf(leaf{kind: leafGlobal, value: uint64(o.Imm + delta), size: size})
	case o.Base == s.a.arch.sp:
		s.slotAt(i, o.Imm+delta, size)
	default:
		for _, p := range s.a.originsDepth(s.b, i, regLoc(o.Base, 8), s.depth+1) {
			if lf, ok := s.a.attrs.field(s.b, p, o.Imm+delta, size); ok {
				s.leaf(lf)
				continue
			}
			switch p.kind {
			case leafConst:
				s.leaf(leaf{kind: leafGlobal, value: p.value + uint64(o.Imm+delta), size: size})
			case leafStack:
				s.push(i, slotLoc(int64(p.value)+o.Imm+delta, size))
			case leafGlobal:
				s.leaf(leaf{kind: leafPointed, value: p.value, loc: slotLoc(o.Imm+delta, 0), size: size, reason: fmt.Sprintf("it is read through a pointer, at %#x", s.b.pcs[i])})
			case leafParam:
				if s.b.c && p.loc.kind == inReg {
					s.leaf(leaf{kind: leafBehind, value: uint64(o.Imm + delta), loc: p.loc, size: size, reason: fmt.Sprintf("it is read through a pointer, at %#x", s.b.pcs[i])})
					continue
				}
				fallthrough
			default:
				s.unknown("it is read through a pointer, at %#x", s.b.pcs[i])
			}
		}
	}
}

// frame ends the search at an address in the frame: off above the stack pointer.
func (s *search) frame(i int, off int64) {
	if s.b.sp[i] == unknownSP {
		s.unknown("it is an address on the stack, whose pointer is not known at %#x", s.b.pcs[i])
		return
	}
	s.leaf(leaf{kind: leafStack, value: uint64(s.b.sp[i] + off)})
}

// slotAt goes on with the stack slot that is off above the stack pointer.
func (s *search) slotAt(i int, off int64, size uint8) {
	if s.b.sp[i] == unknownSP {
		s.unknown("it is read from the stack, whose pointer is not known at %#x", s.b.pcs[i])
		return
	}
	s.push(i, slotLoc(s.b.sp[i]+off, size))
}

func (s *search) stepVec(i int, in *isa.Inst, l loc) {
	writes := in.Dst.Kind == isa.KindVec && in.Dst.Reg == l.reg
	switch {
	case in.Op == isa.Call || in.Op == isa.CallInd:
		if s.zeroed(l.reg) {
			s.push(i, l) // Go code keeps X15 at zero (cmd/compile/abi-internal.md)
			return
		}
		s.unknown("it is left in a vector register by a call")
	case writes && in.Op == isa.MovVec && l.off+int64(l.size) > int64(in.Size) && in.Src.Kind != isa.KindImm:
		s.unknown("only a part of the vector register is moved, at %#x", s.b.pcs[i])
	case writes && in.Op == isa.MovVec && in.Src.Kind == isa.KindMem:
		s.memory(i, &in.Src, l.off, l.size)
	case writes && in.Op == isa.MovVec && in.Src.Kind == isa.KindImm:
		s.leaf(leaf{kind: leafConst}) // zeroed
	case writes && in.Op == isa.MovVec && in.Src.Kind == isa.KindVec:
		s.push(i, vecLoc(in.Src.Reg, l.off))
	case writes || in.Op == isa.Other && in.Dst.Kind != isa.KindMem && in.Dst.Kind != isa.KindReg:
		// Another vector instruction: whether it writes this register is not known.
		if s.zeroed(l.reg) {
			s.leaf(leaf{kind: leafConst})
			return
		}
		s.unknown("it is computed in a vector register, at %#x", s.b.pcs[i])
	default:
		s.push(i, l)
	}
}
