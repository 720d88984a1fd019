// Phases locks itself down in a place that is chosen by a build tag. At each step
// it makes a system call of its own: which of them can follow depends on where the
// lock-down is.
package main

import (
	"os"
	"syscall"
	"time"
)

// curbLockDown stands for the one that is generated: it is known by its name.
//
//go:noinline
func curbLockDown() { locked = true }

var locked bool

// call makes a call whose number is its parameter, before and after alike.
//
//go:noinline
func call(nr uintptr) { syscall.RawSyscall(nr, 0, 0, 0) }

// Variables are initialised before the first init.
var early = func() bool { call(syscall.SYS_GETSID); return len(os.Args) > 1 }()

func init() {
	call(syscall.SYS_GETPGID)
	if where == "init" {
		curbLockDown()
	}
	call(syscall.SYS_GETPRIORITY)
}

func init() {
	call(syscall.SYS_PERSONALITY)
	if where == "goroutine in init" {
		go curbLockDown()
	}
}

// What is made before the lock-down can be called after it.
var (
	kept   = map[bool]func(){true: keptInMap}
	handed = make(chan func(), 1)
)

func keptInMap() { call(syscall.SYS_SCHED_GETSCHEDULER) }

func main() {
	call(syscall.SYS_SCHED_GET_PRIORITY_MAX)
	defer deferred()
	go waiting()
	handed <- func() { call(syscall.SYS_SCHED_GET_PRIORITY_MIN) }
	timer := time.AfterFunc(time.Millisecond, func() { call(syscall.SYS_SCHED_RR_GET_INTERVAL) })
	defer timer.Stop()
	if where == "top" {
		curbLockDown()
	}
	call(syscall.SYS_SYSINFO)
	for range len(os.Args) {
		looping()
	}
	var m method = &server{}
	if early {
		m = nil
	}
	m.run()
	call(syscall.SYS_TIMES)
}

// looping comes before the lock-down and after it.
func looping() {
	call(syscall.SYS_GETITIMER)
	listen()
	call(syscall.SYS_CAPGET)
}

func listen() {
	call(syscall.SYS_GETRESUID)
	if where == "deep" {
		curbLockDown()
	}
	call(syscall.SYS_GETRESGID)
}

func deferred() { call(syscall.SYS_GETRUSAGE) }

func waiting() {
	call(syscall.SYS_IOPRIO_GET)
	(<-handed)()
	kept[len(os.Args) > 0]()
	if where == "goroutine" {
		curbLockDown()
	}
}

type method interface{ run() }

type server struct{}

func (*server) run() {
	call(syscall.SYS_MSYNC)
	if where == "method" {
		curbLockDown()
	}
	call(syscall.SYS_MINCORE)
}
