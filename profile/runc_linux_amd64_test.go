package profile

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/syscalls"
)

// prober makes system calls that fail or do no harm and prints the error of each.
const prober = `package main

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
)

func main() {
	for _, arg := range os.Args[1:] {
		var nr, a0, a1, a2 uint64
		fmt.Sscanf(arg, "%d,%d,%d,%d", &nr, &a0, &a1, &a2)
		_, _, err := syscall.RawSyscall(uintptr(nr), uintptr(a0), uintptr(a1), uintptr(a2))
		os.Stdout.WriteString(strconv.Itoa(int(err)) + "\n")
	}
}
`

// TestRunc: runc loads what is written, and a container under it sees what the
// policy says. Denials have errnos that the calls themselves never give.
func TestRunc(t *testing.T) {
	runc, err := exec.LookPath("runc")
	if err != nil {
		t.Skip("runc is not installed; .ci/deps installs it")
	}
	if os.Geteuid() != 0 {
		t.Skip("runc needs root here")
	}
	const odd, other = 99, 98 // EADDRNOTAVAIL, EADDRINUSE
	cond := func(arg int, op filter.Op, mask uint64, values ...uint64) filter.Cond {
		return filter.Cond{Arg: arg, Op: op, Mask: mask, Values: values}
	}
	policies := map[string]filter.Policy{
		"exceptions to what is allowed": {Default: filter.Allow, Rules: []filter.Rule{
			{Syscall: "lseek", Action: filter.Errno(odd), Conds: []filter.Cond{cond(0, filter.Equal, 0, 1000, 0xffffffff)}},
			{Syscall: "lseek", Action: filter.Allow, Conds: []filter.Cond{cond(1, filter.Greater, 0, 1<<33)}},
			{Syscall: "lseek", Action: filter.Errno(other), Conds: []filter.Cond{cond(1, filter.Equal, 0xf0, 0x10), cond(0, filter.LessOrEqual, 0, 2000)}},
			{Syscall: "dup3", Action: filter.Errno(odd)},
			{Syscall: "dup3", Action: filter.Allow, Conds: []filter.Cond{cond(2, filter.Equal, 0, 5, 6)}},
		}},
		"what the denied get": {Default: filter.Errno(odd), Rules: []filter.Rule{
			{Syscall: "lseek", Action: filter.Allow, Conds: []filter.Cond{cond(0, filter.Less, 0, 1500)}},
			{Syscall: "lseek", Action: filter.Deny, Conds: []filter.Cond{cond(1, filter.GreaterOrEqual, 0, 1<<32)}},
			{Syscall: "dup3", Action: filter.Errno(other)},
		}},
	}
	calls := []struct {
		name string
		args []uint64
	}{{"dup3", []uint64{1000, 1001, 5}}, {"dup3", []uint64{1000, 1001, 7}}, {"statx", []uint64{1 << 30, 0, 0}}, {"getpgid", []uint64{1 << 30, 0, 0}}}
	for _, a0 := range []uint64{1000, 1001, 1 << 40, 1<<40 | 1000, 0xffffffff, ^uint64(0), 2001} {
		for _, a1 := range []uint64{0, 0x10, 0x1f, 0x20, 1 << 32, 1 << 33, 1<<33 + 0x10, 1<<33 + 1, 1 << 62} {
			calls = append(calls, struct {
				name string
				args []uint64
			}{"lseek", []uint64{a0, a1, 0}})
		}
	}
	program := build(t, prober)
	needs := programNeeds()
	for name, p := range policies {
		t.Run(name, func(t *testing.T) {
			if p.Default != filter.Allow {
				for _, need := range needs {
					p.Rules = append(p.Rules, filter.Rule{Syscall: need, Action: filter.Allow})
				}
			}
			text, err := (&Profile{Policy: p, Archs: []string{"amd64"}}).JSON()
			if err != nil {
				t.Fatal(err)
			}
			args := []string{"/prober"}
			var want []string
			for _, c := range calls {
				call, _ := syscalls.AMD64.ByName(c.name)
				args = append(args, fmt.Sprintf("%d,%d,%d,%d", call.Nr, c.args[0], c.args[1], c.args[2]))
				verdict := p.Verdict(syscalls.AMD64, filter.Data{Nr: call.Nr, Arch: syscalls.AMD64.AuditArch, Args: [6]uint64{c.args[0], c.args[1], c.args[2]}})
				want = append(want, verdict.String())
			}
			got := strings.Fields(contain(t, runc, program, args, text))
			if len(got) != len(want) {
				t.Fatalf("%d answers to %d calls: %v", len(got), len(want), got)
			}
			for i, errno := range got {
				denied := errno == fmt.Sprint(odd) || errno == fmt.Sprint(other) || errno == "38"
				if is := "errno"; denied != strings.HasPrefix(want[i], is) || denied && filter.ActionOf(uint32(filter.Errno(0).Return())|atoi(errno)).String() != want[i] {
					t.Errorf("%v %#x fails with %s in the container, the policy says %s", calls[i].name, calls[i].args, errno, want[i])
				}
			}
		})
	}
}

func atoi(s string) (n uint32) {
	fmt.Sscan(s, &n)
	return n
}

// programNeeds are the calls of runc's last steps and of a small Go program.
func programNeeds() []string {
	return strings.Fields("read write close futex execve exit exit_group mmap munmap mprotect madvise rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack arch_prctl sched_getaffinity sched_yield nanosleep clock_gettime clone clone3 gettid getpid tgkill openat fcntl fstat newfstatat epoll_create1 epoll_ctl epoll_pwait eventfd2 pipe2 prlimit64 getrandom rseq set_tid_address set_robust_list brk access prctl capset chdir setgid setuid setgroups getppid kill readlinkat getdents64 fchdir restart_syscall uname fstatfs statfs")
}

func build(t *testing.T, source string) string {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "main.go")
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "prober")
	cmd := exec.Command("go", "build", "-o", program, file)
	cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// contain runs a program in a container under a seccomp profile.
func contain(t *testing.T, runc, program string, args []string, profile []byte) string {
	t.Helper()
	bundle := t.TempDir()
	root := filepath.Join(bundle, "rootfs")
	if err := os.MkdirAll(filepath.Join(root, "proc"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(program, filepath.Join(root, "prober")); err != nil {
		t.Fatal(err)
	}
	type object map[string]any
	config, err := json.Marshal(object{
		"ociVersion": "1.0.2",
		"process":    object{"user": object{"uid": 0, "gid": 0}, "args": args, "cwd": "/", "env": []string{"GOMAXPROCS=1"}, "noNewPrivileges": true},
		"root":       object{"path": "rootfs", "readonly": true},
		"mounts":     []object{{"destination": "/proc", "type": "proc", "source": "proc"}},
		"linux":      object{"namespaces": []object{{"type": "pid"}, {"type": "mount"}}, "seccomp": json.RawMessage(profile)},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bundle, "config.json"), config, 0o600); err != nil {
		t.Fatal(err)
	}
	id := fmt.Sprintf("curb-test-%d-%s", os.Getpid(), filepath.Base(filepath.Dir(bundle)))
	cmd := exec.Command(runc, "--root", filepath.Join(bundle, "state"), "run", id)
	cmd.Dir = bundle
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("runc: %v\n%s\n%s", err, &stderr, profile)
	}
	return string(out)
}
