// Command arguments makes system calls whose arguments come from many places. All
// of them fail: they are about a descriptor that is not there, or nonsense.
package main

import (
	"os"
	"reflect"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

const none = ^uintptr(0) // no descriptor, no pointer

//go:noinline
func call(nr, a, b, c, d, e, f uintptr) { syscall.RawSyscall6(nr, a, b, c, d, e, f) }

// n is 1, which only the run tells.
var n = len(os.Args)

// A constant.
func constant() { call(unix.SYS_SHUTDOWN, none, 1, 0, 0, 0, 0) }

// A parameter, of callers of callers.
//
//go:noinline
func advise(advice int) { call(unix.SYS_FADVISE64, none, 0, 0, uintptr(advice), 0, 0) }

//go:noinline
func adviseTwice(advice int) { advise(advice); advise(4) }

// A variable that is changed elsewhere.
var lock uintptr = 2

//go:noinline
func changeLock() { lock = 8 }

//go:noinline
func variable() { call(unix.SYS_FLOCK, none, lock, 0, 0, 0, 0) }

// A variable that is changed through a pointer, and one by an atomic operation.
var behind, atomically uintptr = 1, 2

//go:noinline
func change(p *uintptr, to uintptr) { *p = to }

//go:noinline
func pointed() {
	change(&behind, uintptr(n)+1)
	call(unix.SYS_MSYNC, 1, 0, behind, 0, 0, 0)
	atomic.StoreUintptr(&atomically, 3)
	call(unix.SYS_MLOCK2, none, none, atomically, 0, 0, 0)
}

// A field of an object that was allocated, and of a struct that is passed by value.
type request struct{ fd, mode, flags uintptr }

//go:noinline
func newRequest() *request { return &request{none, 3, 0} }

//go:noinline
func field(r *request) { call(unix.SYS_FALLOCATE, r.fd, r.mode, 0, 0, 0, 0) }

//go:noinline
func byValue(r request) { call(unix.SYS_FSETXATTR, r.fd, 0, 0, 0, r.flags, 0) }

// The parameter of a function that a map holds.
var functions = map[string]func(which int){"a": priority}

//go:noinline
func priority(which int) { call(unix.SYS_GETPRIORITY, uintptr(which), 0, 0, 0, 0, 0) }

// The parameter of a function that one variable holds, from which it is called.
var hook func(flags int) = hooked

//go:noinline
func hooked(flags int) { call(unix.SYS_TEE, none, none, 0, uintptr(flags), 0, 0) }

// That of a function which another variable holds, from which it is copied.
var copied func(flags int) = taken

//go:noinline
func taken(flags int) { call(unix.SYS_SPLICE, none, 0, none, 0, 0, uintptr(flags)) }

//go:noinline
func callAny(f func(int), flags int) { f(flags) }

// Methods: called directly, as values, and through an interface.
type method struct{ n int }

//go:noinline
func (m method) direct(flags int) { call(unix.SYS_DUP3, none, none, uintptr(flags), 0, 0, 0) }

//go:noinline
func (m method) value(flags int) { call(unix.SYS_VMSPLICE, none, 0, 0, uintptr(flags), 0, 0) }

type signaller interface{ signal(flags int) }

//go:noinline
func (m *method) signal(flags int) { call(unix.SYS_SIGNALFD4, none, 0, 0, uintptr(flags), 0, 0) }

type other struct{}

func (other) signal(int) {}

// What a closure has captured, by value and by reference.
//
//go:noinline
func closure(flags int) func() {
	return func() { call(unix.SYS_SYNC_FILE_RANGE, none, 0, 0, uintptr(flags), 0, 0) }
}

//go:noinline
func shared() {
	whence := 1
	func() { whence = n + 4 }()
	defer func() { call(unix.SYS_LSEEK, none, 0, uintptr(whence), 0, 0, 0) }()
	whence++
}

// Arguments of deferred calls and of goroutines.
//
//go:noinline
func deferred(flags int) { call(unix.SYS_ACCEPT4, none, 0, 0, uintptr(flags), 0, 0) }

//go:noinline
func started(mode int, done *sync.WaitGroup) {
	call(unix.SYS_FACCESSAT2, none, 0, uintptr(mode), uintptr(mode), 0, 0)
	done.Done()
}

// Arithmetic: flags that are added, masks, sums, shifts, signs.
//
//go:noinline
func flagged(flags int) { call(unix.SYS_INOTIFY_INIT1, uintptr(flags|0x40000000), 0, 0, 0, 0, 0) }

//go:noinline
func computed() {
	call(unix.SYS_EVENTFD2, 0, uintptr(n)&3|0x40000000, 0, 0, 0, 0)
	sum := 10
	if n > 1 {
		sum = 20
	}
	call(unix.SYS_SCHED_GET_PRIORITY_MAX, uintptr(sum*4+1), 0, 0, 0, 0, 0)
	call(unix.SYS_SCHED_GET_PRIORITY_MIN, uintptr(int32(-sum)), 0, 0, 0, 0, 0)
	var flag uintptr
	if n == 1 {
		flag = 1
	}
	call(unix.SYS_EPOLL_CREATE1, flag|flag<<20|0x40000000, 0, 0, 0, 0, 0)
}

// Values that a loop builds up.
//
//go:noinline
func loop() {
	flags := uintptr(0x100)
	for i := range 3 {
		flags |= 1 << i
		call(unix.SYS_RECVMSG, none, 0, flags, 0, 0, 0)
	}
	for i := uintptr(0); i < uintptr(n)+80; i++ {
		call(unix.SYS_GETITIMER, 100+i, 0, 0, 0, 0, 0)
	}
}

// Through recursion: as it is, and changed each time.
//
//go:noinline
func recursion(depth int, flags uintptr) {
	if depth == 0 {
		call(unix.SYS_MEMFD_CREATE, 0, flags|0x40000000, 0, 0, 0, 0)
		return
	}
	recursion(depth-1, flags)
}

//go:noinline
func growing(depth int, flags uintptr) {
	if depth > 0 {
		growing(depth-1, flags+16)
	}
	call(unix.SYS_FUTEX_WAITV, 0, 0, flags|1, 0, 5, 0)
}

// What functions return, one or several.
//
//go:noinline
func result(n int) (int, error) {
	switch {
	case n > 3:
		return 5, os.ErrInvalid
	case n > 2:
		return 6, nil
	}
	return 7, nil
}

//go:noinline
func named() (n int) {
	defer func() { recover(); n = 9 }()
	panic("named")
}

//go:noinline
func ofResults() {
	option, _ := result(n)
	call(unix.SYS_KCMP, none, none, uintptr(option), 0, 0, 0)
	call(unix.SYS_MREMAP, 1, 0, 0, uintptr(named()), 0, 0)
}

// Combinations.
//
//go:noinline
func option(level, name int) { call(unix.SYS_GETSOCKOPT, none, uintptr(level), uintptr(name), 0, 0, 0) }

//go:noinline
func create(domain, typ int) {
	syscall.RawSyscall6(unix.SYS_SOCKETPAIR, uintptr(domain), uintptr(typ|0x80000), 0, 0, 0, 0)
}

// More values than are kept.
//
//go:noinline
func many(cmd int) { call(unix.SYS_IOPRIO_GET, uintptr(cmd), none, 0, 0, 0, 0) }

// Kept over a call through a pointer.
//
//go:noinline
func kept(s signaller, flags int) {
	s.signal(3)
	call(unix.SYS_PIPE2, none, uintptr(flags), 0, 0, 0, 0)
}

// Through x/sys, which jumps into package syscall, and through package syscall.
func wrapped() {
	unix.Sendfile(-1, -1, nil, 0)
	unix.Fchmodat(-1, "", 0, 0x40000000)
	unix.Flistxattr(-1, nil)
	unix.Madvise(nil, 77)
	syscall.Fallocate(-1, 3, 0, 0)
	unix.IoctlGetInt(-1, 0x5413)
}

// On all threads: the arguments pass through variables of the runtime.
func allThreads() { syscall.AllThreadsSyscall(unix.SYS_TIMERFD_SETTIME, none, 3, 0) }

// From a slice, a map, a channel, text.
//
//go:noinline
func untold(s []uintptr, m map[string]uintptr, c chan uintptr) {
	text, _ := strconv.Atoi("6")
	for _, v := range []uintptr{s[n-1], m["a"], <-c, uintptr(text)} {
		call(unix.SYS_TIMERFD_CREATE, v, 0x40000000, 0, 0, 0, 0)
	}
}

//go:noinline
func called(resource int) { call(unix.SYS_CLOCK_GETRES, uintptr(resource), none, 0, 0, 0, 0) }

func generic[T ~int | ~uint](v T) { call(unix.SYS_CLOSE_RANGE, none, 0, uintptr(v), 0, 0, 0) }

func main() {
	constant()
	adviseTwice(n * 0)
	adviseTwice(3)
	variable()
	changeLock()
	variable()
	pointed()
	field(newRequest())
	byValue(request{none, 1, 6})
	functions["a"](100)
	hook(5)
	callAny(copied, 0x77)
	method{}.direct(0x40000000)
	f := method{n}.value
	f(0x66)
	f(0x67)
	for _, s := range []signaller{&method{}, other{}} {
		s.signal(0x40000000)
		kept(s, 0x40000003)
	}
	closure(0x55)()
	shared()
	func() {
		defer deferred(0x40000001)
		defer deferred(0x40000002)
	}()
	var done sync.WaitGroup
	done.Add(1)
	go started(n+7, &done)
	done.Wait()
	flagged(3)
	flagged(n << 3)
	computed()
	loop()
	recursion(4, 0x20)
	recursion(2, 0x40)
	growing(5, 0x10)
	ofResults()
	option(1, 2)
	option(1, 3)
	option(6, 10)
	create(77, 1)
	create(78, 2)
	switch n {
	case 1:
		manyCalls()
	}
	wrapped()
	allThreads()
	c := make(chan uintptr, 1)
	c <- 9
	untold([]uintptr{5, 8}, map[string]uintptr{"a": 7}, c)
	reflect.ValueOf(called).Call([]reflect.Value{reflect.ValueOf(99)})
	generic(0x40000000)
	generic(uint(0x20000000))
	assembly()
}
