//go:build amd64 || arm64

package curb_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb"
	"github.com/gocurb/curb/internal/seccomp/subprocess"
	"github.com/gocurb/curb/syscalls"
)

// What happens to the calls that a policy does not allow.

// answers checks what calls get that a policy does not allow, by the kernel.
func answers() {
	enforce(everythingBut("getppid", "sethostname", "statx", "openat2", "faccessat2"))
	want("a call that is allowed", call(unix.SYS_GETPID), 0)
	want("getppid", call(unix.SYS_GETPPID), syscall.EPERM)
	want("sethostname", call(unix.SYS_SETHOSTNAME, 0, 1<<20), syscall.EPERM)
	want("statx", call(unix.SYS_STATX), syscall.ENOSYS)
	want("openat2", call(unix.SYS_OPENAT2), syscall.ENOSYS)
	want("faccessat2", call(unix.SYS_FACCESSAT2), syscall.ENOSYS)
	want("a number that is unknown", call(2000), syscall.ENOSYS)
	want("the number -1", call(^uintptr(0)), syscall.ENOSYS)
	// And with all that, Go falls back where it has to.
	if _, err := os.Stat("/proc/self/status"); err != nil {
		subprocess.Fatal(err)
	}
	if err := unix.Faccessat(unix.AT_FDCWD, "/proc/self/status", unix.R_OK, unix.AT_EACCESS); err != nil {
		subprocess.Fatal(err)
	}
}

// TestTrap: the trace names the function that made the call, and its caller.
func TestTrap(t *testing.T) {
	_, errs := subprocess.Run(t, "trap", subprocess.Exit(2))
	for _, text := range []string{"SIGSYS: bad system call", "curb_test.backDoor(", "curb_test.trap("} {
		if !strings.Contains(errs, text) {
			t.Errorf("stderr has no %q:\n%s", text, errs)
		}
	}
}

func trap() {
	enforce(everythingBut("sethostname").Otherwise(curb.Trap))
	backDoor()
}

//go:noinline
func backDoor() {
	name := []byte("mine")
	syscall.Sethostname(name)
}

func TestKillProcess(t *testing.T) {
	subprocess.Run(t, "kill process", subprocess.Killed(syscall.SIGSYS))
}

func killProcess() {
	enforce(everythingBut("getppid").Otherwise(curb.KillProcess))
	call(unix.SYS_GETPPID)
	subprocess.Fatal("the process goes on")
}

func killThread() {
	enforce(everythingBut("getppid").Otherwise(curb.KillThread))
	diesAlone()
}

// waitForEnd waits until the thread with that stat file has ended.
func waitForEnd(stat string) {
	for {
		text, err := os.ReadFile(stat)
		// The first thread of a process stays as a zombie.
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH) || strings.Contains(string(text), ") Z ") {
			return
		}
		runtime.Gosched()
	}
}

func logs() {
	enforce(curb.Allow("read").Otherwise(curb.Log))
	if pid, _, errno := syscall.RawSyscall(unix.SYS_GETPID, 0, 0, 0); errno != 0 || int(pid) != os.Getpid() {
		subprocess.Fatal("getpid gives", pid, errno)
	}
	want("a number that is unknown", call(2000), syscall.ENOSYS)
}

func traces() {
	enforce(everythingBut("getppid").Otherwise(curb.Trace(1)))
	want("without a tracer", call(unix.SYS_GETPPID), syscall.ENOSYS)
}

// arguments: the kernel ignores the upper half of an int, and so does a policy.
func arguments() {
	const dirty = 0xdeadbeef << 32
	enforce(everythingBut("socket", "lseek").
		AllowIf("socket", curb.Arg(0).Is(unix.AF_UNIX), curb.Arg(1).Masked(^(unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK)).Is(unix.SOCK_STREAM, unix.SOCK_DGRAM)).
		On("setpriority", curb.Errno(syscall.EDOM), curb.Arg(1).Is(-100)).
		On("munmap", curb.Errno(syscall.EDOM), curb.Arg(1).Is(5)).
		AllowIf("lseek", curb.Arg(2).AtMost(unix.SEEK_CUR)).
		On("prctl", curb.Errno(syscall.EXDEV), curb.Arg(0).Above(1<<20), curb.Arg(1).Below(7)))
	socket := func(domain, kind uintptr) syscall.Errno { return call(unix.SYS_SOCKET, domain, kind) }
	want("unix stream", socket(unix.AF_UNIX, unix.SOCK_STREAM), 0)
	want("unix datagram, close on exec", socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC), 0)
	want("unix stream, dirty", socket(unix.AF_UNIX|dirty, unix.SOCK_STREAM|dirty), 0)
	want("unix packets", socket(unix.AF_UNIX, unix.SOCK_SEQPACKET), syscall.EPERM)
	want("inet stream", socket(unix.AF_INET, unix.SOCK_STREAM), syscall.EPERM)
	want("inet stream, dirty", socket(unix.AF_INET|dirty, unix.SOCK_STREAM), syscall.EPERM)
	minus100 := uintptr(0xffffff9c)
	want("-100 by an int", call(unix.SYS_SETPRIORITY, 9, minus100), syscall.EDOM)
	want("-100 by a long", call(unix.SYS_SETPRIORITY, 9, ^uintptr(99)), syscall.EDOM)
	want("-100, dirty", call(unix.SYS_SETPRIORITY, 9, minus100|dirty), syscall.EDOM)
	want("another number", call(unix.SYS_SETPRIORITY, 9, 1), syscall.EINVAL)
	want("a long", call(unix.SYS_MUNMAP, 1, 5), syscall.EDOM)
	want("a long with more in its upper half", call(unix.SYS_MUNMAP, 1, 5|dirty), syscall.EINVAL)
	want("lseek by SEEK_CUR", call(unix.SYS_LSEEK, ^uintptr(0), 0, unix.SEEK_CUR), syscall.EBADF)
	want("lseek by SEEK_END", call(unix.SYS_LSEEK, ^uintptr(0), 0, unix.SEEK_END), syscall.EPERM)
	want("prctl above, below", call(unix.SYS_PRCTL, 1<<20+1, 6), syscall.EXDEV)
	want("prctl above, not below", call(unix.SYS_PRCTL, 1<<20+1, 7), syscall.EINVAL)
	want("prctl not above", call(unix.SYS_PRCTL, 1<<20, 6), syscall.EINVAL)
}

// TestOnlyWhatItSays enforces a list in the way that people write it and tries
// every call that is not in it.
func TestOnlyWhatItSays(t *testing.T) {
	out, _ := subprocess.Run(t, "only what it says", subprocess.Exit(0))
	tried := 0
	for line := range strings.Lines(out) {
		name, number, _ := strings.Cut(strings.TrimSpace(line), " ")
		got, err := strconv.Atoi(number)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		c, _ := syscalls.Native().ByName(name)
		want := syscall.EPERM
		if c.ENOSYS {
			want = syscall.ENOSYS
		}
		if tried++; syscall.Errno(got) != want {
			t.Errorf("%s gets %v, want %v", name, syscall.Errno(got), want)
		}
	}
	if all := syscalls.Native().Len(); tried < all-len(runtimeNeeds)-len(neverFiltered) {
		t.Errorf("%d calls were tried, of %d", tried, all)
	}
}

// runtimeNeeds is what a Go program that computes and prints needs at most.
var runtimeNeeds = []string{
	"clone", "close", "epoll_create1", "epoll_ctl", "epoll_pwait", "eventfd2", "exit", "exit_group", "fcntl", "futex", "getpid",
	"gettid", "madvise", "mincore", "mmap", "munmap", "nanosleep", "openat", "prctl", "pread64", "read", "restart_syscall",
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sched_getaffinity", "sched_yield", "sigaltstack", "tgkill",
	"timer_create", "timer_delete", "timer_settime", "write", "clock_gettime", "clock_nanosleep", "getrandom",
}

// neverFiltered is what newer kernels do not ask filters about. They put these
// calls into programs themselves, and made in any other way they fail, or end the
// program.
var neverFiltered = []string{"uprobe", "uretprobe"}

func onlyWhatItSays() {
	out := bufio.NewWriter(os.Stdout)
	enforce(curb.Allow(runtimeNeeds...))
	for c := range syscalls.Native().All() {
		if !slices.Contains(runtimeNeeds, c.Name) && !slices.Contains(neverFiltered, c.Name) {
			fmt.Fprintln(out, c.Name, int(call(uintptr(c.Nr))))
		}
	}
	out.Flush()
}

// TestTracerMaySkip: strace's injection, for one, skips calls, and must find what
// it leaves of them allowed, whatever the default.
func TestTracerMaySkip(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("needs strace")
	}
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	logFile := filepath.Join(t.TempDir(), "log")
	subprocess.RunCommand(t, "traced", subprocess.Exit(0),
		[]string{strace, "-f", "-o", logFile, "-e", "trace=getppid", "-e", "inject=getppid:error=EXDEV", executable})
	if text, err := os.ReadFile(logFile); err != nil || !strings.Contains(string(text), "(INJECTED)") {
		t.Errorf("%v: strace says\n%s", err, text)
	}
}

func traced() {
	enforce(everythingBut("sethostname").Otherwise(curb.KillProcess))
	want("getppid", call(unix.SYS_GETPPID), syscall.EXDEV)
	io.WriteString(os.Stdout, "done\n")
}
