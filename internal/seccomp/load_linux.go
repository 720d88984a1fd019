package seccomp

import (
	"runtime"
	"syscall"
	"unsafe"
)

// instruction is the kernel's struct sock_filter (linux/filter.h).
type instruction struct {
	code   uint16
	jt, jf uint8
	k      uint32
}

// program is the kernel's struct sock_fprog.
type program struct {
	length uint16
	filter *instruction
}

// forKernel gives the program in the kernel's layout.
func (p Program) forKernel() program {
	list := make([]instruction, len(p))
	for i, ins := range p {
		list[i] = instruction{uint16(ins >> 48), uint8(ins >> 40), uint8(ins >> 32), uint32(ins)}
	}
	return program{uint16(len(list)), &list[0]}
}

// Load puts a filter in force for every thread of the process, the threads that
// start later included, and for every process that they start. It also sets
// no_new_privs for all of them, without which the kernel refuses filters of
// unprivileged users. Neither can be taken back.
//
// NewListener is refused: a process that answers for itself stops for good as
// soon as the thread that answers makes a call that waits for an answer.
func Load(prog Program, flags Flags) error {
	const doing = "load a filter for all threads"
	if flags&NewListener != 0 {
		return &Error{Doing: doing, Advice: "a listener within the process that it filters can wait for itself; load the filter in a child, with LoadThread"}
	}
	// Between prctl, which sets no_new_privs for one thread only, and seccomp,
	// which hands it on to the others, the goroutine must not change threads.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	_, err := load(doing, prog, flags|AllThreads)
	return err
}

// LoadThread is Load for the calling thread alone, which the goroutine must be
// locked to (runtime.LockOSThread) and which must end with it, or with execve.
// With NewListener it returns the listener's file descriptor, and otherwise -1.
//
// It is meant for the moment before execve: from the kernel's answer on, when
// that is success, it makes no system call and allocates nothing. What it
// cannot keep away are the signals that the runtime preempts goroutines with;
// a filter that does not allow rt_sigreturn needs asyncpreemptoff=1 in GODEBUG.
func LoadThread(prog Program, flags Flags) (listener int, err error) {
	const doing = "load a filter for this thread"
	if flags&(AllThreads|AllThreadsOrError) != 0 {
		return -1, &Error{Doing: doing, Advice: "AllThreads contradicts that: use Load"}
	}
	ret, err := load(doing, prog, flags)
	if err != nil || flags&NewListener == 0 {
		return -1, err
	}
	return ret, nil
}

// load returns what the kernel returned when that is success.
func load(doing string, prog Program, flags Flags) (int, error) {
	if len(prog) == 0 || len(prog) > MaxInstructions {
		return 0, &Error{Doing: doing, Advice: "a filter has 1 to 4096 instructions, and this one has " + itoa(len(prog))}
	}
	if err := checkActions(doing, prog, flags); err != nil {
		return 0, err
	}
	p := prog.forKernel()
	if errno := noNewPrivs(); errno != 0 {
		return 0, explainNoNewPrivs(doing, errno)
	}
	ret, _, errno := syscall.RawSyscall(sysSeccomp(runtime.GOARCH), opSetModeFilter, uintptr(flags), uintptr(unsafe.Pointer(&p)))
	switch {
	case errno != 0:
		return 0, explain(doing, errno, flags)
	case ret != 0 && flags&AllThreads != 0:
		return 0, explainThread(doing, int(ret))
	}
	return int(ret), nil
}

// noNewPrivs sets no_new_privs for the calling thread. The kernel's answer is
// the check: 0 means that it is set, and that nothing can reset it.
func noNewPrivs() syscall.Errno {
	_, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, prSetNoNewPrivs, 1, 0, 0, 0, 0)
	return errno
}
