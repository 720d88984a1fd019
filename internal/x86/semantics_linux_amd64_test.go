package x86

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
	"syscall"
	"testing"

	"github.com/gocurb/curb/internal/isa"
)

// A state is what an instruction finds.
type state struct {
	m    *machine
	regs [16]uint64
}

// load reads memory as it was before the step; false where there is none.
func (s *state) load(addr uint64, size uint8) (uint64, bool) {
	p := place(addr)
	if p < 0 || p+8 > len(s.m.pristine) {
		return 0, false
	}
	return cut(binary.LittleEndian.Uint64(s.m.pristine[p:]), size), size <= 8
}

// value is what an operand holds before the step.
func (s *state) value(o *isa.Operand) (uint64, bool) {
	switch o.Kind {
	case isa.KindReg:
		return cut(s.regs[o.Reg], o.Size), true
	case isa.KindImm:
		return cut(uint64(o.Imm), o.Size), true
	case isa.KindMem:
		if a, ok := s.address(o); ok {
			return s.load(a, o.Size)
		}
	}
	return 0, false
}

func (s *state) address(o *isa.Operand) (uint64, bool) { return address(o, &s.regs) }

func extend(v uint64, size uint8) uint64 {
	shift := 64 - 8*int(size)
	return uint64(int64(v<<shift) >> shift)
}

// write is what a register holds after a value of a size was written to it.
func write(old, v uint64, size uint8) uint64 {
	if size >= 4 {
		return cut(v, size)
	}
	return old&^(1<<(8*size)-1) | cut(v, size)
}

// result is what Op says that Dst becomes; false where it does not say.
func (s *state) result(in *isa.Inst) (uint64, bool) {
	src, known := s.value(&in.Src)
	dst, _ := s.value(&in.Dst)
	count := src & 31
	if in.Size == 8 {
		count = src & 63
	}
	switch in.Op {
	case isa.Mov, isa.Xchg:
		return src, known
	case isa.MovZX:
		return src, known
	case isa.MovSX:
		return extend(src, in.Src.Size), known
	case isa.Lea:
		return s.address(&in.Src)
	case isa.Add:
		return dst + src, known
	case isa.Sub:
		return dst - src, known
	case isa.And:
		return dst & src, known
	case isa.Or:
		return dst | src, known
	case isa.Xor:
		return dst ^ src, known
	case isa.Zero:
		return 0, true
	case isa.Shl:
		return dst << count, known
	case isa.Shr:
		return dst >> count, known
	case isa.Pop:
		return s.load(s.regs[SP], 8)
	}
	return 0, false
}

// judgeOp compares what the instruction did with what Op says, for the
// operations of which it says all.
func (m *machine) judgeOp(t *testing.T, in *isa.Inst, before, after *syscall.PtraceRegs) string {
	s := state{m: m, regs: values(before)}
	is := values(after)
	if problem := judgeWrites(in); problem != "" {
		return problem
	}
	if in.Op == isa.MovVec {
		return m.judgeVector(t, in, &s, is)
	}
	want := s.regs
	v, ok := s.result(in)
	switch {
	case in.Dst.Kind == isa.KindReg && ok:
		want[in.Dst.Reg] = write(want[in.Dst.Reg], v, in.Size)
	case in.Dst.Kind == isa.KindReg && in.Src.Kind == isa.KindMem && in.Op != isa.CondMove: // from memory that we do not know
		want[in.Dst.Reg] = is[in.Dst.Reg]
	case in.Dst.Kind == isa.KindMem && ok:
		if a, exact := s.address(&in.Dst); exact && !m.holds(a, v, in.Size) {
			return fmt.Sprintf("semantics: memory at %#x is not %#x", a, v)
		}
	}
	switch in.Op {
	case isa.Xchg:
		if old, known := s.value(&in.Dst); known {
			want[in.Src.Reg] = write(want[in.Src.Reg], old, in.Size)
		} else {
			want[in.Src.Reg] = is[in.Src.Reg]
		}
	case isa.Push:
		want[SP] -= 8
		if v, ok := s.value(&in.Src); ok && !m.holds(want[SP], v, 8) {
			return fmt.Sprintf("semantics: %#x is not pushed", v)
		}
	case isa.Pop:
		if in.Dst.Kind != isa.KindReg || in.Dst.Reg != SP {
			want[SP] += 8
		}
	case isa.Call, isa.CallInd:
		if hasPrefix(m.code(), 0x66) {
			return "" // of two bytes on AMD's processors
		}
		want[SP] -= 8
		if next := codeAddr + uint64(in.Len); !in.Src.Inexact && !m.holds(want[SP], next, 8) {
			return "semantics: the return address is not pushed"
		}
	case isa.Leave:
		want[BP], _ = s.load(s.regs[BP], 8)
		want[SP] = s.regs[BP] + 8
	case isa.CondMove:
		r := in.Dst.Reg
		v, known := s.value(&in.Src)
		if want[r] = write(want[r], want[r], in.Size); is[r] != want[r] && known {
			want[r] = write(want[r], v, in.Size)
		} else if !known {
			want[r] = is[r]
		}
	case isa.SetCond:
		if in.Dst.Kind == isa.KindReg {
			r := in.Dst.Reg
			want[r] = want[r]&^0xff | is[r]&1
		}
	case isa.Cmp, isa.Test, isa.BitTest, isa.Nop, isa.Landing, isa.Jump, isa.JumpInd, isa.CondJump:
	case isa.Mov, isa.MovZX, isa.MovSX, isa.Lea, isa.Add, isa.Sub, isa.And, isa.Or, isa.Xor, isa.Zero, isa.Shl, isa.Shr:
	default:
		return ""
	}
	for r := range want {
		if changes := in.Writes>>r&1 != 0 || in.Op != isa.JumpInd && in.Op != isa.CondJump; changes && want[r] != is[r] && !loops(in, r) {
			return fmt.Sprintf("semantics: register %d is %#x, want %#x", r, is[r], want[r])
		}
	}
	return ""
}

// loops reports whether r is what a LOOP counts down, or a return by JumpInd
// or an aborted transaction changes: of that Op says nothing.
func loops(in *isa.Inst, r int) bool {
	return (in.Op == isa.CondJump || in.Op == isa.JumpInd) && in.Writes>>r&1 != 0
}

func values(r *syscall.PtraceRegs) (v [16]uint64) {
	for i, p := range registers(r) {
		v[i] = *p
	}
	return v
}

// holds reports whether memory has a value now.
func (m *machine) holds(addr, v uint64, size uint8) bool {
	p := place(addr)
	return p >= 0 && p+8 <= len(m.memory) && cut(binary.LittleEndian.Uint64(m.memory[p:]), size) == cut(v, size)
}

// judgeWrites checks that operations that are followed write what their
// operands say and nothing else: Writes is exact for them.
func judgeWrites(in *isa.Inst) string {
	var want isa.RegSet
	if in.Dst.Kind == isa.KindReg {
		want = 1 << in.Dst.Reg
	}
	switch in.Op {
	case isa.Mov, isa.MovZX, isa.MovSX, isa.MovVec, isa.Lea, isa.Add, isa.Sub, isa.And, isa.Or, isa.Xor, isa.Zero, isa.Shl, isa.Shr, isa.CondMove, isa.SetCond:
	case isa.Cmp, isa.Test, isa.BitTest, isa.Nop, isa.Landing, isa.Jump:
		want = 0
	case isa.Xchg:
		want |= 1 << in.Src.Reg
	case isa.Push, isa.Pop, isa.Call, isa.CallInd, isa.Ret:
		want |= 1 << SP
	case isa.Leave:
		want = 1<<SP | 1<<BP
	default:
		return ""
	}
	if in.Writes != want {
		return fmt.Sprintf("writes: %#x, want %#x", in.Writes, want)
	}
	return ""
}

// judgeVector compares what a MovVec did. Registers beyond XMM15 are not in
// what FXSAVE stores.
func (m *machine) judgeVector(t *testing.T, in *isa.Inst, s *state, is [16]uint64) string {
	m.fpregs(t, ptraceGetFPRegs, &m.changed)
	size := int(min(in.Size, 16))
	xmm := func(area *[512]byte, o *isa.Operand) []byte {
		if o.Reg > 15 {
			return nil
		}
		return area[160+16*int(o.Reg):][:size]
	}
	var src, dst []byte
	switch in.Src.Kind {
	case isa.KindVec:
		src = xmm(&m.floating, &in.Src)
	case isa.KindImm:
		src = make([]byte, size)
	case isa.KindReg:
		src = binary.LittleEndian.AppendUint64(nil, s.regs[in.Src.Reg])[:size]
	case isa.KindMem:
		if a, ok := s.address(&in.Src); ok {
			src = m.pristine[place(a):][:size]
		}
	}
	switch in.Dst.Kind {
	case isa.KindVec:
		dst = xmm(&m.changed, &in.Dst)
	case isa.KindReg:
		dst = binary.LittleEndian.AppendUint64(nil, is[in.Dst.Reg])[:size]
		if in.Size == 4 && bits.Len64(is[in.Dst.Reg]) > 32 {
			return "semantics: the upper half of the register is not cleared"
		}
	case isa.KindMem:
		if a, ok := s.address(&in.Dst); ok {
			dst = m.memory[place(a):][:size]
		}
	}
	if src != nil && dst != nil && !bytes.Equal(src, dst) {
		return fmt.Sprintf("semantics: moved % x, want % x", dst, src)
	}
	return ""
}

// judgeVectors checks that vector registers are changed only by MovVec, which
// changes Dst, and by an Other whose Dst is neither a general register nor
// memory, which may change any.
func (m *machine) judgeVectors(t *testing.T, in *isa.Inst) string {
	if in.Op == isa.Other && in.Dst.Kind != isa.KindReg && in.Dst.Kind != isa.KindMem {
		return ""
	}
	m.fpregs(t, ptraceGetFPRegs, &m.changed)
	was, is := m.floating[160:416], m.changed[160:416]
	for i := range was {
		changes := in.Op == isa.MovVec && in.Dst.Kind == isa.KindVec && i/16 == int(in.Dst.Reg)
		if was[i] != is[i] && !changes {
			return fmt.Sprintf("vectors: X%d is changed", i/16)
		}
	}
	return ""
}
