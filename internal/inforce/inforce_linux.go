package inforce

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/filter"
)

// Filters gives the filters of a thread, by its id, the one that was loaded last
// first; none if it has none. A process's id is that of its first thread. It needs
// CAP_SYS_ADMIN, and must not be under a filter itself (seccomp_get_filter in
// kernel/seccomp.c).
func Filters(tid int) (programs []filter.Program, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("read the filters of %d: %w", tid, err)
		}
	}()
	filtered, err := filtered(tid)
	if err != nil || !filtered {
		return nil, err
	}
	// ptrace(2) is for the thread that has seized.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.PtraceSeize(tid); err != nil {
		return nil, seizeError(err)
	}
	signal, err := stop(tid)
	if err != nil {
		return nil, err
	}
	defer func() {
		err = errors.Join(err, ptrace(unix.PTRACE_DETACH, tid, 0, uintptr(signal)))
	}()
	for i := 0; ; i++ {
		p, err := nth(tid, i)
		if errors.Is(err, unix.ENOENT) {
			slices.Reverse(programs)
			return programs, nil
		}
		if err != nil {
			return nil, err
		}
		programs = append(programs, p)
	}
}

// filtered says whether a thread has filters, by what anybody may see.
func filtered(tid int) (bool, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", tid))
	if errors.Is(err, os.ErrNotExist) {
		return false, errors.New("there is no such thread")
	}
	const modeFilter = "\nSeccomp:\t2\n"
	return bytes.Contains(status, []byte(modeFilter)), err
}

func seizeError(err error) error {
	switch {
	case errors.Is(err, unix.EPERM):
		return fmt.Errorf("it may not be traced: that takes CAP_SYS_PTRACE, and no other tracer, such as strace or a debugger: %w", err)
	case errors.Is(err, unix.ESRCH):
		return errors.New("there is no such thread any more")
	}
	return err
}

// stop stops a thread that is seized, and gives the signal that it stopped for and
// is to get.
func stop(tid int) (unix.Signal, error) {
	if err := unix.PtraceInterrupt(tid); err != nil {
		return 0, err
	}
	for {
		var status unix.WaitStatus
		_, err := unix.Wait4(tid, &status, unix.WALL, nil)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return 0, err
		case !status.Stopped():
			return 0, errors.New("it has ended")
		case uint32(status)>>16 == unix.PTRACE_EVENT_STOP:
			return 0, nil
		default:
			return status.StopSignal(), nil
		}
	}
}

// nth gives a filter, counted from the oldest, as get_nth_filter in kernel/seccomp.c
// does. ptrace(2) says that it is from the newest.
func nth(tid, i int) (filter.Program, error) {
	n, err := getFilter(tid, i, nil)
	if err != nil {
		return nil, err
	}
	raw := make([]unix.SockFilter, n)
	if _, err := getFilter(tid, i, raw); err != nil {
		return nil, err
	}
	p := make(filter.Program, n)
	for i, ins := range raw {
		p[i] = filter.Instruction{Code: ins.Code, Jt: ins.Jt, Jf: ins.Jf, K: ins.K}
	}
	return p, nil
}

// getFilter gives the length of a filter and, unless into is nil, its instructions.
func getFilter(tid, i int, into []unix.SockFilter) (int, error) {
	n, _, errno := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_SECCOMP_GET_FILTER, uintptr(tid), uintptr(i), uintptr(unsafe.Pointer(unsafe.SliceData(into))), 0, 0)
	switch errno {
	case 0:
		return int(n), nil
	case unix.EACCES:
		return 0, errors.New("that takes CAP_SYS_ADMIN, and to be under no filter oneself")
	case unix.EINVAL, unix.EIO:
		return 0, errors.New("the kernel does not tell: it was built without CONFIG_CHECKPOINT_RESTORE")
	}
	return 0, errno
}

func ptrace(request, tid int, addr, data uintptr) error {
	if _, _, errno := unix.Syscall6(unix.SYS_PTRACE, uintptr(request), uintptr(tid), addr, data, 0, 0); errno != 0 {
		return errno
	}
	return nil
}
