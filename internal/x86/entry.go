package x86

import "github.com/gocurb/curb/internal/isa"

// An entry is one cell of an opcode map: what the opcode does, what operands
// it has, how wide they are, which immediate follows, which registers it
// writes without naming them. The zero entry is an opcode that is not known.
//
// An entry is a number, and the maps are tables of constants, so that they
// are laid out by the compiler and cost nothing when a program starts.
type entry uint64

// The layout of an entry.
const (
	formMask   = 1<<6 - 1
	opShift    = 6
	opMask     = 1<<6 - 1
	sizeShift  = 12
	sizeMask   = (1<<5 - 1) << sizeShift
	immShift   = 17
	immMask    = (1<<4 - 1) << immShift
	writeShift = 21
	groupShift = 37
	groupMask  = (1<<6 - 1) << groupShift
	bcstShift  = 43
	bcstMask   = (1<<3 - 1) << bcstShift
	flagShift  = 46
)

func (e entry) op() isa.Op         { return isa.Op(e >> opShift & opMask) }
func (e entry) writes() isa.RegSet { return isa.RegSet(uint16(e >> writeShift)) }
func (e entry) group() int         { return int(e & groupMask >> groupShift) }
func (e entry) hasModRM() bool     { return e&formMask >= modRM || e&groupMask != 0 }

// Flags of an entry.
const (
	valid   entry = 1 << (flagShift + iota)
	lk            // may be LOCK-prefixed when its first operand is memory
	pAny          // slot np of a row speaks for all prefixes that have no slot of their own
	memOnly       // the r/m operand must be memory
	regOnly       // the r/m operand must be a register
	split         // the group of register forms is the one after the group of memory forms
	cc            // the low four bits of the opcode are a condition
	avx           // the VEX encoding is known too, and has the same operands
	vague         // more, less or other memory than at the operand's address is touched
	vsib          // the index register is a vector register
	regRM         // r/m is a register whatever mod says (moves to and from control registers)
	bothW         // the second operand is written as well
	x87           // the x87 escapes: what a register form does is in x87Forms
)

// Operations. What every instruction of a kind writes is part of the kind.
const (
	other   = valid | entry(isa.Other)<<opShift
	mov     = valid | entry(isa.Mov)<<opShift
	movzx   = valid | entry(isa.MovZX)<<opShift
	movsx   = valid | entry(isa.MovSX)<<opShift
	movvec  = valid | entry(isa.MovVec)<<opShift
	lea     = valid | entry(isa.Lea)<<opShift | memOnly
	add     = valid | entry(isa.Add)<<opShift
	sub     = valid | entry(isa.Sub)<<opShift
	and     = valid | entry(isa.And)<<opShift
	or      = valid | entry(isa.Or)<<opShift
	xor     = valid | entry(isa.Xor)<<opShift
	shl     = valid | entry(isa.Shl)<<opShift
	shr     = valid | entry(isa.Shr)<<opShift
	cmp     = valid | entry(isa.Cmp)<<opShift
	test    = valid | entry(isa.Test)<<opShift
	xchg    = valid | entry(isa.Xchg)<<opShift | bothW
	locked  = valid | entry(isa.Locked)<<opShift
	cmov    = valid | entry(isa.CondMove)<<opShift
	setcc   = valid | entry(isa.SetCond)<<opShift
	push    = valid | entry(isa.Push)<<opShift | wSP
	pop     = valid | entry(isa.Pop)<<opShift | wSP
	leave   = valid | entry(isa.Leave)<<opShift | wSP | wBP
	str     = valid | entry(isa.StringOp)<<opShift
	call    = valid | entry(isa.Call)<<opShift | wSP
	callind = valid | entry(isa.CallInd)<<opShift | wSP
	jump    = valid | entry(isa.Jump)<<opShift
	jumpind = valid | entry(isa.JumpInd)<<opShift
	jcc     = valid | entry(isa.CondJump)<<opShift | cc
	loop    = valid | entry(isa.CondJump)<<opShift
	ret     = valid | entry(isa.Ret)<<opShift | wSP
	trap    = valid | entry(isa.Trap)<<opShift
	nop     = valid | entry(isa.Nop)<<opShift
	// SYSCALL leaves the return address in CX and the flags in R11; the kernel puts the result in AX.
	sysCall = valid | entry(isa.Syscall)<<opShift | wAX | wCX | wR11
	// The 32-bit entries return AX; kernels before 4.17 clear R8 to R11 on the way.
	intn     = valid | entry(isa.Int)<<opShift | wAX | wR8to11
	sysenter = valid | entry(isa.Sysenter)<<opShift | wAll
)

// Registers written without being named by an operand.
const (
	wAX entry = 1 << (writeShift + iota)
	wCX
	wDX
	wBX
	wSP
	wBP
	wSI
	wDI
	_
	_
	_
	wR11
	wR8to11 = 0xf << (writeShift + 8)
	wAll    = 0xffff << writeShift
)

// Forms: which operands an instruction has. The letters are those of the
// opcode maps in the processor manuals: E is the general register or memory
// of the ModRM byte, G the general register in its reg field, V and W the same
// with a vector register, B the general register of VEX.vvvv, Z the register
// in the opcode, A the accumulator, I the immediate, O an absolute address,
// X and Y the memory at SI and DI. The first letter is Dst, the second Src; an
// underscore stands for an operand that is not there.
//
// A register in Dst is written, but by Cmp and Test.
const (
	none entry = iota
	z_         // Dst = Z
	_z         // Src = Z
	zi
	az
	ai
	aa // Dst = A, Src = A of half the size: CBW, CWDE, CDQE
	ao
	oa
	_i
	yx    // MOVS
	ya    // STOS
	y_    // INS
	_x    // LODS, CMPS, OUTS
	_y    // SCAS
	frame // Dst = the word under SP: ENTER
	a64   // Dst = memory at AX: CLZERO
	_b    // Src = memory at BX: XLAT
	modRM // from here on a ModRM byte follows the opcode
	mm    // a ModRM byte that names nothing of interest
	e_
	es // Dst = E, of two bytes where it is memory: MOV from a segment register
	_e
	g_ // G is written, but is not what the instruction is about: ENCODEKEY128
	eg
	ge
	geb // Src has one byte, whatever the size of Dst
	gew
	ged
	ei
	ec // Src = CL
	e1 // Src = 1
	be
	gbe // Dst = G, Src = E, B is written as well: MULX
	gme // Dst = memory at G, Src = E: MOVDIR64B
	vw  // from here on an operand is a vector register
	vx  // vw, and the result is zero when both sources are the same register
	wv
	_w
	ve
	ev
	gw
	yv // Dst = memory at DI: MASKMOVQ
)

// Sizes of the operands.
const (
	s0 entry = iota << sizeShift // not known
	s1                           // bytes, 1 to 32
	s2
	s4
	s8
	s16
	s32
	s10  // x87 extended precision, descriptor tables
	sv   // 2 with a 66 prefix, 8 with W, else 4
	sz   // 2 with a 66 prefix, else 4
	sy   // 8 with W, else 4
	sb   // 2 with W, else 1
	st   // stack: 2 with a 66 prefix, else 8
	sd   // 16 with W, else 8: CMPXCHG8B and CMPXCHG16B
	sk   // mask registers: 2, or 8 with W; with a 66 prefix 1, or 4 with W
	vl   // the vector's length
	vl2  // a half of it
	vl4  // a quarter
	vl8  // an eighth
	vdup // MOVDDUP: 8 for a vector of 16, else all of it
	vhw  // all of it with W, else a half
)

// Immediates.
const (
	ib  entry = (iota + 1) << immShift // one byte
	iw                                 // two, not sign-extended
	iz                                 // as wide as the operand, at most four
	iv                                 // as wide as the operand: MOV to a register only
	ibu                                // one byte, not sign-extended: INT n
	iwb                                // two bytes and one: ENTER
	ibb                                // one and one: EXTRQ
	ia                                 // an address: MOV to and from an absolute address
	rel8
	rel32
	relz // as iz: XBEGIN
)

// What EVEX.b makes of a memory operand: one element, of this size.
const (
	b2 entry = (iota + 1) << bcstShift
	b4
	b8
	bw // 8 with W, else 4
)

// A row is an opcode by its mandatory prefix.
type row [4]entry

// at is the entry for a mandatory prefix.
func (r *row) at(prefix uint8) entry {
	if e := r[prefix]; e != 0 || r[np]&pAny == 0 {
		return e
	}
	return r[np]
}

// The slots of a row.
const (
	np  = 0 // no prefix
	p66 = 1
	pF3 = 2
	pF2 = 3
)
