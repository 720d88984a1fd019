//go:build process

package main

import (
	"os"
	"syscall"
)

// On the stack, for os.StartProcess.
func start(args ...string) error {
	attr := os.ProcAttr{Files: []*os.File{os.Stdin, os.Stdout, os.Stderr}, Sys: &syscall.SysProcAttr{Setsid: true}}
	p, err := os.StartProcess(args[0], args, &attr)
	if err != nil {
		return err
	}
	_, err = p.Wait()
	return err
}
