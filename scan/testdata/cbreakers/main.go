// Cbreakers runs C code that the test links with it: functions that make system
// calls in unusual ways, and then say which. Some of them call functions of Go that do.
package main

/*
#include <stdint.h>

__attribute__((weak)) void breakers(void);
static void run(void) { breakers(); }

__attribute__((weak)) void made(const char *unit, long nr, long a, long b, long c, long d, long e, long f);
__attribute__((weak)) long passed(void *fn, long nr, long x);
__attribute__((weak)) long passed_on(long nr, long x, uintptr_t handle);

typedef long (*function)(long);
__attribute__((weak)) long chosen_in_go(long x);
__attribute__((weak)) extern function held_in_go;
*/
import "C"

import (
	"runtime/cgo"
	"syscall"
	"unsafe"
)

// Each of what follows is called by C code only.

//export goPlain
func goPlain(x C.long) C.long { return make6("goPlain", syscall.SYS_GETXATTR, 0, uintptr(x)) }

//export goCompares
func goCompares(x, y unsafe.Pointer) C.int {
	make6("goCompares", syscall.SYS_LGETXATTR, 0, 1)
	return *(*C.int)(x) - *(*C.int)(y)
}

//export goThread
func goThread(x unsafe.Pointer) unsafe.Pointer {
	make6("goThread", syscall.SYS_FGETXATTR, ^uintptr(0), 2)
	return x
}

//export goEarlyThread
func goEarlyThread(x unsafe.Pointer) unsafe.Pointer {
	make6("goEarlyThread", syscall.SYS_LISTXATTR, 0, 3)
	return x
}

//export goThreadEnds
func goThreadEnds(x unsafe.Pointer) { make6("goThreadEnds", syscall.SYS_LLISTXATTR, 0, 4) }

//export goHandler
func goHandler(signal C.int) { make6("goHandler", syscall.SYS_FLISTXATTR, ^uintptr(0), 5) }

//export goAtExit
func goAtExit() { make6("goAtExit", syscall.SYS_REMOVEXATTR, 0, 6) }

//export goInTable
func goInTable(x C.long) C.long { return make6("goInTable", syscall.SYS_LREMOVEXATTR, 0, 7) }

//export goNumber
func goNumber(nr, x C.long) C.long {
	r, _, _ := syscall.RawSyscall6(uintptr(nr), 0, uintptr(x), 0, 0, 0, 0)
	say("goNumber", uintptr(nr), 0, uintptr(x))
	return C.long(r)
}

//export goHandle
func goHandle(handle C.uintptr_t, x C.long) C.long {
	return cgo.Handle(handle).Value().(interface{ run(x C.long) C.long }).run(x)
}

//export goPanics
func goPanics(x C.long) C.long {
	defer func() {
		recover()
		make6("goPanics", syscall.SYS_ADD_KEY, 0, 8)
	}()
	var list []int
	return C.long(list[x])
}

// behind is found by what its handle holds only.
type behind struct{ nr uintptr }

func (b behind) run(x C.long) C.long {
	return make6("behind", syscall.SYS_REQUEST_KEY, 0, b.nr+uintptr(x))
}

func make6(unit string, nr, a, b uintptr) C.long {
	r, _, _ := syscall.RawSyscall6(nr, a, b, 0, 0, 0, 0)
	say(unit, nr, a, b)
	return C.long(r)
}

func say(unit string, nr, a, b uintptr) {
	C.made(C.CString(unit), C.long(nr), C.long(a), C.long(b), 0, 0, 0, 0)
}

//export goBack
func goBack() {
	C.passed(unsafe.Pointer(C.chosen_in_go), C.long(len(unit)+2), 9)
	C.passed(unsafe.Pointer(C.held_in_go), 1, 10)
	C.passed_on(C.long(syscall.SYS_MQ_NOTIFY-2+len(unit)), 12, C.uintptr_t(cgo.NewHandle(behind{0x700})))
}

var unit = []byte{1}

func main() { C.run() }
