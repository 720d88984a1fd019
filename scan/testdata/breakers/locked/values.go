package main

import (
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

const none = ^uintptr(0) // a descriptor

func made(name string, nr, a, b, c, d uintptr) {
	_, _, errno := unix.RawSyscall6(nr, a, b, c, d, 0, 0)
	println("made", name, errno)
}

// Values that are made before the lock-down and are used after it alone.
var (
	inVariable uintptr
	inRecord   = &struct{ before, value uintptr }{1, 2}
	inChannel  = make(chan uintptr, 2)
	inTable    = map[string]uintptr{}
	inList     []uintptr
	inClosure  func()
	asked      sync.WaitGroup
	ask        = make(chan bool)
)

type level uintptr

func (l level) use() { made("getsockopt", unix.SYS_GETSOCKOPT, none, uintptr(l), 1, 0) }

var inInterface interface{ use() }

// choose is known to be one of two.
//
//go:noinline
func choose(first bool) uintptr {
	if first {
		return 2
	}
	return 7
}

// keep makes them.
func keep(args uintptr) {
	inVariable = args + 40
	inRecord.value = early(int(args))
	inChannel <- args * 9
	inTable["it"] = unix.SEEK_HOLE + args - 1
	inList = append(inList, 0, args<<4)
	flags := args << 18
	inClosure = func() { made("pipe2", unix.SYS_PIPE2, 0, flags, 0, 0) }
	inInterface = level(args * 41)
	asked.Add(1)
	go asking(args + 6)
}

//go:noinline
func early(n int) uintptr {
	if n > 0 {
		return 15
	}
	return 0
}

// asking is in the middle of its work when the program is locked down.
func asking(kind uintptr) {
	defer asked.Done()
	doubled := kind * 2
	<-ask
	made("getpriority", unix.SYS_GETPRIORITY, kind, 0, 0, 0)
	made("clock_getres", unix.SYS_CLOCK_GETRES, doubled, 0, 0, 0)
}

// across has its values in its frame while the program is locked down, and in those
// of its callers.
func across(file *os.File, how uintptr) {
	local := how + choose(len(os.Args) > 1)
	onStack := [3]uintptr{1, how, 3}
	defer func(op uintptr) { made("flock", unix.SYS_FLOCK, none, op, 0, 0) }(how + 30)
	serve(file)
	made("shutdown", unix.SYS_SHUTDOWN, none, local, 0, 0)
	made("fadvise64", unix.SYS_FADVISE64, none, 0, 0, onStack[choose(false)-6])
}

// use uses them.
func use() {
	made("socket", unix.SYS_SOCKET, inVariable, 2, 0, 0)
	made("madvise", unix.SYS_MADVISE, 0, 0, inRecord.value, 0)
	made("getitimer", unix.SYS_GETITIMER, <-inChannel, 0, 0, 0)
	made("lseek", unix.SYS_LSEEK, none, 0, inTable["it"], 0)
	made("umount2", unix.SYS_UMOUNT2, 0, inList[1], 0, 0)
	inClosure()
	inInterface.use()
	close(ask)
	asked.Wait()
}
