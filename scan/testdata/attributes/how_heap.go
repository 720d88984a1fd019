//go:build heap

package main

import "syscall"

// An object of its own.
func start(args ...string) error { return run(&syscall.SysProcAttr{Setsid: true}, args...) }
