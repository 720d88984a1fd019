package curb

import (
	"syscall"

	"github.com/gocurb/curb/filter"
)

// An Action is what happens to a system call.
type Action = filter.Action

// The actions beside [Policy.Allow] and [Policy.Deny]; see also [Errno] and
// [Trace].
const (
	// Trap sends the thread SIGSYS instead of making the call. In Go code that
	// ends the program with a goroutine trace that shows who made the call.
	Trap = filter.Trap
	// Log makes the call, and the kernel logs it (Linux 4.14).
	Log = filter.Log
	// KillProcess ends the process, as by SIGSYS (Linux 4.14; before that the
	// kernel ends the thread).
	KillProcess = filter.KillProcess
	// KillThread ends the thread. In a Go program the others go on and wait for
	// what it held: use KillProcess there.
	KillThread = filter.KillThread
	// Notify leaves calls to a supervisor, another process, which answers them
	// (Linux 5.0). It is for programs that package notify starts: a process
	// cannot supervise itself, and Enforce refuses it.
	Notify = filter.Notify

	allow = filter.Allow
)

// Errno makes calls fail with that error of Linux, without making them.
func Errno(errno syscall.Errno) Action { return filter.Errno(errno) }

// Trace leaves calls to the process's tracer, which is told the message.
func Trace(message uint16) Action { return filter.Trace(message) }
