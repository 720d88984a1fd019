//go:build !go1.25

package main

import (
	"os"
	"syscall"
)

// A field that is far behind the start of a variable, which is copied as a whole.
type block struct {
	before [60]uintptr
	nr     uintptr
	after  [20]uintptr
}

var copied = block{nr: syscall.SYS_GETPRIORITY}

//go:noinline
func copyBlock(b block) { copied = b }

// Later releases copy in a loop.
func init() {
	if len(os.Args) > 4 {
		copyBlock(block{nr: syscall.SYS_FLOCK})
	}
	call(copied.nr)
}
