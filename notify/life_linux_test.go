//go:build amd64 || arm64

package notify_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb"
	"github.com/gocurb/curb/internal/seccomp/subprocess"
	"github.com/gocurb/curb/notify"
)

func TestCancelled(t *testing.T) {
	p := start(t, asking("getppid"), "ask", "2")
	no(t, p.receive(t).Return(1))
	r := p.receive(t) // the program waits, and asks nothing more
	before := resources(t)
	var all sync.WaitGroup
	ctx, cancel := context.WithCancelCause(t.Context())
	for range 100 {
		all.Go(func() {
			if got, err := p.Receive(ctx); got != nil || err != context.Canceled {
				t.Errorf("cancelled while waiting: %v, %v", got, err)
			}
		})
		all.Go(func() {
			short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			if got, err := p.Receive(short); got != nil || err != context.DeadlineExceeded {
				t.Errorf("timed out: %v, %v", got, err)
			}
		})
	}
	time.AfterFunc(10*time.Millisecond, func() { cancel(errors.New("enough")) })
	all.Wait()
	if got, err := p.Receive(ctx); got != nil || err != context.Canceled {
		t.Errorf("cancelled before: %v, %v", got, err)
	}
	before.leaked(t, 4)
	no(t, r.Return(2))
	if got := p.ends(t); got != "1 0\n2 0\n" {
		t.Errorf("the program got %q", got)
	}
}

// TestCancelledLosesNothing: a request comes just when the context is done, again
// and again, and is answered all the same.
func TestCancelledLosesNothing(t *testing.T) {
	const times = 2000
	p := start(t, asking("getppid"), "ask", fmt.Sprint(times))
	go func() {
		for answered := 0; answered < times; {
			ctx, cancel := context.WithCancel(t.Context())
			go cancel()
			r, err := p.Receive(ctx)
			if err == nil {
				err = r.Return(7)
				answered++
			}
			if err != nil && err != context.Canceled {
				t.Error(err)
				p.process.Kill()
				return
			}
		}
	}()
	if got := p.ends(t); got != strings.Repeat("7 0\n", times) {
		t.Error("not every call got its answer")
	}
}

func TestKilled(t *testing.T) {
	p := start(t, asking("getppid"), "ask", "1")
	r := p.receive(t)
	waiting := make(chan error)
	go func() {
		_, err := p.Receive(t.Context())
		waiting <- err
	}()
	no(t, p.process.Kill())
	if _, err := p.process.Wait(); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"valid": r.Valid(), "fail": r.Fail(syscall.EPERM), "return": r.Return(1), "continue": r.Continue(),
		"add": second(r.AddFile(p.output, 0)), "add at": r.AddFileAt(p.output, 3, 0), "answer with": second(r.ReturnFile(p.output, 0)),
		"read": r.Read(1, make([]byte, 1)), "write": r.Write(1, make([]byte, 1)), "string": second(r.ReadString(1, 1)), "process": second(r.PID()),
	} {
		if !errors.Is(err, notify.ErrGone) {
			t.Errorf("%s: %v, want ErrGone", what, err)
		}
	}
	if err := <-waiting; err != io.EOF {
		t.Errorf("who waited for a request gets %v, want EOF", err)
	}
}

// TestGoneBeforeReceived: what nobody can answer any more is left out.
func TestGoneBeforeReceived(t *testing.T) {
	p := start(t, asking("getppid"), "ask", "1")
	for !strings.Contains(state(t, p.process.Pid), "S") {
		runtime.Gosched() // until it waits, whatever for
	}
	no(t, p.process.Kill())
	if _, err := p.process.Wait(); err != nil {
		t.Fatal(err)
	}
	if r, err := p.Receive(t.Context()); err != io.EOF {
		t.Errorf("got %v, %v, want EOF", r, err)
	}
}

// state gives the state of a process's first thread.
func state(t *testing.T, pid int) string {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	no(t, err)
	_, after, _ := strings.Cut(string(stat), ") ")
	state, _, _ := strings.Cut(after, " ")
	return state
}

func TestClosed(t *testing.T) {
	p := start(t, asking("getppid"), "ask", "2")
	r := p.receive(t)
	waiting := make(chan error)
	for range 3 {
		go func() {
			_, err := p.Receive(t.Context())
			waiting <- err
		}()
	}
	no(t, p.Close())
	for range 3 {
		if err := <-waiting; !errors.Is(err, os.ErrClosed) {
			t.Errorf("who waited gets %v", err)
		}
	}
	for what, err := range map[string]error{
		"receive": second(p.Receive(t.Context())), "close": p.Close(), "wake up": p.SyncWakeUp(),
		"valid": r.Valid(), "return": r.Return(1), "add": second(r.AddFile(p.output, 0)), "read": r.Read(1, make([]byte, 1)),
	} {
		if !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s: %v, want ErrClosed", what, err)
		}
	}
	enosys := fmt.Sprintln(-1, int(syscall.ENOSYS))
	if got := p.ends(t); got != enosys+enosys {
		t.Errorf("the program got %q, want ENOSYS twice", got)
	}
}

// die is a supervisor that is killed while a call of its program waits.
func die() {
	l, _, err := notify.Start(command("ask", "2"), asking("getppid"))
	if err != nil {
		subprocess.Fatal(err)
	}
	if _, err := l.Receive(context.Background()); err != nil {
		subprocess.Fatal(err)
	}
	syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

func TestSupervisorDies(t *testing.T) {
	out, _ := subprocess.Run(t, "die", subprocess.Killed(syscall.SIGKILL))
	enosys := fmt.Sprintln(-1, int(syscall.ENOSYS))
	if out != enosys+enosys {
		t.Errorf("the program got %q, want ENOSYS twice", out)
	}
}

// beSignalled gets signals while its call waits.
func beSignalled() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	syscall.Syscall(unix.SYS_SETHOSTNAME, 1, 0, 0)
	value, _, errno := syscall.Syscall(unix.SYS_GETPPID, 0, 0, 0)
	<-signals
	fmt.Println(value, errno == 0)
}

// TestSignalled: only a fatal signal ends a call that was received.
func TestSignalled(t *testing.T) {
	p := start(t, asking("getppid", "sethostname"), "be signalled")
	no(t, p.receive(t).Return(0)) // it has its handler
	r := p.receive(t)
	for range 20 {
		no(t, unix.Tgkill(p.process.Pid, r.TID, unix.SIGUSR1))
		no(t, r.Valid())
	}
	no(t, r.Return(5))
	if got := p.ends(t); got != "5 true\n" {
		t.Errorf("the program says %q", got)
	}
}

// execute becomes another program.
func execute() {
	err := syscall.Exec("/proc/self/exe", append([]string{"ask"}, subprocess.Args()...), subprocess.Environment("ask"))
	fmt.Println("exec:", err)
}

// TestExec: the exec that starts the program is not asked about, and a later one
// is.
func TestExec(t *testing.T) {
	p := start(t, asking("execve", "getppid"), "exec", "1")
	r := p.receive(t)
	if path, err := r.ReadString(r.Call.Args[0], 4095); err != nil || r.Syscall() != "execve" || path != "/proc/self/exe" {
		t.Errorf("the first request is %v of %q, %v", r, path, err)
	}
	no(t, r.Continue())
	no(t, p.receive(t).Return(3))
	if got := p.ends(t); got != "3 0\n" {
		t.Errorf("the program got %q", got)
	}
	p = start(t, asking("execve"), "exec", "1")
	no(t, p.receive(t).Fail(syscall.EMFILE))
	if got, want := p.ends(t), fmt.Sprintln("exec:", syscall.EMFILE); got != want {
		t.Errorf("the program says %q, want %q", got, want)
	}
}

// TestEverythingAsked: a program whose every call is asked about, from the first
// on, runs as if it were not.
func TestEverythingAsked(t *testing.T) {
	p := start(t, curb.Policy{}.Otherwise(curb.Notify), "ask", "1")
	names := make(chan map[string]int)
	go func() {
		counts := make(map[string]int)
		for {
			r, err := p.Receive(t.Context())
			if err == io.EOF {
				names <- counts
				return
			}
			if err == nil {
				counts[r.Syscall()]++
				err = r.Continue()
			}
			if err != nil && !errors.Is(err, notify.ErrGone) {
				t.Error(err)
			}
		}
	}()
	if got, want := p.ends(t), fmt.Sprintln(os.Getpid(), 0); got != want {
		t.Errorf("the program says %q, want %q", got, want)
	}
	counts := <-names
	for _, name := range []string{"mmap", "rt_sigaction", "getppid", "write", "exit_group"} {
		if counts[name] == 0 {
			t.Errorf("nobody was asked for %s, only %v", name, counts)
		}
	}
	if counts["execve"] > 0 {
		t.Error("the exec that starts the program was asked about")
	}
}

// list says what is open, what comes from stdin, and where it is.
func list() {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		subprocess.Fatal(err)
	}
	for _, entry := range entries {
		target, _ := os.Readlink("/proc/self/fd/" + entry.Name())
		if strings.Contains(target, "seccomp") || strings.Contains(target, "socket") {
			fmt.Println("descriptor", entry.Name(), "is", target)
		}
	}
	input, _ := io.ReadAll(os.Stdin)
	dir, _ := os.Getwd()
	fmt.Println(string(input), dir, os.Getenv("GIVEN"), subprocess.Args())
	text, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		switch name {
		case "NoNewPrivs", "Seccomp", "Seccomp_filters", "SigBlk", "PPid":
			fmt.Println(name, strings.TrimSpace(value))
		}
	}
}

// TestStart: the program gets what it is given, and of the supervisor's nothing
// else.
func TestStart(t *testing.T) {
	r, w, err := os.Pipe()
	no(t, err)
	w.WriteString("input")
	w.Close()
	dir := t.TempDir()
	before := resources(t)
	c := command("list", "a", "b c")
	c.Stdin, c.Dir, c.Env = r, dir, append(c.Env, "GIVEN=given")
	p := startCommand(t, asking("getppid"), c)
	want := fmt.Sprintf("input %s given [a b c]\nPPid %d\nSigBlk 0000000000000000\nNoNewPrivs 1\nSeccomp 2\nSeccomp_filters 1\n", dir, os.Getpid())
	if got := p.ends(t); got != want {
		t.Errorf("the program says\n%swant\n%s", got, want)
	}
	no(t, p.Close())
	p.output.Close()
	before.leaked(t, 4)
	// The one that went between is gone as well.
	if pid, err := unix.Wait4(-1, nil, unix.WNOHANG|unix.WALL, nil); err != unix.ECHILD {
		t.Errorf("there is a child left: %d, %v", pid, err)
	}
}

func TestStartAtOnce(t *testing.T) {
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			p := start(t, asking("getppid"), "ask", "1")
			no(t, p.receive(t).Return(int64(i)))
			if got := p.ends(t); got != fmt.Sprintln(i, 0) {
				t.Errorf("program %d got %q", i, got)
			}
		})
	}
	all.Wait()
}

func TestStartFails(t *testing.T) {
	before := resources(t)
	text := t.TempDir() + "/text"
	no(t, os.WriteFile(text, []byte("no program"), 0o755))
	good := command("ask", "1")
	nowhere := good
	nowhere.Dir = "/nowhere"
	for _, test := range []struct {
		command notify.Command
		policy  curb.Policy
		says    string
		is      error
	}{
		{notify.Command{Path: "/no/such/program"}, asking(), "notify: cannot start /no/such/program: no such file or directory", syscall.ENOENT},
		{notify.Command{Path: "/"}, asking(), "it is a directory", nil},
		{notify.Command{Path: text}, asking(), "exec format error", syscall.ENOEXEC},
		{notify.Command{Path: good.Path, Args: []string{"a\x00"}}, asking(), "contains a zero byte", nil},
		{nowhere, asking(), "change to its directory: no such file or directory", syscall.ENOENT},
		{good, asking("getpid", "reed"), `curb: no system call "reed"`, nil},
	} {
		l, process, err := notify.Start(test.command, test.policy)
		if l != nil || process != nil || err == nil || !strings.Contains(err.Error(), test.says) || test.is != nil && !errors.Is(err, test.is) {
			t.Errorf("the error is %v, want %s", err, test.says)
		}
	}
	before.leaked(t, 4)
	if pid, err := unix.Wait4(-1, nil, unix.WNOHANG|unix.WALL, nil); err != unix.ECHILD {
		t.Errorf("there is a child left: %d, %v", pid, err)
	}
}
