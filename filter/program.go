package filter

import (
	"encoding/binary"
	"fmt"

	"github.com/gocurb/curb/internal/seccomp"
)

// An Instruction is one instruction of classic BPF: the kernel's struct
// sock_filter (linux/filter.h).
type Instruction struct {
	Code   uint16 // what to do
	Jt, Jf uint8  // how many instructions to skip if a comparison holds, and if not
	K      uint32 // the operand
}

// A Program is a seccomp filter: classic BPF that looks at a system call and
// returns an action.
type Program []Instruction

// MaxInstructions is how long a program may be: the kernel's BPF_MAXINSNS.
const MaxInstructions = seccomp.MaxInstructions

const instructionSize = 8

// Packed gives the program with an instruction in each number: Code in the upper
// 16 bits, then Jt and Jf in 8 bits each, then K in the lower 32. This is how
// source code carries a program; see package precompiled.
func (p Program) Packed() []uint64 {
	packed := make([]uint64, len(p))
	for i, ins := range p {
		packed[i] = uint64(ins.Code)<<48 | uint64(ins.Jt)<<40 | uint64(ins.Jf)<<32 | uint64(ins.K)
	}
	return packed
}

// Bytes gives the program as an array of struct sock_filter, in the byte order
// of the architecture that it is for.
func (p Program) Bytes(order binary.ByteOrder) []byte {
	b := make([]byte, len(p)*instructionSize)
	for i, ins := range p {
		at := b[i*instructionSize:]
		order.PutUint16(at, ins.Code)
		at[2], at[3] = ins.Jt, ins.Jf
		order.PutUint32(at[4:], ins.K)
	}
	return b
}

// Parse reads what Bytes writes. It does not ask whether the kernel takes the
// program; see [Program.Validate].
func Parse(b []byte, order binary.ByteOrder) (Program, error) {
	if len(b) == 0 || len(b)%instructionSize != 0 {
		return nil, fmt.Errorf("read a filter: %d bytes are not an array of 8-byte instructions", len(b))
	}
	p := make(Program, len(b)/instructionSize)
	for i := range p {
		at := b[i*instructionSize:]
		p[i] = Instruction{Code: order.Uint16(at), Jt: at[2], Jf: at[3], K: order.Uint32(at[4:])}
	}
	return p, nil
}

// Unpack is the inverse of Packed.
func Unpack(packed []uint64) Program {
	p := make(Program, len(packed))
	for i, ins := range packed {
		p[i] = Instruction{Code: uint16(ins >> 48), Jt: uint8(ins >> 40), Jf: uint8(ins >> 32), K: uint32(ins)}
	}
	return p
}
