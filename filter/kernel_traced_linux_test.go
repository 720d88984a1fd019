//go:build amd64 || arm64

package filter

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/internal/seccomp"
	"github.com/gocurb/curb/internal/seccomp/subprocess"
	"github.com/gocurb/curb/syscalls"
)

// What a tracer sees of a filter's actions: the message of trace, and the signal
// of trap with what the kernel says in it.

func init() { parts["traced"] = traced }

// traced waits until it has a tracer and then makes a call for each action.
func traced() {
	prog, err := Compile(syscalls.Native(), Policy{Default: Allow, Rules: []Rule{
		{Syscall: "getppid", Action: Trace(7)},
		{Syscall: "getpgid", Action: Trace(0xffff)},
		{Syscall: "getuid", Action: Errno(0)},
		{Syscall: "geteuid", Action: Errno(4095)},
		{Syscall: "getgid", Action: Log},
		{Syscall: "getsid", Action: Trap},
	}})
	if err != nil {
		subprocess.Fatal(err)
	}
	runtime.LockOSThread()
	fmt.Println(syscall.Gettid(), syscall.Getppid())
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		subprocess.Fatal(err)
	}
	if _, err := seccomp.LoadThread(prog.Packed(), 0); err != nil {
		subprocess.Fatal(err)
	}
	call := func(nr uintptr) int {
		r, _, errno := syscall.RawSyscall(nr, 0, 0, 0)
		if errno != 0 {
			return -int(errno)
		}
		return int(r)
	}
	fmt.Println(call(unix.SYS_GETPPID), call(unix.SYS_GETPGID), call(unix.SYS_GETUID), call(unix.SYS_GETEUID), call(unix.SYS_GETGID))
	syscall.RawSyscall(unix.SYS_GETSID, 0, 0, 0)
	subprocess.Fatal("trap lets the thread go on")
}

func TestTracerSees(t *testing.T) {
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(executable)
	cmd.Env = subprocess.Environment("traced")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	runtime.LockOSThread() // a tracer is a thread
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	out := bufio.NewReader(stdout)
	var tid, parent int
	if _, err := fmt.Fscanln(out, &tid, &parent); err != nil {
		t.Fatal(err)
	}
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_PTRACE, unix.PTRACE_SEIZE, uintptr(tid), 0, unix.PTRACE_O_TRACESECCOMP, 0, 0); errno != 0 {
		t.Fatal(errno)
	}
	if _, err := stdin.Write([]byte("\n")); err != nil {
		t.Fatal(err)
	}
	messages, info := follow(t, tid)
	if got := fmt.Sprint(messages); got != "[7 65535]" {
		t.Errorf("the messages are %s", got)
	}
	line, err := out.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pgid, err := unix.Getpgid(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	// With a tracer the calls are made. Errno 4095 is the kernel's MAX_ERRNO,
	// which package syscall takes for success with that value.
	if want := fmt.Sprintf("%d %d 0 -4095 %d\n", parent, pgid, os.Getgid()); line != want {
		t.Errorf("the calls give %q, want %q", line, want)
	}
	native := binary.NativeEndian
	got := fmt.Sprintf("signal %d, code %d, call %d, architecture %#x",
		native.Uint32(info[0:]), native.Uint32(info[8:]), native.Uint32(info[24:]), native.Uint32(info[28:]))
	want := fmt.Sprintf("signal %d, code 1, call %d, architecture %#x", syscall.SIGSYS, unix.SYS_GETSID, syscalls.Native().AuditArch)
	if got != want {
		t.Errorf("of trap the signal says %s, want %s", got, want)
	}
	if address := native.Uint64(info[16:]); address == 0 {
		t.Error("of trap the signal does not say where the call was made")
	}
}

// follow lets a thread run until it gets SIGSYS. It gives the messages of its
// filter and the signal's siginfo_t.
func follow(t *testing.T, tid int) (messages []uint, info [128]byte) {
	t.Helper()
	for {
		var status unix.WaitStatus
		if _, err := unix.Wait4(tid, &status, unix.WALL, nil); err != nil {
			t.Fatal(err)
		}
		if !status.Stopped() {
			t.Fatalf("the thread ends with %#x", status)
		}
		signal := 0
		switch {
		case status.TrapCause() == unix.PTRACE_EVENT_SECCOMP:
			message, err := unix.PtraceGetEventMsg(tid)
			if err != nil {
				t.Fatal(err)
			}
			messages = append(messages, message)
		case status.StopSignal() == unix.SIGSYS:
			if _, _, errno := syscall.RawSyscall6(syscall.SYS_PTRACE, unix.PTRACE_GETSIGINFO, uintptr(tid), 0, uintptr(unsafe.Pointer(&info)), 0, 0); errno != 0 {
				t.Fatal(errno)
			}
			return messages, info
		case int(status)>>16 == 0:
			signal = int(status.StopSignal())
		}
		if err := unix.PtraceCont(tid, signal); err != nil {
			t.Fatal(err)
		}
	}
}
