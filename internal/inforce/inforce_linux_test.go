package inforce

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb"
	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/syscalls"
)

// filters are what the child loads, one after the other.
func filters() []curb.Policy {
	return []curb.Policy{curb.Deny("reboot"), curb.Deny("swapon").On("socket", curb.Errno(13), curb.Arg(0).Is(99))}
}

// TestMain is the child as well: it loads its filters, says so, and waits for the
// end of its standard input.
func TestMain(m *testing.M) {
	if os.Getenv("CURB_FILTERED") == "" {
		os.Exit(m.Run())
	}
	for _, p := range filters() {
		p.MustEnforce()
	}
	fmt.Println("ready")
	var b [1]byte
	os.Stdin.Read(b[:])
}

func TestFilters(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("PTRACE_SECCOMP_GET_FILTER takes CAP_SYS_ADMIN")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(self)
	child.Env = append(child.Environ(), "CURB_FILTERED=1")
	stdin, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	ended := false
	defer func() {
		if !ended {
			child.Process.Kill()
			child.Wait()
		}
	}()
	line := make([]byte, 6)
	if _, err := stdout.Read(line); err != nil || string(line) != "ready\n" {
		t.Fatalf("the child says %q, %v", line, err)
	}
	check := func() {
		t.Helper()
		got, err := Filters(child.Process.Pid)
		if err != nil {
			t.Fatal(err)
		}
		var want []filter.Program
		for _, p := range slices.Backward(filters()) {
			prog, err := p.Compile(syscalls.Native())
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, prog)
		}
		if !slices.EqualFunc(got, want, func(a, b filter.Program) bool { return slices.Equal(a, b) }) {
			t.Errorf("got\n%v\nwant\n%v", got, want)
		}
	}
	check()
	check() // it was let go

	// What is stopped stays so.
	if err := unix.Kill(child.Process.Pid, unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	waitFor(t, child.Process.Pid, "T")
	check()
	waitFor(t, child.Process.Pid, "T")
	if err := unix.Kill(child.Process.Pid, unix.SIGCONT); err != nil {
		t.Fatal(err)
	}
	check()
	stdin.Close()
	ended = true
	if err := child.Wait(); err != nil {
		t.Errorf("the child ended with %v", err)
	}
}

// waitFor waits until a process is in a state, as /proc/PID/stat has it.
func waitFor(t *testing.T, pid int, state string) {
	t.Helper()
	for range 1000 {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			t.Fatal(err)
		}
		if _, rest, _ := bytes.Cut(stat, []byte(") ")); strings.HasPrefix(string(rest), state) {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatalf("the child does not come into the state %s", state)
}

func TestNoFilters(t *testing.T) {
	if got, err := Filters(os.Getpid()); err != nil || len(got) > 0 {
		t.Errorf("this process: %v, %v", got, err)
	}
	if _, err := Filters(1 << 22); err == nil || !strings.Contains(err.Error(), "no such thread") {
		t.Errorf("nobody: %v", err)
	}
}
