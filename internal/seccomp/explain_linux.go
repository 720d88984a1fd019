package seccomp

import (
	"strings"
	"syscall"
)

const (
	outerFilter = "a filter that is in force already denies it, a container's or an earlier policy's: allow it there"
	noSeccomp   = "either the kernel has no seccomp(2) (it takes Linux 3.17 with CONFIG_SECCOMP), or " + outerFilter
)

// explain makes an error of seccomp(2)'s answer to a filter.
func explain(doing string, errno syscall.Errno, flags Flags) error {
	e := &Error{Doing: doing + ": seccomp", Err: errno}
	switch errno {
	case syscall.ENOSYS:
		e.Advice, e.Unsupported = noSeccomp, true
	case syscall.EPERM:
		// The kernel's own refusal of the unprivileged is EACCES.
		e.Advice, e.Unsupported = outerFilter, true
	case syscall.EINVAL:
		if err := HasFlags(flags); err != nil {
			return err
		}
		e.Advice = "the kernel does not take the program (see Program.Validate), these flags together, or filters for this thread, which may be in strict mode"
	case syscall.ENOMEM:
		e.Advice = "memory is short, or the filters that are in force already and this one are too long together (MAX_INSNS_PER_PATH in the kernel)"
	case syscall.EBUSY:
		e.Advice = "a filter that is in force already has a listener, and there can be one only"
	case syscall.ESRCH:
		e.Advice = "some thread has a filter of its own; load the filter before such threads start"
	default:
		e.Advice = "the kernel refuses the filter"
	}
	return e
}

// explainThread makes an error of seccomp(2)'s other answer: the thread that
// could not be given the filter, because its filters are not those that the
// calling thread has, or the beginning of them (seccomp_can_sync_threads in
// kernel/seccomp.c).
func explainThread(doing string, tid int) error {
	return &Error{
		Doing: doing,
		Advice: "thread " + itoa(tid) + " (" + threadName(tid) + ") has a filter of its own, or is in strict mode, so it cannot share this one, and no thread was given it; " +
			"load the filter before that thread gets its own",
	}
}

func explainNoNewPrivs(doing string, errno syscall.Errno) error {
	e := &Error{Doing: doing + ": set no_new_privs", Err: errno, Unsupported: true}
	switch errno {
	case syscall.EINVAL:
		e.Advice = "the kernel is older than Linux 3.5"
	default:
		// The kernel itself never refuses it.
		e.Advice = outerFilter + " (prctl)"
	}
	return e
}

// threadName gives the name that the kernel knows a thread of this process by.
func threadName(tid int) string {
	const unknown = "its name cannot be read"
	fd, err := syscall.Open("/proc/self/task/"+itoa(tid)+"/comm", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return unknown
	}
	var name [16]byte // TASK_COMM_LEN
	n, err := syscall.Read(fd, name[:])
	// Not deferred: a function value that is made here would count as one that can
	// be called once the program is locked down.
	syscall.Close(fd)
	if err != nil {
		return unknown
	}
	return strings.TrimSuffix(string(name[:n]), "\n")
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + string(rune('0'+n%10))
}
