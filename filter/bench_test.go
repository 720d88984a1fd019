package filter

import (
	"fmt"
	"testing"

	"github.com/gocurb/curb/syscalls"
)

// sixty is what a Go server needs, about.
var sixty = []string{
	"accept4", "access", "arch_prctl", "bind", "brk", "clock_gettime", "clone", "close", "connect", "dup", "epoll_create1",
	"epoll_ctl", "epoll_pwait", "eventfd2", "execve", "exit", "exit_group", "fcntl", "fstat", "fsync", "ftruncate", "futex",
	"getcwd", "getdents64", "getpeername", "getpid", "getrandom", "getrlimit", "getsockname", "getsockopt", "gettid",
	"gettimeofday", "ioctl", "kill", "listen", "lseek", "madvise", "mkdirat", "mmap", "mprotect", "munmap", "nanosleep",
	"newfstatat", "openat", "pipe2", "pread64", "prlimit64", "pwrite64", "read", "readlinkat", "restart_syscall", "rt_sigaction",
	"rt_sigprocmask", "rt_sigreturn", "sched_getaffinity", "sched_yield", "setsockopt", "sigaltstack", "socket", "tgkill",
	"uname", "unlinkat", "write",
}

var checked = map[string]Cond{
	"accept4":    {3, Equal, 0, []uint64{0x80800}},
	"clone":      {0, Equal, 0, []uint64{0x50f00}},
	"epoll_ctl":  {1, Equal, 0, []uint64{1, 2, 3}},
	"fcntl":      {1, Equal, 0, []uint64{1, 2, 3, 4, 1030}},
	"futex":      {1, Equal, 0, []uint64{128, 129}},
	"madvise":    {2, Equal, 0, []uint64{4, 8, 14, 15}},
	"mmap":       {2, Equal, 4, []uint64{0}},
	"openat":     {2, Equal, 3, []uint64{0}},
	"setsockopt": {1, Equal, 0, []uint64{1, 6, 41}},
	"socket":     {0, Equal, 0, []uint64{1, 2, 10}},
}

func benchPolicies() map[string]Policy {
	withArgs := Policy{Default: Errno(1)}
	for _, name := range sixty {
		rule := Rule{Syscall: name, Action: Allow}
		if c, found := checked[name]; found {
			rule.Conds = []Cond{c}
		}
		withArgs.Rules = append(withArgs.Rules, rule)
	}
	return map[string]Policy{
		"names": allowOnly(syscalls.AMD64, sixty...),
		"args":  withArgs,
		"all":   allowOnly(syscalls.AMD64),
	}
}

func BenchmarkCompile(b *testing.B) {
	for name, p := range benchPolicies() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				n = len(compile(b, syscalls.AMD64, p))
			}
			b.ReportMetric(float64(n), "instructions")
		})
	}
}

// BenchmarkRun reports how many instructions a call takes on the average: over
// the calls whose arguments are checked, with arguments that pass, and over
// those that are denied. The kernel does not run the filter for the rest.
func BenchmarkRun(b *testing.B) {
	for name, p := range benchPolicies() {
		prog := compile(b, syscalls.AMD64, p)
		inputs := make(map[string][]Data)
		for call := range syscalls.AMD64.All() {
			d := Data{Nr: call.Nr, Arch: syscalls.AMD64.AuditArch}
			if c, found := checked[call.Name]; found && name == "args" {
				d.Args[c.Arg] = c.Values[0]
				inputs["checked"] = append(inputs["checked"], d)
			} else if p.Verdict(syscalls.AMD64, d) != Allow {
				inputs["denied"] = append(inputs["denied"], d)
			}
		}
		for kind, list := range inputs {
			b.Run(fmt.Sprintf("%s/%s", name, kind), func(b *testing.B) {
				steps, n := 0, 0
				for b.Loop() {
					for i := range list {
						_, s, err := prog.run(&list[i])
						if err != nil {
							b.Fatal(err)
						}
						steps += s
						n++
					}
				}
				b.ReportMetric(float64(steps)/float64(n), "instructions/call")
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/call")
			})
		}
	}
}
