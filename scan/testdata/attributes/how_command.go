//go:build command

package main

import (
	"os"
	"os/exec"
	"syscall"
)

// For a command that might be on the stack.
func start(args ...string) error {
	cmd := exec.Cmd{Path: args[0], Args: args, Stdout: os.Stdout, SysProcAttr: &syscall.SysProcAttr{Setsid: true}}
	return cmd.Run()
}
