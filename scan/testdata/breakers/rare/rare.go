// Package rare makes system calls that nothing else in a program makes, so that
// each shows whether one way of a program was found.
package rare

import "syscall"

// Call makes the call of that name and number, and says so. It does not matter
// what the kernel answers: the arguments are zero, and the callers choose calls for
// which that is harmless.
//
//go:noinline
func Call(name string, nr uintptr) {
	syscall.RawSyscall(nr, 0, 0, 0)
	println("made", name)
}
