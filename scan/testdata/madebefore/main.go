// Madebefore makes the attributes of a process before it locks itself down, and
// starts the process after that.
package main

import (
	"os"
	"os/exec"
	"syscall"
)

// curbLockDown stands for the one that is generated: it is known by its name.
//
//go:noinline
func curbLockDown() { locked = true }

var (
	locked     bool
	attributes = leader()
)

//go:noinline
func leader() *syscall.SysProcAttr {
	a := new(syscall.SysProcAttr)
	a.Setsid = len(os.Args) > 0
	return a
}

func main() {
	curbLockDown()
	cmd := exec.Command(os.Args[0])
	cmd.SysProcAttr = attributes
	cmd.Run()
}
