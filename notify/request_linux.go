package notify

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// idValidBefore is SECCOMP_IOCTL_NOTIF_ID_VALID of kernels before Linux 5.9, which
// has the wrong direction in it. Later kernels take both.
const idValidBefore = unix.SECCOMP_IOCTL_NOTIF_ID_VALID ^ 0xc0000000

func idValid(fd uintptr, id uint64) error {
	err := ioctl(fd, unix.SECCOMP_IOCTL_NOTIF_ID_VALID, unsafe.Pointer(&id))
	if err == unix.EINVAL {
		err = ioctl(fd, idValidBefore, unsafe.Pointer(&id))
	}
	return err
}

// ioctl repeats what a signal interrupts: the kernel has done nothing then.
func ioctl(fd uintptr, request uintptr, argument unsafe.Pointer) error {
	_, err := ioctlValue(fd, request, argument)
	return err
}

func ioctlValue(fd uintptr, request uintptr, argument unsafe.Pointer) (int, error) {
	for {
		value, _, errno := unix.Syscall(unix.SYS_IOCTL, fd, request, uintptr(argument))
		if errno != unix.EINTR {
			return int(value), errorOf(errno)
		}
	}
}

func errorOf(errno unix.Errno) error {
	if errno == 0 {
		return nil
	}
	return errno
}

// lacking makes the error of a kernel that does not know what it was asked.
func lacking(err error, since string) error {
	if err == unix.EINVAL {
		return fmt.Errorf("%w: it takes Linux %s: %w", err, since, errors.ErrUnsupported)
	}
	return err
}

// gone names the kernel's answer for a request that does not wait.
func gone(err error) error {
	switch err {
	case unix.ENOENT:
		return ErrGone
	case unix.EINPROGRESS:
		return ErrAnswered
	}
	return err
}

func (r *Request) valid() error {
	if r.answered.Load() {
		return ErrAnswered
	}
	return gone(r.listener.control(func(fd uintptr) error { return idValid(fd, r.ID) }))
}

func (r *Request) send(with response) error {
	raw := struct { // struct seccomp_notif_resp
		id    uint64
		value int64
		err   int32
		flags uint32
	}{r.ID, with.value, with.err, with.flags}
	err := r.listener.control(func(fd uintptr) error {
		return ioctl(fd, unix.SECCOMP_IOCTL_NOTIF_SEND, unsafe.Pointer(&raw))
	})
	if with.flags&flagContinue != 0 {
		err = lacking(err, "5.5")
	}
	return gone(err)
}

func (r *Request) addFile(f *os.File, d descriptor) (int, error) {
	if r.answered.Load() && !d.answer {
		return -1, ErrAnswered
	}
	if d.flags&^unix.O_CLOEXEC != 0 {
		return -1, fmt.Errorf("flags %#x: only O_CLOEXEC can be given", d.flags)
	}
	if d.chosen && (d.number < 0 || d.number > math.MaxInt32) {
		return -1, fmt.Errorf("%d is not a descriptor", d.number)
	}
	raw := struct { // struct seccomp_notif_addfd
		id                                 uint64
		flags, source, number, numberFlags uint32
	}{id: r.ID, numberFlags: uint32(d.flags)}
	since := "5.9"
	if d.chosen {
		raw.flags |= unix.SECCOMP_ADDFD_FLAG_SETFD
		raw.number = uint32(d.number)
	}
	if d.answer {
		raw.flags |= unix.SECCOMP_ADDFD_FLAG_SEND
		since = "5.14"
	}
	source, err := f.SyscallConn()
	if err != nil {
		return -1, err
	}
	number := -1
	var failed error
	err = source.Control(func(own uintptr) {
		raw.source = uint32(own)
		failed = r.listener.control(func(fd uintptr) (err error) {
			number, err = ioctlValue(fd, unix.SECCOMP_IOCTL_NOTIF_ADDFD, unsafe.Pointer(&raw))
			return err
		})
	})
	if err != nil {
		return -1, os.ErrClosed // the only reason that there is
	}
	if failed != nil {
		return -1, gone(lacking(failed, since))
	}
	return number, nil
}

// read reads what is there of the memory. That the call still waits afterwards
// shows that it was the right process's.
func (r *Request) read(address uint64, p []byte) (n int, err error) {
	if len(p) == 0 {
		return 0, r.valid()
	}
	if address > math.MaxUint-uint64(len(p)) {
		return 0, unix.EFAULT
	}
	local := []unix.Iovec{{Base: &p[0]}}
	local[0].SetLen(len(p))
	n, err = unix.ProcessVMReadv(r.TID, local, []unix.RemoteIovec{{Base: uintptr(address), Len: len(p)}}, 0)
	if gone := r.valid(); gone != nil {
		return 0, gone
	}
	return n, err
}

// write goes by way of a file, which stays that process's memory while it is open:
// by its number alone another process could be written to.
func (r *Request) write(address uint64, p []byte) error {
	if address > math.MaxInt64 {
		return unix.EFAULT // no program has such memory
	}
	memory, err := os.OpenFile(fmt.Sprintf("/proc/%d/mem", r.TID), os.O_WRONLY, 0)
	if err == nil {
		defer memory.Close()
	}
	if gone := r.valid(); gone != nil {
		return gone
	}
	if err != nil {
		return err
	}
	if n, err := memory.WriteAt(p, int64(address)); err != nil && n < len(p) {
		if errors.Is(err, unix.EIO) {
			err = unix.EFAULT // what this file says for it
		}
		return err
	}
	return r.valid()
}

func (r *Request) pid() (int, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", r.TID))
	if gone := r.valid(); gone != nil {
		return 0, gone
	}
	if err != nil {
		return 0, err
	}
	for line := range bytes.Lines(status) {
		if number, found := bytes.CutPrefix(line, []byte("Tgid:")); found {
			return strconv.Atoi(string(bytes.TrimSpace(number)))
		}
	}
	return 0, errors.New("its status does not say")
}
