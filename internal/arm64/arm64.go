// Package arm64 decodes A64 instructions (AArch64) into the terms of package
// isa.
//
// Known are the base instructions, floating point and Advanced SIMD of Armv8.0
// up to Armv9.0, with the extensions that processors for Linux have: LSE, CRC,
// cryptography, dot product, half precision, BF16, RCPC, pointer
// authentication, memory tagging, MOPS, LS64, CSSC. Of SVE all that is known is
// what its instructions may write; SME and what came later are not known. An
// instruction that is not known is an error, never skipped.
//
// Most instructions have three operands and more, so they become sequences of
// operations on two: first operand to destination, then the operation. Where
// that would need another register, because the destination is also the operand
// that comes last, the operation is Other, with all that it reads in Reads. The
// zero register is the immediate 0 where it is read, and nothing where it is
// written: an instruction that only writes there is a Nop.
//
// CBZ, CBNZ, TBZ and TBNZ become a Test and a CondJump. That Test stands for
// what the instruction itself looks at; the flags stay what they are.
//
// Go's assembler, and C compilers, make addresses in two steps: ADRP has the
// page and the next instruction the rest. Append puts the two together, see
// there.
//
// # Limitations
//
// Pointer authentication changes pointers: what it gives is not known, and
// where an authenticated jump leads is not known either (RETAA is a Ret). What
// the kernel does to registers is not known here: Syscall has X0, in which it
// returns. What is called CONSTRAINED UNPREDICTABLE (a load that overwrites its
// base register and writes back to it) is an Other with all that it names. Of
// the system registers nothing is known.
package arm64

import "github.com/gocurb/curb/internal/isa"

// The general registers, by their numbers in the encoding. Go's assembler calls
// them R0 to R30. To Go, X16 and X17 are for the linker, X18 is the platform's,
// X26 the closure context, X27 the assembler's (REGTMP), X28 the goroutine, X29
// the frame pointer, X30 the link register.
const (
	X0 isa.Reg = iota
	X1
	X2
	X3
	X4
	X5
	X6
	X7
	X8
	X9
	X10
	X11
	X12
	X13
	X14
	X15
	X16
	X17
	X18
	X19
	X20
	X21
	X22
	X23
	X24
	X25
	X26
	X27
	X28
	X29
	X30
	SP // the encodings have the same number for the zero register
)

// zr is what an encoding has where 31 means the zero register. It is never in
// an operand.
const zr isa.Reg = 31
