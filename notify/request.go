package notify

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"syscall"

	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/syscalls"
)

var (
	// ErrGone is wrapped by the errors of a request whose call does not wait any
	// more: its thread has ended, or a signal interrupted it.
	ErrGone = errors.New("the call does not wait any more: its thread has ended, or was interrupted")
	// ErrAnswered is wrapped by the errors of a request that was answered before.
	ErrAnswered = errors.New("the call was answered already")
)

// A Request is a system call that waits for an answer. The first answer counts:
// [Request.Fail], [Request.Return], [Request.ReturnFile] or [Request.Continue].
// Later ones get [ErrAnswered]. After an answer that returned another error the
// request still waits. All methods return once the kernel has done what they ask,
// and none waits for the program but for those that deal with its memory.
type Request struct {
	// ID is the kernel's number of the request, unique for the listener.
	ID uint64
	// TID is the thread that makes the call, by its number for this process, and
	// 0 if it is in a PID namespace that this process does not see.
	TID int
	// Call is the call as filters see it: number, architecture, instruction
	// pointer, and arguments as they were in the registers. Of an argument that is
	// an int only the lower half means something.
	Call filter.Data

	listener *Listener
	answered atomic.Bool
}

// Syscall gives the name of the call, such as "openat", or its number after a hash
// where this program's table does not have it.
func (r *Request) Syscall() string {
	if t := syscalls.Native(); t != nil && t.AuditArch == r.Call.Arch {
		if call, found := t.ByNumber(r.Call.Nr); found {
			return call.Name
		}
	}
	return fmt.Sprintf("#%d", r.Call.Nr)
}

// String gives the request as "openat of thread 123".
func (r *Request) String() string { return fmt.Sprintf("%s of thread %d", r.Syscall(), r.TID) }

// PID gives the process that the thread belongs to.
func (r *Request) PID() (int, error) {
	pid, err := r.pid()
	return pid, r.failed("find the process", err)
}

// Valid returns nil while the call waits for its answer, and an error that wraps
// [ErrGone] or [ErrAnswered] when it does not.
func (r *Request) Valid() error { return r.failed("check", r.valid()) }

// Fail makes the call fail with the error, one of Linux from 1 to 4095.
func (r *Request) Fail(errno syscall.Errno) error {
	const maxErrno = 4095
	if errno == 0 || errno > maxErrno {
		return r.failed("answer", fmt.Errorf("%d is not an error number: those are 1 to %d", uint(errno), maxErrno))
	}
	return r.answer(response{err: -int32(errno)})
}

// Return makes the call return the value. Programs take -4095 to -1 for errors.
func (r *Request) Return(value int64) error { return r.answer(response{value: value}) }

// Continue has the kernel make the call, as though no policy had stopped it (Linux
// 5.5; before that the error wraps [errors.ErrUnsupported]). The kernel reads what
// pointers point to when it makes the call: what was read here says nothing about
// it, so this is no security boundary. See the package comment.
func (r *Request) Continue() error { return r.answer(response{flags: flagContinue}) }

const flagContinue = 1 // SECCOMP_USER_NOTIF_FLAG_CONTINUE

// AddFile gives the program a descriptor for the file, the lowest number that is
// free, and returns the number (Linux 5.9; before that the error wraps
// [errors.ErrUnsupported]). Flags are 0 or O_CLOEXEC. The file remains the
// caller's, and both share its position.
//
// The descriptor stays if the call is then gone: use [Request.ReturnFile] where
// the number is the answer.
func (r *Request) AddFile(f *os.File, flags int) (int, error) {
	number, err := r.addFile(f, descriptor{flags: flags})
	return number, r.failed("add "+f.Name(), err)
}

// AddFileAt is AddFile with a number of the caller's choice. What the program has
// by that number is closed, as dup2 would.
func (r *Request) AddFileAt(f *os.File, number, flags int) error {
	_, err := r.addFile(f, descriptor{number: number, chosen: true, flags: flags})
	return r.failed(fmt.Sprintf("add %s as descriptor %d", f.Name(), number), err)
}

// ReturnFile is AddFile, and makes the call return the number. Both happen or
// neither (Linux 5.14; before that the error wraps [errors.ErrUnsupported], and
// AddFile with Return comes near).
func (r *Request) ReturnFile(f *os.File, flags int) (int, error) {
	doing := "answer with " + f.Name()
	if !r.answered.CompareAndSwap(false, true) {
		return -1, r.failed(doing, ErrAnswered)
	}
	number, err := r.addFile(f, descriptor{answer: true, flags: flags})
	if err != nil {
		r.answered.Store(false)
	}
	return number, r.failed(doing, err)
}

// Read fills p from the program's memory at an address. The error wraps EFAULT if
// not all of it is there. When it returns nil the memory was the program's, and
// the call waited.
func (r *Request) Read(address uint64, p []byte) error {
	n, err := r.read(address, p)
	if err == nil && n < len(p) {
		err = syscall.EFAULT
	}
	return r.failed(fmt.Sprintf("read %d bytes at %#x", len(p), address), err)
}

// ReadString reads from the program's memory up to a zero byte, which is left out.
// The error wraps EFAULT if the memory ends before, and ENAMETOOLONG if the string
// is longer than limit bytes: the kernel's limit on paths is 4095.
func (r *Request) ReadString(address uint64, limit int) (string, error) {
	s, err := r.readString(address, limit)
	return s, r.failed(fmt.Sprintf("read a string at %#x", address), err)
}

// readString reads page by page: where the string ends the memory may end too.
func (r *Request) readString(address uint64, limit int) (string, error) {
	const page = 4096 // the smallest there is
	var text []byte
	for {
		part := make([]byte, page-address%page)
		n, err := r.read(address, part)
		if err != nil {
			return "", err
		}
		for i, c := range part[:n] {
			if c == 0 && len(text)+i <= limit {
				return string(append(text, part[:i]...)), nil
			}
		}
		text = append(text, part[:n]...)
		if len(text) > limit {
			return "", syscall.ENAMETOOLONG
		}
		if n < len(part) {
			return "", syscall.EFAULT
		}
		address += uint64(n)
	}
}

// Write writes p to the program's memory at an address, such as that of a buffer
// which the call is to fill. The error wraps EFAULT if not all of it is there;
// some of it may have been written then.
//
// The kernel lets this write where the program itself may only read.
func (r *Request) Write(address uint64, p []byte) error {
	return r.failed(fmt.Sprintf("write %d bytes at %#x", len(p), address), r.write(address, p))
}

// A response is an answer but for a descriptor.
type response struct {
	value int64
	err   int32
	flags uint32
}

// A descriptor says how a file is added.
type descriptor struct {
	number int
	chosen bool // the number counts
	answer bool // the number is the answer
	flags  int
}

func (r *Request) answer(with response) error {
	const doing = "answer"
	if !r.answered.CompareAndSwap(false, true) {
		return r.failed(doing, ErrAnswered)
	}
	err := r.send(with)
	if err != nil {
		r.answered.Store(false)
	}
	return r.failed(doing, err)
}

func (r *Request) failed(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("notify: %s: %s: %w", r, doing, err)
}
