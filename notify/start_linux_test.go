//go:build amd64 || arm64

package notify_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb"
	"github.com/gocurb/curb/internal/seccomp/subprocess"
	"github.com/gocurb/curb/notify"
)

// open lists this process's descriptors.
func open() string {
	var list []string
	for fd := range 64 {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil {
			list = append(list, fmt.Sprint(fd))
		}
	}
	return strings.Join(list, " ")
}

// childless ends the process if it has a child.
func childless() {
	if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); err != unix.ECHILD {
		subprocess.Fatal("there is a child: ", pid, err)
	}
}

// forkOnce starts a program where the second of the two forks that this takes
// fails, as it does where a limit on processes is reached between them.
func forkOnce() {
	err := curb.Deny().
		On("clone", curb.Errno(syscall.EAGAIN), curb.Arg(0).Masked(unix.CLONE_PARENT).Is(unix.CLONE_PARENT)).
		Enforce()
	if err != nil {
		subprocess.Fatal(err)
	}
	before := open()
	_, _, err = notify.Start(command("ask", "1"), asking("getppid"))
	fmt.Println(err, errors.Is(err, syscall.EAGAIN))
	if after := open(); after != before {
		subprocess.Fatal("descriptors: ", after, " and before ", before)
	}
	childless()
}

func TestSecondForkFails(t *testing.T) {
	out, _ := subprocess.Run(t, "fork once", subprocess.Exit(0))
	if !strings.HasSuffix(out, "fork: resource temporarily unavailable true\n") {
		t.Errorf("the error is %q", out)
	}
}

// fewDescriptors starts a program with each number of descriptors that may be left,
// until it can be started.
func fewDescriptors() {
	null, err := os.Open(os.DevNull)
	if err != nil {
		subprocess.Fatal(err)
	}
	before := open()
	for limit := range uint64(64) {
		var usual unix.Rlimit
		if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &usual); err != nil {
			subprocess.Fatal(err)
		}
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: limit, Max: usual.Max}); err != nil {
			subprocess.Fatal(err)
		}
		c := command("ask", "0")
		c.Stdin, c.Stdout, c.Stderr = null, null, null
		l, process, err := notify.Start(c, asking("getppid"))
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &usual); err != nil {
			subprocess.Fatal(err)
		}
		if err == nil {
			process.Kill()
			process.Wait()
			l.Close()
			fmt.Println("started")
			return
		}
		if !errors.Is(err, unix.EMFILE) && !errors.Is(err, unix.EINVAL) {
			subprocess.Fatal("with ", limit, " descriptors the error is ", err)
		}
		fmt.Println(limit, err)
		if after := open(); after != before {
			subprocess.Fatal("with a limit of ", limit, " there are descriptors ", after, " and before ", before)
		}
		childless()
	}
}

func TestFewDescriptors(t *testing.T) {
	out, _ := subprocess.Run(t, "few descriptors", subprocess.Exit(0))
	if !strings.HasSuffix(out, "started\n") || !strings.Contains(out, "too many open files") {
		t.Errorf("it came to:\n%s", out)
	}
}

// noSeccomp starts a program under a filter that does not know of seccomp(2).
func noSeccomp() {
	if err := curb.Deny().On("seccomp", curb.Errno(syscall.ENOSYS)).Enforce(); err != nil {
		subprocess.Fatal(err)
	}
	_, _, err := notify.Start(command("ask", "1"), asking("getppid"))
	fmt.Println(errors.Is(err, errors.ErrUnsupported), err)
	childless()
}

func TestNoSeccomp(t *testing.T) {
	if out, _ := subprocess.Run(t, "no seccomp", subprocess.Exit(0)); !strings.HasPrefix(out, "true notify: ") {
		t.Errorf("the error is %q", out)
	}
}

func TestPathMistakes(t *testing.T) {
	for path, want := range map[string]string{
		"":                "there is no path of the program to start",
		"no-such-program": "names are not searched in PATH, which is what exec.LookPath does",
	} {
		if _, _, err := notify.Start(notify.Command{Path: path}, asking("getppid")); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("the error for %q is %v", path, err)
		}
	}
}
