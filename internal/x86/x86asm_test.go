package x86

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"golang.org/x/arch/x86/x86asm"

	"github.com/gocurb/curb/internal/isa"
)

// TestX86asm compares every legacy encoding with golang.org/x/arch.
func TestX86asm(t *testing.T) {
	c := newComparison()
	for _, prefix := range legacyPrefixes() {
		eachLegacy(func(opcode []byte, modrm byte) {
			code := slices.Concat(prefix, opcode, []byte{modrm}, []byte{0x91, 0x12, 0x23, 0x34, 0x81, 0x56, 0x67, 0x78, 0x89})
			c.compare(code, 0x400000)
		})
	}
	c.report(t)
	if c.compared < 100_000 {
		t.Errorf("only %d encodings were compared", c.compared)
	}
}

// A comparison collects differences between Decode and x86asm.
type comparison struct {
	compared int
	failed   map[string]int // by mnemonic
	first    map[string]string
	over     map[x86asm.Op]isa.RegSet // registers in Writes that are not written
}

func newComparison() *comparison {
	return &comparison{failed: map[string]int{}, first: map[string]string{}, over: map[x86asm.Op]isa.RegSet{}}
}

func (c *comparison) report(t *testing.T) {
	t.Helper()
	for _, op := range slices.Sorted(maps.Keys(c.failed)) {
		t.Errorf("%s (%d times): %s", op, c.failed[op], c.first[op])
	}
	for op, regs := range c.over {
		if !moreIsSaid(op) {
			t.Errorf("%v: Writes has %#x, which it does not write", op, regs)
		}
	}
	t.Logf("%d instructions compared", c.compared)
}

// compare decodes one legacy instruction in both ways.
func (c *comparison) compare(code []byte, pc uint64) {
	x, xerr := x86asm.Decode(code, 64)
	if xerr != nil || x.Op == 0 || notLegacy(&x) || invalidLock(&x) {
		return
	}
	var in isa.Inst
	err := Decode(&in, code, pc)
	problem := ""
	switch {
	case misread(&x, code):
		return
	case err != nil:
		if !x86asmOnly(&x, code) {
			problem = err.Error()
		}
	case int(in.Len) != x.Len:
		problem = fmt.Sprintf("length is %d, want %d", in.Len, x.Len)
	default:
		c.compared++
		problem = c.describe(&in, &x, pc)
	}
	if problem != "" {
		op := x.Op.String()
		if c.failed[op]++; c.failed[op] == 1 {
			c.first[op] = fmt.Sprintf("% x: %v: %s (%+v)", code[:min(x.Len, len(code))], x, problem, in)
		}
	}
}

func notLegacy(x *x86asm.Inst) bool {
	for _, p := range x.Prefix {
		if p.IsVEX() || p.IsEVEX() {
			return true
		}
	}
	return false
}

func invalidLock(x *x86asm.Inst) bool {
	for _, p := range x.Prefix {
		if p&0xff == x86asm.PrefixLOCK && p&x86asm.PrefixInvalid != 0 {
			return true
		}
	}
	return false
}

// describe compares what is said about an instruction.
func (c *comparison) describe(in *isa.Inst, x *x86asm.Inst, pc uint64) string {
	want := writesOf(x)
	if missing := want &^ in.Writes; missing != 0 {
		return fmt.Sprintf("Writes is %#x, lacks %#x", in.Writes, missing)
	}
	if more := in.Writes &^ want; more != 0 {
		c.over[x.Op] |= more
	}
	op, followed := classOf(x)
	if followed && in.Op != op {
		return fmt.Sprintf("Op is %d, want %d", in.Op, op)
	}
	if !followed && in.Op != isa.Other {
		return fmt.Sprintf("Op is %d, which was not expected", in.Op)
	}
	if problem := compareMemory(in, x, pc); problem != "" {
		return problem
	}
	if !followed {
		return ""
	}
	return compareOperands(in, x, pc)
}

// memoryOf translates a memory operand.
func memoryOf(m x86asm.Mem, x *x86asm.Inst, pc uint64) isa.Operand {
	o := isa.Operand{Kind: isa.KindMem, Base: isa.NoReg, Index: isa.NoReg, Scale: 1, Imm: m.Disp}
	if x.Opcode>>24&0xfc != 0xa0 { // x86asm extends some displacements with zeros
		o.Imm = int64(int32(m.Disp))
	}
	switch m.Segment {
	case x86asm.FS:
		o.Seg = 0x64
	case x86asm.GS:
		o.Seg = 0x65
	}
	if m.Base == x86asm.RIP || m.Base == x86asm.EIP {
		o.Rip = true
		o.Imm += int64(pc) + int64(x.Len)
	} else if r, _, _, ok := generalOf(m.Base); ok {
		o.Base = r
	}
	if r, _, _, ok := generalOf(m.Index); ok && m.Scale != 0 {
		o.Index, o.Scale = r, m.Scale
	}
	if x.AddrSize == 32 && o.Base == isa.NoReg && o.Index == isa.NoReg {
		o.Imm = int64(uint32(o.Imm))
	}
	return o
}

// compareMemory asks for a memory operand where x86asm has one, at the same
// address: in Dst if it is written, which is never wrong, else in Src.
func compareMemory(in *isa.Inst, x *x86asm.Inst, pc uint64) string {
	if in.Op == isa.Nop || in.Op == isa.Trap || isString(x.Op) || x.Op == x86asm.XLATB {
		return ""
	}
	for i, a := range x.Args {
		m, ok := a.(x86asm.Mem)
		if !ok {
			continue
		}
		want := memoryOf(m, x, pc)
		got := in.Src
		if i == 0 && got.Kind != isa.KindMem || in.Dst.Kind == isa.KindMem && in.Dst.Base != SP {
			got = in.Dst
		}
		if in.Op == isa.Lea || x.Op == x86asm.LEA {
			want.Seg = 0
		}
		if x.Op == x86asm.POP && want.Base == SP {
			want.Imm += int64(in.Dst.Size)
		}
		if i > 0 && in.Dst.Kind == isa.KindMem && in.Dst.Base != SP {
			return fmt.Sprintf("Dst is memory, %v is read", m)
		}
		if x.MemBytes != 0 && got.Size != 0 && int(got.Size) != x.MemBytes {
			return fmt.Sprintf("memory has size %d, want %d", got.Size, x.MemBytes)
		}
		got.Size, got.Inexact = 0, false
		if got != want {
			return fmt.Sprintf("memory is %+v, want %+v", got, want)
		}
	}
	return ""
}

// compareOperands compares registers, immediates, targets and conditions of an
// instruction that is followed.
func compareOperands(in *isa.Inst, x *x86asm.Inst, pc uint64) string {
	switch in.Op {
	case isa.Call, isa.Jump, isa.CondJump:
		rel, _ := x.Args[0].(x86asm.Rel)
		if want := pc + uint64(x.Len) + uint64(int64(rel)); in.Target != want {
			return fmt.Sprintf("target is %#x, want %#x", in.Target, want)
		}
	}
	switch in.Op {
	case isa.CondJump, isa.CondMove, isa.SetCond:
		name := strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(x.Op.String(), "J"), "CMOV"), "SET")
		if i := slices.Index(conditions, name); isa.Cond(i) != in.Cond {
			return fmt.Sprintf("condition is %#x, want %d", in.Cond, i)
		}
	}
	if in.Op == isa.Nop || in.Op == isa.Trap || in.Op == isa.StringOp || in.Op == isa.Locked || in.Op == isa.Zero {
		return ""
	}
	args := x.Args[:]
	dst, src := in.Dst, in.Src
	switch in.Op {
	case isa.Xchg:
		if in.Src.Kind == isa.KindReg && in.Dst.Kind == isa.KindReg { // either order says the same
			slices.Reverse(args[:2])
			if compareOperand(dst, args[0]) != "" {
				slices.Reverse(args[:2])
			}
		}
	case isa.Push, isa.CallInd, isa.Int:
		args = []x86asm.Arg{nil, x.Args[0]}
	case isa.JumpInd:
		if x.Op != x86asm.JMP {
			return ""
		}
		args = []x86asm.Arg{nil, x.Args[0]}
	case isa.Ret, isa.Call, isa.Jump, isa.CondJump, isa.Syscall, isa.Sysenter, isa.Leave:
		return ""
	}
	if in.Op == isa.MovSX && args[0] == nil || in.Op == isa.MovVec && src.Kind == isa.KindImm {
		return "" // CDQE, PXOR X, X
	}
	if problem := compareOperand(dst, args[0]); problem != "" {
		return "Dst: " + problem
	}
	switch bit, _ := args[1].(x86asm.Imm); x.Op {
	case x86asm.INC, x86asm.DEC:
		args[1] = x86asm.Imm(1)
	case x86asm.BT, x86asm.BTS, x86asm.BTC:
		args[1] = x86asm.Imm(1) << (bit & x86asm.Imm(8*in.Size-1))
	case x86asm.BTR:
		args[1] = ^(x86asm.Imm(1) << (bit & x86asm.Imm(8*in.Size-1)))
	}
	if problem := compareOperand(src, args[1]); problem != "" {
		return "Src: " + problem
	}
	return ""
}

// compareOperand compares what is not memory.
func compareOperand(got isa.Operand, want x86asm.Arg) string {
	r, size, _, general := generalOf(want)
	_, memory := want.(x86asm.Mem)
	switch imm, ok := want.(x86asm.Imm); {
	case memory:
		return ""
	case ok:
		if got.Kind != isa.KindImm || cut(uint64(got.Imm), got.Size) != cut(uint64(imm), got.Size) {
			return fmt.Sprintf("%+v, want %#x", got, int64(imm))
		}
	case general:
		if got.Kind != isa.KindReg || got.Reg != r || got.Size != size && got.Size != 0 {
			return fmt.Sprintf("%+v, want register %d of %d bytes", got, r, size)
		}
	case isVector(want):
		if got.Kind != isa.KindVec || got.Reg != isa.Reg(want.(x86asm.Reg)-x86asm.X0) {
			return fmt.Sprintf("%+v, want %v", got, want)
		}
	case want == nil && got.Kind != isa.None && got.Kind != isa.KindMem:
		return fmt.Sprintf("%+v, want none", got)
	}
	return ""
}

func cut(v uint64, size uint8) uint64 {
	if size >= 8 {
		return v
	}
	return v & (1<<(8*size) - 1)
}
