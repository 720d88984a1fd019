// Arguments makes calls with an argument that says what they are to do, and gets
// its value by a different way for each. All calls are harmless: descriptors,
// addresses and processes are of things that are not there.
package main

import (
	"os"
	"reflect"
	"strconv"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

func main() {
	variables()
	results()
	control()
	library()
}

//go:noinline
func same[T any](x T) T { return x }

//go:noinline
func set[T any](to *T, x T) { *to = x }

const none = ^uintptr(0) // a descriptor, or a process

func made(name string, _, _ uintptr, errno unix.Errno) { println("made", name, errno) }

type how struct {
	name  string
	value uintptr
}

var (
	byPointer uintptr
	byStruct  how
	model     = how{"it", 1032}
	byMap     = map[string]uintptr{"it": unix.TIOCGWINSZ}
	byChannel = make(chan uintptr, 1)
	byArray   = [...]uintptr{unix.SO_TYPE, unix.SO_ERROR, unix.SO_PROTOCOL}
	bySlice   = []how{{"a", 1}, {"b", unix.CLONE_FS}}
	byAtomic  atomic.Uintptr
	byAny     any
	byTwo     struct{ first, second int32 }
)

func variables() {
	set(&byPointer, 44)
	family(byPointer)
	byStruct = model
	command(byStruct)
	ask(byMap[same("it")])
	byChannel <- unix.PR_GET_DUMPABLE
	option()
	for i := range same(3) {
		socketOption(byArray[i])
	}
	bySlice[0].value = unix.CLONE_SYSVSEM
	for _, h := range bySlice {
		unshare(&h)
	}
	byAtomic.Store(unix.MREMAP_DONTUNMAP - 1)
	requeue()
	byAny = uintptr(3)
	change()
	set(&byTwo, struct{ first, second int32 }{1, -1})
	persona()
}

//go:noinline
func family(v uintptr) {
	a, b, e := unix.RawSyscall(unix.SYS_SOCKET, v, unix.SOCK_DGRAM, 0)
	made("socket", a, b, e)
}

//go:noinline
func command(h how) {
	a, b, e := unix.RawSyscall(unix.SYS_FCNTL, none, h.value, 0)
	made("fcntl", a, b, e)
}

//go:noinline
func ask(v uintptr) {
	a, b, e := unix.RawSyscall(unix.SYS_IOCTL, none, v, 0)
	made("ioctl", a, b, e)
}

//go:noinline
func option() {
	a, b, e := unix.RawSyscall(unix.SYS_PRCTL, <-byChannel, 0, 0)
	made("prctl", a, b, e)
}

//go:noinline
func socketOption(v uintptr) {
	a, b, e := unix.RawSyscall6(unix.SYS_GETSOCKOPT, none, unix.SOL_SOCKET, v, 0, 0, 0)
	made("getsockopt", a, b, e)
}

//go:noinline
func unshare(h *how) {
	a, b, e := unix.RawSyscall(unix.SYS_UNSHARE, h.value, 0, 0)
	made("unshare", a, b, e)
}

//go:noinline
func requeue() {
	a, b, e := unix.RawSyscall6(unix.SYS_FUTEX, 0, byAtomic.Load(), 0, 0, 0, 0)
	made("futex", a, b, e)
}

//go:noinline
func change() {
	a, b, e := unix.RawSyscall6(unix.SYS_EPOLL_CTL, none, byAny.(uintptr), none, 0, 0, 0)
	made("epoll_ctl", a, b, e)
}

//go:noinline
func persona() {
	a, b, e := unix.RawSyscall(unix.SYS_PERSONALITY, uintptr(byTwo.second), 0, 0)
	made("personality", a, b, e)
}

type chooser interface{ choose() uintptr }

type constant uintptr

func (c constant) choose() uintptr { return uintptr(c) }

type number struct{ kind, value uint8 }

func (n *number) choose() uintptr { return uintptr(n.value + 250) } // wraps around

func pick(first bool) (uintptr, uintptr) {
	if first {
		return unix.MADV_SEQUENTIAL, unix.PROT_READ
	}
	return unix.MADV_MERGEABLE, unix.PROT_EXEC
}

func results() {
	advice, prot := pick(same(false))
	a, b, e := unix.RawSyscall(unix.SYS_MADVISE, 0, 0, advice)
	made("madvise", a, b, e)
	a, b, e = unix.RawSyscall(unix.SYS_MPROTECT, 0, 0, prot|unix.PROT_GROWSDOWN)
	made("mprotect", a, b, e)
	for _, c := range []chooser{constant(unix.LOCK_UN), &number{1, 8}} {
		a, b, e = unix.RawSyscall(unix.SYS_FLOCK, none, c.choose(), 0)
		made("flock", a, b, e)
	}
	level := same(uintptr(41))
	captured := func(name uintptr) {
		a, b, e := unix.RawSyscall6(unix.SYS_SETSOCKOPT, none, level, name, 0, 0, 0)
		made("setsockopt", a, b, e)
	}
	captured(1)
	level++
	same(captured)(2)
	a, b, e = unix.RawSyscall(unix.SYS_LSEEK, none, 0, generic(how{"it", unix.SEEK_HOLE}))
	made("lseek", a, b, e)
	var sum uintptr
	for i := range same(uint(3)) {
		sum |= 1 << i
	}
	a, b, e = unix.RawSyscall6(unix.SYS_MMAP, 0, 0, sum, unix.MAP_SHARED|sum<<10, none, 0)
	made("mmap", a, b, e)
	a, b, e = unix.RawSyscall(unix.SYS_KILL, 1<<30, fromAssembly(), 0)
	made("kill", a, b, e)
}

func generic[T interface{ get() uintptr }](x T) uintptr { return x.get() }

func (h how) get() uintptr { return h.value }

func fromAssembly() uintptr

func control() {
	kind := uintptr(unix.SOCK_RAW)
	if same(1) > 0 {
		kind = unix.SOCK_RDM
	}
	a, b, e := unix.RawSyscall6(unix.SYS_SOCKETPAIR, unix.AF_INET, kind, 0, 0, 0, 0)
	made("socketpair", a, b, e)
	for op := range uintptr(8) {
		a, b, e := unix.RawSyscall6(unix.SYS_FADVISE64, none, 0, 0, op, 0, 0)
		made("fadvise64", a, b, e)
	}
	countdown(4)
	func() {
		defer func() {
			a, b, e := unix.RawSyscall(unix.SYS_SHUTDOWN, none, recover().(uintptr), 0)
			made("shutdown", a, b, e)
		}()
		panic(same(uintptr(9)))
	}()
	done := make(chan bool)
	go func(which uintptr) {
		a, b, e := unix.RawSyscall(unix.SYS_GETITIMER, which, 0, 0)
		made("getitimer", a, b, e)
		close(done)
	}(same(uintptr(5)))
	<-done
	a, b, e = unix.RawSyscall6(unix.SYS_FALLOCATE, none, min(same(uintptr(90)), 80), 0, 0, 0, 0)
	made("fallocate", a, b, e)
	var text string
	for _, c := range same("\x07") {
		text += string(c)
	}
	a, b, e = unix.RawSyscall(unix.SYS_GETPRIORITY, uintptr(text[0]), 0, 0)
	made("getpriority", a, b, e)
	switch same(2) {
	case 0:
		tell(unix.CLOCK_TAI)
	case 1:
		tell(unix.CLOCK_BOOTTIME)
	case 2:
		tell(99)
	}
}

//go:noinline
func countdown(n uintptr) {
	if n > 0 {
		a, b, e := unix.RawSyscall(unix.SYS_MEMBARRIER, n<<20, 0, 0)
		made("membarrier", a, b, e)
		countdown(n - 1)
	}
}

//go:noinline
func tell(clock uintptr) {
	a, b, e := unix.RawSyscall(unix.SYS_CLOCK_GETRES, clock, 0, 0)
	made("clock_getres", a, b, e)
}

type fields struct {
	Name  string
	Flags int64
}

func library() {
	var f fields
	reflect.ValueOf(&f).Elem().FieldByName("Flags").SetInt(unix.O_PATH | unix.O_DIRECTORY)
	a, b, e := unix.RawSyscall6(unix.SYS_OPENAT, none, uintptr(unsafe.Pointer(unsafe.StringData("x\x00"))), uintptr(f.Flags), 0, 0, 0)
	made("openat", a, b, e)
	v, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	a, b, e = unix.RawSyscall(unix.SYS_TGKILL, none, none, uintptr(v))
	made("tgkill", a, b, e)
	options, err := strconv.ParseUint(os.Getenv("BREAKER"), 0, 32)
	if err == nil {
		a, b, e = unix.RawSyscall6(unix.SYS_WAITID, 7, none, 0, uintptr(options), 0, 0)
		made("waitid", a, b, e)
	}
	for _, open := range []struct{ path, how string }{{"/dev/null", "w"}, {"/dev/null", "rw"}, {"/dev/null", "r"}} {
		file, err := os.OpenFile(open.path, flags(open.how), 0)
		if err != nil {
			panic(err)
		}
		file.Close()
		println("made openat", open.how)
	}
}

func flags(how string) int {
	all := map[string]int{"w": os.O_WRONLY | os.O_APPEND, "rw": os.O_RDWR | os.O_SYNC}
	return all[how]
}
