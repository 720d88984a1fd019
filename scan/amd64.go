package scan

import (
	"debug/elf"

	"github.com/gocurb/curb/internal/gobin"
	"github.com/gocurb/curb/internal/isa"
	"github.com/gocurb/curb/internal/x86"
)

var amd64 = arch{
	machine: elf.EM_X86_64,
	decode: func(insts []isa.Inst, code []byte, pc uint64) ([]isa.Inst, error) {
		insts = append(insts, isa.Inst{})
		err := x86.Decode(&insts[len(insts)-1], code, pc)
		return insts, err
	},
	number:    x86.AX,
	exits:     []int64{60, 231},
	arguments: 1<<x86.AX | 1<<x86.DI | 1<<x86.SI | 1<<x86.DX | 1<<x86.R10 | 1<<x86.R8 | 1<<x86.R9,
	inOrder:   [6]isa.Reg{x86.DI, x86.SI, x86.DX, x86.R10, x86.R8, x86.R9},
	sp:        x86.SP, fp: x86.BP,
	kept:     1<<x86.BX | 1<<x86.SP | 1<<x86.BP | 1<<x86.R12 | 1<<x86.R13 | 1<<x86.R14 | 1<<x86.R15,
	returned: 1<<x86.AX | 1<<x86.DX,
	pushed:   8, argument: 0,
	result:        x86.AX,
	results:       1<<x86.AX | 1<<x86.BX | 1<<x86.CX | 1<<x86.DI | 1<<x86.SI | 1<<x86.R8 | 1<<x86.R9 | 1<<x86.R10 | 1<<x86.R11,
	third:         x86.CX,
	context:       x86.DX,
	zeroVec:       15,
	barrierResult: x86.R11, barrierWrites: 1 << x86.R11,
	temporary: isa.NoReg,
	copyTo:    x86.DI, copyFrom: x86.SI,
	linkage: isa.NoReg,
	link:    isa.NoReg,
	glibc:   "/lib64/ld-linux-x86-64",
	musl:    "ld-musl-x86_64.so.1",
	// Mapped at a fixed address (Linux arch/x86/include/uapi/asm/vsyscall.h).
	vsyscall: gobin.Range{Start: 0xffffffffff600000, End: 0xffffffffff601000},
}
