package scan

import (
	"slices"
	"strings"

	"github.com/gocurb/curb/internal/isa"
)

// raceNotes are the functions by which code that is built to find races says which
// memory it is about to read or write. They do nothing to that memory.
var raceNotes = []string{"runtime.raceread", "runtime.racewrite", "runtime.racereadrange", "runtime.racewriterange"}

// maxPointerCalls bounds through how many calls a pointer is followed.
const maxPointerCalls = 3

// onlyReads reports whether the address that a place in a function computes is
// used for nothing but reading memory, by instructions that can be followed:
// then the variable there does not change by it.
func (a *analysis) onlyReads(b *body, at place, addr uint64) bool {
	stores, ok := a.uses(b, at, addr)
	return ok && len(stores) == 0
}

// uses returns the instructions that write by way of the address that a place
// in a function computes. It is not ok if the address is used for anything else
// but that and reading.
func (a *analysis) uses(b *body, at place, addr uint64) (writes []int, ok bool) {
	i, ok := b.find(at)
	if !ok {
		return nil, false
	}
	in := &b.insts[i]
	if in.Op != isa.Lea || in.Dst.Kind != isa.KindReg || uint64(in.Src.Imm) != addr || !global(&in.Src) {
		return nil, false
	}
	writes, harmless, _ := a.pointer(b, b.next(i, b.successors(), nil), in.Dst.Reg, 0)
	return writes, harmless
}

// storesBy returns what is stored by way of an address of a variable, which must
// not be used for anything else but reading.
func (a *analysis) storesBy(t takenRef) (stores []storeRef, ok bool) {
	b := a.body(t.fn)
	writes, ok := a.uses(b, t.place, t.addr)
	for _, k := range writes {
		st := storeRef{addr: t.addr, caller: caller{t.fn, b.place(k)}}
		if size, copies := a.copies(&b.insts[k]); copies {
			st.size = uint16(size)
		} else {
			st.addr += uint64(b.insts[k].Dst.Imm)
			st.size = uint16(b.insts[k].Dst.Size)
		}
		stores = append(stores, st)
	}
	return stores, ok
}

// pointer follows what the code from the instructions in work on does with the
// pointer in r: whether it only reads memory there, but for the writes that are
// returned, and whether the pointer may still be in r when the function returns.
func (a *analysis) pointer(b *body, work []int, r isa.Reg, depth int) (writes []int, harmless, survives bool) {
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
		leaves := (in.Op == isa.Jump || in.Op == isa.CondJump) && (in.Target < b.fn.Entry || in.Target >= b.fn.End)
		switch {
		case in.Op == isa.Ret && a.arch.results&(1<<r) == 0 && !a.file.Asm(b.fn):
			continue // nobody looks there
		case in.Op == isa.Ret && depth > 0:
			survives = true
			continue
		case in.Op == isa.Call && strings.HasPrefix(a.nameAt(in.Target), "runtime.morestack"):
			continue // the function starts over, with what it had spilled itself
		case in.Op == isa.Call && slices.Contains(raceNotes, a.nameAt(in.Target)):
			continue
		case r == a.arch.copyFrom && a.isCopy(in):
			continue // read, and past its end then
		case depth == 0 && r == a.arch.copyTo && a.isCopy(in):
			writes = append(writes, k)
			continue // as above
		case in.Op == isa.Call && depth < maxPointerCalls:
			ok, back := a.passed(in.Target, r, depth+1)
			if !ok {
				return nil, false, false
			}
			if back { // perhaps as the result
				work = b.next(k, out, work)
			}
			continue
		case depth == 0 && storesAt(in, r):
			writes = append(writes, k)
		case in.Op == isa.Syscall && a.arch.arguments&(1<<r) == 0: // the kernel does not look at it
		case leaves || !readsOnly(in, r):
			return nil, false, false
		}
		if in.Writes&(1<<r) == 0 || in.Size < 4 {
			work = b.next(k, out, work)
		}
	}
	return writes, true, survives
}

// storesAt reports whether an instruction does nothing with the pointer in r but
// store at a fixed distance from it.
func storesAt(in *isa.Inst, r isa.Reg) bool {
	o := &in.Dst
	return (in.Op == isa.Mov || in.Op == isa.MovVec) && o.Kind == isa.KindMem && o.Base == r && o.Index == isa.NoReg &&
		o.Seg == 0 && !o.Inexact && o.Size > 0 && o.Imm >= 0 && !(in.Src.Kind == isa.KindReg && in.Src.Reg == r)
}

// passed follows a pointer in r into the function that is called at entry.
func (a *analysis) passed(entry uint64, r isa.Reg, depth int) (harmless, survives bool) {
	fn, ok := a.file.FuncWithEntry(entry)
	if !ok {
		return false, false
	}
	b := newBody(a.file, fn, a.mid[fn])
	if len(b.insts) == 0 {
		return false, false
	}
	_, harmless, survives = a.pointer(b, []int{0}, r, depth)
	return harmless, survives
}

// readsOnly reports whether an instruction does nothing with the pointer in r
// but read memory there.
func readsOnly(in *isa.Inst, r isa.Reg) bool {
	switch in.Op {
	case isa.Call, isa.CallInd, isa.JumpInd, isa.Ret, isa.Syscall, isa.Int, isa.Sysenter, isa.StringOp, isa.Xchg, isa.Locked:
		return false // the register may be an argument, a result or a pointer there
	}
	if in.Reads&(1<<r) != 0 {
		return false // another pointer may be made from it
	}
	if in.Src.Kind == isa.KindReg && in.Src.Reg == r || in.Dst.Kind == isa.KindReg && in.Dst.Reg == r && in.Op != isa.Mov && in.Op != isa.MovZX && in.Op != isa.MovSX && in.Op != isa.Lea && in.Op != isa.Zero && in.Op != isa.Pop {
		return false
	}
	uses := func(o *isa.Operand) bool { return o.Kind == isa.KindMem && (o.Base == r || o.Index == r) }
	if uses(&in.Dst) && in.Op != isa.Cmp && in.Op != isa.Test {
		return false
	}
	if !uses(&in.Src) {
		return in.Op != isa.Other || in.Writes&(1<<r) == 0
	}
	switch in.Op {
	case isa.Mov, isa.MovZX, isa.MovSX, isa.MovVec, isa.Cmp, isa.Test, isa.Add, isa.Sub, isa.And, isa.Or, isa.Xor:
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
