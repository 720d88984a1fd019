//go:build linux && (amd64 || arm64)

package launch

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// A listener is curb with a program that prints the signals that it gets.
type listener struct {
	*exec.Cmd
	t     *testing.T
	stdin io.Closer // its end ends the program
	lines *bufio.Scanner
	child int // the program's process id
}

func listen(t *testing.T, remove string) *listener {
	t.Helper()
	l := &listener{t: t, Cmd: role(t, "curb", "kill", remove, program(t, "probe"), "signals")}
	l.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // no signal meant for the test
	l.Stderr = io.Discard
	in, err := l.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := l.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	l.stdin, l.lines = in, bufio.NewScanner(out)
	if err := l.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if l.ProcessState == nil {
			l.Process.Kill()
			l.Wait()
		}
	})
	l.child = ready(t, l.lines)
	return l
}

// ready reads the program's first line, and returns its process id.
func ready(t *testing.T, lines *bufio.Scanner) int {
	t.Helper()
	lines.Scan()
	id, ok := strings.CutPrefix(lines.Text(), "ready ")
	pid, err := strconv.Atoi(id)
	if !ok || err != nil {
		t.Fatalf("the program says %q, want that it is ready", lines.Text())
	}
	return pid
}

func (l *listener) expect(line string) {
	l.t.Helper()
	if !l.lines.Scan() || l.lines.Text() != line {
		l.t.Fatalf("the program says %q, want %q", l.lines.Text(), line)
	}
}

func (l *listener) send(sig unix.Signal) {
	l.t.Helper()
	if err := l.Process.Signal(sig); err != nil {
		l.t.Fatal(err)
	}
}

func TestSignalsArePassedOn(t *testing.T) {
	l := listen(t, "")
	for _, sig := range []unix.Signal{
		unix.SIGHUP, unix.SIGINT, unix.SIGTERM, unix.SIGQUIT, unix.SIGUSR1, unix.SIGUSR2,
		unix.SIGWINCH, unix.SIGALRM, unix.Signal(40), unix.SIGTERM,
	} {
		l.send(sig)
		l.expect(sig.String())
	}
	l.stdin.Close()
	if l.lines.Scan() {
		t.Errorf("the program says %q after the last signal", l.lines.Text())
	}
	if err := l.Wait(); err != nil {
		t.Error(err)
	}
}

// Curb ends as the program ends, and has cleaned up before.
func TestEndBySignal(t *testing.T) {
	for _, sig := range []unix.Signal{
		unix.SIGTERM, unix.SIGKILL, unix.SIGABRT, unix.SIGSEGV, unix.SIGPIPE, unix.SIGUSR1, unix.SIGXCPU, unix.Signal(40),
	} {
		dir := filepath.Join(t.TempDir(), "remove")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		cmd := role(t, "curb", "kill", dir, program(t, "probe"), "raise", strconv.Itoa(int(sig)))
		err := cmd.Run()
		if got := signalOf(err); got != sig {
			t.Errorf("a program ended by %v: curb ended by %v", sig, err)
		} else if cmd.ProcessState.Sys().(syscall.WaitStatus).CoreDump() {
			t.Errorf("curb left a core file when it ended by %v", sig)
		}
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("curb has not cleaned up after a program that %v ended", sig)
		}
	}
}

// A signal that curb passes on does not keep it from cleaning up.
func TestCleanupAfterSignal(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "remove")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	l := listen(t, dir)
	l.send(unix.SIGTERM)
	l.expect("terminated")
	if _, err := os.Stat(dir); err != nil {
		t.Errorf("curb cleaned up while the program ran: %v", err)
	}
	l.send(unix.SIGABRT) // not caught: Go prints a trace, and ends with 2
	if code := codeOf(l.Wait()); code != 2 {
		t.Errorf("curb ended with %d, want 2", code)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("curb has not cleaned up")
	}
}

// Nothing that curb can do happens on SIGKILL, but the program does not go on.
func TestCurbIsKilled(t *testing.T) {
	l := listen(t, "")
	l.send(unix.SIGKILL)
	for l.lines.Scan() { // to the end, which comes when the program has died
	}
	if got := signalOf(l.Wait()); got != unix.SIGKILL {
		t.Errorf("curb ended by %v", got)
	}
}

// Curb stops when the program stops, and the program goes on when curb does.
func TestStopAndContinue(t *testing.T) {
	for _, test := range []struct {
		name string
		stop func(l *listener)
		want unix.Signal
	}{
		{"curb is sent SIGTSTP", func(l *listener) { l.send(unix.SIGTSTP) }, unix.SIGTSTP},
		{"the program is sent SIGSTOP", func(l *listener) { unix.Kill(l.child, unix.SIGSTOP) }, unix.SIGSTOP},
		{"the program is sent SIGTTIN", func(l *listener) { unix.Kill(l.child, unix.SIGTTIN) }, unix.SIGTTIN},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := listen(t, "")
			for range 3 {
				test.stop(l)
				var ws unix.WaitStatus
				if _, err := unix.Wait4(l.Process.Pid, &ws, unix.WUNTRACED, nil); err != nil || !ws.Stopped() || ws.StopSignal() != test.want {
					t.Fatalf("curb: %#x, %v; want it stopped by %v", ws, err, test.want)
				}
				if state := field(t, readFile(t, fmt.Sprintf("/proc/%d/status", l.child)), "State"); !strings.HasPrefix(state, "T") {
					t.Errorf("the program is in state %s", state)
				}
				l.send(unix.SIGCONT)
				l.expect("continued")
				l.send(unix.SIGUSR1)
				l.expect("user defined signal 1")
			}
			l.stdin.Close()
			if err := l.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// A shell sees no difference: 128 and the signal.
func TestEndBySignalInShell(t *testing.T) {
	shell := exec.Command("/bin/sh", "-c", `"$@"; echo $?`, "sh", program(t, "curb"), "nothing", "", program(t, "raw"))
	shell.Env = append(os.Environ(), roleVariable+"=curb")
	if got, want := strings.TrimSpace(output(t, shell)), fmt.Sprint(128+int(unix.SIGSYS)); got != want {
		t.Errorf("$? is %s, want %s", got, want)
	}
}
