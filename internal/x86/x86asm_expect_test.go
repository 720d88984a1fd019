package x86

import (
	"slices"
	"strings"

	"golang.org/x/arch/x86/x86asm"

	"github.com/gocurb/curb/internal/isa"
)

// generalOf gives the number and size of a general register.
func generalOf(a x86asm.Arg) (r isa.Reg, size uint8, high, ok bool) {
	reg, ok := a.(x86asm.Reg)
	if !ok {
		return
	}
	switch {
	case reg >= x86asm.AL && reg <= x86asm.BL:
		return isa.Reg(reg - x86asm.AL), 1, false, true
	case reg >= x86asm.AH && reg <= x86asm.BH:
		return isa.Reg(reg - x86asm.AH), 1, true, true
	case reg >= x86asm.SPB && reg <= x86asm.R15B:
		return isa.Reg(reg-x86asm.SPB) + SP, 1, false, true
	case reg >= x86asm.AX && reg <= x86asm.R15W:
		return isa.Reg(reg - x86asm.AX), 2, false, true
	case reg >= x86asm.EAX && reg <= x86asm.R15L:
		return isa.Reg(reg - x86asm.EAX), 4, false, true
	case reg >= x86asm.RAX && reg <= x86asm.R15:
		return isa.Reg(reg - x86asm.RAX), 8, false, true
	}
	return 0, 0, false, false
}

func isVector(a x86asm.Arg) bool {
	reg, ok := a.(x86asm.Reg)
	return ok && reg >= x86asm.X0 && reg <= x86asm.X15
}

func anyHigh(x *x86asm.Inst) bool {
	for _, a := range x.Args {
		if _, _, high, ok := generalOf(a); ok && high {
			return true
		}
	}
	return false
}

// implicit has the registers written by instructions that do not name them.
var implicit = map[x86asm.Op]isa.RegSet{
	x86asm.CPUID: 1<<AX | 1<<BX | 1<<CX | 1<<DX, x86asm.RDTSC: 1<<AX | 1<<DX, x86asm.RDTSCP: 1<<AX | 1<<DX | 1<<CX,
	x86asm.RDMSR: 1<<AX | 1<<DX, x86asm.RDPMC: 1<<AX | 1<<DX, x86asm.XGETBV: 1<<AX | 1<<DX,
	x86asm.SYSCALL: 1<<AX | 1<<CX | 1<<R11, x86asm.DIV: 1<<AX | 1<<DX, x86asm.IDIV: 1<<AX | 1<<DX, x86asm.MUL: 1<<AX | 1<<DX,
	x86asm.CBW: 1 << AX, x86asm.CWDE: 1 << AX, x86asm.CDQE: 1 << AX, x86asm.CWD: 1 << DX, x86asm.CDQ: 1 << DX, x86asm.CQO: 1 << DX,
	x86asm.CMPXCHG: 1 << AX, x86asm.CMPXCHG8B: 1<<AX | 1<<DX, x86asm.CMPXCHG16B: 1<<AX | 1<<DX,
	x86asm.PUSH: 1 << SP, x86asm.POP: 1 << SP, x86asm.PUSHF: 1 << SP, x86asm.PUSHFD: 1 << SP, x86asm.PUSHFQ: 1 << SP,
	x86asm.POPF: 1 << SP, x86asm.POPFD: 1 << SP, x86asm.POPFQ: 1 << SP, x86asm.ENTER: 1<<SP | 1<<BP, x86asm.LEAVE: 1<<SP | 1<<BP,
	x86asm.CALL: 1 << SP, x86asm.LCALL: 1 << SP, x86asm.RET: 1 << SP, x86asm.LRET: 1 << SP, x86asm.IRET: 1 << SP, x86asm.IRETD: 1 << SP, x86asm.IRETQ: 1 << SP,
	x86asm.LAHF: 1 << AX, x86asm.XLATB: 1 << AX, x86asm.LOOP: 1 << CX, x86asm.LOOPE: 1 << CX, x86asm.LOOPNE: 1 << CX,
	x86asm.MOVSB: 1<<SI | 1<<DI, x86asm.MOVSW: 1<<SI | 1<<DI, x86asm.MOVSQ: 1<<SI | 1<<DI,
	x86asm.CMPSB: 1<<SI | 1<<DI, x86asm.CMPSW: 1<<SI | 1<<DI, x86asm.CMPSD: 1<<SI | 1<<DI, x86asm.CMPSQ: 1<<SI | 1<<DI, x86asm.MOVSD: 1<<SI | 1<<DI,
	x86asm.STOSB: 1 << DI, x86asm.STOSW: 1 << DI, x86asm.STOSD: 1 << DI, x86asm.STOSQ: 1 << DI,
	x86asm.SCASB: 1 << DI, x86asm.SCASW: 1 << DI, x86asm.SCASD: 1 << DI, x86asm.SCASQ: 1 << DI,
	x86asm.LODSB: 1<<SI | 1<<AX, x86asm.LODSW: 1<<SI | 1<<AX, x86asm.LODSD: 1<<SI | 1<<AX, x86asm.LODSQ: 1<<SI | 1<<AX,
	x86asm.INSB: 1 << DI, x86asm.INSW: 1 << DI, x86asm.INSD: 1 << DI, x86asm.OUTSB: 1 << SI, x86asm.OUTSW: 1 << SI, x86asm.OUTSD: 1 << SI,
	x86asm.PCMPESTRI: 1 << CX, x86asm.PCMPISTRI: 1 << CX, x86asm.XABORT: 1 << AX, x86asm.XBEGIN: 1 << AX,
	x86asm.INT: 1 << AX, x86asm.SYSENTER: 1 << AX,
}

// readsFirst has the instructions whose first operand is not written.
var readsFirst = map[x86asm.Op]bool{
	x86asm.CMP: true, x86asm.TEST: true, x86asm.BT: true, x86asm.PUSH: true, x86asm.CALL: true, x86asm.JMP: true,
	x86asm.MUL: true, x86asm.DIV: true, x86asm.IDIV: true, x86asm.OUT: true, x86asm.LLDT: true, x86asm.LTR: true, x86asm.LMSW: true,
	x86asm.VERR: true, x86asm.VERW: true, x86asm.WRFSBASE: true, x86asm.WRGSBASE: true, x86asm.NOP: true, x86asm.INVPCID: true,
	x86asm.LCALL: true, x86asm.LJMP: true, x86asm.ENTER: true, x86asm.UD1: true,
	x86asm.OUTSB: true, x86asm.OUTSW: true, x86asm.OUTSD: true, x86asm.SCASB: true, x86asm.SCASW: true, x86asm.SCASD: true, x86asm.SCASQ: true,
}

// writesOf is the set of general registers that an instruction writes.
func writesOf(x *x86asm.Inst) (w isa.RegSet) {
	add := func(i int) {
		if r, _, _, ok := generalOf(x.Args[i]); ok {
			w |= 1 << r
		}
	}
	w = implicit[x.Op]
	if x.Opcode>>24 == 0xcc {
		return 0 // INT3
	}
	oneByte := x.Opcode>>24 == 0xf6 // MUL and the like have their result in AX
	switch {
	case x.Op == x86asm.IMUL && x.Args[1] == nil:
		w = 1<<AX | 1<<DX
	case x.Op == x86asm.MOVSD_XMM, strings.HasPrefix(x.Op.String(), "NOP"):
		w = 0
	case !readsFirst[x.Op]:
		add(0)
	}
	if oneByte && w&(1<<AX|1<<DX) == 1<<AX|1<<DX {
		w &^= 1 << DX
	}
	if x.Op == x86asm.XCHG || x.Op == x86asm.XADD {
		add(1)
	}
	if x.Op == x86asm.XCHG && x.Args[0] == x.Args[1] {
		if _, size, _, _ := generalOf(x.Args[0]); x.Opcode>>24 == 0x90 && size != 0 {
			w = 0 // NOP
		}
	}
	if repeated(x) {
		w |= 1 << CX
	}
	return w
}

func isString(op x86asm.Op) bool {
	switch op {
	case x86asm.MOVSB, x86asm.MOVSW, x86asm.MOVSD, x86asm.MOVSQ, x86asm.CMPSB, x86asm.CMPSW, x86asm.CMPSD, x86asm.CMPSQ,
		x86asm.STOSB, x86asm.STOSW, x86asm.STOSD, x86asm.STOSQ, x86asm.SCASB, x86asm.SCASW, x86asm.SCASD, x86asm.SCASQ,
		x86asm.LODSB, x86asm.LODSW, x86asm.LODSD, x86asm.LODSQ, x86asm.INSB, x86asm.INSW, x86asm.INSD,
		x86asm.OUTSB, x86asm.OUTSW, x86asm.OUTSD:
		return true
	}
	return false
}

func repeated(x *x86asm.Inst) bool {
	if !isString(x.Op) {
		return false
	}
	for _, p := range x.Prefix {
		if p&0xff == 0xf2 || p&0xff == 0xf3 {
			return true
		}
	}
	return false
}

// classes has the operations that are followed, as far as the mnemonic says it.
var classes = map[x86asm.Op]isa.Op{
	x86asm.ADD: isa.Add, x86asm.INC: isa.Add, x86asm.SUB: isa.Sub, x86asm.DEC: isa.Sub, x86asm.AND: isa.And, x86asm.OR: isa.Or, x86asm.XOR: isa.Xor,
	x86asm.SHL: isa.Shl, x86asm.SHR: isa.Shr, x86asm.CMP: isa.Cmp, x86asm.TEST: isa.Test, x86asm.XCHG: isa.Xchg, x86asm.LEA: isa.Lea,
	x86asm.MOV: isa.Mov, x86asm.MOVNTI: isa.Mov, x86asm.MOVZX: isa.MovZX, x86asm.MOVSX: isa.MovSX, x86asm.MOVSXD: isa.MovSX,
	x86asm.CBW: isa.MovSX, x86asm.CWDE: isa.MovSX, x86asm.CDQE: isa.MovSX,
	x86asm.PUSH: isa.Push, x86asm.PUSHF: isa.Push, x86asm.PUSHFQ: isa.Push, x86asm.POP: isa.Pop, x86asm.POPF: isa.Pop, x86asm.POPFQ: isa.Pop, x86asm.LEAVE: isa.Leave,
	x86asm.RET: isa.Ret, x86asm.LRET: isa.JumpInd, x86asm.IRET: isa.JumpInd, x86asm.IRETD: isa.JumpInd, x86asm.IRETQ: isa.JumpInd,
	x86asm.LCALL: isa.CallInd, x86asm.LJMP: isa.JumpInd,
	x86asm.SYSCALL: isa.Syscall, x86asm.SYSENTER: isa.Sysenter, x86asm.INT: isa.Int, x86asm.ICEBP: isa.Trap, x86asm.HLT: isa.Trap, x86asm.UD2: isa.Trap, x86asm.UD1: isa.Trap,
	x86asm.SYSRET: isa.Trap, x86asm.SYSEXIT: isa.Trap, x86asm.RSM: isa.Trap,
	x86asm.NOP: isa.Nop, x86asm.PAUSE: isa.Nop, x86asm.LFENCE: isa.Nop, x86asm.MFENCE: isa.Nop, x86asm.SFENCE: isa.Nop, x86asm.CLFLUSH: isa.Nop,
	x86asm.PREFETCHNTA: isa.Nop, x86asm.PREFETCHT0: isa.Nop, x86asm.PREFETCHT1: isa.Nop, x86asm.PREFETCHT2: isa.Nop, x86asm.PREFETCHW: isa.Nop,
	x86asm.MOVSB: isa.StringOp, x86asm.MOVSW: isa.StringOp, x86asm.MOVSD: isa.StringOp, x86asm.MOVSQ: isa.StringOp,
	x86asm.STOSB: isa.StringOp, x86asm.STOSW: isa.StringOp, x86asm.STOSD: isa.StringOp, x86asm.STOSQ: isa.StringOp,
	x86asm.INSB: isa.StringOp, x86asm.INSW: isa.StringOp, x86asm.INSD: isa.StringOp,
	x86asm.MOVUPS: isa.MovVec, x86asm.MOVUPD: isa.MovVec, x86asm.MOVAPS: isa.MovVec, x86asm.MOVAPD: isa.MovVec, x86asm.MOVDQU: isa.MovVec, x86asm.MOVDQA: isa.MovVec,
	x86asm.MOVSS: isa.MovVec, x86asm.MOVSD_XMM: isa.MovVec, x86asm.MOVNTPS: isa.MovVec, x86asm.MOVNTPD: isa.MovVec, x86asm.MOVNTDQ: isa.MovVec,
	x86asm.MOVNTDQA: isa.MovVec, x86asm.LDDQU: isa.MovVec, x86asm.MOVNTSS: isa.MovVec, x86asm.MOVNTSD: isa.MovVec,
	x86asm.LOOP: isa.CondJump, x86asm.LOOPE: isa.CondJump, x86asm.LOOPNE: isa.CondJump, x86asm.JRCXZ: isa.CondJump, x86asm.JECXZ: isa.CondJump, x86asm.XBEGIN: isa.CondJump,
}

// conditions are the suffixes of x86asm's names, by the number of the condition.
var conditions = []string{"O", "NO", "B", "AE", "E", "NE", "BE", "A", "S", "NS", "P", "NP", "L", "GE", "LE", "G"}

// classOf is the Op that is due; false where it is Other.
func classOf(x *x86asm.Inst) (isa.Op, bool) {
	name := x.Op.String()
	op, ok := classes[x.Op]
	switch {
	case isLocked(x) && (x.Op != x86asm.XCHG || anyHigh(x)):
		return isa.Locked, true
	case x.Op == x86asm.CALL, x.Op == x86asm.JMP:
		_, direct := x.Args[0].(x86asm.Rel)
		op = map[bool]isa.Op{true: isa.Call, false: isa.CallInd}[direct]
		if x.Op == x86asm.JMP {
			op = map[bool]isa.Op{true: isa.Jump, false: isa.JumpInd}[direct]
		}
		return op, true
	case x.Op == x86asm.XADD, strings.HasPrefix(name, "CMPXCHG"):
		_, memory := x.Args[0].(x86asm.Mem)
		return isa.Locked, memory && !anyHigh(x)
	case strings.HasPrefix(name, "CMOV"):
		return isa.CondMove, !anyHigh(x)
	case strings.HasPrefix(name, "SET") && slices.Contains(conditions, name[3:]):
		return isa.SetCond, !anyHigh(x)
	case strings.HasPrefix(name, "J") && slices.Contains(conditions, name[1:]):
		return isa.CondJump, true
	case x.Op == x86asm.MOVD || x.Op == x86asm.MOVQ:
		return isa.MovVec, isVector(x.Args[0]) || isVector(x.Args[1])
	case x.Op == x86asm.MOVLPS || x.Op == x86asm.MOVLPD:
		return isa.MovVec, isVector(x.Args[1]) // a load leaves the upper half alone
	case x.Op == x86asm.XORPS || x.Op == x86asm.XORPD || x.Op == x86asm.PXOR:
		return isa.MovVec, isVector(x.Args[0]) && x.Args[0] == x.Args[1]
	case x.Op == x86asm.BT || x.Op == x86asm.BTS || x.Op == x86asm.BTR || x.Op == x86asm.BTC:
		_, _, _, general := generalOf(x.Args[0])
		_, constant := x.Args[1].(x86asm.Imm)
		return map[x86asm.Op]isa.Op{x86asm.BT: isa.BitTest, x86asm.BTS: isa.Or, x86asm.BTR: isa.And, x86asm.BTC: isa.Xor}[x.Op], general && constant
	case x.Op == x86asm.INT && x.Opcode>>24 == 0xcc:
		return isa.Trap, true
	case anyHigh(x):
		return 0, false
	case (op == isa.Push || op == isa.Pop || op == isa.Leave) && x.DataSize == 16:
		return 0, false
	case x.Op == x86asm.MOVSXD && x.DataSize == 16:
		return 0, false
	case x.Op == x86asm.LEA && x.AddrSize == 32:
		return 0, false
	case x.Op == x86asm.MOV:
		return isa.Mov, ordinaryMove(x)
	case (op == isa.Sub || op == isa.Xor) && x.Args[0] == x.Args[1]:
		return isa.Zero, true
	case x.Op == x86asm.XCHG && x.Opcode>>24 == 0x90 && writesOf(x) == 0:
		return isa.Nop, true
	}
	return op, ok
}

// ordinaryMove reports whether a MOV is between general registers and memory.
func ordinaryMove(x *x86asm.Inst) bool {
	for _, a := range x.Args[:2] {
		if _, reg := a.(x86asm.Reg); reg {
			if _, _, _, general := generalOf(a); !general {
				return false
			}
		}
	}
	return true
}

func isLocked(x *x86asm.Inst) bool {
	for _, p := range x.Prefix {
		if p&0xff == x86asm.PrefixLOCK && p&x86asm.PrefixInvalid == 0 {
			return true
		}
	}
	return false
}

// moreIsSaid has the instructions for which Writes has registers that are not
// written, or not by all processors and kernels.
func moreIsSaid(op x86asm.Op) bool {
	return op == x86asm.INT || op == x86asm.SYSENTER
}

// misread has what x86asm gets wrong.
func misread(x *x86asm.Inst, code []byte) bool {
	switch x.Op {
	case x86asm.LFENCE, x86asm.MFENCE, x86asm.XSAVEOPT, x86asm.XSAVEOPT64: // INCSSP, TPAUSE, CLWB and the like
		return hasPrefix(code, 0x66, 0xf2, 0xf3)
	case x86asm.PAUSE: // with REX.B it is an XCHG, or is it?
		return true
	case x86asm.MOV: // to and from CR and DR, mod is ignored
		return x.Opcode>>24 == 0x0f && x.Opcode>>16&0xf8 == 0x20
	case x86asm.RDRAND: // with REX.W it has no operand
		return x.Args[0] == nil
	case x86asm.UD0: // which writes nothing
		return true
	}
	return false
}

// hasPrefix reports whether one of some legacy prefixes is there.
func hasPrefix(code []byte, which ...byte) bool {
	for _, b := range code {
		if prefixes[b] == notPrefix {
			return false
		}
		if slices.Contains(which, b) {
			return true
		}
	}
	return false
}

// x86asmOnly has the instructions that are rejected here on purpose.
func x86asmOnly(x *x86asm.Inst, code []byte) bool {
	prefixed := hasPrefix(code, 0x66, 0xf2, 0xf3)
	name := x.Op.String()
	switch x.Op {
	case x86asm.MOVHPD, x86asm.MOVLPD: // memory forms only
		return isVector(x.Args[0]) && isVector(x.Args[1])
	case x86asm.WRFSBASE, x86asm.WRGSBASE: // register forms only
		_, memory := x.Args[0].(x86asm.Mem)
		return memory
	case x86asm.CLFLUSH, x86asm.EMMS, x86asm.FXRSTOR, x86asm.FXSAVE, x86asm.LDMXCSR, x86asm.STMXCSR, x86asm.LFENCE, x86asm.SFENCE,
		x86asm.FXRSTOR64, x86asm.FXSAVE64, x86asm.XRSTOR64, x86asm.XSAVE64, x86asm.MOVBE, x86asm.MOVNTI, x86asm.RCPPS, x86asm.RSQRTPS, x86asm.XRSTOR, x86asm.XSAVE: // undefined under other prefixes
		return prefixed
	}
	// Near conditional jumps under 66 end where the processor likes.
	return prefixed && (strings.HasPrefix(name, "SHA") || name[0] == 'J')
}
