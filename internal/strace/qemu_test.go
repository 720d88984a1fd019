package strace

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gocurb/curb/syscalls"
)

// Lines as qemu-user 7.2 writes them: threads of one process break into each
// other's lines, and share one number.
func TestParseQemu(t *testing.T) {
	table, err := syscalls.For("arm64")
	if err != nil {
		t.Fatal(err)
	}
	got, err := parseQemu(strings.NewReader(`24194 openat(AT_FDCWD,"/proc/self/cgroup",O_RDONLY|O_CLOEXEC) = 4
24194 clock_gettime(CLOCK_MONOTONIC,0x0000005500800690) = 0 ({tv_sec = 11658,tv_nsec = 641435437})
24227 nanosleep(72307289300712,0,0,0,1000,20000)24227 rt_sigreturn(0,-1,257,1,1955872,8388608) = -1 errno=513 (Successful exit from sigreturn)
 = 0
24227 nanosleep(72307289300712,0,0,0,1000,20000)--- SIGURG {si_signo=SIGURG, si_code=SI_TKILL, si_pid=24227, si_uid=0} ---
24227 Unknown syscall 449
24227 Unknown syscall 9999
24276 execve("/bin/true",{"/bin/true",NULL})24194 nanosleep(1445102714600,0,0,0,1000,20000)24194 exit_group(0)
`), table)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{
		"openat": 1, "clock_gettime": 1, "nanosleep": 3, "rt_sigreturn": 1, "futex_waitv": 1, "#9999": 1, "execve": 1, "exit_group": 1,
	}
	if !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestTraceQemu(t *testing.T) {
	if _, err := exec.LookPath("qemu-aarch64-static"); err != nil {
		t.Fatalf("qemu-user is needed to run programs for arm64: make deps installs it: %v", err)
	}
	table, err := syscalls.For("arm64")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "probe")
	cmd := exec.Command("go", "build", "-o", path, "./testdata/probe")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOARCH=arm64")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	r, err := Run{Path: path, Args: []string{"7"}, Env: append(os.Environ(), "PROBE=set"), Stdin: strings.NewReader("to be read")}.
		TraceQemu(t.Context(), table, "qemu-aarch64-static")
	if err != nil {
		t.Fatal(err)
	}
	if r.Status() != 7 || !strings.HasPrefix(string(r.Stdout), "set ") || !strings.HasSuffix(string(r.Stdout), " to be read") {
		t.Errorf("it ended with %d and printed %q", r.Status(), r.Stdout)
	}
	if r.Calls["getpriority"] != 1 || r.Calls["execve"] != 1 || r.Calls["exit_group"] == 0 {
		t.Errorf("getpriority %d times, execve %d, exit_group %d", r.Calls["getpriority"], r.Calls["execve"], r.Calls["exit_group"])
	}
}
