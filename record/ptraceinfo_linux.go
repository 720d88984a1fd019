//go:build linux && (amd64 || arm64)

package record

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// peek has ptrace(2) read something of a stopped thread.
func peek[T any](what, id int, address uintptr, data *T) error {
	if _, _, errno := unix.RawSyscall6(unix.SYS_PTRACE, uintptr(what), uintptr(id), address, uintptr(unsafe.Pointer(data)), 0, 0); errno != 0 {
		return errno
	}
	return nil
}

// A callInfo is struct ptrace_syscall_info (linux/ptrace.h): what is at a stop at
// one end of a call.
type callInfo struct {
	op     uint8
	_      [3]uint8
	arch   uint32
	pc, sp uint64
	nr     uint64 // or the result
	args   [6]uint64
	_      uint64 // more, at stops of another kind
}

// callInfoOf asks for it. Before Linux 5.3 the error is EIO.
func callInfoOf(id int) (info callInfo, err error) {
	err = peek(unix.PTRACE_GET_SYSCALL_INFO, id, unsafe.Sizeof(info), &info)
	return info, err
}

// errno returns the error that the result is, or 0.
func (i *callInfo) errno() int {
	const maxErrno = 4095
	if result := int64(i.nr); result < 0 && result >= -maxErrno {
		return int(-result)
	}
	return 0
}

// A window is a piece of a thread's memory that was read at once: what a stack has
// is close together, and each reading is a system call.
type window struct {
	thread int
	start  uint64
	n      int
	bytes  [4096]byte
}

// look opens the window on another thread, or anew.
func (w *window) look(thread int) { w.thread, w.n = thread, 0 }

// at returns size bytes of the memory.
func (w *window) at(address uint64, size int) ([]byte, bool) {
	if offset := address - w.start; offset < uint64(w.n) && w.n-int(offset) >= size {
		return w.bytes[offset:][:size], true
	}
	local := []unix.Iovec{{Base: &w.bytes[0]}}
	local[0].SetLen(len(w.bytes))
	remote := []unix.RemoteIovec{{Base: uintptr(address), Len: len(w.bytes)}}
	// It can be less, where the memory ends.
	n, err := unix.ProcessVMReadv(w.thread, local, remote, 0)
	w.start, w.n = address, max(n, 0)
	return w.bytes[:size], err == nil && n >= size
}
