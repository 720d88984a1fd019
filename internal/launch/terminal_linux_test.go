//go:build linux && (amd64 || arm64)

package launch

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// beShell is a shell with job control, for one command: curb, with the program
// that prints its signals. It puts curb into the foreground of the terminal that
// is its standard input, says on descriptor 4 when that stops or ends, and
// continues it for each byte on descriptor 5. Curb's output goes to descriptor 3.
func beShell(args []string) {
	signal.Ignore(unix.SIGTTOU) // to take the terminal back
	out, report, orders := os.NewFile(3, "output"), os.NewFile(4, "report"), os.NewFile(5, "orders")
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), roleVariable+"=curb")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, out, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Foreground: true, Ctty: 0}
	if err := cmd.Start(); err != nil {
		panic(err)
	}
	out.Close()
	group := cmd.Process.Pid
	for {
		var ws unix.WaitStatus
		if _, err := unix.Wait4(group, &ws, unix.WUNTRACED, nil); err == unix.EINTR {
			continue
		} else if err != nil {
			panic(err)
		}
		if !ws.Stopped() {
			fmt.Fprintln(report, "ended", ws.ExitStatus(), int(ws.Signal()))
			return
		}
		fmt.Fprintln(report, "stopped", int(ws.StopSignal()))
		unix.IoctlSetPointerInt(0, unix.TIOCSPGRP, unix.Getpgrp())
		if _, err := orders.Read(make([]byte, 1)); err != nil {
			panic(err)
		}
		unix.IoctlSetPointerInt(0, unix.TIOCSPGRP, group)
		unix.Kill(-group, unix.SIGCONT)
	}
}

// openTerminal returns both ends of a new pseudo terminal.
func openTerminal(t *testing.T) (keyboard, terminal *os.File) {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keyboard.Close() })
	fd := int(keyboard.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return keyboard, terminal
}

func newPipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

// In the foreground of a terminal, the keys' signals come to the program once,
// and job control works as without curb.
func TestTerminal(t *testing.T) {
	keyboard, terminal := openTerminal(t)
	outR, outW := newPipe(t)
	reportR, reportW := newPipe(t)
	ordersR, ordersW := newPipe(t)
	shell := role(t, "shell", "kill", "", program(t, "probe"), "signals")
	shell.Stdin, shell.Stderr = terminal, os.Stderr
	shell.ExtraFiles = []*os.File{outW, reportW, ordersR}
	shell.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shell.Process.Kill(); shell.Wait() })
	for _, f := range []*os.File{terminal, outW, reportW, ordersR} {
		f.Close()
	}
	lines, report := bufio.NewScanner(outR), bufio.NewScanner(reportR)
	expect := func(from *bufio.Scanner, want string) {
		t.Helper()
		if !from.Scan() || from.Text() != want {
			t.Fatalf("got %q, want %q", from.Text(), want)
		}
	}
	press := func(key byte) {
		t.Helper()
		if _, err := keyboard.Write([]byte{key}); err != nil {
			t.Fatal(err)
		}
	}
	child := ready(t, lines)
	curb := parentOf(t, child)
	// Go hands signals on in the order of their numbers, and this one has the highest here:
	// before it, all else has come.
	fence := func() {
		t.Helper()
		unix.Kill(curb, unix.Signal(40))
		expect(lines, "signal 40")
	}
	fence()

	const ctrlC, ctrlD, ctrlZ, ctrlBackslash = 'C' - '@', 'D' - '@', 'Z' - '@', '\\' - '@'
	press(ctrlC)
	expect(lines, "interrupt")
	fence()
	press(ctrlBackslash)
	expect(lines, "quit")
	fence()
	if err := unix.IoctlSetWinsize(int(keyboard.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 10, Col: 20}); err != nil {
		t.Fatal(err)
	}
	expect(lines, "window changed")
	fence()
	for range 3 {
		press(ctrlZ)
		expect(report, fmt.Sprint("stopped ", int(unix.SIGTSTP)))
		if state := field(t, readFile(t, fmt.Sprintf("/proc/%d/status", child)), "State"); !strings.HasPrefix(state, "T") {
			t.Errorf("the program is in state %s when curb has stopped", state)
		}
		if _, err := ordersW.Write([]byte{'\n'}); err != nil {
			t.Fatal(err)
		}
		expect(lines, "continued")
		fence()
	}
	press(ctrlD)
	expect(report, "ended 0 -1")
}

func parentOf(t *testing.T, pid int) (parent int) {
	t.Helper()
	status := readFile(t, fmt.Sprintf("/proc/%d/status", pid))
	if _, err := fmt.Sscan(field(t, status, "PPid"), &parent); err != nil {
		t.Fatal(err)
	}
	return parent
}
