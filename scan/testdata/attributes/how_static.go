//go:build static

package main

import "syscall"

var attr = &syscall.SysProcAttr{Setsid: true}

// A variable that the linker makes.
func start(args ...string) error { return run(attr, args...) }
