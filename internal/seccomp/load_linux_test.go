//go:build amd64 || arm64

package seccomp_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/internal/seccomp"
	"github.com/gocurb/curb/internal/seccomp/subprocess"
	"github.com/gocurb/curb/syscalls"
)

func TestMain(m *testing.M) {
	subprocess.Main(m, map[string]func(){
		"all threads":           allThreads,
		"this thread":           thisThread,
		"before execve":         beforeExecve,
		"after execve":          afterExecve,
		"listener":              listener,
		"another filter":        anotherFilter,
		"too much":              tooMuch,
		"older kernel":          olderKernel,
		"action under a filter": actionUnderFilter,
		"probe":                 probe,
		"best effort":           bestEffort,
	})
}

// deny compiles a policy that makes calls fail with errors and allows the rest.
func deny(errnos map[string]syscall.Errno) seccomp.Program {
	p := filter.Policy{Default: filter.Allow}
	for name, errno := range errnos {
		p.Rules = append(p.Rules, filter.Rule{Syscall: name, Action: filter.Errno(errno)})
	}
	return compile(p)
}

func compile(p filter.Policy) seccomp.Program {
	prog, err := filter.Compile(syscalls.Native(), p)
	if err != nil {
		subprocess.Fatal(err)
	}
	return prog.Packed()
}

func must(err error) {
	if err != nil {
		subprocess.Fatal(err)
	}
}

func getppid() syscall.Errno {
	_, _, errno := syscall.RawSyscall(syscall.SYS_GETPPID, 0, 0, 0)
	return errno
}

// statuses gives a field of /proc/self/task/*/status for each thread.
func statuses(field string) map[string]string {
	files, err := filepath.Glob("/proc/self/task/*/status")
	must(err)
	values := make(map[string]string)
	for _, file := range files {
		text, err := os.ReadFile(file)
		must(err)
		for line := range strings.Lines(string(text)) {
			if value, found := strings.CutPrefix(line, field+":"); found {
				values[filepath.Base(filepath.Dir(file))] = strings.TrimSpace(value)
			}
		}
	}
	return values
}

func TestAllThreads(t *testing.T) { subprocess.Run(t, "all threads", subprocess.Exit(0)) }

func allThreads() {
	const threads = 20
	locked := make(chan bool)
	goOn := make(chan bool)
	answers := make(chan syscall.Errno)
	for range threads {
		go func() {
			runtime.LockOSThread()
			locked <- true
			<-goOn
			answers <- getppid()
			select {} // so that the thread stays
		}()
	}
	for range threads {
		<-locked
	}
	must(seccomp.Load(deny(map[string]syscall.Errno{"getppid": syscall.EDOM}), 0))
	close(goOn)
	for range threads {
		if errno := <-answers; errno != syscall.EDOM {
			subprocess.Fatal("a thread that was there before gets", errno)
		}
	}
	for _, want := range []struct{ field, value string }{{"NoNewPrivs", "1"}, {"Seccomp", "2"}} {
		values := statuses(want.field)
		if len(values) < threads {
			subprocess.Fatal(want.field, "is known of", len(values), "threads")
		}
		for tid, value := range values {
			if value != want.value {
				subprocess.Fatal(want.field, "of thread", tid, "is", value, "want", want.value)
			}
		}
	}
}

func TestThisThread(t *testing.T) { subprocess.Run(t, "this thread", subprocess.Exit(0)) }

func thisThread() {
	runtime.LockOSThread()
	answer := make(chan syscall.Errno)
	question := make(chan bool)
	go func() {
		runtime.LockOSThread()
		for range question {
			answer <- getppid()
		}
	}()
	question <- true // so that the thread is there
	<-answer
	fd, err := seccomp.LoadThread(deny(map[string]syscall.Errno{"getppid": syscall.EDOM}), 0)
	must(err)
	if fd != -1 {
		subprocess.Fatal("there is a listener", fd)
	}
	if errno := getppid(); errno != syscall.EDOM {
		subprocess.Fatal("this thread gets", errno)
	}
	question <- true
	if errno := <-answer; errno != 0 {
		subprocess.Fatal("the other thread gets", errno)
	}
	if nnp := statuses("NoNewPrivs")[fmt.Sprint(syscall.Gettid())]; nnp != "1" {
		subprocess.Fatal("NoNewPrivs of this thread is", nnp)
	}
}

func TestBeforeExecve(t *testing.T) {
	out, _ := subprocess.Run(t, "before execve", subprocess.Exit(0))
	if out != "getppid: "+syscall.EDOM.Error()+"\n" {
		t.Errorf("after execve: %q", out)
	}
}

func beforeExecve() {
	runtime.LockOSThread()
	executable, err := os.Executable()
	must(err)
	path, err := syscall.BytePtrFromString(executable)
	must(err)
	argv, err := syscall.SlicePtrFromStrings([]string{executable})
	must(err)
	envv, err := syscall.SlicePtrFromStrings(subprocess.Environment("after execve"))
	must(err)
	_, err = seccomp.LoadThread(deny(map[string]syscall.Errno{"getppid": syscall.EDOM}), 0)
	must(err)
	_, _, errno := syscall.RawSyscall(syscall.SYS_EXECVE,
		uintptr(unsafe.Pointer(path)), uintptr(unsafe.Pointer(&argv[0])), uintptr(unsafe.Pointer(&envv[0])))
	subprocess.Fatal("execve:", errno)
}

func afterExecve() { fmt.Println("getppid:", getppid()) }

func TestListener(t *testing.T) { subprocess.Run(t, "listener", subprocess.Exit(0)) }

func listener() {
	runtime.LockOSThread()
	ask := compile(filter.Policy{Default: filter.Allow, Rules: []filter.Rule{{Syscall: "getppid", Action: filter.Notify}}})
	if err := seccomp.Load(ask, 0); err == nil || !strings.Contains(err.Error(), "nobody holds its listener") {
		subprocess.Fatal("without a listener the error is", err)
	}
	if err := seccomp.Load(ask, seccomp.NewListener); err == nil || !strings.Contains(err.Error(), "wait for itself") {
		subprocess.Fatal("for all threads the error is", err)
	}
	if fd, err := seccomp.LoadThread(ask, seccomp.AllThreads); err == nil || fd != -1 {
		subprocess.Fatal("for all threads by LoadThread:", fd, err)
	}
	fd, err := seccomp.LoadThread(ask, seccomp.NewListener)
	must(err)
	if target, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd)); err != nil || !strings.Contains(target, "seccomp notify") {
		subprocess.Fatal("the listener is", target, err)
	}
	// The first is there already.
	if _, err := seccomp.LoadThread(ask, seccomp.NewListener); !errors.Is(err, syscall.EBUSY) || !strings.Contains(err.Error(), "there can be one only") {
		subprocess.Fatal("a second listener:", err)
	}
}

func TestAnotherFilter(t *testing.T) { subprocess.Run(t, "another filter", subprocess.Exit(0)) }

func anotherFilter() {
	tid := make(chan int)
	go func() {
		runtime.LockOSThread()
		must(os.WriteFile(fmt.Sprintf("/proc/self/task/%d/comm", syscall.Gettid()), []byte("loner"), 0))
		_, err := seccomp.LoadThread(deny(nil), 0)
		must(err)
		tid <- syscall.Gettid()
		select {}
	}()
	loner := <-tid
	err := seccomp.Load(deny(map[string]syscall.Errno{"getppid": syscall.EDOM}), 0)
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("thread %d (loner) has a filter of its own", loner)) {
		subprocess.Fatal("the error is", err)
	}
	if errors.Is(err, errors.ErrUnsupported) {
		subprocess.Fatal("this is not lack of support:", err)
	}
	if errno := getppid(); errno != 0 {
		subprocess.Fatal("after the error getppid gets", errno)
	}
	err = seccomp.Load(deny(nil), seccomp.AllThreadsOrError)
	if !errors.Is(err, syscall.ESRCH) {
		subprocess.Fatal("with TSYNC_ESRCH the error is", err)
	}
}

func TestTooMuch(t *testing.T) { subprocess.Run(t, "too much", subprocess.Exit(0)) }

func tooMuch() {
	const ret = 0x06 << 48
	fill := func(n int) seccomp.Program {
		prog := make(seccomp.Program, n)
		for i := range prog {
			prog[i] = ret | seccomp.RetAllow
		}
		return prog
	}
	for _, n := range []int{0, 4097, 1<<16 + 1} {
		if err := seccomp.Load(fill(n), 0); err == nil || !strings.HasSuffix(err.Error(), fmt.Sprintf("a filter has 1 to 4096 instructions, and this one has %d", n)) {
			subprocess.Fatal(n, "instructions:", err)
		}
	}
	noReturn := seccomp.Program{0x20 << 48}
	if err := seccomp.Load(noReturn, 0); !errors.Is(err, syscall.EINVAL) || !strings.Contains(err.Error(), "does not take the program") {
		subprocess.Fatal("a program without return:", err)
	}
	if err := seccomp.Load(fill(1), 1<<20); err == nil || !strings.Contains(err.Error(), "there is no such flag") {
		subprocess.Fatal("a flag that is not there:", err)
	}
	for n := 1; ; n++ {
		err := seccomp.Load(fill(4096), 0)
		if errors.Is(err, syscall.ENOMEM) && strings.Contains(err.Error(), "too long together") && n > 1 {
			return
		}
		if err != nil || n > 8 {
			subprocess.Fatal("filter", n, "of 4096 instructions:", err)
		}
	}
}

// The tests that follow make the kernel look like an older one, or one behind a
// container's filter, by a filter that answers as that would.

func TestOlderKernels(t *testing.T) {
	for name := range kernels {
		t.Run(name, func(t *testing.T) { subprocess.Run(t, "older kernel", subprocess.Exit(0), name) })
	}
}

// A kernel is what a kernel answers to prctl and seccomp.
type kernel struct {
	rules       []filter.Rule
	load        string // the part of the error of Load, "" for none
	unsupported bool
	log         string // what HasAction(RetLog) says, "" for yes
	trap        string // and HasAction(RetTrap)
	flags       string // and HasFlags for one of Linux 4.17
}

func when(arg int, value uint64) []filter.Cond {
	return []filter.Cond{{Arg: arg, Op: filter.Equal, Values: []uint64{value}}}
}

const noSeccomp = "seccomp(2) (it takes Linux 3.17 with CONFIG_SECCOMP), or a filter that is in force already denies it"

var (
	einval, eperm, enosys = filter.Errno(syscall.EINVAL), filter.Errno(syscall.EPERM), filter.Errno(syscall.ENOSYS)

	noActionQuery = filter.Rule{Syscall: "seccomp", Conds: when(0, unix.SECCOMP_GET_ACTION_AVAIL), Action: einval}

	kernels = map[string]kernel{
		"this one": {},
		"without seccomp": {
			rules: []filter.Rule{{Syscall: "seccomp", Action: enosys}},
			load:  noSeccomp, unsupported: true, log: noSeccomp, trap: noSeccomp, flags: noSeccomp,
		},
		"without CONFIG_SECCOMP_FILTER": {
			rules: []filter.Rule{{Syscall: "seccomp", Action: einval}},
			load:  "without CONFIG_SECCOMP_FILTER", unsupported: true,
			log:  "does not have SECCOMP_RET_LOG (Linux 4.14)",
			trap: "without CONFIG_SECCOMP_FILTER", flags: "without CONFIG_SECCOMP_FILTER",
		},
		"Linux 3.4": {
			rules: []filter.Rule{{Syscall: "prctl", Conds: when(0, unix.PR_SET_NO_NEW_PRIVS), Action: einval}},
			load:  "older than Linux 3.5", unsupported: true,
		},
		"Linux 3.17": {
			rules: []filter.Rule{
				noActionQuery,
				{Syscall: "seccomp", Conds: append(when(0, unix.SECCOMP_SET_MODE_FILTER), filter.Cond{Arg: 1, Op: filter.Greater, Values: []uint64{1}}), Action: einval},
			},
			log:   "does not have SECCOMP_RET_LOG (Linux 4.14)",
			flags: "does not have SECCOMP_FILTER_FLAG_SPEC_ALLOW (Linux 4.17)",
		},
		"behind a filter": {
			rules: []filter.Rule{{Syscall: "seccomp", Action: eperm}},
			load:  "a filter that is in force already denies it", unsupported: true,
			log: "a filter that is in force already denies it", trap: "a filter that is in force", flags: "a filter that is in force",
		},
		"behind a filter without prctl": {
			rules: []filter.Rule{{Syscall: "prctl", Action: eperm}},
			load:  "set no_new_privs: operation not permitted: a filter that is in force already denies it", unsupported: true,
		},
	}
)

func olderKernel() {
	k := kernels[subprocess.Args()[0]]
	must(seccomp.Load(compile(filter.Policy{Default: filter.Allow, Rules: k.rules}), 0))
	check := func(what string, err error, want string) {
		if want == "" && err == nil || want != "" && err != nil && strings.Contains(err.Error(), want) {
			return
		}
		subprocess.Fatal(what, "says", err, "want", want)
	}
	err := seccomp.Load(deny(nil), 0)
	check("Load", err, k.load)
	if errors.Is(err, errors.ErrUnsupported) != k.unsupported {
		subprocess.Fatal("Load: is it for lack of support?", err)
	}
	check("HasAction of log", seccomp.HasAction(seccomp.RetLog), k.log)
	check("HasAction of trap", seccomp.HasAction(seccomp.RetTrap), k.trap)
	check("HasFlags", seccomp.HasFlags(seccomp.AllThreads|seccomp.AllowSpeculation), k.flags)
	// A kernel that does not know the action kills for it.
	want := k.log
	if want == "" {
		want = k.load
	}
	check("Load of log", seccomp.Load(compile(filter.Policy{Default: filter.Log}), 0), want)
}

// TestProbe asks this kernel, which is no older than those that the tests are for.
func TestProbe(t *testing.T) {
	for _, ret := range []uint32{
		seccomp.RetKillProcess, seccomp.RetKillThread, seccomp.RetTrap, seccomp.RetErrno,
		seccomp.RetNotify, seccomp.RetTrace, seccomp.RetLog, seccomp.RetAllow,
	} {
		if err := seccomp.HasAction(ret); err != nil {
			t.Errorf("action %#x: %v", ret, err)
		}
	}
	if err := seccomp.HasAction(0x12340000); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("an action that is none: %v", err)
	}
	all := seccomp.AllThreads | seccomp.LogDenials | seccomp.AllowSpeculation | seccomp.NewListener | seccomp.AllThreadsOrError | seccomp.WaitKillable
	for flags := range all + 1 {
		if err := seccomp.HasFlags(flags); err != nil {
			t.Errorf("flags %#x: %v", flags, err)
		}
	}
	if err := seccomp.HasFlags(1 << 30); err == nil || errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a flag that is none: %v", err)
	}
	if seccomped := statuses("Seccomp")[fmt.Sprint(os.Getpid())]; seccomped != "0" {
		t.Errorf("asking has put this process into mode %s", seccomped)
	}
}

func TestActionUnderFilter(t *testing.T) {
	subprocess.Run(t, "action under a filter", subprocess.Exit(0))
}

// actionUnderFilter: where it cannot be told whether there is an action, that is
// not the answer that there is none.
func actionUnderFilter() {
	must(seccomp.Load(compile(filter.Policy{Default: filter.Allow, Rules: []filter.Rule{
		{Syscall: "seccomp", Conds: when(0, unix.SECCOMP_GET_ACTION_AVAIL), Action: eperm},
	}}), 0))
	if err := seccomp.HasAction(seccomp.RetLog); !errors.Is(err, syscall.EPERM) || errors.Is(err, errors.ErrUnsupported) {
		subprocess.Fatal("the answer is", err)
	}
}
