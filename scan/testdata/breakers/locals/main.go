// Locals makes calls with an argument that says what they are to do, and computes
// its value within functions, in every way in which compiled code can. All calls are
// harmless: descriptors, addresses and processes are of things that are not there.
package main

import (
	"math/bits"
	"strings"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

func main() {
	memory()
	arithmetic()
	passing()
	control()
}

//go:noinline
func same[T any](x T) T { return x }

//go:noinline
func set[T any](to *T, x T) { *to = x }

const none = ^uintptr(0) // a descriptor, or a process

// made makes a call with four arguments, the last of which is zero unless it tells.
func made(name string, nr, a, b, c, d uintptr) {
	_, _, errno := unix.RawSyscall6(nr, a, b, c, d, 0, 0)
	println("made", name, errno)
	println("with", name, a, b, c, d)
}

type pair struct{ first, second uintptr }

type wide struct {
	before [20]uintptr
	value  uintptr
	after  [20]uintptr
}

// memory keeps values on the stack, and changes them behind the code's back.
func memory() {
	taken := uintptr(unix.SEEK_SET)
	set(&taken, unix.SEEK_DATA)
	made("lseek", unix.SYS_LSEEK, none, 0, taken, 0)

	captured := uintptr(unix.LOCK_SH)
	func() { captured = same[uintptr](unix.LOCK_UN) }()
	same(func() { captured |= unix.LOCK_NB })()
	made("flock", unix.SYS_FLOCK, none, captured, 0, 0)

	var array [6]uintptr
	array[same(4)] = 3
	made("epoll_ctl", unix.SYS_EPOLL_CTL, none, array[4], none, 0)

	p := pair{1, 2}
	q := p
	set(&q.second, 5)
	q, p = p, q
	made("getitimer", unix.SYS_GETITIMER, p.second, 0, 0, 0)

	var w wide
	w.value = 7
	copied := w
	set(&copied.value, 77)
	w = copied
	made("getpriority", unix.SYS_GETPRIORITY, w.value, 0, 0, 0)

	part := uint64(0x1111)
	(*[8]uint8)(unsafe.Pointer(&part))[1] = same[uint8](0x22)
	made("fadvise64", unix.SYS_FADVISE64, none, 0, 0, uintptr(part))

	var counter atomic.Uintptr
	counter.Store(3)
	counter.Add(40)
	made("clock_getres", unix.SYS_CLOCK_GETRES, counter.Load(), 0, 0, 0)

	list := make([]uintptr, 2, 3)
	list = append(list, 4)
	list = append(list, 5)
	copy(list, list[2:])
	made("timerfd_create", unix.SYS_TIMERFD_CREATE, list[1], list[0]<<20, 0, 0)

	box := any(uintptr(1))
	if same(true) {
		box = uintptr(9)
	}
	made("shutdown", unix.SYS_SHUTDOWN, none, box.(uintptr), 0, 0)

	zeroed := [4]uintptr{1, 2, 3, 4}
	clear(same(zeroed[:2]))
	made("fallocate", unix.SYS_FALLOCATE, none, zeroed[1]+zeroed[3], 0, 0)

	at := unsafe.Pointer(&p)
	*(*uintptr)(unsafe.Add(at, 8)) = 0x40000
	made("pipe2", unix.SYS_PIPE2, 0, p.second, 0, 0)
}

// arithmetic computes values.
func arithmetic() {
	var narrow uint8 = same[uint8](250)
	narrow += 10
	made("dup3", unix.SYS_DUP3, none, none, uintptr(narrow), 0)

	negative := int32(same(3)) - 10
	made("inotify_init1", unix.SYS_INOTIFY_INIT1, uintptr(negative), 0, 0, 0)

	half := int8(same(100))
	made("memfd_create", unix.SYS_MEMFD_CREATE, 0, uintptr(half+half), 0, 0)

	made("mlock2", unix.SYS_MLOCK2, 0, 0, uintptr(bits.RotateLeft32(1, same(31))), 0)

	product := same(uintptr(7)) * 6
	made("signalfd4", unix.SYS_SIGNALFD4, none, 0, 0, product)

	made("accept4", unix.SYS_ACCEPT4, none, 0, 0, uintptr(same(100)/7%5))

	made("statx", unix.SYS_STATX, none, 0, uintptr(same(1.5)*2e6), 0)

	mask := same(uintptr(0xffff)) &^ 0xf0f
	made("linkat", unix.SYS_LINKAT, none, 0, none, mask)

	made("unlinkat", unix.SYS_UNLINKAT, none, 0, uintptr(bits.ReverseBytes16(same[uint16](2))), 0)

	truth := 0
	if same(5) > 4 {
		truth = 1
	}
	made("membarrier", unix.SYS_MEMBARRIER, uintptr(truth)<<30, 0, 0, 0)

	shifted := uintptr(1) << same(uint(12))
	made("umount2", unix.SYS_UMOUNT2, 0, shifted>>2, 0, 0)

	made("unshare", unix.SYS_UNSHARE, uintptr(max(same(0x200), 0x100)), 0, 0, 0)

	made("landlock_create_ruleset", unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, uintptr(^same(uint32(5))), 0)
}

// passing hands values from function to function.
func passing() {
	made("fcntl", unix.SYS_FCNTL, none, many(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1033), 0, 0)
	made("ioctl", unix.SYS_IOCTL, none, variadic(1, 2, 0x5410), 0, 0)
	a, b, c := three(same(true))
	made("socket", unix.SYS_SOCKET, a, b, c, 0)
	made("prctl", unix.SYS_PRCTL, named(), 0, 0, 0)
	made("madvise", unix.SYS_MADVISE, 0, 0, uintptr(byValue(wide{value: 15})), 0)
	made("mprotect", unix.SYS_MPROTECT, 0, 0, method(kind(2)), 0)
	d := deep(5, 3)
	made("getsockopt", unix.SYS_GETSOCKOPT, none, d, d+1, 0)
	made("kill", unix.SYS_KILL, 1<<30, closureResult()(), 0, 0)
	made("tgkill", unix.SYS_TGKILL, none, none, generic([]int8{40, 41}), 0)
	done := make(chan bool)
	wait := uintptr(12)
	go func(options uintptr) {
		_, _, errno := unix.RawSyscall6(unix.SYS_WAITID, 7, none, 0, options+wait, 0, 0)
		println("made waitid", errno)
		close(done)
	}(same[uintptr](4))
	<-done
	defer func(flags uintptr) {
		made("openat", unix.SYS_OPENAT, none, 0, flags, 0)
	}(same[uintptr](unix.O_PATH))
}

//go:noinline
func many(a, b, c, d, e, f, g, h, i, j, k uintptr) uintptr {
	if a == b {
		return c + d + e + f + g + h + i + j
	}
	return k
}

//go:noinline
func variadic(all ...uintptr) uintptr { return all[len(all)-1] + 3 }

//go:noinline
func three(x bool) (a, b, c uintptr) {
	if x {
		return 40, 5, 9
	}
	return 1, 1, 0
}

//go:noinline
func named() (option uintptr) {
	defer func() {
		recover()
		option += 2
	}()
	option = unix.PR_GET_PDEATHSIG - 1
	panic("on purpose")
}

//go:noinline
func byValue(w wide) int32 { w.value -= 2; return int32(w.value) }

type kind uintptr

func (k *kind) raise()         { *k <<= 1 }
func (k kind) result() uintptr { k.raise(); return uintptr(k) }
func method(k kind) uintptr    { return kind.result(k) }
func deep(n, x uintptr) uintptr {
	if n == 0 {
		return x
	}
	return deep(n-1, x+n)
}

//go:noinline
func closureResult() func() uintptr {
	n := uintptr(60)
	return func() uintptr { n++; return n }
}

func generic[T int8 | int16](list []T) uintptr {
	var sum T
	for _, x := range list {
		sum += x
	}
	return uintptr(sum)
}

// control chooses values.
func control() {
	var flags uintptr
	for i, c := range same("rwx") {
		switch c {
		case 'r':
			flags |= 1
		case 'w':
			flags |= 1 << (i * 3)
		default:
			flags ^= 0x100
		}
	}
	made("open_by_handle_at", unix.SYS_OPEN_BY_HANDLE_AT, none, 0, flags, 0)

	how := uintptr(unix.SIG_BLOCK)
	switch strings.ToLower(same("SET")) {
	case "block":
	case "set":
		how = 7
	}
	made("rt_sigprocmask", unix.SYS_RT_SIGPROCMASK, how, 8, 0, 0)

	n := uintptr(0)
again:
	n += 3
	if n < same[uintptr](10) {
		goto again
	}
	made("personality", unix.SYS_PERSONALITY, n|0xffffffff, 0, 0, 0)

	for op := same[uintptr](2); op < 200; op *= 5 {
		made("ioprio_get", unix.SYS_IOPRIO_GET, op, none, 0, 0)
	}
	var which uintptr
	for which = range 9 {
		if which == same[uintptr](6) {
			break
		}
	}
	made("setsockopt", unix.SYS_SETSOCKOPT, none, which, which^3, 0)

	steps := [...]uint16{3, 30, 300, 3000}
	last := steps[0]
	for _, s := range steps {
		last, s = s, last
		if s == 300 {
			break
		}
	}
	made("clock_gettime", unix.SYS_CLOCK_GETTIME, uintptr(last), 0, 0, 0)

	select {
	case v := <-ready(11):
		made("socketpair", unix.SYS_SOCKETPAIR, 40, v, 0, 0)
	}
	prot := map[bool]uintptr{true: unix.PROT_READ | unix.PROT_EXEC}[same(true)]
	_, _, errno := unix.RawSyscall6(unix.SYS_MMAP, 0, 0, prot, unix.MAP_SHARED|unix.MAP_LOCKED, none, 0)
	println("made mmap", errno)
	_, _, errno = unix.RawSyscall6(unix.SYS_FUTEX, 0, same[uintptr](3)+128, 0, 0, 0, 0)
	println("made futex", errno)
}

func ready(v uintptr) chan uintptr {
	c := make(chan uintptr, 1)
	c <- v
	return c
}
