// Raw loads a filter with the two system calls that this takes, and nothing else:
// the least that a lock-down can cost.
package main

import (
	"runtime"
	"syscall"
	"time"
	"unsafe"

	"github.com/gocurb/curb/bench/filter/programs/compiled"
	"github.com/gocurb/curb/bench/filter/programs/ready"
)

// The numbers of linux/prctl.h, linux/seccomp.h and asm/unistd_64.h.
const (
	prSetNoNewPrivs = 38
	sysSeccomp      = 317
	setModeFilter   = 1
	flagTSYNC       = 1
)

func main() {
	begin := time.Now()
	lockDown()
	ready.Say(begin)
}

func lockDown() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	prog := syscall.SockFprog{Len: uint16(len(compiled.Raw)), Filter: &compiled.Raw[0]}
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, prSetNoNewPrivs, 1, 0, 0, 0, 0); errno != 0 {
		panic(errno)
	}
	thread, _, errno := syscall.RawSyscall(sysSeccomp, setModeFilter, flagTSYNC, uintptr(unsafe.Pointer(&prog)))
	if errno != 0 || thread != 0 {
		panic(errno)
	}
}
