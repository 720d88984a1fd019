//go:build linux

package subprocess

// Int80 makes a system call through the i386 entry, int $0x80: its numbers are
// those of 32-bit programs. It returns what the kernel returned, a negative
// errno on failure. Where the kernel runs no 32-bit programs the process dies.
func Int80(nr, arg0, arg1, arg2 uint32) int32
