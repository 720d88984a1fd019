// Other programs started, talked to, signalled and waited for.
package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/gocurb/curb/internal/mkgroups/testdata/lockdown"
)

// The program starts itself, so that what its children need is known.
func main() {
	if len(os.Args) > 1 {
		child(os.Args[1])
		return
	}
	lockdown.Enforce()
	self, err := os.Executable()
	check(err)
	out, err := exec.Command(self, "echo").Output()
	check(err)
	if string(out) != "echo" {
		panic(string(out))
	}
	piped(self)
	signalled(self)
	attributes(self)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if exec.CommandContext(ctx, self, "wait").Run() == nil {
		panic("it was not killed")
	}
	if _, err := exec.LookPath("no such program"); err == nil {
		panic("it is there")
	}
	check(syscall.Kill(os.Getpid(), 0))
	_ = os.Getppid()
	_ = syscall.Getpgrp()
	if _, err := syscall.Getpgid(0); err != nil {
		panic(err)
	}
}

func child(what string) {
	switch what {
	case "echo":
		os.Stdout.WriteString("echo")
	case "copy":
		io.Copy(os.Stdout, os.Stdin)
	case "wait":
		time.Sleep(time.Hour)
	}
}

func piped(self string) {
	cmd := exec.Command(self, "copy")
	in, err := cmd.StdinPipe()
	check(err)
	out, err := cmd.StdoutPipe()
	check(err)
	check(cmd.Start())
	_, err = in.Write([]byte("text"))
	check(err)
	check(in.Close())
	_, err = io.ReadAll(out)
	check(err)
	check(cmd.Wait())
}

func signalled(self string) {
	cmd := exec.Command(self, "wait")
	check(cmd.Start())
	check(cmd.Process.Signal(syscall.SIGTERM))
	if cmd.Wait() == nil {
		panic("it goes on")
	}
	found, err := os.FindProcess(os.Getpid())
	check(err)
	check(found.Signal(syscall.Signal(0)))
	check(found.Release())
}

func attributes(self string) {
	files := []*os.File{os.Stdin, os.Stdout, os.Stderr}
	for _, sys := range []*syscall.SysProcAttr{nil, {Setpgid: true}, {Setsid: true}, {Pdeathsig: syscall.SIGKILL}} {
		p, err := os.StartProcess(self, []string{self, "nothing"}, &os.ProcAttr{Dir: ".", Env: os.Environ(), Files: files, Sys: sys})
		check(err)
		_, err = p.Wait()
		check(err)
	}
	pid, err := syscall.ForkExec(self, []string{self, "nothing"}, &syscall.ProcAttr{Files: []uintptr{0, 1, 2}})
	check(err)
	var status syscall.WaitStatus
	_, err = syscall.Wait4(pid, &status, 0, nil)
	check(err)
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
