//go:build linux && amd64

package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// attempts are what each door of the back door tries, in order.
var attempts = map[string][]string{
	"socket":    {"socket by net", "socket by system call"},
	"exec":      {"exec by os/exec", "fork by system call", "exec by system call"},
	"write":     {"write by os", "write by system call"},
	"mmap-exec": {"mmap-exec by mmap", "mmap-exec by mprotect"},
}

// enter runs a build with the back door through one of its doors and returns
// how it ended, and the kernel's answer to each attempt that was reported.
func enter(t *testing.T, program, door string) (ending, map[string]string) {
	t.Helper()
	env := []string{"CHANGEDIFF_BACKDOOR=" + door, "TMPDIR=" + t.TempDir()}
	end := execute(t, env, program, source, target)
	answers := make(map[string]string)
	for line := range strings.Lines(end.stderr) {
		report, found := strings.CutPrefix(strings.TrimSpace(line), "backdoor: ")
		attempt, answer, _ := strings.Cut(report, ": ")
		if !found {
			t.Fatalf("stderr has a line that the back door did not write:\n%s", end.stderr)
		}
		answers[attempt] = answer
	}
	return end, answers
}

// TestBackDoorIsClosed is what the lock-down is for: the program has become
// the attacker's, and still it cannot reach the network, start a process, open a
// file for writing or make memory executable, though it opens files, makes threads
// and maps memory itself.
func TestBackDoorIsClosed(t *testing.T) {
	withBackDoor := filepath.Join(t.TempDir(), "changediff")
	if err := goBuild(withBackDoor, "-tags=backdoor"); err != nil {
		t.Fatal(err)
	}
	want := golden(t)
	if end, _ := enter(t, withBackDoor, ""); end != (ending{stdout: want}) {
		t.Errorf("unused, the back door changes the program: got %+v, want stdout %q", end, want)
	}
	for door := range attempts {
		t.Run(door, func(t *testing.T) {
			end, answers := enter(t, withBackDoor, door)
			for _, attempt := range attempts[door] {
				switch answers[attempt] {
				case syscall.EPERM.Error(), syscall.ENOSYS.Error():
				case "":
					t.Errorf("%s: no report, so it went through", attempt)
				default:
					t.Errorf("%s: %s; want the kernel to refuse it", attempt, answers[attempt])
				}
			}
			if end.status != 0 || end.stdout != want {
				t.Errorf("refused, the program does not do its work: %+v", end)
			}
		})
	}
}

// TestBackDoorIsRealWithoutLockDown shows that the doors that the other test
// finds closed are closed by the lock-down, not by chance.
func TestBackDoorIsRealWithoutLockDown(t *testing.T) {
	open := filepath.Join(t.TempDir(), "changediff")
	if err := goBuild(open, "-tags=backdoor", withoutLockDown(t)); err != nil {
		t.Fatal(err)
	}
	for door := range attempts {
		t.Run(door, func(t *testing.T) {
			end, answers := enter(t, open, door)
			for _, attempt := range attempts[door] {
				if attempt == "exec by system call" {
					// The program became another one, which printed nothing.
					if answer, back := answers[attempt]; back || end.stdout != "" {
						t.Errorf("%s came back: %q", attempt, answer)
					}
				} else if answers[attempt] != "done" {
					t.Errorf("%s: %q, want it done", attempt, answers[attempt])
				}
			}
		})
	}
}

// TestReadsBothFilesAtTheSameTime feeds the program through two pipes, of which
// it could not read one after the other: in either order.
func TestReadsBothFilesAtTheSameTime(t *testing.T) {
	for _, order := range [][2]string{{"source", "target"}, {"target", "source"}} {
		t.Run(order[0]+" first", func(t *testing.T) {
			dir := t.TempDir()
			pipe := func(name string) string { return filepath.Join(dir, name) }
			for _, name := range order {
				if err := syscall.Mkfifo(pipe(name), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			text := map[string]string{"source": "bsc#1\nbsc#2\n", "target": "bsc#1\n"}
			written := make(chan error, len(order))
			go func() {
				// Opening a pipe waits until the program opens it as well.
				for _, name := range order {
					written <- os.WriteFile(pipe(name), []byte(text[name]), 0o600)
				}
			}()
			want := ending{stdout: "2: bsc#2 -> bsc#2\n"}
			if got := execute(t, nil, program, pipe("source"), pipe("target")); got != want {
				t.Fatalf("got %+v, want %+v", got, want)
			}
			for range order {
				if err := <-written; err != nil {
					t.Error(err)
				}
			}
		})
	}
}
