//go:build captured

package main

import "syscall"

// What a function value has captured.
func start(args ...string) error { return maker(len(args) > 0)(args...) }

//go:noinline
func maker(on bool) func(...string) error {
	attr := syscall.SysProcAttr{Setsid: on}
	return func(args ...string) error { return run(&attr, args...) }
}
