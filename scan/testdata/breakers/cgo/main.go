// Cgo has C code set a variable that guards a call.
package main

/*
static void set(long *to) { *to = 3; }
*/
import "C"

import (
	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/scan/testdata/breakers/rare"
)

var byC C.long

func main() {
	C.set(&byC)
	call()
}

//go:noinline
func call() {
	if byC == 3 {
		rare.Call("sysinfo", unix.SYS_SYSINFO)
	}
}
