//go:build amd64 || arm64

package filter

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"testing"

	"github.com/gocurb/curb/internal/seccomp"
	"github.com/gocurb/curb/internal/seccomp/subprocess"
	"github.com/gocurb/curb/syscalls"
)

func init() { parts["verdicts"] = askForVerdicts }

// TestKernelAgrees lets the kernel decide calls by compiled policies and compares
// with their definition. All that is tried is denied, with an error of its own
// for each rule, so that no call does anything.
func TestKernelAgrees(t *testing.T) {
	policies := 1000
	if *long {
		policies = 50_000
	}
	out, _ := subprocess.Run(t, "verdicts", subprocess.Exit(0), strconv.Itoa(policies))
	var made, errnos int
	if _, err := fmt.Sscanf(out, "%d calls, %d errors", &made, &errnos); err != nil {
		t.Fatalf("%v: %q", err, out)
	}
	t.Logf("%d policies: %s", policies, out)
	if made < 100*policies || errnos < 500 {
		t.Errorf("too little was tried: %s", out)
	}
}

// goNeeds is what the threads of the test need, whatever the policy.
var goNeeds = []string{
	"clone", "close", "epoll_pwait", "exit", "exit_group", "fcntl", "futex", "getpid", "gettid", "madvise", "mmap", "munmap",
	"nanosleep", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sched_yield", "sigaltstack", "tgkill", "write", "clock_nanosleep",
}

// neverAsked are calls that newer kernels do not ask filters about.
var neverAsked = []string{"uprobe", "uretprobe"}

func askForVerdicts() {
	policies, err := strconv.Atoi(subprocess.Args()[0])
	if err != nil {
		subprocess.Fatal(err)
	}
	made, errnos := 0, make(map[Action]bool)
	for seed := range policies {
		c := &chooser{randomBytes(rand.New(rand.NewPCG(uint64(seed), 13)), 20000)}
		done := make(chan bool)
		// Only this thread comes under the filter, and ends with the goroutine.
		go func() {
			defer close(done)
			runtime.LockOSThread()
			made += tryVerdicts(c, errnos)
		}()
		<-done
	}
	fmt.Printf("%d calls, %d errors\n", made, len(errnos))
}

// tryVerdicts loads a policy and makes the calls that it denies.
func tryVerdicts(c *chooser, errnos map[Action]bool) (made int) {
	table := syscalls.Native()
	p := keepValid([]*syscalls.Table{table}, c.policy(table))
	p.Default = Errno(syscall.Errno(c.below(4096)))
	for i := range p.Rules {
		if p.Rules[i].Action != Deny {
			p.Rules[i].Action = Errno(syscall.Errno(c.below(4096)))
		}
	}
	inputs := c.inputs(table, p)
	for _, name := range goNeeds {
		if _, found := table.ByName(name); found {
			p.Rules = append(p.Rules, Rule{Syscall: name, Action: Allow})
		}
	}
	prog, err := Compile(table, p)
	if err != nil {
		subprocess.Fatal(err)
	}
	if _, err := seccomp.LoadThread(prog.Packed(), 0); err != nil {
		subprocess.Fatal(err)
	}
	for _, d := range inputs {
		call, known := table.ByNumber(d.Nr)
		want := p.Verdict(table, d)
		if want == Allow || d.Arch != table.AuditArch || known && slices.Contains(neverAsked, call.Name) {
			continue
		}
		a := d.Args
		r, _, errno := syscall.RawSyscall6(uintptr(d.Nr), uintptr(a[0]), uintptr(a[1]), uintptr(a[2]), uintptr(a[3]), uintptr(a[4]), uintptr(a[5]))
		if errno == 0 {
			// Package syscall takes -4095, which is -MAX_ERRNO, for success.
			errno = syscall.Errno(-r)
		}
		made++
		errnos[want] = true
		if got := Errno(errno); got != want {
			subprocess.Fatal(fmt.Sprintf("the kernel gives %+v %v, want %v\npolicy:\n%v\n%s", d, got, want, p, listing(prog, table)))
		}
	}
	return made
}
