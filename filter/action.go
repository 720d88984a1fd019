package filter

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/gocurb/curb/internal/seccomp"
)

// An Action is what happens to a system call. The zero Action is none, and an
// error wherever an action is needed, so that none is taken by oversight.
//
// Where several filters are in force, the strictest of their actions happens:
// the order is kill_process, kill_thread, trap, errno, notify, trace, log,
// allow. Of two errnos it is the one of the filter that was loaded last.
type Action uint64

// given marks an Action that is one: the kernel's encoding uses 32 bits, with 0
// for kill_thread.
const given Action = 1 << 32

// The actions. See also [Errno] and [Trace].
const (
	// Allow makes the call.
	Allow = given | seccomp.RetAllow
	// Log makes the call, and the kernel logs it (Linux 4.14). Whether it
	// does is up to /proc/sys/kernel/seccomp/actions_logged, and a busy
	// system may drop lines.
	Log = given | seccomp.RetLog
	// Trap does not make the call but sends the thread SIGSYS. In Go code that
	// ends the program with a goroutine trace that shows who made the call.
	Trap = given | seccomp.RetTrap
	// KillThread ends the thread. In a Go program the others go on and wait
	// for what it held: use KillProcess there.
	KillThread = given | seccomp.RetKillThread
	// KillProcess ends the process, as by SIGSYS (Linux 4.14; before that the
	// kernel ends the thread).
	KillProcess = given | seccomp.RetKillProcess
	// Notify lets the call wait for the answer of a supervisor that holds the
	// filter's listener (Linux 5.0). Without one the call fails with ENOSYS.
	Notify = given | seccomp.RetNotify
)

// maxErrno is the kernel's MAX_ERRNO. It takes larger ones for this one.
const maxErrno = 4095

// Deny is for rules only: it denies a call as though no rule decided it, and where
// the default is Allow as though that were errno(EPERM).
const Deny Action = 1 << 33

// Errno makes calls fail with that error, without making them; with 0 they seem
// to succeed. The numbers are those of Linux, which constants of package syscall
// are on Linux only. An errno above 4095 makes no valid action.
func Errno(errno syscall.Errno) Action {
	if errno > maxErrno {
		return 0
	}
	return given | seccomp.RetErrno | Action(errno)
}

// Trace leaves calls to the process's tracer, which is told the message (see
// PTRACE_O_TRACESECCOMP in ptrace(2)). Without a tracer they fail with ENOSYS.
func Trace(message uint16) Action { return given | seccomp.RetTrace | Action(message) }

// ActionOf gives the action that a filter's return value stands for.
func ActionOf(ret uint32) Action { return given | Action(ret) }

// Return gives the value that a filter returns for the action. For Deny there is
// none.
func (a Action) Return() uint32 { return uint32(a) }

// check returns an error for what is not an action.
func (a Action) check() error {
	switch a &^ seccomp.RetData {
	case Allow, Log, Trap, KillThread, KillProcess, Notify, Trace(0):
		return nil
	case Errno(0):
		if a.data() <= maxErrno {
			return nil
		}
	case Deny:
		return errors.New("deny is for rules, not for the default")
	case 0:
		return fmt.Errorf("no action was given, or an errno above %d", maxErrno)
	}
	return fmt.Errorf("%v is not an action", a)
}

func (a Action) data() uint32 { return a.Return() & seccomp.RetData }

// is reports whether the action is of that kind, whatever its data.
func (a Action) is(kind Action) bool { return a&^seccomp.RetData == kind&^seccomp.RetData }

// String gives the action as the kernel names it: "allow", "errno(EPERM)",
// "trace(7)".
func (a Action) String() string {
	switch {
	case a == Deny:
		return "deny"
	case a&given == 0:
		return "(no action)"
	}
	var name string
	switch a &^ seccomp.RetData {
	case Errno(0):
		return "errno(" + errnoName(a.data()) + ")"
	case Trace(0):
		return fmt.Sprintf("trace(%d)", a.data())
	case Allow:
		name = "allow"
	case Log:
		name = "log"
	case Trap:
		name = "trap"
	case KillThread:
		name = "kill_thread"
	case KillProcess:
		name = "kill_process"
	case Notify:
		name = "notify"
	default:
		return fmt.Sprintf("unknown action %#x", a.Return())
	}
	if data := a.data(); data != 0 {
		name += fmt.Sprintf("(%d)", data)
	}
	return name
}
