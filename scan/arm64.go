package scan

import (
	"debug/elf"

	"github.com/gocurb/curb/internal/arm64"
	"github.com/gocurb/curb/internal/isa"
)

var aarch64 = arch{
	machine:   elf.EM_AARCH64,
	decode:    arm64.Append,
	width:     4,
	number:    arm64.X8,
	exits:     []int64{93, 94},
	arguments: 1<<(arm64.X8+1) - 1, // X0 to X8
	inOrder:   [6]isa.Reg{arm64.X0, arm64.X1, arm64.X2, arm64.X3, arm64.X4, arm64.X5},
	sp:        arm64.SP, fp: arm64.X29,
	kept:     arm64Kept(),
	returned: 1<<arm64.X0 | 1<<arm64.X1,
	pushed:   0, argument: 8,
	result:        arm64.X0,
	results:       1<<(arm64.X15+1) - 1, // X0 to X15
	third:         arm64.X2,
	context:       arm64.X26,
	zeroVec:       isa.NoReg,
	barrierResult: arm64.X25, barrierWrites: 1<<arm64.X16 | 1<<arm64.X17 | 1<<arm64.X25 | 1<<arm64.X27 | 1<<arm64.X30,
	temporary: arm64.X27,
	copyTo:    arm64.X21, copyFrom: arm64.X20,
	linkage:       arm64.X17,
	link:          arm64.X30,
	anchored:      true,
	glibc:         "/lib/ld-linux-aarch64",
	musl:          "ld-musl-aarch64.so.1",
	returnsByVDSO: true,
}

// arm64Kept returns the registers that C functions keep (AAPCS64, 6.1.1).
func arm64Kept() isa.RegSet {
	kept := isa.RegSet(1 << arm64.SP)
	for r := arm64.X19; r <= arm64.X29; r++ {
		kept |= 1 << r
	}
	return kept
}
