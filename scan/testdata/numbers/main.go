// Command numbers makes system calls whose numbers come from many places.
package main

import (
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// In a variable that is changed elsewhere: both values.
var fromVariable uintptr = unix.SYS_GETPGID

//go:noinline
func change() { fromVariable = unix.SYS_GETSID }

//go:noinline
func variable() { syscall.RawSyscall(fromVariable, 0, 0, 0) }

// In a variable that only a pointer changes: not to be told.
var behindPointer uintptr = unix.SYS_MSGGET

//go:noinline
func changeBehind(p *uintptr, n int) { *p = uintptr(n) }

//go:noinline
func pointed() { syscall.RawSyscall(behindPointer, 0, 0, 0) }

// In a field of an object that was allocated.
type request struct {
	flags, nr uintptr
}

//go:noinline
func newRequest() *request { return &request{nr: unix.SYS_MSGSND} }

//go:noinline
func field(r *request) { syscall.RawSyscall(r.nr, 0, 0, 0) }

// In a struct on the stack, which is passed by value.
//
//go:noinline
func byValue(r request) { syscall.RawSyscall(r.nr, r.flags, 0, 0) }

// In what a closure has captured.
//
//go:noinline
func closure(nr uintptr) func() {
	return func() { syscall.RawSyscall(nr, 0, 0, 0) }
}

// As the parameter of a method that is called through an interface.
type caller interface{ call(nr uintptr) }

type direct struct{}

//go:noinline
func (direct) call(nr uintptr) { syscall.RawSyscall(nr, 0, 0, 0) }

type twice struct{ n int }

//go:noinline
func (t *twice) call(nr uintptr) {
	for range t.n {
		syscall.RawSyscall(nr, 0, 0, 0)
	}
}

// As the parameter of a function value.
var value func(nr uintptr)

//go:noinline
func throughValue(nr uintptr) { syscall.RawSyscall(nr, 0, 0, 0) }

// By arithmetic, and from a switch.
//
//go:noinline
func computed(n int) {
	base := uintptr(unix.SYS_MQ_OPEN)
	if n > 3 {
		base = unix.SYS_MQ_TIMEDSEND
	}
	syscall.RawSyscall(base+1, 0, 0, 0) // mq_unlink, mq_timedreceive
}

//go:noinline
func switched(n int) {
	var nr uintptr
	switch n {
	case 1:
		nr = unix.SYS_IO_SETUP
	case 2:
		nr = unix.SYS_IO_DESTROY
	case 7:
		nr = unix.SYS_IO_GETEVENTS
	case 8:
		nr = unix.SYS_IO_SUBMIT
	case 9:
		nr = unix.SYS_IO_CANCEL
	case 10:
		nr = unix.SYS_IOPRIO_SET
	case 11:
		nr = unix.SYS_IOPRIO_GET
	case 12:
		nr = unix.SYS_ADD_KEY
	case 13:
		nr = unix.SYS_KEYCTL
	default:
		nr = unix.SYS_REQUEST_KEY
	}
	syscall.RawSyscall(nr, 0, 0, 0)
}

// From a table, at an index that only the run tells.
var table = [...]uintptr{unix.SYS_SEMGET, unix.SYS_SEMOP, unix.SYS_SEMCTL}

//go:noinline
func indexed(n int) { syscall.RawSyscall(table[n], 0, 0, 0) }

//go:noinline
func sliced(nrs []uintptr) {
	for _, nr := range nrs {
		syscall.RawSyscall(nr, 0, 0, 0)
	}
}

// From a map, from a channel, and from the program's arguments.
//
//go:noinline
func mapped(m map[string]uintptr, key string) { syscall.RawSyscall(m[key], 0, 0, 0) }

//go:noinline
func received(c chan uintptr) { syscall.RawSyscall(<-c, 0, 0, 0) }

//go:noinline
func parsed(s string) {
	n, _ := strconv.Atoi(s)
	syscall.RawSyscall(uintptr(n), 0, 0, 0)
}

// As the result of a function, and as one of several results.
//
//go:noinline
func result() uintptr { return unix.SYS_SHMGET }

//go:noinline
func ofResult() { syscall.RawSyscall(result(), 0, 0, 0) }

// Through wrappers of wrappers, of one's own and of x/sys/unix, which jumps
// into package syscall.
//
//go:noinline
func wrapper(a, nr uintptr) { wrapped(nr, a) }

//go:noinline
func wrapped(nr, a uintptr) { syscall.Syscall6(nr, a, 0, 0, 0, 0, 0) }

//go:noinline
func wrappers() {
	wrapper(1, unix.SYS_SHMAT)
	wrapper(2, unix.SYS_SHMCTL)
	unix.Getpriority(0, 0)
	unix.Fchmodat(-1, "x", 0, unix.AT_SYMLINK_NOFOLLOW) // fchmodat2
	unix.Syscall(unix.SYS_PERSONALITY, 0, 0, 0)
	unix.Syscall6(unix.SYS_ADJTIMEX, 0, 0, 0, 0, 0, 0)
	unix.RawSyscall(unix.SYS_SETTIMEOFDAY, 0, 0, 0)
	unix.RawSyscall6(unix.SYS_VHANGUP, 0, 0, 0, 0, 0, 0)
	unix.SyscallNoError(unix.SYS_KCMP, 0, 0, 0)
	unix.RawSyscallNoError(unix.SYS_SCHED_SETATTR, 0, 0, 0)
}

// More arguments than registers: the number is passed on the stack.
//
//go:noinline
func onStack(a, b, c, d, e, f, g, h, i, nr uintptr) {
	syscall.RawSyscall6(nr, a+b, c+d, e+f, g+h, i, 0)
}

// Kept over a call, on the stack, in a loop.
//
//go:noinline
func kept(n int) {
	nr := uintptr(unix.SYS_SWAPON)
	for i := range n {
		os.Getpid()
		syscall.RawSyscall(nr, uintptr(i), 0, 0)
		if i == 3 {
			nr = unix.SYS_SWAPOFF
		}
	}
}

// A recursion that passes the number on.
//
//go:noinline
func recursive(nr uintptr, n int) {
	if n > 0 {
		recursive(nr, n-1)
	}
	syscall.RawSyscall(nr, 0, 0, 0)
}

// In a named result that a deferred function may change.
//
//go:noinline
func deferred() (nr uintptr) {
	nr = unix.SYS_MLOCKALL
	defer func() {
		nr = unix.SYS_MUNLOCKALL
		syscall.RawSyscall(nr, 0, 0, 0)
	}()
	syscall.RawSyscall(nr, 0, 0, 0)
	return nr
}

// On all threads.
//
//go:noinline
func allThreads() { syscall.AllThreadsSyscall(unix.SYS_SETDOMAINNAME, 0, 0, 0) }

// In a global struct that is written as a whole.
var whole request

//go:noinline
func writeWhole(n uintptr) { whole = request{n, unix.SYS_QUOTACTL} }

//go:noinline
func readWhole() { syscall.RawSyscall(whole.nr, 0, 0, 0) }

// In a variable so wide that it is copied by way of a pointer.
type wide struct{ a, b, c, d, nr uintptr }

var spread wide

//go:noinline
func writeSpread(n uintptr) uintptr {
	made := wide{a: n, nr: unix.SYS_SETNS}
	if n == 0 {
		made.nr = unix.SYS_UNSHARE
	}
	spread = made
	return n
}

//go:noinline
func readSpread() { syscall.RawSyscall(spread.nr, 0, 0, 0) }

// At the end of a variable that is copied as one block, far behind its start.
type broad struct {
	pad [40]uintptr
	nr  uintptr
}

var copied broad

//go:noinline
func writeBroad(n uintptr) uintptr {
	made := broad{nr: unix.SYS_FANOTIFY_INIT}
	made.pad[n%40] = n
	copied = made
	return n
}

//go:noinline
func readBroad() { syscall.RawSyscall(copied.nr, 0, 0, 0) }

// In a field of a variable to whose start a pointer is taken.
var fields = request{nr: unix.SYS_MLOCK2}

//go:noinline
func changeField(r *request, n int) { r.nr = uintptr(n) }

//go:noinline
func readField() { syscall.RawSyscall(fields.nr, 0, 0, 0) }

// As an argument of a goroutine and of a deferred call.
//
//go:noinline
func started(nr uintptr) { syscall.RawSyscall(nr, 0, 0, 0) }

//go:noinline
func postponed(nr uintptr) { syscall.RawSyscall(nr, 0, 0, 0) }

func starts() {
	defer postponed(unix.SYS_PKEY_ALLOC)
	go started(unix.SYS_PKEY_FREE)
}

// By division, which is not followed.
//
//go:noinline
func divided(n int) { syscall.RawSyscall(uintptr(n*7/3), 0, 0, 0) }

// Beside an array of which an element changes, and in one.
//
//go:noinline
func arrayed(nr uintptr, args [6]uintptr, i, n int) {
	for range n {
		os.Getpid()
		args[i] = uintptr(os.Getppid())
		syscall.RawSyscall(nr, args[0], args[1], args[2])
	}
}

//go:noinline
func element(args [6]uintptr, i, n int) {
	for range n {
		os.Getpid()
		args[i] = uintptr(n)
		syscall.RawSyscall(args[3], 0, 0, 0)
	}
}

// As a number that no table knows, and one wider than the kernel reads.
//
//go:noinline
func odd() {
	syscall.RawSyscall(1000, 0, 0, 0)
	syscall.RawSyscall(1<<32|unix.SYS_MIGRATE_PAGES, 0, 0, 0)
}

// lessTenMegabytes has numbers that look like addresses of the vsyscall page.
//
//go:noinline
func lessTenMegabytes(a, b int64) (int64, bool) { return a - 10<<20, a >= 10<<20-b }

func main() {
	n := len(os.Args)
	if left, ok := lessTenMegabytes(int64(n), int64(n)); ok {
		println(left)
	}
	if n > 5 {
		change()
	}
	variable()
	changeBehind(&behindPointer, n)
	pointed()
	field(newRequest())
	byValue(request{uintptr(n), unix.SYS_MSGRCV})
	closure(unix.SYS_MSGCTL)()
	var c caller = direct{}
	if n > 2 {
		c = &twice{n}
	}
	c.call(unix.SYS_ACCT)
	value = throughValue
	if n > 20 {
		value = nil
	}
	value(unix.SYS_SETHOSTNAME)
	computed(n)
	switched(n)
	indexed(n)
	sliced(table[:n])
	mapped(map[string]uintptr{"a": unix.SYS_LOOKUP_DCOOKIE}, os.Args[0])
	ch := make(chan uintptr, 1)
	ch <- unix.SYS_KEXEC_LOAD
	received(ch)
	parsed(os.Args[0])
	ofResult()
	wrappers()
	onStack(1, 2, 3, 4, 5, 6, 7, 8, 9, unix.SYS_SHMDT)
	kept(n)
	recursive(unix.SYS_BPF, n)
	deferred()
	allThreads()
	writeWhole(uintptr(n))
	readWhole()
	writeBroad(uintptr(n))
	readBroad()
	writeSpread(uintptr(n))
	readSpread()
	changeField(&fields, n)
	readField()
	starts()
	divided(n)
	arrayed(unix.SYS_TIMES, [6]uintptr{}, n, n)
	element([6]uintptr{3: unix.SYS_SYSLOG}, n, n)
	odd()
}
