//go:build linux && (amd64 || arm64)

package record

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/internal/launch"
	"github.com/gocurb/curb/usage"
)

// byEach runs a test by each method.
func byEach(t *testing.T, f func(t *testing.T, m Method)) {
	for _, m := range []Method{BPF, Ptrace} {
		t.Run(string(m), func(t *testing.T) { f(t, m) })
	}
}

// TestForks: the children that a program starts are followed from their first call
// to their last, many at a time and however short they live.
func TestForks(t *testing.T) {
	byEach(t, func(t *testing.T, m Method) {
		times := map[Method]int{BPF: 1000, Ptrace: 100}[m]
		usages := run(t, Options{Method: m}, role(t, "forks", strconv.Itoa(times), "/bin/true"))
		if got := seen(usages, "/true", "exit_group").Calls; got != uint64(times) {
			t.Errorf("%d of %d children were seen to exit", got, times)
		}
		if got := seen(usages, ".test", "execve").Calls; got != uint64(times) {
			t.Errorf("%d of %d children were seen to execute", got, times)
		}
	})
}

// TestExecsItself: a program that executes itself, from any of its threads, goes on
// being recorded; the first exec is the launcher's.
func TestExecsItself(t *testing.T) {
	byEach(t, func(t *testing.T, m Method) {
		usages := run(t, Options{Method: m}, role(t, "again", "20"))
		if got := seen(usages, "", "getppid").Calls; got != 21 {
			t.Errorf("%d calls of getppid, want 21", got)
		}
		if got := seen(usages, "", "execve").Calls; got != 20 {
			t.Errorf("%d calls of execve, want 20", got)
		}
		if !slices.Equal(usages[0].Launcher, []string{"execve"}) {
			t.Errorf("the launcher's calls are %v", usages[0].Launcher)
		}
	})
}

// TestExecsFromThread: the thread that executes a program takes the place of the
// first one, and is still followed.
func TestExecsFromThread(t *testing.T) {
	byEach(t, func(t *testing.T, m Method) {
		usages := run(t, Options{Method: m}, role(t, "thread"))
		if calls, execs := seen(usages, "", "getppid").Calls, seen(usages, "", "execve").Calls; calls != 1 || execs != 1 {
			t.Errorf("%d calls of getppid and %d of execve, want 1 of each", calls, execs)
		}
	})
}

// TestFlies: processes that end at once are followed.
func TestFlies(t *testing.T) {
	byEach(t, func(t *testing.T, m Method) {
		const times = 1000
		usages := run(t, Options{Method: m}, role(t, "flies", strconv.Itoa(times), "0"))
		if got := seen(usages, "", "exit_group").Calls; got != times+1 {
			t.Errorf("%d calls of exit_group, want %d", got, times+1)
		}
	})
}

// TestSignals: signals, and what stops and continues a process, do to a program that
// is recorded what they do to any.
func TestSignals(t *testing.T) {
	byEach(t, func(t *testing.T, m Method) {
		usages := run(t, Options{Method: m}, role(t, "signals"))
		if got := seen(usages, "", "exit_group").Calls; got != 1 {
			t.Errorf("%d calls of exit_group, want 1", got)
		}
	})
}

// TestScript: the programs of a script are told apart, and only those that are
// wanted are in the result.
func TestScript(t *testing.T) {
	script := filepath.Join(t.TempDir(), "script")
	self := role(t, "threads").Path
	text := fmt.Sprintf("#!/bin/sh\n/bin/true\n%s 2 3\nexec %s 2 4\n", self, self)
	if err := os.WriteFile(script, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	byEach(t, func(t *testing.T, m Method) {
		c := role(t, "threads")
		c.Path, c.Args = script, []string{script}
		o := Options{Method: m, Wanted: func(path string) bool { return strings.HasSuffix(path, ".test") }}
		usages := run(t, o, c)
		if len(usages) != 1 || usages[0].GoVersion != runtime.Version() || usages[0].SHA256 == "" {
			t.Fatalf("%d usages, the first %+v", len(usages), usages)
		}
		if got := seen(usages, ".test", "getppid").Calls; got != 2*3+2*4 {
			t.Errorf("%d calls of getppid", got)
		}
		usages = run(t, Options{Method: m, PerProcess: true}, c)
		var counts []uint64
		for _, u := range usages {
			if n := seen([]*usage.Usage{u}, ".test", "getppid").Calls; n > 0 && u.Process != nil {
				counts = append(counts, n)
			}
		}
		slices.Sort(counts)
		if !slices.Equal(counts, []uint64{6, 8}) {
			t.Errorf("the two processes made %d calls of getppid", counts)
		}
	})
}

// TestOtherEntry: the calls of a 32-bit program have its architecture's names.
func TestOtherEntry(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("it needs a machine that runs programs for i386")
	}
	binary := filepath.Join(t.TempDir(), "calls")
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Dir = "testdata/calls"
	build.Env = append(os.Environ(), "GOARCH=386", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	byEach(t, func(t *testing.T, m Method) {
		usages := run(t, Options{Method: m, Stacks: true}, launch.Cmd{Path: binary, Args: []string{binary}})
		u := usages[0]
		if call, ok := u.Find("getppid"); u.Arch != "386" || !ok || call.Nr != 64 || call.Arch != "" || call.Observed.Calls != 7 {
			t.Errorf("a program for %s, getppid %+v", u.Arch, call)
		}
	})
}

// TestNamespaces: what runs in another PID namespace is recorded, and so is what is
// recorded from within one.
func TestNamespaces(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("it needs root")
	}
	byEach(t, func(t *testing.T, m Method) {
		c := role(t, "threads")
		c.Args = []string{"unshare", "--pid", "--fork", c.Path, "2", "3"}
		c.Path = "/usr/bin/unshare"
		if got := seen(run(t, Options{Method: m}, c), ".test", "getppid").Calls; got != 6 {
			t.Errorf("inside of another namespace: %d calls of getppid, want 6", got)
		}
		inner := exec.Command("/usr/bin/unshare", "--pid", "--fork", "--mount-proc", role(t, "").Path, string(m), "threads", "2", "5")
		inner.Env = append(os.Environ(), roleVariable+"=record")
		out, err := inner.CombinedOutput()
		if err != nil || string(out) != "10\n" {
			t.Errorf("from within another namespace: %v, %s", err, out)
		}
	})
}

// TestChangesUser: a program that gives up root is still recorded.
func TestChangesUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("it needs root")
	}
	byEach(t, func(t *testing.T, m Method) {
		if got := seen(run(t, Options{Method: m}, role(t, "user")), "", "getppid").Calls; got != 1 {
			t.Errorf("%d calls of getppid, want 1", got)
		}
	})
}

// TestDenied: calls that a filter denies are counted apart.
func TestDenied(t *testing.T) {
	const threads = unix.SECCOMP_FILTER_FLAG_TSYNC
	for _, tt := range []struct {
		method  Method
		verdict uint32
		flags   int
		denied  uint64
		status  launch.Status
	}{
		{BPF, unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM), 0, 5, launch.Status{}},
		{BPF, unix.SECCOMP_RET_KILL_PROCESS, 0, 1, launch.Status{Signal: int(unix.SIGSYS)}},
		{BPF, unix.SECCOMP_RET_TRAP, 0, 1, launch.Status{Code: 2}},
		{Ptrace, unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM), 0, 5, launch.Status{}},
		{Ptrace, unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM), threads, 5, launch.Status{}},
		{Ptrace, unix.SECCOMP_RET_ERRNO, 0, 5, launch.Status{}}, // as though it had succeeded
		{Ptrace, unix.SECCOMP_RET_TRACE, 0, 5, launch.Status{}},
		{Ptrace, unix.SECCOMP_RET_TRAP, 0, 1, launch.Status{Code: 2}},
		{Ptrace, unix.SECCOMP_RET_KILL_PROCESS, 0, 1, launch.Status{Signal: int(unix.SIGSYS)}},
	} {
		t.Run(fmt.Sprintf("%s %#x %d", tt.method, tt.verdict, tt.flags), func(t *testing.T) {
			r := newRecorder(t, Options{Method: tt.method})
			c := role(t, "denied", strconv.FormatUint(uint64(tt.verdict), 10), strconv.Itoa(tt.flags))
			c.Stderr = c.Stdout // Go says where it was trapped
			status, err := recorded(t.Context(), r, c)
			if err != nil || status != tt.status {
				t.Fatalf("it ended with %+v, %v", status, err)
			}
			if got := seen(usagesOf(t, r), "", "getppid"); got.Denied != tt.denied || got.Calls != 0 {
				t.Errorf("getppid: %+v, want %d denied", got, tt.denied)
			}
		})
	}
}

// sleeper starts a program that makes one call a millisecond, and returns when it
// runs.
func sleeper(t *testing.T) *exec.Cmd {
	t.Helper()
	return started(t, "sleeper", "1000000")
}

// started starts a program that says when it is ready, and returns then.
func started(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(role(t, "").Path, args...)
	cmd.Env = append(os.Environ(), roleVariable+"="+name)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatal(line, err)
	}
	return cmd
}

// TestJoin: a running program is recorded until the recording is ended, and then
// goes on.
func TestJoin(t *testing.T) {
	byEach(t, func(t *testing.T, m Method) {
		cmd := sleeper(t)
		r := newRecorder(t, Options{Method: m})
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		if err := r.Join(ctx, Target{PIDs: []int{cmd.Process.Pid}}); err != nil {
			t.Fatal(err)
		}
		usages := usagesOf(t, r)
		if len(usages) != 1 || usages[0].Phase != usage.Joined || seen(usages, ".test", "getppid").Calls == 0 {
			t.Fatalf("joined: %+v", usages)
		}
		if got := seen(usages, ".test", "getppid"); got.Denied > 0 {
			t.Errorf("getppid: %+v", got)
		}
		await(t, "the program to go on by itself", func() bool { return goesOn(cmd.Process.Pid) })
	})
}

// TestJoinEnds: a recording ends when what was joined ends, which it does as if it
// had not been watched.
func TestJoinEnds(t *testing.T) {
	byEach(t, func(t *testing.T, m Method) {
		cmd := sleeper(t)
		r := newRecorder(t, Options{Method: m})
		go func() {
			time.Sleep(300 * time.Millisecond)
			cmd.Process.Kill()
			if m == BPF {
				cmd.Wait() // a tracer waits for it itself
			}
		}()
		if err := r.Join(t.Context(), Target{PIDs: []int{cmd.Process.Pid}}); err != nil {
			t.Fatal(err)
		}
		if usages := usagesOf(t, r); seen(usages, ".test", "getppid").Calls == 0 {
			t.Errorf("joined: %+v", usages)
		}
	})
}

func TestJoinRefuses(t *testing.T) {
	for pid, want := range map[int]string{1 << 30: "there is no process", os.Getpid(): "the recorder itself"} {
		r := newRecorder(t, Options{Method: Ptrace})
		if err := r.Join(t.Context(), Target{PIDs: []int{pid}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("process %d: error %v, want %q", pid, err, want)
		}
	}
}

// TestTargetIsKilled: what a program did until it was killed is in the result.
func TestTargetIsKilled(t *testing.T) {
	byEach(t, func(t *testing.T, m Method) {
		r := newRecorder(t, Options{Method: m})
		c := role(t, "sleeper", "1000000")
		read, write, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer read.Close()
		c.Stdout = write
		go func() {
			bufio.NewReader(read).ReadString('\n')
			time.Sleep(100 * time.Millisecond)
			for _, child := range childrenOf(os.Getpid()) {
				if slices.Contains(commandOf(child), "1000000") {
					syscall.Kill(child, syscall.SIGKILL)
				}
			}
		}()
		status, err := recorded(t.Context(), r, c)
		write.Close()
		if err != nil || status.Signal != int(unix.SIGKILL) {
			t.Fatalf("it ended with %+v, %v", status, err)
		}
		if got := seen(usagesOf(t, r), "", "getppid"); got.Calls == 0 {
			t.Errorf("getppid: %+v", got)
		}
	})
}

// TestRecorderIsKilled: the command dies with its recorder, and nothing of it stays
// in the kernel.
func TestRecorderIsKilled(t *testing.T) {
	byEach(t, func(t *testing.T, m Method) {
		newRecorder(t, Options{Method: m}).Close() // or skip
		cmd := exec.Command(role(t, "").Path, string(m), "sleeper", "1000000")
		cmd.Env = append(os.Environ(), roleVariable+"=record")
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
			t.Fatal(line, err)
		}
		children, programs := childrenOf(cmd.Process.Pid), programsOf(t, cmd.Process.Pid)
		if len(children) != 1 || m == BPF && len(programs) == 0 {
			t.Fatalf("it has the children %v and the programs %v", children, programs)
		}
		cmd.Process.Kill()
		cmd.Wait()
		await(t, "the command to end", func() bool { return syscall.Kill(children[0], 0) == syscall.ESRCH })
		for _, id := range programs {
			await(t, "the BPF programs to go", func() bool {
				p, err := ebpf.NewProgramFromID(id)
				if err == nil {
					p.Close()
				}
				return errors.Is(err, os.ErrNotExist)
			})
		}
	})
}

// TestRecorderIsKilledAlone: what the command had started goes on.
func TestRecorderIsKilledAlone(t *testing.T) {
	byEach(t, func(t *testing.T, m Method) {
		cmd := exec.Command(role(t, "").Path, string(m), "starter", role(t, "").Path)
		cmd.Env = append(os.Environ(), roleVariable+"=record")
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(out).ReadString('\n')
		cmd.Process.Kill()
		cmd.Wait()
		if err != nil {
			t.Fatal(err)
		}
		pid := number(strings.TrimSpace(line))
		defer syscall.Kill(pid, syscall.SIGKILL)
		await(t, "what was started to go on by itself", func() bool { return goesOn(pid) })
	})
}

// goesOn reports whether a process makes calls, is not stopped, and has no tracer.
func goesOn(pid int) bool {
	switches := func() int {
		n, _ := statusOf(pid, "voluntary_ctxt_switches")
		return n
	}
	before := switches()
	time.Sleep(10 * time.Millisecond)
	return before > 0 && tracerOf(pid) == 0 && switches() > before
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for range 1000 {
		if done() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("waited in vain for %s", what)
}

// childrenOf lists the children of a process.
func childrenOf(pid int) []int {
	var list []int
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		if child, err := strconv.Atoi(e.Name()); err == nil && parentOf(child) == pid {
			list = append(list, child)
		}
	}
	return list
}

// programsOf lists the BPF programs that a process has descriptors of.
func programsOf(t *testing.T, pid int) []ebpf.ProgramID {
	t.Helper()
	var list []ebpf.ProgramID
	infos, err := filepath.Glob(fmt.Sprintf("/proc/%d/fdinfo/*", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, info := range infos {
		text, _ := os.ReadFile(info)
		for line := range strings.Lines(string(text)) {
			if id, ok := strings.CutPrefix(line, "prog_id:"); ok {
				list = append(list, ebpf.ProgramID(number(strings.TrimSpace(id))))
			}
		}
	}
	return list
}
