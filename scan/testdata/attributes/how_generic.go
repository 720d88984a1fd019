//go:build generic

package main

import "syscall"

//go:noinline
func fresh[T any]() *T { return new(T) }

// An object whose type is known to a dictionary only.
func start(args ...string) error {
	attr := fresh[syscall.SysProcAttr]()
	attr.Setsid = true
	return run(attr, args...)
}
