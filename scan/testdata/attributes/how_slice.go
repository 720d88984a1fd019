//go:build slice

package main

import "syscall"

// An element of a slice of structs.
func start(args ...string) error {
	var all []struct {
		name string
		sys  syscall.SysProcAttr
	}
	for range args {
		all = append(all, struct {
			name string
			sys  syscall.SysProcAttr
		}{args[0], syscall.SysProcAttr{Setsid: true}})
	}
	return run(&all[0].sys, args...)
}
