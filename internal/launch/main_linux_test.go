//go:build linux && (amd64 || arm64)

package launch

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/filter"
)

// The test binary is curb as well: with roleVariable set it does what the
// variable says. It takes the variable out of its environment first.
const roleVariable = "LAUNCH_TEST_ROLE"

var roles = map[string]func(args []string){
	"curb":   beCurb,
	"repeat": beRepeatingCurb,
	"shell":  beShell,
}

func TestMain(m *testing.M) {
	if name, ok := os.LookupEnv(roleVariable); ok {
		os.Unsetenv(roleVariable)
		roles[name](os.Args[1:])
		return
	}
	// Under nohup SIGHUP is ignored, which programs inherit: with a handler here
	// they start with the default.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	code := m.Run()
	if dir, err := binaries(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// beCurb runs a program as "curb run" does: POLICY REMOVE PATH ARGS..., where
// REMOVE is a directory to be removed in the end, or "".
func beCurb(args []string) {
	cmd := &Cmd{Path: args[2], Args: args[2:], Filter: policies[args[0]]}
	if args[1] != "" {
		cmd.Cleanup = func() { os.RemoveAll(args[1]) }
	}
	status, err := cmd.Run()
	if err != nil {
		fmt.Fprintln(os.Stderr, "curb:", err)
		os.Exit(2)
	}
	status.Exit()
}

// goCalls are more than enough for the runtime of Go, the probe, and its signals.
var goCalls = []uint32{
	unix.SYS_CLONE, unix.SYS_CLOSE, unix.SYS_EPOLL_CREATE1, unix.SYS_EPOLL_CTL, unix.SYS_EPOLL_PWAIT, unix.SYS_EVENTFD2,
	unix.SYS_EXIT, unix.SYS_EXIT_GROUP, unix.SYS_FCNTL, unix.SYS_FSTAT, unix.SYS_FUTEX, unix.SYS_GETPID, unix.SYS_GETRANDOM,
	unix.SYS_GETTID, unix.SYS_KILL, unix.SYS_MADVISE, unix.SYS_MMAP, unix.SYS_MUNMAP, unix.SYS_NANOSLEEP,
	unix.SYS_OPENAT, unix.SYS_PRCTL, unix.SYS_PREAD64, unix.SYS_PRLIMIT64, unix.SYS_READ, unix.SYS_READLINKAT,
	unix.SYS_RESTART_SYSCALL, unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN,
	unix.SYS_SCHED_GETAFFINITY, unix.SYS_SCHED_YIELD, unix.SYS_SIGALTSTACK, unix.SYS_TGKILL, unix.SYS_WRITE,
	158, // arch_prctl on amd64, getgroups on arm64
}

var policies = map[string]filter.Program{
	"errno":     allow(unix.SECCOMP_RET_ERRNO|uint32(unix.EPERM), goCalls...),
	"trap":      allow(unix.SECCOMP_RET_TRAP, goCalls...),
	"kill":      allow(unix.SECCOMP_RET_KILL_PROCESS, goCalls...),
	"with exec": allow(unix.SECCOMP_RET_KILL_PROCESS, append([]uint32{unix.SYS_EXECVE}, goCalls...)...),
	"raw":       allow(unix.SECCOMP_RET_KILL_PROCESS, unix.SYS_OPENAT, unix.SYS_READ, unix.SYS_WRITE, unix.SYS_EXIT_GROUP),
	"nothing":   allow(unix.SECCOMP_RET_KILL_PROCESS),
	"all":       allow(unix.SECCOMP_RET_ALLOW),
	"no filter": denyFilters(),
}

// denyFilters returns a filter that denies seccomp alone.
func denyFilters() filter.Program {
	p := allow(unix.SECCOMP_RET_ALLOW, unix.SYS_SECCOMP)
	p[len(p)-2].K = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	return p
}

// allow returns a filter that allows the numbers and denies the rest.
func allow(deny uint32, numbers ...uint32) filter.Program {
	const load, equal, ret = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, unix.BPF_RET | unix.BPF_K
	p := filter.Program{
		{Code: load, K: dataArch},
		{Code: equal, K: auditArch, Jt: 1},
		{Code: ret, K: unix.SECCOMP_RET_KILL_PROCESS},
		{Code: load, K: dataNumber},
	}
	for _, n := range numbers {
		p = append(p, filter.Instruction{Code: equal, K: n, Jf: 1}, filter.Instruction{Code: ret, K: unix.SECCOMP_RET_ALLOW})
	}
	return append(p, filter.Instruction{Code: ret, K: deny})
}

// binaries returns a directory, open to all users, with the programs of testdata
// and curb itself. It is made once.
var binaries = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "launch-test-")
	if err != nil {
		return "", err
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return dir, err
	}
	for _, args := range [][]string{{"probe"}, {"raw", "-ldflags=-E=main.start"}} {
		build := exec.Command("go", append([]string{"build", "-o", filepath.Join(dir, args[0])}, append(args[1:], "./testdata/"+args[0])...)...)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			return dir, fmt.Errorf("%v: %w\n%s", build.Args, err, out)
		}
	}
	self, err := os.Executable()
	if err != nil {
		return dir, err
	}
	data, err := os.ReadFile(self)
	if err != nil {
		return dir, err
	}
	return dir, os.WriteFile(filepath.Join(dir, "curb"), data, 0o755)
})

func program(t *testing.T, name string) string {
	t.Helper()
	dir, err := binaries()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, name)
}

// curb returns a command that runs a program under a policy.
func curb(t *testing.T, policy, name string, args ...string) *exec.Cmd {
	t.Helper()
	return role(t, "curb", append([]string{policy, "", program(t, name)}, args...)...)
}

func role(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(program(t, "curb"), args...)
	cmd.Env = append(os.Environ(), roleVariable+"="+name)
	return cmd
}

// output returns the standard output of a command that must succeed.
func output(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%q: %v\n%s%s", cmd.Args, err, out.Bytes(), errs.Bytes())
	}
	return out.String()
}

// failure returns what a command that must fail with exit code 2 has to say.
func failure(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if e := (*exec.ExitError)(nil); !errors.As(err, &e) || e.ExitCode() != 2 {
		t.Fatalf("%q: %v, want exit status 2\n%s", cmd.Args, err, out)
	}
	return strings.TrimSpace(string(out))
}
