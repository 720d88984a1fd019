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
	// locals is where in the frame there are variables alone: see lowestLocal.
	locals int64
	// c means that the code follows C's calling convention.
	c bool
	// part reports whether the code is a part of another function, in whose frame it
	// runs; nil: it is not.
	part func() bool

	// Of a function that was folded: the instructions that can be reached, and of
	// conditional jumps that go one way only whether that is the jump.
	live []bool
	ways map[int]bool

	asked map[asked][]leaf // what searches have found in the midst of others
}

const unknownSP = int64(-1 << 62)

func newBody(f *gobin.File, index int, entries []middle) *body {
	fn := &f.Funcs[index]
	b := &body{arch: archOf(f), index: index, fn: fn, jumps: map[int][]int{}, open: map[int]bool{}}
	if f.Foreign(fn) {
		b.part = func() bool { return true } // it may be: see cways.go
	}
	d := decoder{arch: b.arch}
	d.function(f, fn, entryPCs(entries))
	b.insts, b.pcs = d.insts, d.pcs
	b.link()
	switches := b.switches(f)
	b.readSP(f)
	for _, e := range entries {
		i, ok := b.at(e.pc)
		if ok && !(e.inData && !e.shared && switches[i]) {
			b.open[i] = true
		}
		for ; ok && e.onward && i < len(b.insts); i++ {
			b.open[i] = true
		}
	}
	if pc, ok := f.DeferReturn(fn); ok {
		if i, ok := b.at(pc); ok {
			b.open[i] = true
		}
	}
	for i := 1; i < len(b.insts); i++ {
		if !b.falls(i-1) && len(b.jumps[i]) == 0 && !b.aligns(i) {
			b.open[i] = true
		}
	}
	b.followSP()
	b.findTaken(f)
	return b
}

// aligns reports whether instruction i does nothing but align another one, to which
// jumps lead.
func (b *body) aligns(i int) bool {
	for i < len(b.insts)-1 && b.insts[i].Op == isa.Nop && len(b.jumps[i]) == 0 && b.falls(i) {
		i++
	}
	return len(b.jumps[i]) > 0
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

// find returns the index of what is at a place in the function.
func (b *body) find(p place) (int, bool) {
	i, ok := b.at(b.fn.Entry + uint64(p.off))
	i += int(p.part)
	return i, ok && i < len(b.pcs) && b.pcs[i] == b.fn.Entry+uint64(p.off)
}

// place returns where instruction i is in the function.
func (b *body) place(i int) place {
	first, _ := b.at(b.pcs[i])
	return place{uint32(b.pcs[i] - b.fn.Entry), uint8(i - first)}
}

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
