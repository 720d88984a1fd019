//go:build amd64 || arm64

package notify_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb"
	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/internal/seccomp"
	"github.com/gocurb/curb/internal/seccomp/subprocess"
	"github.com/gocurb/curb/notify"
	"github.com/gocurb/curb/syscalls"
)

func TestSyncWakeUp(t *testing.T) {
	p := start(t, asking("getppid"), "ask", "2")
	no(t, p.SyncWakeUp())
	no(t, p.receive(t).Return(1))
	no(t, p.receive(t).Return(2))
	if got := p.ends(t); got != "1 0\n2 0\n" {
		t.Errorf("the program got %q", got)
	}
}

func TestFromFile(t *testing.T) {
	file, err := os.Open(os.DevNull)
	no(t, err)
	defer file.Close()
	if _, err := notify.FromFile(file); err == nil || !strings.Contains(err.Error(), "take /dev/null for a listener: it is none") {
		t.Errorf("the error for another file is %v", err)
	}
	subprocess.Run(t, "own thread", subprocess.Exit(0))
}

// ownThread has one thread supervised by the others, which takes care: that thread
// must not need anything that they wait for.
func ownThread() {
	compiled, err := filter.Compile(syscalls.Native(), filter.Policy{
		Default: filter.Allow, Rules: []filter.Rule{{Syscall: "getppid", Action: filter.Notify}},
	})
	if err != nil {
		subprocess.Fatal(err)
	}
	listener := make(chan int)
	value := make(chan uintptr)
	go func() {
		runtime.LockOSThread()
		fd, err := seccomp.LoadThread(compiled.Packed(), seccomp.NewListener)
		if err != nil {
			subprocess.Fatal(err)
		}
		listener <- fd
		v, _, _ := syscall.Syscall(unix.SYS_GETPPID, 0, 0, 0)
		value <- v
		select {}
	}()
	file := os.NewFile(uintptr(<-listener), "listener")
	l, err := notify.FromFile(file)
	if err != nil {
		subprocess.Fatal(err)
	}
	file.Close()
	r, err := l.Receive(context.Background())
	if err == nil {
		err = r.Return(11)
	}
	if v := <-value; v != 11 || err != nil {
		subprocess.Fatal(v, err)
	}
}

// olderKernel supervises on a kernel that a filter makes older.
func olderKernel() {
	einval := curb.Errno(syscall.EINVAL)
	err := curb.Deny().
		On("ioctl", einval, curb.Arg(1).Is(unix.SECCOMP_IOCTL_NOTIF_ADDFD, unix.SECCOMP_IOCTL_NOTIF_SET_FLAGS, unix.SECCOMP_IOCTL_NOTIF_ID_VALID)).
		On("seccomp", einval, curb.Arg(0).Is(unix.SECCOMP_SET_MODE_FILTER), curb.Arg(1).Masked(unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV).IsNot(0)).
		On("seccomp", einval, curb.Arg(0).Is(unix.SECCOMP_GET_NOTIF_SIZES)).
		Enforce()
	if err != nil {
		subprocess.Fatal(err)
	}
	l, process, err := notify.Start(command("ask", "1"), asking("getppid"))
	if err != nil {
		subprocess.Fatal(err)
	}
	r, err := l.Receive(context.Background())
	if err != nil {
		subprocess.Fatal(err)
	}
	// Before Linux 5.9 the request for validity had another number.
	if err := r.Valid(); err != nil {
		subprocess.Fatal(err)
	}
	for since, err := range map[string]error{
		"5.9": second(r.AddFile(os.Stdin, 0)), "5.14": second(r.ReturnFile(os.Stdin, 0)), "6.6": l.SyncWakeUp(),
	} {
		if !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), "it takes Linux "+since) {
			subprocess.Fatal("what came with Linux", since, "says", err)
		}
	}
	if err := r.Return(13); err != nil {
		subprocess.Fatal("an answer after one that failed:", err)
	}
	process.Wait()
}

func TestOlderKernel(t *testing.T) {
	if out, _ := subprocess.Run(t, "older kernel", subprocess.Exit(0)); out != "13 0\n" {
		t.Errorf("the program got %q", out)
	}
}

// unprivileged is a supervisor without rights, and its program.
func unprivileged() {
	if os.Getuid() == 0 {
		const nobody = 65534
		for _, err := range []error{syscall.Setgroups(nil), syscall.Setgid(nobody), syscall.Setuid(nobody)} {
			if err != nil {
				subprocess.Fatal(err)
			}
		}
	}
	c := command("unprivileged program")
	c.Path = "/proc/self/exe" // its directory may be closed to nobody
	l, process, err := notify.Start(c, asking("sethostname"))
	if err != nil {
		subprocess.Fatal(err)
	}
	r, err := l.Receive(context.Background())
	if err != nil {
		subprocess.Fatal(err)
	}
	name, err := r.ReadString(r.Call.Args[0], 100)
	if err != nil {
		subprocess.Fatal(err)
	}
	if err := r.Write(r.Call.Args[0], []byte("N")); err != nil {
		subprocess.Fatal(err)
	}
	number, err := r.ReturnFile(os.Stdout, 0)
	if err != nil {
		subprocess.Fatal(err)
	}
	state, err := process.Wait()
	fmt.Println(name, number > 2, state, err)
}

func unprivilegedProgram() {
	name := []byte("name\x00")
	number, _, _ := syscall.Syscall(unix.SYS_SETHOSTNAME, uintptr(unsafe.Pointer(&name[0])), 4, 0)
	os.NewFile(number, "given").Write(append(name[:4], '\n'))
}

func TestUnprivileged(t *testing.T) {
	if out, _ := subprocess.Run(t, "unprivileged", subprocess.Exit(0)); out != "Name\nname true exit status 0 <nil>\n" {
		t.Errorf("they say %q", out)
	}
}

// supervise is a program that is supervised, and would be a supervisor.
func supervise() {
	_, _, err := notify.Start(command("ask", "1"), asking("getppid"))
	fmt.Println(err)
}

func TestOneListenerOnly(t *testing.T) {
	p := start(t, asking("getppid"), "supervise")
	if got := p.ends(t); !strings.Contains(got, "install its filter (seccomp): device or resource busy: a filter that is in force for this process already has a listener") {
		t.Errorf("it says %q", got)
	}
}
