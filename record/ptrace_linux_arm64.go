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
