// Command portable compiles with every Go release whose binaries are read. It
// uses nothing but package syscall.
package main

import (
	"os"
	"syscall"
)

func call(nr uintptr) { syscall.RawSyscall(nr, 0, 0, 0) }

//go:noinline
func wrapped(nr uintptr) { syscall.Syscall(nr, 0, 0, 0) }

type speaker interface{ Speak() }

type dog struct{}

//go:noinline
func (dog) Speak() { call(syscall.SYS_MSGGET) }

type cat struct{ n int }

//go:noinline
func (c *cat) Speak() { wrapped(syscall.SYS_MSGSND) }

// Found by a type assertion only.
type quiet struct{ n int }

//go:noinline
func (q *quiet) Shutdown() error { syscall.Sync(); return nil }

//go:noinline
func dynamic(x interface{}) {
	if s, ok := x.(interface{ Shutdown() error }); ok {
		s.Shutdown()
	}
}

var table = []func(){inTable}

func inTable() { call(syscall.SYS_SEMGET) }

var changed uintptr = syscall.SYS_GETPGID

//go:noinline
func change() { changed = syscall.SYS_GETSID }

//go:noinline
func captured(n uintptr) func() {
	return func() { call(syscall.SYS_SEMOP + n - n) }
}

type closer interface{ close() }

type one struct{}

func (one) close() { call(syscall.SYS_SHMGET) }

//go:noinline
func manyArguments(a, b, c, d, e, f, g, h, i, j, nr uintptr) {
	syscall.RawSyscall6(nr, a+b, c+d, e+f, g+h, i+j, 0)
}

//go:noinline
func switched(n int) {
	nr := uintptr(syscall.SYS_IO_SETUP)
	switch n {
	case 3:
		nr = syscall.SYS_IO_DESTROY
	case 4:
		nr = syscall.SYS_IO_SUBMIT
	}
	syscall.RawSyscall(nr, 0, 0, 0)
}

// A frame of more than 4 kB takes other instructions to make.
//
//go:noinline
func large(n int) byte {
	var buf [8192]byte
	for i := range buf {
		buf[i] = byte(n + i)
	}
	syscall.RawSyscall(syscall.SYS_MSGRCV, 0, 0, 0)
	return buf[n]
}

var never, sometimes bool

//go:noinline
func unknown(nrs []uintptr) { call(nrs[0]) }

func main() {
	n := len(os.Args)
	var s speaker = dog{}
	if n > 2 {
		s = &cat{n}
	}
	s.Speak()
	dynamic(&quiet{n})
	table[0]()
	wrapped(changed)
	if n > 4 {
		change()
	}
	captured(uintptr(n))()
	closeAll([]one{{}})
	manyArguments(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, syscall.SYS_SHMAT)
	switched(n)
	large(n)
	go call(syscall.SYS_SHMDT)
	if never {
		call(syscall.SYS_ACCT)
	}
	if sometimes {
		call(syscall.SYS_SHMCTL)
	}
	sometimes = n > 3
	syscall.Getpriority(0, 0)
	if memory, err := syscall.Mmap(-1, 0, 1<<12, syscall.PROT_READ, syscall.MAP_ANON|syscall.MAP_PRIVATE); err == nil {
		syscall.Munmap(memory)
	}
	if f, err := os.Open(os.Args[0]); err == nil {
		f.Close()
	}
	unknown(make([]uintptr, n))
}
