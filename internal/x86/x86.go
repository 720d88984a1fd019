// Package x86 decodes 64-bit x86 instructions into the terms of package isa.
//
// Every instruction gets its exact length, VEX and EVEX encodings included. An
// instruction that the tables do not know is an error, never skipped.
//
// A high byte register (AH, CH, DH, BH) is reported as an operand of kind None
// and the operation Other, or Locked.
//
// # Limitations
//
// The flags are not modelled, the direction flag and its effect on string
// instructions included (see isa.Operand.Inexact). What the kernel or a debugger
// does to registers is not known here: Syscall has the registers that the
// kernel's amd64 entry returns in. 3DNow, XOP, VIA's instructions, APX
// and most of AVX10.2 are not known. Of instructions that fault on every
// processor, for a reserved value of VEX.W, VEX.L or VEX.vvvv for example, some
// are decoded. Where Intel's and AMD's processors differ (calls and jumps under
// a 66 prefix), what is not a fault on either counts, and where both go on (near
// conditional jumps under 66) the instruction is not known.
package x86

import "github.com/gocurb/curb/internal/isa"

// The sixteen general registers, by their numbers in the encoding.
const (
	AX isa.Reg = iota
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
)
