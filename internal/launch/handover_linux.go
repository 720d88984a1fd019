//go:build linux && (amd64 || arm64)

package launch

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/internal/seccomp"
)

// A handover is how the listener of the child's filter gets to this process. It
// is a message that the go-between sends, made ready before the fork.
type handover struct {
	socket  int
	message unix.Msghdr
	control [32]byte // of the size that one descriptor takes: see ready
	part    unix.Iovec
	content [1]byte
	number  *int32 // the descriptor's number, within control
}

// ready lays out the message.
func (h *handover) ready(socket int) {
	h.socket = socket
	header := (*unix.Cmsghdr)(unsafe.Pointer(&h.control[0]))
	header.Level, header.Type = unix.SOL_SOCKET, unix.SCM_RIGHTS
	header.SetLen(unix.CmsgLen(int(unsafe.Sizeof(*h.number))))
	h.number = (*int32)(unsafe.Pointer(&h.control[unix.CmsgLen(0)]))
	h.part = unix.Iovec{Base: &h.content[0], Len: 1}
	h.message = unix.Msghdr{Iov: &h.part, Iovlen: 1, Control: &h.control[0]}
	h.message.SetControllen(unix.CmsgSpace(int(unsafe.Sizeof(*h.number))))
}

// goBetween forks once more, and returns in the process that is to become the
// program. The other one, which shares its descriptors and nothing else, waits
// until that has happened, sends the listener, and ends.
//
// The kernel keeps the order. CLONE_VFORK has the go-between sleep until the child
// gives up its memory, by its exec or its death; before an exec does that it
// gives the child a table of descriptors of its own (begin_new_exec in fs/exec.c),
// so that the close-on-exec listener closes there, and stays in the go-between's.
//
//go:nosplit
//go:norace
func (p *plan) goBetween() syscall.Errno {
	const flags = unix.CLONE_FILES | unix.CLONE_PARENT | unix.CLONE_VFORK | uintptr(unix.SIGCHLD)
	id, _, err := syscall.RawSyscall6(unix.SYS_CLONE, flags, 0, 0, 0, 0, 0)
	if err != 0 {
		return err
	}
	if id == 0 {
		own, _, err := syscall.RawSyscall6(unix.SYS_GETPID, 0, 0, 0, 0, 0, 0)
		p.outcome.pid = int(own)
		return err
	}
	p.outcome.pid = int(id)
	if h := p.handover; p.outcome.step == stepNone && p.outcome.listener >= 0 {
		*h.number = p.outcome.listener
		syscall.RawSyscall6(unix.SYS_SENDMSG, uintptr(h.socket), uintptr(unsafe.Pointer(&h.message)), unix.MSG_NOSIGNAL, 0, 0, 0)
	}
	for {
		syscall.RawSyscall6(unix.SYS_EXIT_GROUP, 0, 0, 0, 0, 0, 0)
	}
}

// supervised starts the program and returns it with its filter's listener.
func (c *Cmd) supervised() (*os.Process, int, error) {
	if err := checkFile(c.file()); err != nil {
		return nil, -1, err
	}
	if err := seccomp.HasFlags(seccomp.NewListener | c.Flags); err != nil {
		return nil, -1, err
	}
	next, release, err := newPlan(c)
	if err != nil {
		return nil, -1, err
	}
	defer release()
	next.ignored = ignoredNow()
	next.flags |= uintptr(seccomp.NewListener)
	// Without this flag each signal that the program gets while it is being
	// answered makes it ask again.
	if seccomp.HasFlags(seccomp.WaitKillable) == nil {
		next.flags |= uintptr(seccomp.WaitKillable)
	}
	pid, listener, err := next.runSupervised()
	if err != nil {
		return nil, -1, err
	}
	program, err := os.FindProcess(pid)
	if err != nil {
		unix.Close(listener)
		next.outcome.kill()
		return nil, -1, err
	}
	return program, listener, nil
}

// runSupervised is run for a child with a go-between.
func (p *plan) runSupervised() (pid, listener int, err error) {
	sockets, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, -1, fmt.Errorf("make a socket for its filter's listener: %w", err)
	}
	defer unix.Close(sockets[0])
	p.handover = new(handover)
	p.handover.ready(sockets[1])

	between, errno := p.forkLocked()
	unix.Close(sockets[1])
	if errno != 0 {
		return 0, -1, fmt.Errorf("fork: %w", errno)
	}
	listener, err = receiveDescriptor(sockets[0])
	waitFor(between)
	runtime.KeepAlive(p)
	switch {
	case err == nil:
		return p.outcome.pid, listener, nil
	case p.outcome.step != stepNone:
		err = p.outcome.err()
	}
	p.outcome.kill()
	return 0, -1, err
}

// kill ends the child, if there is one.
func (o *outcome) kill() {
	if o.pid > 0 {
		unix.Kill(o.pid, unix.SIGKILL)
		waitFor(o.pid)
	}
}

// receiveDescriptor waits for a descriptor, or for the end of those who could
// send one.
func receiveDescriptor(socket int) (int, error) {
	var content [1]byte
	control := make([]byte, unix.CmsgSpace(4))
	for {
		n, size, flags, _, err := unix.Recvmsg(socket, content[:], control, unix.MSG_CMSG_CLOEXEC)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return -1, fmt.Errorf("receive its filter's listener: %w", err)
		case n == 0:
			return -1, errors.New("it was killed before it became the program, or before its filter's listener was received")
		case flags&unix.MSG_CTRUNC != 0:
			return -1, fmt.Errorf("receive its filter's listener: %w", unix.EMFILE)
		}
		messages, err := unix.ParseSocketControlMessage(control[:size])
		if err != nil {
			return -1, fmt.Errorf("receive its filter's listener: %w", err)
		}
		for _, message := range messages {
			if fds, err := unix.ParseUnixRights(&message); err == nil && len(fds) == 1 {
				return fds[0], nil
			}
		}
		return -1, errors.New("receive its filter's listener: the message has none")
	}
}
