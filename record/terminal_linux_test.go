//go:build linux && (amd64 || arm64)

package record

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestTerminal: a shell gets its terminal back when the command is stopped there, and
// continues it, together with its recorder.
func TestTerminal(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip(err)
	}
	byEach(t, func(t *testing.T, m Method) {
		keyboard, terminal := openTerminal(t)
		defer keyboard.Close()
		defer terminal.Close()
		script := fmt.Sprintf("set -m; %s %s pauses; echo stopped $?; fg >/dev/null; echo ended $?", role(t, "").Path, m)
		cmd := exec.Command("bash", "--norc", "--noprofile", "-ic", script)
		cmd.Env = append(os.Environ(), roleVariable+"=record")
		cmd.Stdin = terminal
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for _, want := range []string{"ready", "stopped 148", "0", "ended 0"} { // 128 + SIGTSTP
			if !lines.Scan() || lines.Text() != want {
				keyboard.Close() // which ends the shell and what it has started
				t.Errorf("it says %q, want %q", lines.Text(), want)
				break
			}
			if want == "ready" {
				keyboard.Write([]byte{'Z' & 0x1f})
			}
		}
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
}

// openTerminal returns both ends of a new pseudo terminal.
func openTerminal(t *testing.T) (keyboard, terminal *os.File) {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
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
