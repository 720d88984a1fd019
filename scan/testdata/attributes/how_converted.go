//go:build converted

package main

import "syscall"

type own syscall.SysProcAttr

// An object of another type with the same fields.
func start(args ...string) error {
	attr := &own{Setsid: true}
	return run((*syscall.SysProcAttr)(attr), args...)
}
