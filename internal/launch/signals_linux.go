//go:build linux && (amd64 || arm64)

package launch

import (
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const maxSignal = 64 // _NSIG, on all architectures but MIPS

// A signalSet is the kernel's sigset_t.
type signalSet uint64

func (s signalSet) has(sig unix.Signal) bool { return s>>(sig-1)&1 != 0 }

func (s *signalSet) add(sig unix.Signal) { *s |= 1 << (sig - 1) }

// ignoredAtStart are the signals that this process was started with ignored, as
// far as Go's runtime has left them so. It is taken before main, since
// os/signal.Notify ends it for a signal.
var ignoredAtStart = ignoredNow()

func ignoredNow() (set signalSet) {
	for sig := unix.Signal(1); sig <= maxSignal; sig++ {
		var action kernelAction
		_, _, err := syscall.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), 0, uintptr(unsafe.Pointer(&action)), sizeofSignalSet, 0, 0)
		if err == 0 && action.handler == sigIgnore {
			set.add(sig)
		}
	}
	return set
}

// raise sends this process a signal that has its default action, whatever Go's
// runtime or os/signal have set up, and returns when it has had its effect: if
// it stops the process, after that was continued. The handler is restored.
func raise(sig unix.Signal) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	byDefault, before := kernelAction{handler: sigDefault}, kernelAction{}
	syscall.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&byDefault)), uintptr(unsafe.Pointer(&before)), sizeofSignalSet, 0, 0)
	var unblocked, mask signalSet
	unblocked.add(sig)
	syscall.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_UNBLOCK, uintptr(unsafe.Pointer(&unblocked)), uintptr(unsafe.Pointer(&mask)), sizeofSignalSet, 0, 0)
	// A signal to this thread is delivered before the call returns.
	unix.Tgkill(os.Getpid(), unix.Gettid(), sig)
	syscall.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&mask)), 0, sizeofSignalSet, 0, 0)
	syscall.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&before)), 0, sizeofSignalSet, 0, 0)
}

// Exit ends this process as the program ended: with its exit code, or by the
// same signal, so that a shell or another parent sees no difference. It leaves
// no core file. It does not return, and deferred functions do not run.
func (s Status) Exit() {
	if s.Signal != 0 {
		unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
		raise(unix.Signal(s.Signal))
		// The first process of a PID namespace does not die by default actions.
		os.Exit(128 + s.Signal)
	}
	os.Exit(s.Code)
}
