package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// In this process's environment it says that it is in namespaces of its own.
const aloneVariable = "CURB_CORPUS_ALONE"

func alone() bool { return os.Getenv(aloneVariable) != "" }

// again runs this program once more, in namespaces of its own: with no other
// processes and no network but a loopback interface. A program whose calls are
// made to fail can do anything, such as signal all processes that it sees
// because it took an error for a process's number. When it has ended nothing is
// left of what it started.
func again(ctx context.Context, w io.Writer) (ok bool, err error) {
	self, err := os.Executable()
	if err != nil {
		return false, err
	}
	cmd := exec.CommandContext(ctx, self, os.Args[1:]...)
	cmd.Env = append(os.Environ(), aloneVariable+"=1")
	cmd.Stdout, cmd.Stderr = w, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWNS,
		Pdeathsig:  syscall.SIGKILL,
	}
	if uid, gid := os.Getuid(), os.Getgid(); uid != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: uid, Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: gid, Size: 1}}
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 20 * time.Second
	runtime.LockOSThread() // the thread that starts it must stay, or it is killed
	defer runtime.UnlockOSThread()
	err = cmd.Run()
	var ended *exec.ExitError
	if errors.As(err, &ended) && ended.ExitCode() == 1 {
		return false, nil // it has said why
	}
	if err != nil {
		return false, fmt.Errorf("run the programs in namespaces of their own: %w", err)
	}
	return true, nil
}

// settle readies the new namespaces, forbids core files, and keeps what the machine
// cannot spare.
func settle() error {
	if os.Getpid() != 1 {
		return fmt.Errorf("%s is set, but there are other processes: unset it", aloneVariable)
	}
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("forbid core files: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("part with the mounts of others: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	// What cannot be removed must not stay behind in what the machine shares.
	if err := unix.Mount("tmpfs", "/dev/shm", "tmpfs", 0, "size=64m"); err != nil {
		return fmt.Errorf("give programs shared memory of their own: %w", err)
	}
	// A compiler in trouble removes what it was to write. Nobody removes a mount point.
	if err := unix.Mount("/dev/full", "/dev/full", "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("have programs leave /dev/full: %w", err)
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("bring up the loopback interface: %w", err)
	}
	defer unix.Close(fd)
	ifreq, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	ifreq.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, ifreq); err != nil {
		return fmt.Errorf("bring up the loopback interface: %w", err)
	}
	return nil
}
