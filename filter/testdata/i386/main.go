// Program i386 makes system calls by all entries of 32-bit programs and prints
// what the kernel answers, for kernel_i386_linux_test.go.
package main

import (
	"encoding/binary"
	"os"
	"syscall"
)

// byInterrupt calls by int $0x80.
func byInterrupt(nr, arg0, arg1 uintptr) int32

// byPage calls by the kernel's own code for it, at entry in the vDSO: SYSENTER or
// SYSCALL, as the processor has it.
func byPage(entry, nr, arg0, arg1 uintptr) int32

// vsyscall gives where that code is: AT_SYSINFO of the auxiliary vector.
func vsyscall() uintptr {
	const atSysinfo = 32
	auxv, err := os.ReadFile("/proc/self/auxv")
	if err != nil {
		panic(err)
	}
	for ; len(auxv) >= 8; auxv = auxv[8:] {
		if binary.LittleEndian.Uint32(auxv) == atSysinfo {
			return uintptr(binary.LittleEndian.Uint32(auxv[4:]))
		}
	}
	panic("there is no AT_SYSINFO")
}

func main() {
	calls := []struct {
		name           string
		nr, arg0, arg1 uintptr
	}{
		{"getppid", syscall.SYS_GETPPID, 0, 0},
		{"getpgid", syscall.SYS_GETPGID, 0, 0},
		{"getpriority, 9", syscall.SYS_GETPRIORITY, 9, 0},
		{"getpriority, 7", syscall.SYS_GETPRIORITY, 7, 0},
		{"number 39", 39, 0, 0}, // mkdir here, and getpid on amd64
	}
	entry := vsyscall()
	for _, c := range calls {
		print(c.name, ": ", min(byInterrupt(c.nr, c.arg0, c.arg1), 0), " ", min(byPage(entry, c.nr, c.arg0, c.arg1), 0), "\n")
	}
}
