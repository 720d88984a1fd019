// Clocked has C code leave things behind that run when the program is locked down:
// threads, handlers, functions that are called through pointers.
package main

/*
#include "left.h"
*/
import "C"

import (
	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/scan/testdata/breakers/locked/lock"
	"github.com/gocurb/curb/scan/testdata/breakers/rare"
)

//go:noinline
func curbLockDown() {
	if err := lock.Down(); err != nil {
		panic(err)
	}
}

var pointer C.callback

func main() {
	if C.prepare() != 0 {
		panic("not prepared")
	}
	C.clones()
	C.passes()
	pointer = C.callback(C.kept)
	if failed, err := C.only_before(); failed != 0 {
		panic(err)
	}
	C.number_before()
	C.both()
	go C.blocked()
	C.await_blocked()
	place()
	C.number_behind()
	C.both()
	C.calls(pointer)
	C.use()
	C.finish()
}

//export inGo
func inGo() { rare.Call("sysinfo", unix.SYS_SYSINFO) }
