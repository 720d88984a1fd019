// Command attributes starts itself in a session of its own. The attributes that ask
// for that are made in one of many ways, which build tags choose.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

func main() {
	if len(os.Args) > 1 {
		fmt.Println(os.Getpid() == session())
		return
	}
	if err := start(os.Args[0], "child"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func session() int {
	sid, _, _ := syscall.RawSyscall(syscall.SYS_GETSID, 0, 0, 0)
	return int(sid)
}

// run starts a program by package exec.
func run(attr *syscall.SysProcAttr, args ...string) error {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = attr
	return cmd.Run()
}

// wait waits for a process that was started in another way.
func wait(pid int) error {
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &status, 0, nil); err != nil {
		return err
	}
	if status.ExitStatus() != 0 {
		return fmt.Errorf("the child ended with status %d", status.ExitStatus())
	}
	return nil
}

var files = []uintptr{0, 1, 2}
