package strace

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func parse(t *testing.T, text string) map[string]int {
	t.Helper()
	calls, err := Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return calls
}

// The output of strace 6 on a static C program that starts two threads, then a
// child by fork that executes another program, one by vfork, and one by fork
// whose execve fails. The other program makes getpriority.
func TestParseChildren(t *testing.T) {
	text, err := os.ReadFile("testdata/children.log")
	if err != nil {
		t.Fatal(err)
	}
	calls := parse(t, string(text))
	for name, want := range map[string]int{
		"getppid":         4, // two threads, two each
		"clone3":          2,
		"clone":           2, // fork
		"vfork":           1,
		"getpgid":         1, // in a child, before its execve
		"getsid":          1, // in a vfork's child, which runs before the call returns
		"getpgrp":         1, // in a child whose execve has failed
		"execve":          3, // not that of the launcher
		"kill":            1,
		"rt_sigreturn":    1,
		"clock_nanosleep": 4,
		"getpriority":     0, // made by the other program
		"readlink":        1, // made by both, when they start
		"exit":            2,
		"exit_group":      2, // its own, and that of the child whose execve has failed
	} {
		if calls[name] != want {
			t.Errorf("%s: %d, want %d", name, calls[name], want)
		}
	}
	for name := range calls {
		if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
			t.Errorf("%q is no call's name", name)
		}
	}
}

// A thread other than the first executes another program: it goes on under
// the first one's number, which is what the program was.
func TestParseExecByThread(t *testing.T) {
	text, err := os.ReadFile("testdata/supersede.log")
	if err != nil {
		t.Fatal(err)
	}
	calls := parse(t, string(text))
	if calls["getpriority"] != 0 || calls["readlink"] != 1 {
		t.Errorf("the calls of the other program are counted: %v", calls)
	}
	if calls["execve"] != 4 || calls["clone3"] != 3 {
		t.Errorf("execve %d times, clone3 %d times, want 4 and 3", calls["execve"], calls["clone3"])
	}
}

func TestParseLines(t *testing.T) {
	start := "10 execve(\"./a\", [\"./a\"], 0x7ffc /* 9 vars */) = 0\n"
	for _, tt := range []struct {
		name, text string
		want       map[string]int
	}{
		{"nothing", "", map[string]int{}},
		{"only the launcher's", start, map[string]int{}},
		{"an execve that fails first", "10 execve(\"./b\", [\"./b\"], 0x7ffc /* 9 vars */) = -1 ENOENT (No such file or directory)\n" + start + "10 getpid() = 10\n",
			map[string]int{"getpid": 1}},
		{"an error that was injected", start + "10 pidfd_open(12, 0) = -1 EPERM (Operation not permitted) (INJECTED)\n", map[string]int{"pidfd_open": 1}},
		{"a fork that was injected to fail", start + "10 clone(child_stack=NULL, flags=SIGCHLD) = -1 EAGAIN (Resource temporarily unavailable) (INJECTED)\n10 getpid() = 10\n",
			map[string]int{"clone": 1, "getpid": 1}},
		{"a restarted call", start + "10 nanosleep({tv_sec=1, tv_nsec=0}, NULL) = ? ERESTART_RESTARTBLOCK (Interrupted by signal)\n" +
			"10 --- SIGTSTP {si_signo=SIGTSTP, si_code=SI_USER, si_pid=1, si_uid=0} ---\n10 restart_syscall(<... resuming interrupted nanosleep ...>) = 0\n",
			map[string]int{"nanosleep": 1, "restart_syscall": 1}},
		{"a call of no name", start + "10 syscall_0x3e8(0, 0, 0, 0, 0, 0) = -1 ENOSYS (Function not implemented)\n", map[string]int{"syscall_0x3e8": 1}},
		{"an argument that looks like a result", start + "10 write(1, \"fork() = 11\\n\", 12) = 12\n11 getpid() = 11\n", map[string]int{"write": 1}},
		{"the end by a signal", start + "10 pause( <unfinished ...>) = ?\n10 +++ killed by SIGKILL +++\n", map[string]int{"pause": 1}},
		{"a number that could not be read any more", start + "10 ???( <unfinished ...>) = ?\n10 +++ exited with 0 +++\n", map[string]int{}},
		{"a number that was read too late", start + "10 clone(child_stack=0x1, flags=CLONE_VM|CLONE_THREAD) = 11\n10 exit_group(2 <unfinished ...>\n11 syscall_0xffffffffffffffda(0x1, 0x5, 0x4, 0x2, 0xa, 0xa <unfinished ...>\n10 <... exit_group resumed>) = ?\n" +
			"11 <... syscall_0xffffffffffffffda resumed>) = ?\n11 +++ exited with 2 +++\n10 syscall_0xfffffffffffffff5(0x1, 0x5, 0x4, 0x2, 0xa, 0xa) = ?\n10 +++ exited with 2 +++\n",
			map[string]int{"clone": 1, "exit_group": 1}},
		{"a task's number for that of a call", start + "10 clone(child_stack=0x1, flags=CLONE_VM|CLONE_THREAD) = 18839\n10 syscall_0x4997(0x1, 0x5, 0x4, 0x2, 0xa, 0xa <unfinished ...>\n10 <... syscall_0x4997 resumed>) = ?\n10 +++ exited with 2 +++\n",
			map[string]int{"clone": 1}},
		{"a number that no kernel has", start + "10 syscall_0x4997(0, 0, 0, 0, 0, 0) = -1 ENOSYS (Function not implemented)\n",
			map[string]int{"syscall_0x4997": 1}},
		{"a new call", start + "10 syscall_0x1ff(0, 0, 0, 0, 0, 0 <unfinished ...>) = ?\n10 +++ exited with 2 +++\n", map[string]int{"syscall_0x1ff": 1}},
		{"a negative number", start + "10 syscall_0xfffffffffffffff5(0, 0, 0, 0, 0, 0) = -1 ENOSYS (Function not implemented)\n",
			map[string]int{"syscall_0xfffffffffffffff5": 1}},
		{"a grandchild", start + "10 fork() = 11\n11 fork() = 12\n12 getsid(0) = 1\n12 execve(\"b\", [], 0x1 /* 0 vars */) = 0\n12 getpgid(0) = 1\n11 getppid() = 10\n",
			map[string]int{"fork": 2, "getsid": 1, "execve": 1, "getppid": 1}},
		{"a child of another program", start + "10 fork() = 11\n11 execve(\"b\", [], 0x1 /* 0 vars */) = 0\n11 fork() = 12\n12 getsid(0) = 1\n12 execve(\"c\", [], 0x1 /* 0 vars */) = 0\n12 sync() = 0\n",
			map[string]int{"fork": 1, "execve": 1}},
		{"a thread of a child, before its creation is seen", start + "10 fork( <unfinished ...>\n11 getsid(0) = 1\n11 clone(child_stack=0x1, flags=CLONE_VM|CLONE_THREAD <unfinished ...>\n12 getpgid(0) = 1\n11 <... clone resumed>, tls=0x2) = 12\n10 <... fork resumed>) = 11\n",
			map[string]int{"fork": 1, "getsid": 1, "clone": 1, "getpgid": 1}},
		{"a number that is used again", start + "10 fork() = 11\n11 execve(\"b\", [], 0x1 /* 0 vars */) = 0\n11 +++ exited with 0 +++\n10 fork() = 11\n11 getsid(0) = 1\n",
			map[string]int{"fork": 2, "execve": 1, "getsid": 1}},
		{"a task that goes on after the first has ended", start + "10 fork() = 11\n10 exit_group(0) = ?\n10 +++ exited with 0 +++\n11 getsid(0) = 1\n",
			map[string]int{"fork": 1, "exit_group": 1, "getsid": 1}},
	} {
		if got := parse(t, tt.text); !maps.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// What comes before the first filter does not count, nor does a filter that could
// not be loaded.
func TestParseLocked(t *testing.T) {
	calls, err := ParseLocked(strings.NewReader(`10 execve("./a", ["./a"], 0x7ffc /* 9 vars */) = 0
10 openat(AT_FDCWD, 0x1, O_RDONLY) = 3
10 clone(child_stack=0x1, flags=CLONE_VM|CLONE_THREAD) = 11
10 seccomp(SECCOMP_GET_ACTION_AVAIL, 0, 0x1) = 0
10 seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, 0x1) = -1 EACCES (Permission denied)
10 close(3) = 0
10 seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, 0x1 <unfinished ...>
11 sched_yield() = 0
10 <... seccomp resumed>) = 0
11 getppid() = 1
10 seccomp(SECCOMP_SET_MODE_FILTER, 0, 0x1) = 0
10 exit_group(0) = ?
`))
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]int{"getppid": 1, "seccomp": 1, "exit_group": 1}; !maps.Equal(calls, want) {
		t.Errorf("%v, want %v", calls, want)
	}
}

// What starts the tracer is not traced, and decides what the program may have.
func TestUnder(t *testing.T) {
	got, err := Run{Path: "/bin/sh", Args: []string{"-c", "ulimit -n"}, Env: []string{"PATH=/missing"}, Under: []string{"prlimit", "--nofile=33", "--"}}.Trace(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if string(got.Stdout) != "33\n" || got.Calls["execve"] != 0 {
		t.Errorf("it may open %q files, and made %d execve", got.Stdout, got.Calls["execve"])
	}
}

// probe builds the program that is traced.
func probe(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "probe")
	cmd := exec.Command("go", "build", "-o", path, "./testdata/probe")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	return path
}

func TestTrace(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		t.Fatalf("strace is needed: make deps installs it: %v", err)
	}
	dir := t.TempDir()
	r, err := Run{
		Path: probe(t), Args: []string{"7"}, Env: append(os.Environ(), "PROBE=set"), Dir: dir, Stdin: strings.NewReader("to be read"),
	}.Trace(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := r.State.ExitCode(); got != 7 {
		t.Errorf("it ended with %v, want exit code 7", r.State)
	}
	if want := "set " + dir + " to be read"; string(r.Stdout) != want {
		t.Errorf("it printed %q, want %q", r.Stdout, want)
	}
	if !bytes.Contains(r.Stderr, []byte("no priority: <nil>")) {
		t.Errorf("standard error %q", r.Stderr)
	}
	// Its child executes the same program again, which makes getsid.
	if r.Calls["getpriority"] != 1 || r.Calls["getsid"] != 0 || r.Calls["execve"] != 1 {
		t.Errorf("getpriority %d times, getsid %d, execve %d; want 1, 0, 1", r.Calls["getpriority"], r.Calls["getsid"], r.Calls["execve"])
	}
}

func TestTraceWithFault(t *testing.T) {
	r, err := Run{Path: probe(t), Args: []string{"0"}, Strace: []string{"-e", "inject=getpriority:error=EACCES"}}.Trace(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(r.Stderr, []byte("no priority: permission denied")) || r.Calls["getpriority"] != 1 {
		t.Errorf("the fault was not injected, or its call not counted: %q, %d", r.Stderr, r.Calls["getpriority"])
	}
}

func TestTraceOfNothing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()) // of its own: other tests may run at the same time
	before := leftovers(t)
	r, err := Run{Path: filepath.Join(t.TempDir(), "missing")}.Trace(t.Context())
	if err == nil && r.State.Success() {
		t.Error("a missing program was run")
	}
	if after := leftovers(t); !slices.Equal(before, after) {
		t.Errorf("left behind: %v, before %v", after, before)
	}
}

func leftovers(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(os.TempDir(), "curb-strace-*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// What happens during a run can end it, by failing too, and nothing that it
// started outlives it.
func TestDuring(t *testing.T) {
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	end := func(_ context.Context, p *os.Process) error { return p.Signal(syscall.SIGTERM) }
	for name, launch := range map[string]func(Run) (*Result, error){
		"traced":   func(r Run) (*Result, error) { return r.Trace(t.Context()) },
		"untraced": func(r Run) (*Result, error) { return r.Untraced(t.Context()) },
	} {
		r, err := launch(Run{Path: sleep, Args: []string{"1000"}, During: end})
		if err != nil || r.Status() != 128+15 {
			t.Errorf("%s: ended by a signal: %v", name, err)
		}
		fail := errors.New("it does not answer")
		if _, err := launch(Run{Path: sleep, Args: []string{"1000"}, During: func(context.Context, *os.Process) error { return fail }}); !errors.Is(err, fail) {
			t.Errorf("%s: %v, want %v", name, err, fail)
		}
	}
	var child int
	_, err = Run{Path: "/bin/sh", Args: []string{"-c", "sleep 1000 & echo $!; wait"}, During: func(ctx context.Context, p *os.Process) error {
		for ctx.Err() == nil && child == 0 {
			text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", p.Pid, p.Pid))
			fmt.Sscan(string(text), &child)
		}
		return p.Kill()
	}}.Untraced(t.Context())
	if err != nil || child == 0 {
		t.Fatalf("a program with a child, %d: %v", child, err)
	}
	for range 500 {
		if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", child)); err != nil || strings.Contains(string(text), ") Z ") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("process %d is still there", child)
}

// TestKeys types on a terminal of the program's own.
func TestKeys(t *testing.T) {
	script := `read -r word </dev/tty; test "$word" = open && tty <&2 && stty size </dev/tty`
	got, err := Run{Path: "/bin/sh", Args: []string{"-c", "echo who is there >&2; " + script}, Keys: []string{"open\n"}}.Trace(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if out := string(got.Stdout); got.Status() != 0 || !strings.HasPrefix(out, "/dev/pts/") || !strings.HasSuffix(out, "\n24 80\n") {
		t.Errorf("it ended with %d, and wrote %q", got.Status(), got.Stdout)
	}
}
