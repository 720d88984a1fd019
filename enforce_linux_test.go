//go:build amd64 || arm64

package curb_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
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
	"groups":            groups,
	"children":          children,
	"no listener":       noListener,
	"only what it says": onlyWhatItSays,
	"traced":            traced,
	"older kernel":      olderKernel,
	"log denials":       logDenials,
	"flags":             flags,
	"supported":         supported,
}

func TestMain(m *testing.M) { subprocess.Main(m, parts) }

// TestEnforce runs the parts that check for themselves.
func TestEnforce(t *testing.T) {
	for _, part := range []string{
		"answers", "kill thread", "log", "trace", "loner", "arguments", "unprivileged",
		"mistake", "two policies", "at once", "children", "no listener", "groups",
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
