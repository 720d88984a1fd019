package scan

import (
	"slices"

	"github.com/gocurb/curb/internal/arm64"
	"github.com/gocurb/curb/internal/gobin"
	"github.com/gocurb/curb/internal/isa"
)

// Where an instruction has no room for an address, code makes one in two steps: the
// page, and the rest of it, which is an addend or a displacement. C compilers put
// any distance between the two, use a page more than once, and reach what lies near
// an address by a displacement from it (section anchors). So what registers hold is
// followed through the function, and the address put into the second step.

// A held is a number that a register may hold: a page, a whole address, or one that
// was made from another by adding a constant.
type held struct {
	addr uint64
	kind heldKind
}

type heldKind uint8

const (
	heldPage heldKind = iota
	heldAddr
	heldNear // what is added to it is not followed, so that loops come to an end
)

// A regHeld is a number that a register may hold.
type regHeld struct {
	reg isa.Reg
	held
}

// A pageState says what the registers hold at a place.
type pageState struct {
	may   [32]uint64 // of each register: a set of the numbers that are known
	slots [24]uint64 // of words of the frame
	other isa.RegSet // those that may hold something else
	// strong are those that do even if calls change all that they may change.
	strong isa.RegSet
}

func (s *pageState) merge(t *pageState) bool {
	old := *s
	for r := range s.may {
		s.may[r] |= t.may[r]
	}
	for i := range s.slots {
		s.slots[i] |= t.slots[i]
	}
	s.other |= t.other
	s.strong |= t.strong
	return old != *s
}

// A pageRef is an address that an instruction may make, beside what its operands say.
type pageRef struct {
	i    int
	kind refKind // refAddr, or refPage where it is not known which one it makes
	addr uint64
}

// A pageFlow follows the numbers through a function.
type pageFlow struct {
	arch  *arch
	fn    *gobin.Func
	b     *body
	out   map[int][]int
	known []held // at most 64
	in    []pageState
	begun []bool
	lost  bool // there were more
	open  []int
	slots []frameSlot  // that are followed
	zero  map[int]bool // the second steps that add nothing, and look like moves

	refs []pageRef
}

// pages follows what ADRP and its like begin, completes the operands that it can, and
// leaves what else may be in d.pageRefs.
func (d *decoder) pages(fn *gobin.Func, code []byte, entries []uint64) {
	if !slices.ContainsFunc(d.insts, func(in isa.Inst) bool { return isPage(&in) || in.Op == isa.JumpInd }) {
		return
	}
	f := &pageFlow{arch: d.arch, fn: fn, b: &body{arch: d.arch, fn: fn, insts: d.insts, pcs: d.pcs, jumps: map[int][]int{}, sp: make([]int64, len(d.insts))}}
	f.b.link()
	ended := d.endCalls(fn)
	f.out = f.b.successors()
	f.in, f.begun = make([]pageState, len(d.insts)), make([]bool, len(d.insts))
	f.zero = map[int]bool{}
	for i := range d.insts {
		if d.insts[i].Op == isa.Mov && arm64.AddsNothing(leUint32(code[d.pcs[i]-fn.Entry:])) {
			f.zero[i] = true
		}
	}
	f.enter(d, entries)
	f.settle()
	for i := range f.begun { // loops to which only a switch leads
		if !f.begun[i] {
			f.begin(i, &pageState{other: ^isa.RegSet(0)})
			f.open = append(f.open, i)
			f.settle()
		}
	}
	f.finish()
	for _, i := range ended {
		d.insts[i].Op = isa.Call
	}
	d.pageRefs, d.flow = f.refs, f
}

// endCalls makes an end of the calls of functions that are known not to return, and
// returns them.
func (d *decoder) endCalls(fn *gobin.Func) []int {
	var out []int
	for i := range d.insts {
		if in := &d.insts[i]; d.returns != nil && in.Op == isa.Call && (in.Target < fn.Entry || in.Target >= fn.End) && !d.returns(in.Target) {
			in.Op = isa.Trap
			out = append(out, i)
		}
	}
	return out
}

// isPage reports whether an instruction makes the page of an address.
func isPage(in *isa.Inst) bool {
	return in.Op == isa.Mov && in.Src.Kind == isa.KindImm && in.Src.Inexact && in.Dst.Kind == isa.KindReg
}

// enter begins where the function is entered, and where control comes in a way that
// is not known.
func (f *pageFlow) enter(d *decoder, entries []uint64) {
	for i := range f.b.insts {
		if i > 0 && (f.b.falls(i-1) || len(f.b.jumps[i]) > 0) {
			continue
		}
		f.begin(i, &pageState{other: ^isa.RegSet(0)})
		if i > 0 {
			f.open = append(f.open, i)
		}
	}
	for _, pc := range entries {
		if i, ok := f.b.at(pc); ok {
			f.begin(i, &pageState{other: ^isa.RegSet(0)})
		}
	}
	for pc, list := range d.incoming {
		i, ok := f.b.at(pc)
		if !ok {
			continue
		}
		s := pageState{other: ^isa.RegSet(0)}
		for _, h := range list {
			s.may[h.reg] |= f.bit(h.held)
		}
		f.begin(i, &s)
	}
}

func (f *pageFlow) begin(i int, s *pageState) bool {
	first := !f.begun[i]
	f.begun[i] = true
	return f.in[i].merge(s) || first
}

// bit returns the set of one number.
func (f *pageFlow) bit(h held) uint64 {
	i := slices.Index(f.known, h)
	switch {
	case i >= 0:
		return 1 << i
	case len(f.known) == 64 || len(f.known) >= 48 && h.kind != heldPage:
		f.lost = f.lost || h.kind == heldPage
		return 0
	}
	f.known = append(f.known, h)
	return 1 << (len(f.known) - 1)
}

// settle goes over the function until nothing more is found.
func (f *pageFlow) settle() {
	for again := true; again; {
		again = false
		for i := range f.b.insts {
			if !f.begun[i] {
				continue
			}
			s := f.in[i]
			f.step(i, &s)
			for _, to := range f.b.next(i, f.out, nil) {
				if f.begin(to, &s) && to <= i {
					again = true
				}
			}
			if f.b.insts[i].Op == isa.JumpInd && !f.loaded(i) {
				for _, to := range f.open {
					if f.begin(to, &s) && to <= i {
						again = true
					}
				}
			}
		}
	}
}

// A frameSlot is a word of the frame, by the register and displacement that name it.
// Code uses the same for what it puts there and takes from there itself.
type frameSlot struct {
	base isa.Reg
	disp int64
}

// slot returns the index of the word of the frame that an operand names, -1 if it is
// not known or, unless it is to be followed from now on, none that is.
func (f *pageFlow) slot(o *isa.Operand, follow bool) int {
	if o.Kind != isa.KindMem || o.Size != 8 || o.Index != isa.NoReg || o.Inexact || o.Base != f.arch.sp && o.Base != f.arch.fp {
		return -1
	}
	slot := frameSlot{o.Base, o.Imm}
	i := slices.Index(f.slots, slot)
	if i < 0 && follow && len(f.slots) < len(pageState{}.slots) {
		i = len(f.slots)
		f.slots = append(f.slots, slot)
	}
	return i
}

// loaded reports whether a jump goes to where one word of memory says, or a function: it
// is no switch.
func (f *pageFlow) loaded(i int) bool {
	in := &f.b.insts[i]
	if in.Src.Kind != isa.KindReg {
		return false
	}
	r := in.Src.Reg
	for {
		at, ok := f.writer(i, r)
		if !ok {
			return false
		}
		switch in := &f.b.insts[at]; {
		case in.Op == isa.Call || in.Op == isa.CallInd:
			return true
		case in.Op != isa.Mov:
			return false
		case in.Src.Kind == isa.KindReg:
			i, r = at, in.Src.Reg
		default:
			return in.Src.Kind == isa.KindMem && in.Src.Index == isa.NoReg && !in.Src.Inexact
		}
	}
}

// step changes the state to what it is behind an instruction.
func (f *pageFlow) step(i int, s *pageState) {
	in := &f.b.insts[i]
	strong := func(r isa.Reg) bool { return s.strong>>r&1 != 0 }
	set := func(may uint64, other, strong bool) {
		s.may[in.Dst.Reg] = may
		s.strong &^= 1 << in.Dst.Reg
		if strong && may != 0 {
			s.strong |= 1 << in.Dst.Reg
		}
		s.other &^= 1 << in.Dst.Reg
		if other || may == 0 {
			s.other |= 1 << in.Dst.Reg
		}
	}
	if f.elsewhere(in, s) {
		return
	}
	from := in.Src.Reg
	switch {
	case isPage(in):
		set(f.bit(held{uint64(in.Src.Imm), heldPage}), false, true)
	case in.Op == isa.Lea && absoluteAddr(&in.Src):
		set(f.bit(held{uint64(in.Src.Imm), heldAddr}), false, true)
	case in.Op == isa.Lea && in.Size == 8 && in.Src.Base != isa.NoReg && in.Src.Index == isa.NoReg && !in.Src.Inexact:
		set(f.plus(s.may[in.Src.Base], in.Src.Imm), s.other>>in.Src.Base&1 != 0, strong(in.Src.Base))
	case (in.Op == isa.Add || in.Op == isa.Sub) && in.Size == 8 && in.Src.Kind == isa.KindImm:
		n := in.Src.Imm
		if in.Op == isa.Sub {
			n = -n
		}
		set(f.plus(s.may[in.Dst.Reg], n), s.other>>in.Dst.Reg&1 != 0, strong(in.Dst.Reg))
	case in.Op == isa.Mov && f.zero[i]:
		set(f.plus(s.may[from], 0), s.other>>from&1 != 0, strong(from))
	case in.Op == isa.Mov && in.Size == 8 && in.Src.Kind == isa.KindReg:
		set(s.may[from], s.other>>from&1 != 0, strong(from))
	case in.Op == isa.CondMove && in.Size == 8 && in.Src.Kind == isa.KindReg:
		set(s.may[from]|s.may[in.Dst.Reg], (s.other>>from|s.other>>in.Dst.Reg)&1 != 0, strong(from) || strong(in.Dst.Reg))
	case in.Op == isa.CondMove:
		s.other |= 1 << in.Dst.Reg
	case in.Op == isa.Mov && in.Src.Kind == isa.KindMem:
		if slot := f.slot(&in.Src, false); slot >= 0 {
			set(s.slots[slot], true, true)
		} else {
			set(0, true, false)
		}
	default:
		f.forget(in.Writes, s)
	}
}

// elsewhere changes the state for an instruction that gives no register a value, or
// several. It reports whether this is one.
func (f *pageFlow) elsewhere(in *isa.Inst, s *pageState) bool {
	if in.Op == isa.Call || in.Op == isa.CallInd {
		// A compiler that knows the callee may keep values where it does not write
		// (-fipa-ra), and the functions for thread-local variables leave nearly all.
		s.other |= ^f.arch.kept
		s.strong &= f.arch.kept
		return true
	}
	if in.Op == isa.Mov && in.Dst.Kind == isa.KindMem {
		var v uint64
		if in.Src.Kind == isa.KindReg {
			v = s.may[in.Src.Reg]
		}
		if slot := f.slot(&in.Dst, v != 0); slot >= 0 {
			s.slots[slot] = v
		}
		return true
	}
	if in.Dst.Kind != isa.KindReg || in.Writes&(1<<in.Dst.Reg) == 0 {
		f.forget(in.Writes, s)
		return true
	}
	return false
}

func (f *pageFlow) forget(regs isa.RegSet, s *pageState) {
	for r := range s.may {
		if regs>>r&1 != 0 {
			s.may[r] = 0
		}
	}
	s.other |= regs
	s.strong &^= regs
}

// absoluteAddr reports whether a memory operand is one address.
func absoluteAddr(o *isa.Operand) bool {
	return o.Kind == isa.KindMem && o.Base == isa.NoReg && o.Index == isa.NoReg && o.Seg == 0
}

// plus adds a constant to a set of numbers.
func (f *pageFlow) plus(set uint64, n int64) uint64 {
	var out uint64
	for h := range f.each(set) {
		switch h.kind {
		case heldPage:
			out |= f.bit(held{h.addr + uint64(n), heldAddr})
		case heldAddr:
			out |= f.bit(held{h.addr + uint64(n), heldNear})
		}
	}
	return out
}

// each yields the numbers of a set.
func (f *pageFlow) each(set uint64) func(yield func(held) bool) {
	return func(yield func(held) bool) {
		for i, h := range f.known {
			if set>>i&1 != 0 && !yield(h) {
				return
			}
		}
	}
}

// finish completes the operands, and notes what they may be where that is not sure.
func (f *pageFlow) finish() {
	for i := range f.b.insts {
		in := &f.b.insts[i]
		if isPage(in) {
			if !f.lost {
				in.Src.Rip, in.Src.Inexact = true, false
			}
			continue
		}
		f.use(i, in, &f.in[i])
	}
}

// use looks at what an instruction does with the numbers that registers hold.
func (f *pageFlow) use(i int, in *isa.Inst, s *pageState) {
	switch {
	case in.Op == isa.Cmp || in.Op == isa.Test || in.Op == isa.BitTest:
		return
	case in.Size == 4 && in.Dst.Kind == isa.KindReg && in.Src.Kind != isa.KindMem:
		return // half of an address is none
	case in.Op == isa.Sub && in.Src.Kind == isa.KindReg:
		f.stray(i, s, in.Dst.Reg) // what is taken away is none, either
		return
	case f.zero[i]:
		for h := range f.each(s.may[in.Src.Reg]) {
			f.refs = append(f.refs, pageRef{i, refAddr, h.addr})
		}
		return
	case in.Op == isa.Mov && in.Dst.Kind == isa.KindReg && in.Src.Kind == isa.KindReg, in.Op == isa.CondMove:
		return
	case (in.Op == isa.Add || in.Op == isa.Sub) && in.Src.Kind == isa.KindImm && in.Size == 8:
		f.sum(i, in, s)
		return
	}
	if f.slot(&in.Dst, false) < 0 && (in.Op != isa.Mov || in.Size == 8 || in.Src.Kind != isa.KindReg) {
		f.operand(i, in, &in.Src, s)
	}
	f.operand(i, in, &in.Dst, s)
	for r := range s.may {
		if in.Op == isa.Other && in.Reads>>r&1 != 0 {
			f.stray(i, s, isa.Reg(r))
		}
	}
}

// sum completes an address by an addition in place.
func (f *pageFlow) sum(i int, in *isa.Inst, s *pageState) {
	r, n := in.Dst.Reg, in.Src.Imm
	if in.Op == isa.Sub {
		n = -n
	}
	if h, ok := f.only(s, r); ok {
		*in = isa.Inst{Op: isa.Lea, Fused: in.Fused, Len: in.Len, Size: in.Size, Writes: in.Writes, Dst: in.Dst}
		in.Src = isa.Operand{Kind: isa.KindMem, Size: in.Size, Base: isa.NoReg, Index: isa.NoReg, Scale: 1, Rip: true, Imm: int64(h.addr) + n}
		return
	}
	for h := range f.each(s.may[r]) {
		f.refs = append(f.refs, pageRef{i, refAddr, h.addr + uint64(n)})
	}
}

// only returns the one number that a register holds.
func (f *pageFlow) only(s *pageState, r isa.Reg) (held, bool) {
	if s.other>>r&1 != 0 || s.may[r] == 0 || s.may[r]&(s.may[r]-1) != 0 {
		return held{}, false
	}
	for h := range f.each(s.may[r]) {
		return h, true
	}
	return held{}, false
}

// operand completes an operand.
func (f *pageFlow) operand(i int, in *isa.Inst, o *isa.Operand, s *pageState) {
	switch {
	case o.Kind == isa.KindReg:
		if o != &in.Dst || in.Op >= isa.Add && in.Op <= isa.Shr && in.Op != isa.Zero || in.Op == isa.Xchg || in.Writes>>o.Reg&1 == 0 {
			f.stray(i, s, o.Reg)
		}
		return
	case o.Kind != isa.KindMem || o.Base == isa.NoReg && o.Index == isa.NoReg:
		return
	case o.Index != isa.NoReg || o.Base == isa.NoReg || o.Inexact:
		f.stray(i, s, o.Base)
		if o.Scale <= 1 { // a multiple of an address is none
			f.stray(i, s, o.Index)
		}
		return
	}
	if h, ok := f.only(s, o.Base); ok {
		o.Base, o.Rip = isa.NoReg, true
		o.Imm += int64(h.addr)
		return
	}
	for h := range f.each(s.may[o.Base]) {
		f.refs = append(f.refs, pageRef{i, refAddr, h.addr + uint64(o.Imm)})
	}
}

// stray notes that pages are used in a way that is not followed.
func (f *pageFlow) stray(i int, s *pageState, r isa.Reg) {
	if int(r) >= len(s.may) || s.strong>>r&1 == 0 {
		return
	}
	for h := range f.each(s.may[r]) {
		if h.kind == heldPage {
			f.refs = append(f.refs, pageRef{i, refPage, h.addr})
		}
	}
}

// pageRefs adds the addresses that an instruction may make. Those of one instruction
// follow each other.
func (g *gatherer) pageRefs(i int, at place) {
	list := g.decoder.pageRefs
	k, _ := slices.BinarySearchFunc(list, i, func(r pageRef, i int) int { return r.i - i })
	for ; k < len(list) && list[k].i == i; k++ {
		g.add(ref{place: at, kind: list[k].kind, addr: list[k].addr})
	}
}
