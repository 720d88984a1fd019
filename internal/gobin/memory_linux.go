package gobin

import (
	"os"
	"syscall"
)

// allocate returns n zero bytes, and what gives them back. They are outside of
// the heap, whose collector would wait for as much garbage again as they measure.
// In large pages they are filled twice as fast.
func allocate(n uint64) ([]byte, func() error, error) {
	b, err := syscall.Mmap(-1, 0, int(n), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return nil, nil, os.NewSyscallError("mmap", err)
	}
	_ = syscall.Madvise(b, syscall.MADV_HUGEPAGE) // not all kernels have it
	return b, func() error { return syscall.Munmap(b) }, nil
}
