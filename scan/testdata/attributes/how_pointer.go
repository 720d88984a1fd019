//go:build pointer

package main

import "syscall"

// On the stack, for a function that is called through a pointer.
func start(args ...string) error {
	attr := syscall.ProcAttr{Files: files, Sys: &syscall.SysProcAttr{Setsid: true}}
	pid, err := how["fork"](args[0], args, &attr)
	if err != nil {
		return err
	}
	return wait(pid)
}

var how = map[string]func(string, []string, *syscall.ProcAttr) (int, error){"fork": syscall.ForkExec}
