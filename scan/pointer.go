package scan

import (
	"strings"

	"github.com/gocurb/curb/internal/x86"
)

// maxPointerCalls bounds through how many calls a pointer is followed.
const maxPointerCalls = 3

// onlyReads reports whether the address that the instruction at off computes is
// used for nothing but reading memory, by instructions that can be followed:
// then the variable there does not change by it.
func (a *analysis) onlyReads(b *body, off uint32, addr uint64) bool {
	i, ok := b.at(b.fn.Entry + uint64(off))
	if !ok {
		return false
	}
	in := &b.insts[i]
	if in.Op != x86.Lea || in.Dst.Kind != x86.KindReg || uint64(in.Src.Imm) != addr || !global(&in.Src) {
		return false
	}
	harmless, _ := a.pointer(b, b.next(i, b.successors(), nil), in.Dst.Reg, 0)
	return harmless
}

// pointer follows what the code from the instructions in work on does with the
// pointer in r: whether it only reads memory there, and whether the pointer may
// still be in r when the function returns.
func (a *analysis) pointer(b *body, work []int, r x86.Reg, depth int) (harmless, survives bool) {
	out := b.successors()
	seen := map[int]bool{}
	for len(work) > 0 {
		k := work[len(work)-1]
		work = work[:len(work)-1]
		if seen[k] {
			continue
		}
		seen[k] = true
		in := &b.insts[k]
		leaves := (in.Op == x86.Jump || in.Op == x86.CondJump) && (in.Target < b.fn.Entry || in.Target >= b.fn.End)
		switch {
		case in.Op == x86.Ret && depth > 0:
			survives = true
			continue
		case in.Op == x86.Call && strings.HasPrefix(a.nameAt(in.Target), "runtime.morestack"):
			continue // the function starts over, with what it had spilled itself
		case in.Op == x86.Call && depth < maxPointerCalls:
			ok, back := a.passed(in.Target, r, depth+1)
			if !ok {
				return false, false
			}
			if back { // perhaps as the result
				work = b.next(k, out, work)
			}
			continue
		case leaves || !readsOnly(in, r):
			return false, false
		}
		if in.Writes&(1<<r) == 0 || in.Size < 4 {
			work = b.next(k, out, work)
		}
	}
	return true, survives
}

// passed follows a pointer in r into the function that is called at entry.
func (a *analysis) passed(entry uint64, r x86.Reg, depth int) (harmless, survives bool) {
	fn, ok := a.entries[entry]
	if !ok {
		return false, false
	}
	b := newBody(a.file, fn, a.mid[fn])
	if len(b.insts) == 0 {
		return false, false
	}
	return a.pointer(b, []int{0}, r, depth)
}

// readsOnly reports whether an instruction does nothing with the pointer in r
// but read memory there.
func readsOnly(in *x86.Inst, r x86.Reg) bool {
	switch in.Op {
	case x86.Call, x86.CallInd, x86.JumpInd, x86.Ret, x86.Syscall, x86.Int, x86.Sysenter, x86.StringOp, x86.Xchg, x86.Locked:
		return false // the register may be an argument, a result or a pointer there
	}
	if in.Src.Kind == x86.KindReg && in.Src.Reg == r || in.Dst.Kind == x86.KindReg && in.Dst.Reg == r && in.Op != x86.Mov && in.Op != x86.MovZX && in.Op != x86.MovSX && in.Op != x86.Lea && in.Op != x86.Zero && in.Op != x86.Pop {
		return false
	}
	uses := func(o *x86.Operand) bool { return o.Kind == x86.KindMem && (o.Base == r || o.Index == r) }
	if uses(&in.Dst) && in.Op != x86.Cmp && in.Op != x86.Test {
		return false
	}
	if !uses(&in.Src) {
		return in.Op != x86.Other || in.Writes&(1<<r) == 0
	}
	switch in.Op {
	case x86.Mov, x86.MovZX, x86.MovSX, x86.MovVec, x86.Cmp, x86.Test, x86.Add, x86.Sub, x86.And, x86.Or, x86.Xor:
		return true
	}
	return false
}

// successors maps instructions that jump inside the function to where they go.
func (b *body) successors() map[int][]int {
	out := map[int][]int{}
	for to, from := range b.jumps {
		for _, i := range from {
			out[i] = append(out[i], to)
		}
	}
	return out
}

// next appends the instructions of the function that can come just after
// instruction i.
func (b *body) next(i int, out map[int][]int, to []int) []int {
	if b.falls(i) {
		to = append(to, i+1)
	}
	return append(to, out[i]...)
}
