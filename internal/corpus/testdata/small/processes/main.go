// Processes starts processes in all ways that os/exec and syscall have: itself
// by default, as a child that ends as it is told, or the program that its
// argument names.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

func main() {
	if code := os.Getenv("CHILD_ENDS"); code != "" {
		child(code)
		return
	}
	name := os.Args[0]
	if len(os.Args) > 1 {
		name = os.Args[1]
	}
	if err := parent(name); err != nil {
		fmt.Fprintln(os.Stderr, "processes:", err)
		os.Exit(1)
	}
}

// child copies its standard input and ends with a code, or stays.
func child(code string) {
	io.Copy(os.Stdout, os.Stdin)
	n, err := strconv.Atoi(code)
	if err != nil {
		time.Sleep(10 * time.Second)
	}
	os.Exit(n)
}

func command(ctx context.Context, name, code string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name)
	cmd.Env = append(os.Environ(), "CHILD_ENDS="+code)
	return cmd
}

func parent(name string) error {
	ctx := context.Background()
	cmd := command(ctx, name, "0")
	cmd.Stdin = bytes.NewReader(make([]byte, 1<<20)) // more than a pipe holds
	if out, err := cmd.Output(); err != nil {
		return fmt.Errorf("a child that succeeds: %d bytes, %w", len(out), err)
	}
	var ended *exec.ExitError
	if err := command(ctx, name, "3").Run(); err != nil && !errors.As(err, &ended) {
		return fmt.Errorf("a child that fails: %w", err)
	}
	if _, err := exec.LookPath("no-such-program"); err == nil {
		return fmt.Errorf("a program was found that is not there")
	}
	if err := exec.Command("/no/such/program").Run(); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("a missing program: %v", err)
	}
	patient, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if err := command(patient, name, "late").Run(); err != nil && patient.Err() == nil {
		return fmt.Errorf("a child that is killed: %w", err)
	}
	if err := attributes(name); err != nil {
		return err
	}
	return signals(name)
}

// attributes starts children with every attribute that changes what the child
// does before it becomes another program. The kernel may refuse some.
func attributes(name string) error {
	for _, attr := range []*syscall.SysProcAttr{
		{Setsid: true},
		{Setpgid: true, Pdeathsig: syscall.SIGKILL},
		{Chroot: "/"},
		{Credential: &syscall.Credential{Uid: uint32(os.Getuid()), Gid: uint32(os.Getgid()), NoSetGroups: true}},
		{Credential: &syscall.Credential{Uid: uint32(os.Getuid()), Gid: uint32(os.Getgid()), Groups: []uint32{uint32(os.Getgid())}}},
		{Cloneflags: syscall.CLONE_NEWUTS},
		{Unshareflags: syscall.CLONE_NEWNS},
		{
			Cloneflags:  syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
		},
		{AmbientCaps: []uintptr{10}},
	} {
		cmd := command(context.Background(), name, "0")
		cmd.Dir = "/"
		cmd.SysProcAttr = attr
		if err := cmd.Run(); err != nil {
			fmt.Println(attr, err)
		}
	}
	return nil
}

// signals starts a process without os/exec, stops it, and kills it.
func signals(name string) error {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	defer null.Close()
	p, err := os.StartProcess(name, []string{name}, &os.ProcAttr{
		Env: append(os.Environ(), "CHILD_ENDS=late"), Files: []*os.File{null, nil, os.Stderr, null, null},
	})
	if err != nil {
		return err
	}
	for _, s := range []os.Signal{syscall.SIGSTOP, syscall.SIGCONT, os.Interrupt, os.Kill} {
		p.Signal(s) // it may have ended
	}
	state, err := p.Wait()
	if err != nil {
		return err
	}
	if found, err := os.FindProcess(os.Getppid()); err == nil {
		found.Signal(syscall.Signal(0))
		found.Release()
	}
	fmt.Println(state.Exited() || state.Sys().(syscall.WaitStatus).Signaled())
	return nil
}
