package seccomp

import (
	"runtime"
	"syscall"
	"unsafe"
)

// Probe asks the kernel for every feature. The answers are those of HasAction and
// HasFlags. What a listener can do is asked of one, which a child process makes:
// the filter that it belongs to cannot be taken off again.
func Probe() (answers [NumFeatures]error) {
	answers[Filters] = HasFlags(0)
	for f := firstAction; f < firstFlag; f++ {
		answers[f] = HasAction(f.ret())
	}
	for f := firstFlag; f < firstListener; f++ {
		answers[f] = HasFlags(f.flag())
	}
	probeListener(answers[firstListener:], answers[FlagNewListener])
	return answers
}

// probeListener fills in what a listener can do, given whether there is one.
func probeListener(answers []error, listener error) {
	const doing = "ask what a listener can do"
	fill := func(err error) {
		for i := range answers {
			answers[i] = err
		}
	}
	if listener != nil {
		fill(listener)
		return
	}
	memory, err := syscall.Mmap(-1, 0, syscall.Getpagesize(), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED|syscall.MAP_ANONYMOUS)
	if err != nil {
		fill(&Error{Doing: doing + ": get memory", Err: err, Advice: "memory is short"})
		return
	}
	defer syscall.Munmap(memory)
	found := (*findings)(unsafe.Pointer(&memory[0]))
	if errno := newInterview(found).run(); errno != 0 {
		fill(&Error{Doing: doing + ": make a child process", Err: errno, Advice: "processes or memory are short, or " + outerFilter})
		return
	}
	switch {
	case !found.done && found.errno != 0:
		fill(&Error{Doing: doing + ": make one", Err: found.errno, Advice: "a filter that is in force already has a listener, or denies another"})
		return
	case !found.done:
		fill(&Error{Doing: doing, Advice: "the child process that asked was killed"})
		return
	}
	for i := range answers {
		answers[i] = listenerAnswer(doing, firstListener+Feature(i), found.answers[i])
	}
}

// listenerAnswer says what it means how the kernel refused a request. Where it
// knows what is asked for, all that it misses is the call of that id.
func listenerAnswer(doing string, f Feature, errno syscall.Errno) error {
	switch errno {
	case 0, syscall.ENOENT:
		return nil
	case syscall.EINVAL:
		return &Error{Doing: doing, Err: errno, Advice: lacks(f), Unsupported: true}
	}
	return &Error{Doing: doing, Err: errno, Advice: outerFilter}
}

// findings are what the child process finds, in memory that it shares with this
// one.
type findings struct {
	errno   syscall.Errno // why there is no listener
	answers [NumFeatures - int(firstListener)]syscall.Errno
	done    bool
}

// An interview is all that the child process needs, made ready before.
type interview struct {
	found   *findings
	program program
	send    struct { // struct seccomp_notif_resp
		id    uint64
		val   int64
		error int32
		flags uint32
	}
	add struct { // struct seccomp_notif_addfd
		id                              uint64
		flags, srcfd, newfd, newfdFlags uint32
	}
	number, ioctlAdd, ioctlSetFlags uintptr
	all, before                     [2]uint64 // signal sets, as large as any architecture's
	sizeofSet                       uintptr
}

func newInterview(found *findings) *interview {
	const (
		flagContinue = 1          // SECCOMP_USER_NOTIF_FLAG_CONTINUE
		ioctlAdd     = 0x00182103 // SECCOMP_IOCTL_NOTIF_ADDFD, but for the direction
		ioctlSet     = 0x00082104 // SECCOMP_IOCTL_NOTIF_SET_FLAGS, likewise
	)
	write := ioctlWrite(runtime.GOARCH)
	v := &interview{
		found: found, program: Program{0x06<<48 | RetAllow}.forKernel(),
		number: sysSeccomp(runtime.GOARCH), ioctlAdd: ioctlAdd | write, ioctlSetFlags: ioctlSet | write,
		all: [2]uint64{^uint64(0), ^uint64(0)}, sizeofSet: sizeofSignalSet(runtime.GOARCH),
	}
	v.send.flags = flagContinue
	return v
}

// run forks, and returns when the child process has ended. An error is that of
// the fork.
//
// As in package syscall's forkAndExecInChild, the child runs on in this
// function's frame and calls only what cannot grow the stack, since it has no
// runtime that could. It has signals blocked, as a handler of Go's would not work
// in it, and sends none when it ends, so that nobody else waits for it by chance.
//
//go:norace
//go:noinline
func (v *interview) run() syscall.Errno {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const setMask = 2 // SIG_SETMASK, 3 on MIPS
	how := uintptr(setMask)
	if v.sizeofSet == 16 {
		how = 3
	}
	syscall.RawSyscall6(syscall.SYS_RT_SIGPROCMASK, how, uintptr(unsafe.Pointer(&v.all)), uintptr(unsafe.Pointer(&v.before)), v.sizeofSet, 0, 0)
	pid, _, errno := syscall.RawSyscall6(syscall.SYS_CLONE, 0, 0, 0, 0, 0, 0)
	if errno == 0 && pid == 0 {
		v.ask()
		for {
			syscall.RawSyscall6(syscall.SYS_EXIT_GROUP, 0, 0, 0, 0, 0, 0)
		}
	}
	syscall.RawSyscall6(syscall.SYS_RT_SIGPROCMASK, how, uintptr(unsafe.Pointer(&v.before)), 0, v.sizeofSet, 0, 0)
	if errno != 0 {
		return errno
	}
	const waitAll = 0x40000000 // __WALL: this child sends no SIGCHLD
	for {
		if _, err := syscall.Wait4(int(pid), nil, waitAll, nil); err != syscall.EINTR {
			return 0
		}
	}
}

// ask is what the child process does.
//
//go:nosplit
//go:norace
func (v *interview) ask() {
	_, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, prSetNoNewPrivs, 1, 0, 0, 0, 0)
	if errno != 0 {
		v.found.errno = errno
		return
	}
	fd, _, errno := syscall.RawSyscall6(v.number, opSetModeFilter, uintptr(NewListener), uintptr(unsafe.Pointer(&v.program)), 0, 0, 0)
	if errno != 0 {
		v.found.errno = errno
		return
	}
	const (
		ioctlSend = 0xc0182101 // SECCOMP_IOCTL_NOTIF_SEND
		flagSend  = 2          // SECCOMP_ADDFD_FLAG_SEND
	)
	_, _, v.found.answers[ListenerContinue-firstListener] = syscall.RawSyscall6(syscall.SYS_IOCTL, fd, ioctlSend, uintptr(unsafe.Pointer(&v.send)), 0, 0, 0)
	v.add.srcfd = uint32(fd)
	_, _, v.found.answers[ListenerAddFD-firstListener] = syscall.RawSyscall6(syscall.SYS_IOCTL, fd, v.ioctlAdd, uintptr(unsafe.Pointer(&v.add)), 0, 0, 0)
	v.add.flags = flagSend
	_, _, v.found.answers[ListenerAddFDSend-firstListener] = syscall.RawSyscall6(syscall.SYS_IOCTL, fd, v.ioctlAdd, uintptr(unsafe.Pointer(&v.add)), 0, 0, 0)
	_, _, v.found.answers[ListenerSyncWakeUp-firstListener] = syscall.RawSyscall6(syscall.SYS_IOCTL, fd, v.ioctlSetFlags, 1, 0, 0, 0)
	v.found.done = true
}
