// Package isa describes machine instructions as far as the analysis of a
// program's control flow and constants needs them, in the same terms for every
// architecture. The decoders (internal/x86, internal/arm64) fill it in.
//
// An instruction is described by what it does to the general registers: moves,
// loads, stores, a little arithmetic and all control flow are told apart; of
// every other instruction only the set of registers that it writes is known.
// The operations have two operands. A machine instruction with more becomes a
// sequence of several: all have the same address, and all but the last have
// the length 0.
//
// # What may be relied on
//
// Inst.Writes has every general register that the instruction may write, those
// that it does not name included; for the operations that are followed, Mov to
// SetCond without Locked, and for Push, Pop and Leave it is exact. A write of
// one or two bytes is a write of the register, and leaves the rest of it
// alone; a write of four bytes clears the upper half.
//
// Memory that may be written is Dst, but for what Push, Call and CallInd write
// under the stack pointer. Memory that is only read is Src, if not two places
// are read; what Pop, Leave and Ret read there, and what loads of descriptors
// and of saved processor state read elsewhere, is not an operand. Locked,
// StringOp and Other with memory in Dst leave unknown bytes there.
//
// A vector register is changed by a MovVec with a vector register in Dst, and
// by an Other whose Dst is neither a general register nor memory, which may
// change any of them. No other instruction changes one.
package isa

// A Reg is a general register, by its number in the architecture's encoding.
type Reg uint8

// NoReg stands for a register that is not there.
const NoReg Reg = 0xff

// A RegSet is a set of general registers, bit n for register n.
type RegSet uint32

// An Op says what an instruction does, as far as the analysis follows it.
type Op uint8

// The operations. Dst and Src name the operands that they speak of. Flags are
// not modelled: a CondJump or CondMove is told apart by its Cond only, and
// depends on what the last Cmp, Test or BitTest before it left.
const (
	Other    Op = iota // no more is known than Inst.Writes and the operands
	Mov                // Dst = Src, cut or zero-extended to Size (a 4-byte register write clears the upper half)
	MovZX              // Dst = Src (of Src.Size bytes), zero-extended to Size
	MovSX              // Dst = Src (of Src.Size bytes), sign-extended to Size
	MovVec             // Dst = the low Size bytes of Src, which end up lowest in Dst; one of them is KindVec, the other KindVec, KindMem, KindReg (MOVQ) or a KindImm of 0 (PXOR X, X)
	Lea                // Dst = address of Src, cut to Size
	Add                // Dst += Src
	Sub                // Dst -= Src; of a register and itself it is Zero
	And                // Dst &= Src
	Or                 // Dst |= Src
	Xor                // Dst ^= Src; of a register and itself it is Zero
	Zero               // Dst = 0 (of Size bytes), whatever it was
	Shl                // Dst <<= Src
	Shr                // Dst >>= Src, unsigned
	Cmp                // flags of Dst - Src
	Test               // flags of Dst & Src
	BitTest            // carry of Dst & Src, one bit: set (Below) if that is not 0
	Xchg               // Dst, Src = Src, Dst (with memory it is locked)
	Locked             // reads and writes its memory operand Dst, as LOCK-prefixed and other atomic instructions do: its value is unknown after
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
	CondJump           // direct: Target if Cond, else the next instruction
	Ret
	Syscall  // SYSCALL, SVC
	Sysenter // SYSENTER
	Int      // INT n, n in Src.Imm; INT3 is Trap
	Trap     // UD2, BRK, HLT, …: control does not go on
	Nop      // nothing, NOP with operands, PAUSE, fences, prefetches
	Landing  // nothing, but marks where control may come by a pointer: ENDBR64, BTI
)

// A Cond is a condition on the flags that a Cmp or Test left. The odd one of
// each pair is the opposite of the one before.
type Cond uint8

// The conditions, with the numbers that x86 encodes. Those of overflow and
// parity have no names.
const (
	Below        Cond = 0x2 // unsigned
	AboveEqual   Cond = 0x3
	Equal        Cond = 0x4
	NotEqual     Cond = 0x5
	BelowEqual   Cond = 0x6
	Above        Cond = 0x7
	Negative     Cond = 0x8
	NotNegative  Cond = 0x9
	Less         Cond = 0xc // signed
	GreaterEqual Cond = 0xd
	LessEqual    Cond = 0xe
	Greater      Cond = 0xf
	OtherCond    Cond = 0xff // depends on something else
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
	Reg   Reg   // KindReg; KindVec: 0 to 31, of meaning for MovVec only
	Base  Reg   // KindMem; NoReg where there is none
	Index Reg   // KindMem; NoReg where there is none
	Scale uint8 // KindMem: 1, 2, 4, 8 or 16
	Seg   uint8 // KindMem: the segment prefix byte (0x64 FS, 0x65 GS) or 0
	// KindMem: the address was relative to the instruction's own. KindImm: the page
	// of an address, or all of it, and no number of its own: the next instruction
	// has the address.
	Rip bool
	// KindMem: what is touched is not, or not only, Size bytes upwards from
	// Base+Index*Scale+Imm: a vector index (Base and Imm are right), a bit number
	// in a register (BTS), a repeated string instruction, whose direction is not
	// known, an address cut to 32 bits, a far pointer. KindImm: the page of an
	// address, and what completes it is not known.
	Inexact bool
	Imm     int64 // KindImm: the value, sign-extended (but 0 to 255 for Int). KindMem: the displacement; absolute where Rip (then Base is NoReg)
}

// An Inst is one decoded instruction, or one of the parts of one.
type Inst struct {
	Op     Op
	Fused  bool   // decoded with the machine instruction before it: does this only where that has run
	Len    uint8  // bytes; 0 where the next Inst is of the same machine instruction
	Size   uint8  // operand size in bytes of the operation: 1, 2, 4, 8 (16 and up for MovVec)
	Cond   Cond   // CondJump, CondMove, SetCond
	Writes RegSet // every general register that may be written
	Reads  RegSet // Other: general registers that may be copied elsewhere and are no operand
	Dst    Operand
	Src    Operand
	Target uint64 // direct calls and jumps: the absolute address
}
