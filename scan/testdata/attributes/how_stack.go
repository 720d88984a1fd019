//go:build stack

package main

import "syscall"

// On the stack, for a function that package exec does not use.
func start(args ...string) error {
	attr := syscall.ProcAttr{Files: files, Sys: &syscall.SysProcAttr{Setsid: true}}
	pid, err := syscall.ForkExec(args[0], args, &attr)
	if err != nil {
		return err
	}
	return wait(pid)
}
