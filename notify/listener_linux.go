package notify

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/filter"
)

// notification is the kernel's struct seccomp_notif (linux/seccomp.h).
type notification struct {
	id    uint64
	pid   uint32 // of the thread
	flags uint32
	nr    uint32
	arch  uint32
	ip    uint64
	args  [6]uint64
}

// newListener takes over a descriptor of a listener.
func newListener(fd int) (*Listener, error) {
	// Go's poller takes what does not block. For a listener that says nothing.
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return nil, err
	}
	l := &Listener{
		file: os.NewFile(uintptr(fd), "seccomp listener"),
		turn: make(chan struct{}, 1), closed: make(chan struct{}), size: sizeofNotification(),
	}
	err := l.file.SetReadDeadline(time.Time{}) // fails where the poller did not take it
	if err == nil {
		l.conn, err = l.file.SyscallConn()
	}
	if err != nil {
		l.file.Close()
		return nil, err
	}
	return l, nil
}

func fromFile(f *os.File) (*Listener, error) {
	wrap := func(err error) error {
		return fmt.Errorf("notify: take %s for a listener: %w", f.Name(), err)
	}
	conn, err := f.SyscallConn()
	if err != nil {
		return nil, wrap(err)
	}
	fd := -1
	var failed error
	err = conn.Control(func(own uintptr) {
		// No request has the id 0 but by chance; the answer is ENOENT then.
		if failed = idValid(own, 0); failed == nil || failed == unix.ENOENT {
			fd, failed = unix.FcntlInt(own, unix.F_DUPFD_CLOEXEC, 0)
		} else {
			failed = fmt.Errorf("it is none: %w", failed)
		}
	})
	if err == nil {
		err = failed
	}
	if err != nil {
		return nil, wrap(err)
	}
	l, err := newListener(fd)
	if err != nil {
		return nil, wrap(err)
	}
	return l, nil
}

// sizeofNotification asks how large a request is for the kernel, which wants that
// much zeroed memory.
func sizeofNotification() int {
	var sizes struct{ notification, response, data uint16 }
	const own = int(unsafe.Sizeof(notification{}))
	if _, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_GET_NOTIF_SIZES, 0, uintptr(unsafe.Pointer(&sizes))); errno != 0 {
		return own // as of all kernels up to Linux 6.18
	}
	return max(own, int(sizes.notification))
}

func (l *Listener) receive(ctx context.Context) (*Request, error) {
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-l.closed:
		return nil, receiveError(os.ErrClosed)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	defer l.interruptWhenDone(ctx)()

	var request *Request
	var failed error
	err := l.conn.Read(func(fd uintptr) (done bool) {
		request, done, failed = l.take(fd)
		return done
	})
	switch {
	case err == nil && failed == nil:
		return request, nil
	case failed == io.EOF:
		return nil, io.EOF
	case failed != nil:
		return nil, receiveError(failed)
	case l.isClosed():
		return nil, receiveError(os.ErrClosed)
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	return nil, receiveError(err)
}

func receiveError(err error) error { return fmt.Errorf("notify: receive a request: %w", err) }

// interruptWhenDone ends the wait for a request when the context is done. What it
// returns undoes that.
func (l *Listener) interruptWhenDone(ctx context.Context) (undo func()) {
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		l.file.SetReadDeadline(time.Unix(1, 0))
		close(interrupted)
	})
	return func() {
		if !stop() {
			<-interrupted
			l.file.SetReadDeadline(time.Time{})
		}
	}
}

// take receives a request if there is one. It does not wait: the kernel counts the
// requests that came, and poll(2) tells of one that has come and has not been
// received, so the count is not 0 when SECCOMP_IOCTL_NOTIF_RECV looks at it,
// whether or not the request is still there (seccomp_notify_recv and
// seccomp_notify_poll in kernel/seccomp.c). Only another who receives could take
// it away.
func (l *Listener) take(fd uintptr) (request *Request, done bool, err error) {
	for {
		ready := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		if _, err := unix.Poll(ready, 0); err == unix.EINTR {
			continue
		} else if err != nil {
			return nil, true, err
		}
		switch events := ready[0].Revents; {
		case events&unix.POLLIN != 0:
			request, err := l.ask(fd)
			if err == unix.ENOENT || err == unix.EINTR {
				continue // it is gone
			}
			return request, true, err
		case events&unix.POLLERR != 0:
			continue // a signal came in the kernel's way
		case events&unix.POLLHUP != 0:
			return nil, true, io.EOF
		}
		return nil, false, nil
	}
}

// ask receives the request that is there.
func (l *Listener) ask(fd uintptr) (*Request, error) {
	memory := make([]uint64, (l.size+7)/8)
	n := (*notification)(unsafe.Pointer(&memory[0]))
	if err := ioctl(fd, unix.SECCOMP_IOCTL_NOTIF_RECV, unsafe.Pointer(n)); err != nil {
		return nil, err
	}
	return &Request{
		ID: n.id, TID: int(n.pid), listener: l,
		Call: filter.Data{Nr: n.nr, Arch: n.arch, IP: n.ip, Args: n.args},
	}, nil
}

// control calls f with the listener's descriptor, which stays open meanwhile.
func (l *Listener) control(f func(fd uintptr) error) error {
	var failed error
	err := l.conn.Control(func(fd uintptr) { failed = f(fd) })
	if err != nil && l.isClosed() {
		return os.ErrClosed
	}
	if err != nil {
		return err
	}
	return failed
}

func (l *Listener) isClosed() bool {
	select {
	case <-l.closed:
		return true
	default:
		return false
	}
}

func (l *Listener) syncWakeUp() error {
	err := l.control(func(fd uintptr) error {
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, fd, unix.SECCOMP_IOCTL_NOTIF_SET_FLAGS, unix.SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP)
		return errorOf(errno)
	})
	if err != nil {
		return fmt.Errorf("notify: set SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP: %w", lacking(err, "6.6"))
	}
	return nil
}

func (l *Listener) close() error {
	err := fmt.Errorf("notify: close the listener: %w", os.ErrClosed)
	l.once.Do(func() {
		close(l.closed)
		err = l.file.Close()
	})
	return err
}
