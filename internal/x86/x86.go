// Package x86 decodes 64-bit x86 instructions, as far as the analysis of a
// program's control flow and constants needs them.
//
// Every instruction gets its exact length, VEX and EVEX encodings included.
// Beyond that an instruction is described by what it does to the sixteen
// general registers: moves, loads, stores, a little arithmetic and all
// control flow are told apart; of every other instruction only the set of
// registers that it writes is known, and an instruction that the tables do
// not know is an error, never skipped.
//
// # What may be relied on
//
// Inst.Writes has every general register that the instruction may write, those
// that it does not name included; for the operations that are followed, Mov to
// SetCond without Locked, and for Push, Pop and Leave it is exact. A write of
// one or two bytes is a write of the register, and leaves the rest of
// it alone; a write of four bytes clears the upper half.
//
// Memory that may be written is Dst, but for what Push, Call and CallInd write
// under SP. Memory that is only read is Src, if not two places are read; what
// Pop, Leave and Ret read at SP, and what loads of descriptors and of saved
// processor state read elsewhere, is not an operand. Locked, StringOp and Other
// with memory in Dst leave unknown bytes there.
//
// A vector register is changed by a MovVec with a vector register in Dst, and
// by an Other whose Dst is neither a general register nor memory, which may
// change any of them. No other instruction changes one.
//
// # Limitations
//
// The flags are not modelled, the direction flag and its effect on string
// instructions included (see Operand.Inexact). What the kernel or a debugger
// does to registers is not known here: Syscall has the registers that the
// kernel's amd64 entry returns in. 3DNow, XOP, FMA4, VIA's instructions, APX
// and most of AVX10.2 are not known. Of instructions that fault on every
// processor, for a reserved value of VEX.W, VEX.L or VEX.vvvv for example, some
// are decoded. Where Intel's and AMD's processors differ (calls and jumps under
// a 66 prefix), what is not a fault on either counts, and where both go on (near
// conditional jumps under 66) the instruction is not known.
package x86

// A Reg is a general register, by its number in the encoding.
type Reg uint8

// The sixteen general registers. NoReg stands for a register that is not there.
const (
	AX Reg = iota
	CX
	DX
	BX
	SP
	BP
	SI
	DI
	R8
	R9
	R10
	R11
	R12
	R13
	R14
	R15
	NoReg Reg = 0xff
)

// A RegSet is a set of general registers, bit n for register n.
type RegSet uint16

// An Op says what an instruction does, as far as the analysis follows it.
type Op uint8

// The operations. Dst and Src name the operands that they speak of. Flags are
// not modelled: a CondJump or CondMove is told apart by its Cond only.
const (
	Other    Op = iota // no more is known than Inst.Writes and the operands
	Mov                // Dst = Src, cut or zero-extended to Size (a 4-byte register write clears the upper half)
	MovZX              // Dst = Src (of Src.Size bytes), zero-extended to Size
	MovSX              // Dst = Src (of Src.Size bytes), sign-extended to Size
	MovVec             // Dst = the low Size bytes of Src, which end up lowest in Dst; one of them is KindVec, the other KindVec, KindMem, KindReg (MOVQ) or a KindImm of 0 (PXOR X, X)
	Lea                // Dst = address of Src, cut to Size
	Add                // Dst += Src
	Sub                // Dst -= Src; SUB R, R is Zero
	And                // Dst &= Src
	Or                 // Dst |= Src
	Xor                // Dst ^= Src; XOR R, R is Zero
	Zero               // Dst = 0 (of Size bytes), whatever it was
	Shl                // Dst <<= Src
	Shr                // Dst >>= Src, unsigned
	Cmp                // flags of Dst - Src
	Test               // flags of Dst & Src
	Xchg               // Dst, Src = Src, Dst (with memory it is locked)
	Locked             // LOCK-prefixed, or otherwise reads and writes its memory operand Dst: its value is unknown after
	CondMove           // Dst = Src if Cond
	SetCond            // Dst = 1 if Cond, else 0 (one byte)
	Push               // SP -= 8, [SP] = Src; Src is None for the flags and segment registers
	Pop                // Dst = [SP], SP += 8; Dst is None likewise. A Dst in memory counts from SP before the pop
	Leave              // SP = BP, then pop BP
	StringOp           // MOVS, STOS, … with or without REP: writes memory at [DI]
	Call               // direct: Target
	CallInd            // through Src, a register or memory; an Inexact Src (a far call) or none at all goes to an unknown place
	Jump               // direct: Target
	JumpInd            // through Src, a register or memory; an Inexact Src (a far jump) or none at all (RETF, IRET) goes to an unknown place
	CondJump           // direct: Target if Cond (Jcc, JRCXZ, LOOP, XBEGIN), else the next instruction
	Ret
	Syscall  // SYSCALL
	Sysenter // SYSENTER
	Int      // INT n, n in Src.Imm; INT3 is Trap
	Trap     // UD0, UD1, UD2, INT1, INT3, HLT, SYSRET, …: control does not go on
	Nop      // nothing, NOP with operands, ENDBR64, PAUSE, fences, prefetches
)

// A Kind says what an Operand is.
type Kind uint8

// The kinds of operands.
const (
	None Kind = iota
	KindReg
	KindImm
	KindMem
	KindVec // a vector register, or in an Other one of another kind (mask, MMX, …)
)

// An Operand is a register, an immediate or a place in memory.
type Operand struct {
	Kind  Kind
	Size  uint8 // bytes read or written: 1, 2, 4, 8, 10, 16, 32, 64; 0 where it is not known
	Reg   Reg   // KindReg; KindVec: 0 to 31, of meaning for MovVec only. The high byte registers AH, CH, DH, BH are reported as Kind None and Op Other (Locked).
	Base  Reg   // KindMem; NoReg where there is none
	Index Reg   // KindMem; NoReg where there is none
	Scale uint8 // KindMem: 1, 2, 4 or 8
	Seg   uint8 // KindMem: the segment prefix byte (0x64 FS, 0x65 GS) or 0
	Rip   bool  // KindMem: was RIP-relative
	// KindMem: what is touched is not, or not only, Size bytes upwards from
	// Base+Index*Scale+Imm: a vector index (Base and Imm are right), a bit number
	// in a register (BTS), a repeated string instruction, whose direction is not
	// known, an address cut to 32 bits by a 67 prefix, a far pointer.
	Inexact bool
	Imm     int64 // KindImm: the value, sign-extended (but 0 to 255 for Int). KindMem: the displacement; absolute where RIP-relative (then Base is NoReg)
}

// An Inst is one decoded instruction.
type Inst struct {
	Op     Op
	Len    uint8  // bytes, 1 to 15
	Size   uint8  // operand size in bytes of the operation: 1, 2, 4, 8 (16 and up for MovVec)
	Cond   uint8  // CondJump, CondMove, SetCond: the low four bits of the opcode (4 is E, 5 is NE, …); 0xff: JRCXZ, LOOP, XBEGIN
	Writes RegSet // every general register that may be written (SP and BP included)
	Dst    Operand
	Src    Operand
	Target uint64 // direct calls and jumps: the absolute address
}
