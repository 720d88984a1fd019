package curb_test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb"
	"github.com/gocurb/curb/internal/seccomp/subprocess"
)

// The other ways into the kernel that amd64 has: 32-bit programs' int $0x80, and
// the numbers of the x32 ABI.

func init() {
	parts["int80 before"] = func() { fmt.Println(int80getpid() == int32(os.Getpid())) }
	parts["int80"] = func() {
		enforce(defaults[subprocess.Args()[0]])
		fmt.Println(int80getpid() == int32(os.Getpid()))
	}
	parts["x32"] = func() {
		enforce(defaults[subprocess.Args()[0]])
		want("getpid by x32", call(0x40000000|unix.SYS_GETPID), syscall.ENOSYS)
	}
}

func int80getpid() int32 {
	const getpid = 20
	return subprocess.Int80(getpid, 0, 0, 0)
}

// defaults are policies that allow getpid, each with another default.
var defaults = map[string]curb.Policy{
	"errno":        everythingBut("getppid"),
	"allow":        curb.Deny("getppid"),
	"log":          everythingBut("getppid").Otherwise(curb.Log),
	"trap":         everythingBut("getppid").Otherwise(curb.Trap),
	"kill_process": everythingBut("getppid").Otherwise(curb.KillProcess),
	"trace":        everythingBut("getppid").Otherwise(curb.Trace(3)),
}

// dies says how a process ends, and with what on stderr.
type dies struct {
	end  subprocess.End
	says string
}

var (
	lives   = dies{end: subprocess.Exit(0)}
	trapped = dies{subprocess.Exit(2), "SIGSYS: bad system call"}
	killed  = dies{end: subprocess.Killed(syscall.SIGSYS)}
)

func check(t *testing.T, part string, want map[string]dies) {
	for name := range defaults {
		t.Run(name, func(t *testing.T) {
			end := want[name]
			if _, errs := subprocess.Run(t, part, end.end, name); !strings.Contains(errs, end.says) {
				t.Errorf("stderr has no %q:\n%s", end.says, errs)
			}
		})
	}
}

// TestX32: this kernel may have no x32 calls, but filters see their numbers.
func TestX32(t *testing.T) {
	check(t, "x32", map[string]dies{
		"errno": lives, "allow": lives, "trace": lives, "log": lives, "trap": trapped, "kill_process": killed,
	})
}

func TestInt80(t *testing.T) {
	if out, _ := subprocess.Run(t, "int80 before", subprocess.Exit(0)); out != "true\n" {
		t.Fatalf("without a policy: %q", out)
	}
	check(t, "int80", map[string]dies{
		"errno": killed, "allow": killed, "trace": killed, "log": lives, "trap": trapped, "kill_process": killed,
	})
	if out, _ := subprocess.Run(t, "int80", subprocess.Exit(0), "log"); out != "true\n" {
		t.Errorf("log does not let getpid by: %q", out)
	}
}

// TestTraceNamesForeignCaller: trap works for that entry too.
func TestTrapNamesCallerByInt80(t *testing.T) {
	_, errs := subprocess.Run(t, "int80", subprocess.Exit(2), "trap")
	if !strings.Contains(errs, "subprocess.Int80(") || !strings.Contains(errs, "curb_test.int80getpid(") {
		t.Errorf("the trace does not name the caller:\n%s", errs)
	}
}
