package seccomp

import (
	"runtime"
	"syscall"
	"unsafe"
)

// HasAction asks the kernel for an action, one of the Ret values. The answer is
// nil when the kernel has it and wraps errors.ErrUnsupported when it has not.
// Any other error means that it could not be told.
func HasAction(ret uint32) error { return hasAction("ask for an action of filters", ret) }

func hasAction(doing string, ret uint32) error {
	_, _, errno := syscall.RawSyscall(sysSeccomp(runtime.GOARCH), opGetActionAvail, 0, uintptr(unsafe.Pointer(&ret)))
	e := &Error{Doing: doing, Err: errno}
	switch errno {
	case 0:
		return nil
	case syscall.ENOSYS:
		e.Advice, e.Unsupported = noSeccomp, true
	case syscall.EOPNOTSUPP:
		e.Advice, e.Unsupported = lacksAction(ret), true
	case syscall.EINVAL:
		// Before Linux 4.14 nobody could ask, and these actions were all.
		switch ret {
		case RetKillThread, RetTrap, RetErrno, RetTrace, RetAllow:
			return HasFlags(0)
		}
		e.Advice, e.Unsupported = lacksAction(ret), true
	default:
		e.Advice = outerFilter
	}
	return e
}

func lacksAction(ret uint32) string {
	for i, action := range actions {
		if action == ret {
			return lacks(firstAction + Feature(i))
		}
	}
	return "the kernel does not have the action that was asked for"
}

func lacks(f Feature) string {
	return "the kernel does not have " + f.String() + " (Linux " + f.Since() + ")"
}

// has reports whether some instruction of the program returns the action. Filters
// end in constants; what is computed is not looked at.
func (p Program) has(action uint32) bool {
	for _, ins := range p {
		if returns(ins, action) {
			return true
		}
	}
	return false
}

func returns(ins uint64, action uint32) bool {
	const returnK = 0x06 // BPF_RET | BPF_K
	return ins>>48 == returnK && uint32(ins)&RetAction == action
}

// checkActions refuses a program with actions for which a kernel that does not
// know them kills. RetKillProcess is not among them: killing the thread is what
// such a kernel makes of it. It also refuses to ask a listener that is not there.
func checkActions(doing string, prog Program, flags Flags) error {
	if prog.has(RetLog) {
		if err := hasAction(doing, RetLog); err != nil {
			return err
		}
	}
	switch {
	case !prog.has(RetNotify):
		return nil
	case flags&NewListener == 0:
		return &Error{Doing: doing, Advice: "it asks a supervisor about calls, and nobody holds its listener; that takes a supervisor outside the process"}
	}
	return hasAction(doing, RetNotify)
}

// HasFlags asks the kernel for all of the flags, and without any for filters at
// all. The answer is nil when the kernel has them and wraps
// errors.ErrUnsupported when it lacks one. Any other error means that it could
// not be told. NewListener together with AllThreads takes AllThreadsOrError.
func HasFlags(flags Flags) error {
	const doing = "ask for flags of filters"
	// The kernel looks at the flags first. When it knows them, it finds that
	// there is no program at address 0.
	ask := func(flags Flags) syscall.Errno {
		_, _, errno := syscall.RawSyscall(sysSeccomp(runtime.GOARCH), opSetModeFilter, uintptr(flags), 0)
		return errno
	}
	e := &Error{Doing: doing, Err: ask(0)}
	switch e.Err {
	case syscall.EFAULT:
	case syscall.EINVAL:
		e.Advice, e.Unsupported = "the kernel was built without CONFIG_SECCOMP_FILTER", true
		return e
	case syscall.ENOSYS:
		e.Advice, e.Unsupported = noSeccomp, true
		return e
	default:
		e.Advice = outerFilter
		return e
	}
	for f := firstFlag; f < firstListener; f++ {
		one := f.flag()
		if flags&one == 0 {
			continue
		}
		if one == WaitKillable {
			one |= NewListener // neither goes without the other
		}
		if errno := ask(one); errno != syscall.EFAULT {
			e.Err = errno
			e.Advice, e.Unsupported = lacks(f), errno == syscall.EINVAL
			if !e.Unsupported {
				e.Advice = outerFilter
			}
			return e
		}
	}
	if unknown := flags &^ (firstListener.flag() - 1); unknown != 0 {
		return &Error{Doing: doing, Advice: "there is no such flag"}
	}
	return nil
}
