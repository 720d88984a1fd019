//go:build amd64 || arm64

package curb_test

import (
	"fmt"
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb"
	"github.com/gocurb/curb/internal/seccomp/subprocess"
)

// Several policies in force: the strictest of their actions happens. That of two
// errors the last policy's counts is in twoPolicies.

func init() { parts["stacked"] = stacked }

// precedence has the actions, the strictest one first, with how a process ends
// that makes a call under it. Notify needs a supervisor: see package notify.
var precedence = []struct {
	name   string
	policy curb.Policy
	end    subprocess.End
}{
	{"kill_process", everythingBut("getppid").Otherwise(curb.KillProcess), subprocess.Killed(syscall.SIGSYS)},
	{"kill_thread", everythingBut("getppid").Otherwise(curb.KillThread), subprocess.Exit(0)},
	{"trap", everythingBut("getppid").Otherwise(curb.Trap), subprocess.Exit(2)},
	{"errno", everythingBut("getppid").Otherwise(curb.Errno(syscall.EDOM)), subprocess.Exit(0)},
	{"trace", everythingBut("getppid").Otherwise(curb.Trace(1)), subprocess.Exit(0)},
	{"log", everythingBut("getppid").Otherwise(curb.Log), subprocess.Exit(0)},
	{"allow", everythingBut(), subprocess.Exit(0)},
}

// TestStacked loads each two of them, in both orders.
func TestStacked(t *testing.T) {
	for i, strict := range precedence {
		for _, mild := range precedence[i+1:] {
			t.Run(strict.name+" and "+mild.name, func(t *testing.T) {
				t.Parallel()
				subprocess.Run(t, "stacked", strict.end, strict.name, strict.name, mild.name)
				subprocess.Run(t, "stacked", strict.end, strict.name, mild.name, strict.name)
			})
		}
	}
}

// stacked is told which action must happen, and which policies to load.
func stacked() {
	strict, load := subprocess.Args()[0], subprocess.Args()[1:]
	for _, name := range load {
		for _, p := range precedence {
			if p.name == name {
				enforce(p.policy)
			}
		}
	}
	switch strict {
	case "kill_thread":
		diesAlone()
	case "errno":
		want("getppid", call(unix.SYS_GETPPID), syscall.EDOM)
	case "trace": // without a tracer
		want("getppid", call(unix.SYS_GETPPID), syscall.ENOSYS)
	case "log":
		want("getppid", call(unix.SYS_GETPPID), 0)
	default:
		call(unix.SYS_GETPPID)
		subprocess.Fatal("the process goes on")
	}
}

// diesAlone calls getppid in a thread of its own, which must end.
func diesAlone() {
	tid := make(chan int)
	go func() {
		runtime.LockOSThread()
		tid <- syscall.Gettid()
		// Not raw, so that the scheduler knows that it need not wait.
		syscall.Syscall(unix.SYS_GETPPID, 0, 0, 0)
		subprocess.Fatal("the thread goes on")
	}()
	waitForEnd(fmt.Sprintf("/proc/self/task/%d/stat", <-tid))
}
