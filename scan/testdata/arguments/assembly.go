package main

import "golang.org/x/sys/unix"

// In assembly: registers change their places, and one jumps into the other.
//
//go:noescape
func swapped(flags, nr, fd uintptr)

//go:noescape
func jumps(flags, nr, fd uintptr)

func assembly() {
	swapped(0x40000000, unix.SYS_UNLINKAT, none)
	jumps(0x40000002, unix.SYS_UNLINKAT, none)
}
