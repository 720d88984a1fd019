package arm64

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/gocurb/curb/internal/isa"
)

// An evaluation does what decoded instructions say, as far as they do say it.
type evaluation struct {
	state
	known    [32]bool // the value in regs is what the register holds
	vecKnown [32]bool
	hazy     [dataSize]bool // not known
	lost     bool           // memory was written at a place that is not known
	flagsSet bool           // by a Cmp or Test
	flagsBad bool           // perhaps by something else
	next     map[uint64]bool
	anywhere bool   // or another place
	astray   uint64 // an address of an access where there is no memory
}

func newEvaluation(s *state) *evaluation {
	e := &evaluation{state: *s, next: map[uint64]bool{}}
	for i := range e.known {
		e.known[i], e.vecKnown[i] = true, true
	}
	return e
}

// cut is the low bytes of a value.
func cut(v uint64, size uint8) uint64 {
	if size >= 8 {
		return v
	}
	return v & (1<<(8*size) - 1)
}

func extend(v uint64, size uint8) uint64 {
	shift := 64 - 8*int(size)
	return uint64(int64(v<<shift) >> shift)
}

// address is where a memory operand is.
func (e *evaluation) address(o *isa.Operand) (uint64, bool) {
	a, known := uint64(o.Imm), true
	if o.Base != isa.NoReg {
		a += e.regs[o.Base]
		known = known && e.known[o.Base]
	}
	if o.Index != isa.NoReg {
		a += e.regs[o.Index] * uint64(o.Scale)
		known = known && e.known[o.Index]
	}
	return a, known && !o.Inexact
}

// untagged is where an address leads: Linux has the processor ignore the upper
// eight bits.
func untagged(a uint64) uint64 { return uint64(int64(a<<8) >> 8) }

// place is the place in the data of what an operand names; false if it is not
// known or not all there.
func (e *evaluation) place(o *isa.Operand) (int, bool) {
	a, known := e.address(o)
	if !known {
		return 0, false
	}
	a = untagged(a)
	if a >= dataAddr && a <= dataAddr+dataSize-uint64(o.Size) {
		return int(a - dataAddr), true
	}
	if a < codeAddr || a > codeAddr+codeSize-uint64(o.Size) {
		e.astray = a
	}
	return 0, false
}

// bytes is what an operand of any kind holds.
func (e *evaluation) bytes(o *isa.Operand, size uint8) ([]byte, bool) {
	switch o.Kind {
	case isa.KindReg:
		return binary.LittleEndian.AppendUint64(nil, e.regs[o.Reg])[:min(8, size)], e.known[o.Reg]
	case isa.KindImm:
		return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, uint64(o.Imm)), 0)[:size], true
	case isa.KindVec:
		return bytes.Clone(e.vec[o.Reg][:size]), e.vecKnown[o.Reg]
	case isa.KindMem:
		p, ok := e.place(o)
		if !ok || e.lost {
			return nil, false
		}
		for i := range int(size) {
			if e.hazy[p+i] {
				return nil, false
			}
		}
		return bytes.Clone(e.data[p : p+int(size)]), true
	}
	return nil, false
}

// value is what an operand of up to eight bytes holds.
func (e *evaluation) value(o *isa.Operand) (uint64, bool) {
	b, ok := e.bytes(o, min(o.Size, 8))
	if !ok {
		return 0, false
	}
	return binary.LittleEndian.Uint64(append(b, make([]byte, 8)...)), true
}

// write puts a value into a register or memory, as isa says.
func (e *evaluation) write(o *isa.Operand, size uint8, v uint64, known bool) {
	if o.Kind == isa.KindMem {
		e.store(o, binary.LittleEndian.AppendUint64(nil, v)[:size], known)
		return
	}
	if size < 4 {
		known = known && e.known[o.Reg]
		v = e.regs[o.Reg]&^(1<<(8*size)-1) | cut(v, size)
	}
	e.regs[o.Reg], e.known[o.Reg] = cut(v, max(size, 4)), known
	if size < 4 {
		e.regs[o.Reg] = v
	}
}

func (e *evaluation) store(o *isa.Operand, b []byte, known bool) {
	p, ok := e.place(o)
	if !ok {
		e.lost = true
		return
	}
	copy(e.data[p:], b)
	for i := range b {
		e.hazy[p+i] = !known
	}
}

// run does all instructions; it says what is wrong with them in themselves.
func (e *evaluation) run(insts []isa.Inst) (problem string) {
	pc := e.pc
	for i := range insts {
		in := &insts[i]
		pc += uint64(in.Len)
		was := e.regs
		if problem := e.one(in, pc); problem != "" {
			return problem
		}
		for r := range was {
			if was[r] != e.regs[r] && in.Writes>>r&1 == 0 {
				return fmt.Sprintf("writes: %s changes %s, which is not in Writes", format(insts[i:i+1]), regName(isa.Reg(r)))
			}
		}
	}
	if len(e.next) == 0 {
		e.next[pc] = true
	}
	return ""
}

// one does one instruction, behind which next is.
func (e *evaluation) one(in *isa.Inst, next uint64) string {
	writes := in.Writes
	switch in.Op {
	case isa.Nop:
	case isa.Other, isa.Locked:
		e.unknown(in)
		return ""
	case isa.MovVec:
		e.moveVector(in)
	case isa.Cmp, isa.Test:
		e.compare(in)
	case isa.Jump, isa.Call:
		e.next[untagged(in.Target)] = true
		if in.Op == isa.Call {
			e.regs[X30], e.known[X30] = next, true
		}
	case isa.JumpInd, isa.CallInd, isa.Ret:
		v, ok := e.value(&in.Src)
		e.next[untagged(v)], e.anywhere = true, !ok || in.Op == isa.Ret
		if in.Op == isa.CallInd {
			e.regs[X30], e.known[X30] = next, true
		}
	case isa.CondJump:
		taken, ok := holds(in.Cond, e.flags)
		e.next[untagged(in.Target)] = taken || !ok
		e.next[next] = e.next[next] || !taken || !ok
	default:
		if problem := e.compute(in); problem != "" {
			return problem
		}
	}
	if in.Dst.Kind == isa.KindReg && in.Op != isa.Cmp && in.Op != isa.Test {
		if writes>>in.Dst.Reg&1 == 0 {
			return "writes: Dst is not in Writes: " + format([]isa.Inst{*in})
		}
		writes &^= 1 << in.Dst.Reg
	}
	if in.Op == isa.Call || in.Op == isa.CallInd {
		writes &^= 1 << X30
	}
	if writes != 0 {
		return "writes: more than Dst is in Writes: " + format([]isa.Inst{*in})
	}
	return ""
}

// unknown does what is not followed.
func (e *evaluation) unknown(in *isa.Inst) {
	for r := range e.known {
		if in.Writes>>r&1 != 0 {
			e.known[r] = false
		}
	}
	if in.Dst.Kind == isa.KindMem {
		p, ok := e.place(&in.Dst)
		e.lost = e.lost || !ok || in.Dst.Size == 0
		for i := range int(in.Dst.Size) {
			if ok {
				e.hazy[p+i] = true
			}
		}
	}
	if in.Op == isa.Other && in.Dst.Kind != isa.KindReg && in.Dst.Kind != isa.KindMem {
		e.vecKnown = [32]bool{}
	}
	e.flagsBad = e.flagsBad || in.Op == isa.Other
}

// moveVector does a MovVec. On arm64 the rest of a vector register becomes 0.
func (e *evaluation) moveVector(in *isa.Inst) {
	b, known := e.bytes(&in.Src, in.Size)
	switch in.Dst.Kind {
	case isa.KindVec:
		e.vec[in.Dst.Reg] = [16]byte{}
		copy(e.vec[in.Dst.Reg][:], b)
		e.vecKnown[in.Dst.Reg] = known
	case isa.KindMem:
		if b == nil {
			b = make([]byte, in.Size)
		}
		e.store(&in.Dst, b, known)
	default:
		e.write(&in.Dst, in.Size, binary.LittleEndian.Uint64(append(b, make([]byte, 8)...)), known)
	}
}

// compute does moves and arithmetic.
func (e *evaluation) compute(in *isa.Inst) string {
	src, known := uint64(0), false
	if in.Op != isa.Lea {
		src, known = e.value(&in.Src)
	}
	dst, dstKnown := e.value(&in.Dst)
	dst = cut(dst, in.Size)
	count := src & (uint64(in.Size)*8 - 1)
	both := known && dstKnown
	v, ok := src, both
	switch in.Op {
	case isa.Mov, isa.MovZX:
		ok = known
	case isa.MovSX:
		v, ok = extend(src, in.Src.Size), known
	case isa.Lea:
		v, ok = e.address(&in.Src)
	case isa.Add:
		v = dst + src
	case isa.Sub:
		v = dst - src
	case isa.And:
		v = dst & src
	case isa.Or:
		v = dst | src
	case isa.Xor:
		v = dst ^ src
	case isa.Zero:
		v, ok = 0, true
	case isa.Shl:
		v = dst << count
	case isa.Shr:
		v = dst >> count
	case isa.CondMove:
		taken, decided := holds(in.Cond, e.flags)
		if !taken {
			v, ok = dst, dstKnown
		} else {
			ok = known
		}
		ok = ok && decided
	case isa.SetCond:
		taken, decided := holds(in.Cond, e.flags)
		v, ok = 0, decided
		if taken {
			v = 1
		}
	default:
		return fmt.Sprintf("semantics: operation %d is none of arm64's", in.Op)
	}
	e.write(&in.Dst, in.Size, v, ok)
	return ""
}

// compare sets the flags as Cmp and Test do.
func (e *evaluation) compare(in *isa.Inst) {
	x, xok := e.value(&in.Dst)
	y, yok := e.value(&in.Src)
	e.flagsSet, e.flagsBad = true, !xok || !yok
	shift := 64 - 8*uint(in.Size)
	x, y = x<<shift, y<<shift
	v, carry, overflow := x&y, false, false
	if in.Op == isa.Cmp {
		v, carry = x-y, x >= y
		overflow = int64((x^y)&(x^v)) < 0
	}
	e.flags = 0
	for i, f := range []bool{overflow, carry, v == 0, int64(v) < 0} {
		if f {
			e.flags |= 1 << i
		}
	}
}

// holds reports whether a condition holds; ok is false for one without a name.
func holds(c isa.Cond, flags uint32) (holds, ok bool) {
	v, carry, z, n := flags&1 != 0, flags&2 != 0, flags&4 != 0, flags&8 != 0
	switch c &^ 1 {
	case isa.Below:
		holds = !carry
	case isa.Equal:
		holds = z
	case isa.BelowEqual:
		holds = !carry || z
	case isa.Negative:
		holds = n
	case isa.Less:
		holds = n != v
	case isa.LessEqual:
		holds = z || n != v
	default:
		return false, false
	}
	return holds != (c&1 == 1), true
}
