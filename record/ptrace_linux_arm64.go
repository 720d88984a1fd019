package record

import (
	"debug/elf"

	"golang.org/x/sys/unix"
)

// framePointer returns the frame pointer of a stopped thread.
func framePointer(id int) (uint64, error) {
	const framePointer = 29 // of the registers
	var regs unix.PtraceRegsArm64
	err := unix.PtraceGetRegSetArm64(id, int(elf.NT_PRSTATUS), &regs)
	return regs.Regs[framePointer], err
}

// canFollow reports whether the kernel would take next for the frame above fp
// (arch/arm64/kernel/stacktrace.c).
func canFollow(fp, next uint64) bool { return next > fp && next%8 == 0 }
