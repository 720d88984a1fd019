package record

import "golang.org/x/sys/unix"

// framePointer returns the frame pointer of a stopped thread.
func framePointer(id int) (uint64, error) {
	var regs unix.PtraceRegs
	err := unix.PtraceGetRegs(id, &regs)
	return regs.Rbp, err
}

// canFollow reports whether the kernel would take next for the frame above fp: on
// amd64 any (perf_callchain_user in arch/x86/events/core.c).
func canFollow(fp, next uint64) bool { return true }
