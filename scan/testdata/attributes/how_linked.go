//go:build linked

package main

import (
	"syscall"
	_ "unsafe" // for linkname
)

//go:linkname forkExec syscall.forkExec
func forkExec(argv0 string, argv []string, attr *syscall.ProcAttr) (pid int, err error)

// On the stack, for a function of another package.
func start(args ...string) error {
	attr := syscall.ProcAttr{Files: files, Sys: &syscall.SysProcAttr{Setsid: true}}
	pid, err := forkExec(args[0], args, &attr)
	if err != nil {
		return err
	}
	return wait(pid)
}
