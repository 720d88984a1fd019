// Command guarded has calls behind variables that may never change.
package main

import (
	"os"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

func call(nr uintptr) { syscall.RawSyscall(nr, 0, 0, 0) }

// Nothing changes these: what they guard is not in.
var (
	never      = false
	neverMode  = 3
	neverField struct{ a, b bool }
)

// Something does: what they guard is in.
var (
	stored     = false
	viaPointer = false
	inStruct   struct{ a, b, on bool }
	inArray    [8]bool
	inStatic   = false
	static     = &inStatic
	chained    = false
	counted    int
	copied     struct{ a, on bool }
	received   = false
	deep       = &struct{ on bool }{}
	late       = false
	swapped    int32
)

//go:noinline
func set(p *bool) { *p = true }

//go:noinline
func setAt(i int) { inArray[i] = true }

type switches struct{ a, on bool }

//go:noinline
func settings(n int) switches { return switches{n > 1, n > 2} }

//go:noinline
func guards() {
	if never {
		call(unix.SYS_SWAPON)
	}
	switch neverMode {
	case 1:
		call(unix.SYS_SWAPOFF)
	case 2:
		call(unix.SYS_ACCT)
	}
	if neverField.b {
		call(unix.SYS_QUOTACTL)
	}

	if stored {
		call(unix.SYS_GETPGID)
	}
	if viaPointer {
		call(unix.SYS_GETSID)
	}
	if inStruct.on {
		call(unix.SYS_MSGGET)
	}
	if inArray[3] {
		call(unix.SYS_MSGSND)
	}
	if inStatic {
		call(unix.SYS_MSGRCV)
	}
	if chained {
		call(unix.SYS_SEMGET)
	}
	if counted > 2 {
		call(unix.SYS_SEMOP)
	}
	if copied.on {
		call(unix.SYS_SEMCTL)
	}
	if received {
		call(unix.SYS_SHMGET)
	}
	if deep.on {
		call(unix.SYS_SHMAT)
	}
	if late {
		call(unix.SYS_SHMCTL)
	}
	if swapped != 0 {
		call(unix.SYS_SHMDT)
	}
}

func main() {
	n := len(os.Args)
	if n > 3 {
		stored = true
	}
	set(&viaPointer)
	p := &inStruct
	if n > 1 {
		p.on = n > 2
	}
	setAt(n)
	*static = n > 1
	if stored {
		chained = true // opens only once stored is known to change
	}
	counted += n
	copied = struct{ a, on bool }(settings(n))
	c := make(chan bool, 1)
	c <- n > 1
	received = <-c
	deep.on = n > 4
	defer func() { late = recover() != nil }()
	atomic.SwapInt32(&swapped, int32(n))
	guards()
	guards()
}
