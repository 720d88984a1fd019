package record

import "golang.org/x/sys/unix"

// framePointer returns the frame pointer of a stopped thread.
func framePointer(id int) (uint64, error) {
	var regs unix.PtraceRegs
	err := unix.PtraceGetRegs(id, &regs)
	return regs.Rbp, err
}
