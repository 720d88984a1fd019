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
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb"
	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/internal/seccomp"
	"github.com/gocurb/curb/internal/seccomp/subprocess"
	"github.com/gocurb/curb/syscalls"
)

// A policy cannot be taken back, so each is enforced in a process of its own.
var parts = map[string]func(){
	"all threads":       allThreads,
	"answers":           answers,
	"trap":              trap,
	"kill process":      killProcess,
	"kill thread":       killThread,
	"log":               logs,
	"trace":             traces,
	"loner":             loner,
	"arguments":         arguments,
	"unprivileged":      unprivileged,
	"mistake":           mistake,
	"must":              must,
	"two policies":      twoPolicies,
	"at once":           atOnce,
	"children":          children,
	"no listener":       noListener,
	"only what it says": onlyWhatItSays,
	"traced":            traced,
}

func TestMain(m *testing.M) { subprocess.Main(m, parts) }

// TestEnforce runs the parts that check for themselves.
func TestEnforce(t *testing.T) {
	for _, part := range []string{
		"all threads", "answers", "kill thread", "log", "trace", "loner", "arguments", "unprivileged",
		"mistake", "two policies", "at once", "children", "no listener",
	} {
		t.Run(part, func(t *testing.T) {
			t.Parallel()
			subprocess.Run(t, part, subprocess.Exit(0))
		})
	}
}

// everythingBut allows all calls but these, so that a part depends on nothing
// that the Go runtime happens to do.
func everythingBut(names ...string) curb.Policy {
	var p curb.Policy
	for call := range syscalls.Native().All() {
		p = p.Allow(call.Name)
	}
	return p.Deny(names...)
}

func enforce(p curb.Policy) {
	if err := p.Enforce(); err != nil {
		subprocess.Fatal(err)
	}
}

func call(nr uintptr, args ...uintptr) syscall.Errno {
	var a [6]uintptr
	copy(a[:], args)
	_, _, errno := syscall.RawSyscall6(nr, a[0], a[1], a[2], a[3], a[4], a[5])
	return errno
}

func want(what string, got, want syscall.Errno) {
	if got != want {
		subprocess.Fatal(fmt.Sprintf("%s: %v (%d), want %v", what, got, got, want))
	}
}

// status gives a field of a thread's status, 0 for the calling thread.
func status(tid int, field string) string {
	path := "/proc/thread-self/status"
	if tid != 0 {
		path = fmt.Sprintf("/proc/self/task/%d/status", tid)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		subprocess.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if value, found := strings.CutPrefix(line, field+":"); found {
			return strings.TrimSpace(value)
		}
	}
	subprocess.Fatal(path, "has no", field)
	return ""
}

// allThreads has threads that were there before, in system calls and out of
// them, and some that come after.
func allThreads() {
	const threads = 50
	var before sync.WaitGroup
	goOn := make(chan bool)
	errs := make(chan error, 3*threads)
	try := func(when string) {
		if errno := call(unix.SYS_GETPPID); errno != syscall.EPERM {
			errs <- fmt.Errorf("a thread %s gets %v", when, errno)
		} else if nnp := status(syscall.Gettid(), "NoNewPrivs"); nnp != "1" {
			errs <- fmt.Errorf("a thread %s has NoNewPrivs %s", when, nnp)
		} else {
			errs <- nil
		}
	}
	r, w, err := os.Pipe()
	if err != nil {
		subprocess.Fatal(err)
	}
	for range threads {
		before.Add(2)
		go func() { // waits in the runtime
			runtime.LockOSThread()
			before.Done()
			<-goOn
			try("that waited")
		}()
		go func() { // waits in the kernel
			runtime.LockOSThread()
			before.Done()
			call(unix.SYS_READ, r.Fd(), 0, 0)
			var b [1]byte
			if _, err := syscall.Read(int(r.Fd()), b[:]); err != nil {
				errs <- err
				return
			}
			try("in a system call")
		}()
	}
	before.Wait()
	enforce(everythingBut("getppid"))
	close(goOn)
	if _, err := w.Write(make([]byte, threads)); err != nil {
		subprocess.Fatal(err)
	}
	for range threads {
		go func() {
			runtime.LockOSThread()
			try("that came later")
		}()
	}
	for range 3 * threads {
		if err := <-errs; err != nil {
			subprocess.Fatal(err)
		}
	}
}

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
	tid := make(chan int)
	go func() {
		runtime.LockOSThread()
		tid <- syscall.Gettid()
		call(unix.SYS_GETPPID)
		subprocess.Fatal("the thread goes on")
	}()
	task := fmt.Sprintf("/proc/self/task/%d", <-tid)
	for {
		if _, err := os.Stat(task); errors.Is(err, os.ErrNotExist) {
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

// loner is a thread with a filter of its own, which nothing can be added to from
// outside.
func loner() {
	tid := make(chan int)
	go func() {
		runtime.LockOSThread()
		if err := os.WriteFile("/proc/thread-self/comm", []byte("loner"), 0); err != nil {
			subprocess.Fatal(err)
		}
		prog, err := filter.Compile(syscalls.Native(), filter.Policy{Default: filter.Allow})
		if err != nil {
			subprocess.Fatal(err)
		}
		if _, err := seccomp.LoadThread(prog.Packed(), 0); err != nil {
			subprocess.Fatal(err)
		}
		tid <- syscall.Gettid()
		select {}
	}()
	name := fmt.Sprintf("thread %d (loner)", <-tid)
	for _, p := range []curb.Policy{everythingBut("getppid"), everythingBut("getppid").BestEffort()} {
		err := p.Enforce()
		if err == nil || !strings.HasPrefix(err.Error(), "curb: ") || !strings.Contains(err.Error(), name) {
			subprocess.Fatal("the error is", err, "want", name)
		}
	}
	want("after the error getppid", call(unix.SYS_GETPPID), 0)
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

func unprivileged() {
	if os.Getuid() == 0 {
		const nobody = 65534
		if err := syscall.Setgroups(nil); err != nil {
			subprocess.Fatal(err)
		}
		if err := syscall.Setgid(nobody); err != nil {
			subprocess.Fatal(err)
		}
		if err := syscall.Setuid(nobody); err != nil {
			subprocess.Fatal(err)
		}
	}
	if caps := status(0, "CapEff"); strings.Trim(caps, "0") != "" {
		subprocess.Fatal("still has capabilities", caps)
	}
	enforce(everythingBut("getppid"))
	want("getppid", call(unix.SYS_GETPPID), syscall.EPERM)
	if nnp := status(0, "NoNewPrivs"); nnp != "1" {
		subprocess.Fatal("NoNewPrivs is", nnp)
	}
}

// mistake: nothing of a policy that has one is enforced.
func mistake() {
	err := curb.Allow("reed").BestEffort().Enforce()
	if err == nil || err.Error() != `curb: no system call "reed": did you mean "read"?` {
		subprocess.Fatal("the error is", err)
	}
	if mode := status(0, "Seccomp"); mode != "0" {
		subprocess.Fatal("Seccomp is", mode)
	}
	if nnp := status(0, "NoNewPrivs"); nnp != "0" {
		subprocess.Fatal("NoNewPrivs is", nnp)
	}
}

func TestMustEnforce(t *testing.T) {
	_, errs := subprocess.Run(t, "must", subprocess.Exit(2))
	if !strings.Contains(errs, `curb: no system call "reed": did you mean "read"?`) {
		t.Errorf("stderr:\n%s", errs)
	}
}

func must() {
	everythingBut("getppid").MustEnforce()
	want("getppid", call(unix.SYS_GETPPID), syscall.EPERM)
	curb.Allow("reed").MustEnforce()
}

// twoPolicies: each denies for itself, and what forbids more policies says so.
func twoPolicies() {
	enforce(everythingBut("getppid"))
	enforce(everythingBut("getppid"))
	want("getppid", call(unix.SYS_GETPPID), syscall.EPERM)
	want("getpgrp", call(unix.SYS_GETPGID, 0), 0)
	enforce(everythingBut("getpgid", "getppid", "seccomp").On("getppid", curb.Errno(syscall.EDOM)))
	want("getppid, by the last policy", call(unix.SYS_GETPPID), syscall.EDOM)
	want("getpgid", call(unix.SYS_GETPGID, 0), syscall.EPERM)
	if n := status(0, "Seccomp_filters"); n != "3" {
		subprocess.Fatal("there are", n, "filters, want 3")
	}
	err := everythingBut("getuid").Enforce()
	if !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), "an earlier policy's") {
		subprocess.Fatal("without seccomp the error is", err)
	}
	if err := everythingBut("getuid").BestEffort().Enforce(); err != nil {
		subprocess.Fatal("by best effort the error is", err)
	}
	want("getuid", call(unix.SYS_GETUID), 0)
}

// atOnce: goroutines that enforce at the same time do not disturb each other.
func atOnce() {
	calls := map[string]uintptr{"getppid": unix.SYS_GETPPID, "getuid": unix.SYS_GETUID, "getgid": unix.SYS_GETGID, "getegid": unix.SYS_GETEGID}
	var all sync.WaitGroup
	for range 3 {
		for name := range calls {
			all.Go(func() { enforce(everythingBut(name)) })
		}
	}
	all.Wait()
	for name, nr := range calls {
		want(name, call(nr), syscall.EPERM)
	}
	if n := status(0, "Seccomp_filters"); n != "12" {
		subprocess.Fatal("there are", n, "filters, want 12")
	}
}

// children are under the policy as well.
func children() {
	shell, err := exec.LookPath("sh")
	if err != nil {
		subprocess.Fatal(err)
	}
	const script = "cd /; mkdir curb-test-directory"
	enforce(everythingBut("mkdir", "mkdirat"))
	out, err := exec.Command(shell, "-c", script).CombinedOutput()
	if err == nil || !strings.Contains(string(out), syscall.EPERM.Error()) && !strings.Contains(string(out), "not permitted") {
		subprocess.Fatal(fmt.Sprintf("the child says %q, %v", out, err))
	}
}

func noListener() {
	err := everythingBut("getppid").Otherwise(filter.Notify).Enforce()
	if err == nil || !strings.Contains(err.Error(), "supervisor outside the process") {
		subprocess.Fatal("the error is", err)
	}
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
	if all := syscalls.Native().Len(); tried != all-len(runtimeNeeds) {
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

func onlyWhatItSays() {
	out := bufio.NewWriter(os.Stdout)
	enforce(curb.Allow(runtimeNeeds...))
	allowed := make(map[string]bool)
	for _, name := range runtimeNeeds {
		allowed[name] = true
	}
	for c := range syscalls.Native().All() {
		if !allowed[c.Name] {
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
