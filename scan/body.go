package scan

import (
	"slices"

	"github.com/gocurb/curb/internal/gobin"
	"github.com/gocurb/curb/internal/isa"
)

// A body is a function's instructions with the ways between them. Bodies are
// made only for the functions through which a system call's number passes.
type body struct {
	arch  *arch
	index int // of the function
	fn    *gobin.Func
	insts []isa.Inst
	pcs   []uint64
	jumps map[int][]int // instruction -> those that jump to it
	// open holds the instructions that control can reach from places that
	// are not known, so that nothing is known of the state there.
	open map[int]bool
	sp   []int64 // stack pointer before each instruction, less that at the entry
	// taken is the offsets of the stack whose address the function computes.
	taken []int64
	// loose means that the frame may be reached in ways that taken cannot tell.
	loose bool
	// c means that the code follows C's calling convention.
	c bool
}

const unknownSP = int64(-1 << 62)

func newBody(f *gobin.File, index int, entries []middle) *body {
	fn := &f.Funcs[index]
	b := &body{arch: archOf(f), index: index, fn: fn, jumps: map[int][]int{}, open: map[int]bool{}}
	d := decoder{arch: b.arch}
	d.function(f, fn, entryPCs(entries))
	b.insts, b.pcs = d.insts, d.pcs
	b.readSP(f)
	b.link()
	switches := b.switches(f)
	for _, e := range entries {
		if i, ok := b.at(e.pc); ok && !(e.inData && switches[i]) {
			b.open[i] = true
		}
	}
	if pc, ok := f.DeferReturn(fn); ok {
		if i, ok := b.at(pc); ok {
			b.open[i] = true
		}
	}
	for i := 1; i < len(b.insts); i++ {
		if !b.falls(i-1) && len(b.jumps[i]) == 0 {
			b.open[i] = true
		}
	}
	b.findTaken()
	return b
}

// falls reports whether control can go on from instruction i to i+1. It does
// not after a call where the stack pointer would have to jump: the call does
// not return, and the next block belongs to somebody else.
func (b *body) falls(i int) bool {
	in := &b.insts[i]
	if !falls(in) || i+1 >= len(b.pcs) || b.pcs[i]+uint64(in.Len) != b.pcs[i+1] {
		return false
	}
	if !b.afterCall(i) {
		return true
	}
	sp, next := b.sp[i], b.sp[i+1]
	return sp == unknownSP || next == unknownSP || sp == next
}

// afterCall reports whether instruction i is a call, or padding after one.
func (b *body) afterCall(i int) bool {
	for i > 0 && b.insts[i].Op == isa.Nop {
		i--
	}
	return b.insts[i].Op == isa.Call || b.insts[i].Op == isa.CallInd
}

// at returns the index of the instruction at pc.
func (b *body) at(pc uint64) (int, bool) { return slices.BinarySearch(b.pcs, pc) }

// link finds the jumps inside the function.
func (b *body) link() {
	jump := func(i int, pc uint64) {
		if to, ok := b.at(pc); ok {
			b.jumps[to] = append(b.jumps[to], i)
		}
	}
	for i := range b.insts {
		in := &b.insts[i]
		if in.Op == isa.Jump || in.Op == isa.CondJump {
			jump(i, in.Target)
		}
		// Where instructions lie in each other the next one is not the next in order.
		if next := b.pcs[i] + uint64(in.Len); falls(in) && i+1 < len(b.pcs) && b.pcs[i+1] != next {
			jump(i, next)
		}
	}
}

// switches adds the jumps by way of the function's switch tables, and returns
// where they go.
func (b *body) switches(f *gobin.File) map[int]bool {
	var indirect []int
	targets := map[int]bool{}
	for i := range b.insts {
		switch in := &b.insts[i]; in.Op {
		case isa.JumpInd:
			indirect = append(indirect, i)
		case isa.Lea:
			if global(&in.Src) {
				for _, to := range b.table(f, uint64(in.Src.Imm)) {
					targets[to] = true
				}
			}
		}
	}
	for to := range targets {
		b.jumps[to] = append(b.jumps[to], indirect...)
	}
	return targets
}

// table reads a switch's jump table: words that point into the function.
func (b *body) table(f *gobin.File, addr uint64) []int {
	var out []int
	for ; ; addr += 8 {
		pc, ok := f.Word(addr)
		if !ok || pc <= b.fn.Entry || pc >= b.fn.End {
			return out
		}
		i, ok := b.at(pc)
		if !ok {
			return out
		}
		out = append(out, i)
	}
}

// readSP takes the stack pointer at each instruction from the table that the
// runtime unwinds by. In assembly that sets it freely it is not known.
func (b *body) readSP(f *gobin.File) {
	b.sp = make([]int64, len(b.insts))
	frames := f.Frames(b.fn)
	for i, pc := range b.pcs {
		b.sp[i] = unknownSP
		if size, ok := frames.At(pc); ok {
			b.sp[i] = -size
		}
	}
	if f.SetsSP(b.fn) || !b.trustSP() {
		for i := range b.sp {
			b.sp[i] = unknownSP
		}
	}
}

// trustSP reports whether the table agrees with what the instructions do to
// the stack pointer: of assembly the assembler notes only some of that.
func (b *body) trustSP() bool {
	for i := range b.insts[:max(len(b.insts)-1, 0)] {
		in := &b.insts[i]
		if b.afterCall(i) || !falls(in) || b.pcs[i]+uint64(in.Len) != b.pcs[i+1] {
			continue
		}
		if sp := b.nextSP(in, b.sp[i]); b.sp[i] != unknownSP && sp != b.sp[i+1] {
			return false
		}
	}
	return true
}

// nextSP returns the stack pointer after an instruction.
func (b *body) nextSP(in *isa.Inst, sp int64) int64 {
	if sp == unknownSP || in.Writes&(1<<b.arch.sp) == 0 {
		return sp
	}
	toSP := in.Dst.Kind == isa.KindReg && in.Dst.Reg == b.arch.sp
	switch {
	case in.Op == isa.Push:
		return sp - 8
	case in.Op == isa.Pop && !toSP:
		return sp + 8
	case in.Op == isa.Call || in.Op == isa.CallInd:
		return sp
	case in.Op == isa.Add && toSP && in.Src.Kind == isa.KindImm:
		return sp + in.Src.Imm
	case in.Op == isa.Sub && toSP && in.Src.Kind == isa.KindImm:
		return sp - in.Src.Imm
	case in.Op == isa.Lea && toSP && in.Src.Base == b.arch.sp && in.Src.Index == isa.NoReg:
		return sp + in.Src.Imm
	}
	return unknownSP
}

// findTaken collects the places in the frame whose address is computed: what
// is stored there may change behind the analysis's back.
func (b *body) findTaken() {
	for i := range b.insts {
		in := &b.insts[i]
		if b.checksStack(i) {
			continue
		}
		lea := in.Op == isa.Lea && in.Src.Base == b.arch.sp
		copied := in.Op == isa.Mov && in.Src.Kind == isa.KindReg && in.Src.Reg == b.arch.sp
		switch {
		case in.Dst.Kind == isa.KindMem && in.Dst.Base == b.arch.fp || in.Src.Kind == isa.KindMem && in.Src.Base == b.arch.fp && in.Op != isa.Lea:
			b.loose = true // BP as a base of its own
		case in.Op == isa.Lea && in.Src.Base == b.arch.fp || in.Op == isa.Mov && in.Src.Kind == isa.KindReg && in.Src.Reg == b.arch.fp && in.Dst.Kind == isa.KindReg && in.Dst.Reg != b.arch.sp:
			b.loose = true // a pointer made from BP
		case !lea && !copied || in.Dst.Kind == isa.KindReg && in.Dst.Reg == b.arch.sp:
		case in.Dst.Kind == isa.KindReg && in.Dst.Reg == b.arch.fp && b.savesBP(i):
			// The frame pointer, which only unwinders follow.
		case b.sp[i] == unknownSP || lea && in.Src.Index != isa.NoReg:
			b.loose = true
		case lea:
			b.taken = append(b.taken, b.sp[i]+in.Src.Imm)
		default:
			b.taken = append(b.taken, b.sp[i])
		}
	}
	slices.Sort(b.taken)
	b.taken = slices.Compact(b.taken)
}

// checksStack reports whether the instruction only computes how far a large
// frame will reach, for the comparison with the goroutine's limit after it.
func (b *body) checksStack(i int) bool {
	in := &b.insts[i]
	if in.Op != isa.Lea || in.Src.Base != b.arch.sp || in.Src.Imm >= 0 || i+1 >= len(b.insts) {
		return false
	}
	next := &b.insts[i+1]
	return next.Op == isa.Cmp && next.Dst.Kind == isa.KindReg && next.Dst.Reg == in.Dst.Reg
}

// savesBP reports whether the instruction before i saves the frame pointer, as
// Go's prologue does before it sets it.
func (b *body) savesBP(i int) bool {
	if i == 0 {
		return false
	}
	prev := &b.insts[i-1]
	return (prev.Op == isa.Push || prev.Op == isa.Mov && prev.Dst.Kind == isa.KindMem) &&
		prev.Src.Kind == isa.KindReg && prev.Src.Reg == b.arch.fp
}

// escapes reports whether a pointer to the stack slot at off may be about.
// Objects do not reach across the return address at offset 0, which parts the
// function's own frame from what its caller owns.
func (b *body) escapes(off int64) bool {
	if b.loose {
		return true
	}
	for _, t := range b.taken {
		if t <= off && (t < 0) == (off < 0) {
			return true
		}
	}
	return false
}
