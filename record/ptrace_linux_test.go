//go:build linux && (amd64 || arm64)

package record

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// asNobody returns the test binary as a command of a user without privileges, who
// may read it.
func asNobody(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	if os.Geteuid() != 0 {
		cmd := exec.Command(role(t, "").Path, args...)
		cmd.Env = append(os.Environ(), roleVariable+"="+name)
		return cmd
	}
	dir, err := os.MkdirTemp("", "curb-nobody-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	binary := filepath.Join(dir, "record.test")
	copyFile(t, binary, role(t, "").Path)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, args...)
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), roleVariable+"="+name)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	return cmd
}

func copyFile(t *testing.T, to, from string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestNobody: a user without privileges records by ptrace, and is told why.
func TestNobody(t *testing.T) {
	out, err := asNobody(t, "method").CombinedOutput()
	if got := string(out); err != nil || !strings.HasPrefix(got, "ptrace ") || !strings.Contains(got, "needs the capabilities CAP_BPF and CAP_PERFMON") {
		t.Errorf("%v, %s", err, got)
	}
	for _, tt := range []struct{ args, want string }{
		{"threads 5 3", "15\n"}, {"again 3", "4\n"}, {"denied 0x50001", "0\n"}, {"flies 100 0", "0\n"},
	} {
		args := append([]string{""}, strings.Fields(tt.args)...)
		if out, err := asNobody(t, "record", args...).CombinedOutput(); err != nil || string(out) != tt.want {
			t.Errorf("%s: %v, %s, want %s calls of getppid", tt.args, err, out, tt.want)
		}
	}
}

// TestUntraced: a process that its maker hides from tracers is not passed over in
// silence.
func TestUntraced(t *testing.T) {
	r := newRecorder(t, Options{Method: Ptrace})
	status, err := recorded(t.Context(), r, role(t, "flies", "3", "8388608")) // CLONE_UNTRACED
	if err != nil || status.Code != 0 {
		t.Fatalf("it ended with %+v, %v", status, err)
	}
	usages, err := r.Usages()
	if err != nil {
		t.Fatal(err)
	}
	if lost := usages[0].Recordings[0].Lost; lost.Processes != 3 {
		t.Errorf("lost %+v, want 3 processes", lost)
	}
}

// TestFiltersBefore: the denials of a filter that was in force before the recording
// are told, too.
func TestFiltersBefore(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can read the filters of other processes")
	}
	cmd := started(t, "denied", "0x50001", "1", "for ever")
	r := newRecorder(t, Options{Method: Ptrace})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := r.Join(ctx, Target{PIDs: []int{cmd.Process.Pid}}); err != nil {
		t.Fatal(err)
	}
	if got := seen(usagesOf(t, r), "", "getppid"); got.Calls != 0 || got.Denied == 0 {
		t.Errorf("getppid: %+v, want all denied", got)
	}
}

// TestOtherChildren: while the tracer waits for what it watches, others in this
// process wait for their own children.
func TestOtherChildren(t *testing.T) {
	cmd := sleeper(t)
	r := newRecorder(t, Options{Method: Ptrace})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	joined := make(chan error)
	go func() { joined <- r.Join(ctx, Target{PIDs: []int{cmd.Process.Pid}}) }()
	for range 50 {
		if err := exec.Command("/bin/true").Run(); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	if err := <-joined; err != nil {
		t.Fatal(err)
	}
	if got := seen(usagesOf(t, r), "", "getppid"); got.Calls == 0 {
		t.Errorf("getppid: %+v", got)
	}
}

// TestTracedAlready: there can be one tracer only, and an error says which it is.
func TestTracedAlready(t *testing.T) {
	cmd := sleeper(t)
	first, second := newRecorder(t, Options{Method: Ptrace}), newRecorder(t, Options{Method: Ptrace})
	ctx, cancel := context.WithCancel(t.Context())
	joined := make(chan error)
	go func() { joined <- first.Join(ctx, Target{PIDs: []int{cmd.Process.Pid}}) }()
	await(t, "the first recorder to trace", func() bool { return tracerOf(cmd.Process.Pid) != 0 })
	if err := second.Join(ctx, Target{PIDs: []int{cmd.Process.Pid}}); err == nil || !strings.Contains(err.Error(), "traces it") {
		t.Errorf("the second one: error %v", err)
	}
	cancel()
	if err := <-joined; err != nil {
		t.Fatal(err)
	}
	usagesOf(t, first)
	await(t, "the program to go on by itself", func() bool { return goesOn(cmd.Process.Pid) })
}

// TestStopped: a process that is stopped while it is joined or left stays stopped
// until it is continued.
func TestStopped(t *testing.T) {
	cmd := sleeper(t)
	pid := cmd.Process.Pid
	cmd.Process.Signal(unix.SIGSTOP)
	await(t, "the program to stop", func() bool { return stateOf(t, pid) == "T" })
	r := newRecorder(t, Options{Method: Ptrace})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := r.Join(ctx, Target{PIDs: []int{pid}}); err != nil {
		t.Fatal(err)
	}
	if got := seen(usagesOf(t, r), "", "getppid"); got.Calls != 0 {
		t.Errorf("it was stopped, and made calls: %+v", got)
	}
	await(t, "the program to be stopped and not traced", func() bool { return stateOf(t, pid) == "T" && tracerOf(pid) == 0 })
	cmd.Process.Signal(unix.SIGCONT)
	await(t, "the program to go on by itself", func() bool { return goesOn(pid) })
}

// stateOf returns the letter for what a process does: see proc(5).
func stateOf(t *testing.T, pid int) string {
	t.Helper()
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), ") ")
	return after[:1]
}
