//go:build linux && (amd64 || arm64)

package record

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/internal/launch"
	"github.com/gocurb/curb/usage"
)

// The test binary is also the programs that are recorded: with roleVariable set it
// does what the variable says. The calls that are counted are none that Go's
// runtime makes.
const roleVariable = "RECORD_TEST_ROLE"

var roles = map[string]func(args []string){
	"threads": beThreads,
	"forks":   beForks,
	"again":   beAgain,
	"sleeper": beSleeper,
	"user":    beUser,
	"denied":  beDenied,
	"thread":  beThread,
	"flies":   beFlies,
	"signals": beSignals,
	"method":  beMethod,
	"starter": beStarter,
	"pauses":  bePauses,
	"record":  beRecorder,
}

func TestMain(m *testing.M) {
	if name, ok := os.LookupEnv(roleVariable); ok {
		roles[name](os.Args[1:])
		return
	}
	os.Exit(m.Run())
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

// beThreads makes known calls from many threads at once: THREADS TIMES.
func beThreads(args []string) {
	var all sync.WaitGroup
	for range number(args[0]) {
		all.Go(func() {
			for range number(args[1]) {
				syscall.RawSyscall(unix.SYS_GETPPID, 0, 0, 0)
				syscall.RawSyscall(unix.SYS_DUP3, ^uintptr(0), ^uintptr(0), unix.O_CLOEXEC)
				syscall.Syscall(unix.SYS_FLOCK, ^uintptr(0), unix.LOCK_UN, 0) // lets the scheduler know
			}
		})
	}
	all.Wait()
}

// beForks starts the program that follows so many times, without waiting between.
func beForks(args []string) {
	var all []int
	for range number(args[0]) {
		pid, err := syscall.ForkExec(args[1], args[1:], nil)
		if err != nil {
			panic(err)
		}
		all = append(all, pid)
	}
	for _, pid := range all {
		syscall.Wait4(pid, nil, 0, nil)
	}
}

// beAgain executes itself so many times.
func beAgain(args []string) {
	syscall.RawSyscall(unix.SYS_GETPPID, 0, 0, 0)
	if n := number(args[0]); n > 0 {
		panic(syscall.Exec("/proc/self/exe", []string{"again", strconv.Itoa(n - 1)}, os.Environ()))
	}
}

// beSleeper says that it is ready, waits for a signal, and makes a known call.
func beSleeper(args []string) {
	os.Stdout.WriteString("ready\n")
	for range number(args[0]) {
		time.Sleep(time.Millisecond)
		syscall.RawSyscall(unix.SYS_GETPPID, 0, 0, 0)
	}
}

// beUser gives up root, and makes a known call.
func beUser(args []string) {
	if err := syscall.Setgid(65534); err != nil {
		panic(err)
	}
	if err := syscall.Setuid(65534); err != nil {
		panic(err)
	}
	syscall.RawSyscall(unix.SYS_GETPPID, 0, 0, 0)
}

// beThread has another thread than the first execute the program, as "again 0".
func beThread([]string) {
	os.Setenv(roleVariable, "again")
	first := unix.Getpid()
	done := make(chan error)
	execute := func() {
		runtime.LockOSThread()
		if unix.Gettid() == first {
			select {} // which keeps the first thread for itself
		}
		done <- syscall.Exec("/proc/self/exe", []string{"again", "0"}, os.Environ())
	}
	go execute()
	go execute()
	panic(<-done)
}

// beFlies makes so many processes, with the flags of clone, that end at once: TIMES
// FLAGS.
func beFlies(args []string) {
	flags := uintptr(number(args[1]))
	for range number(args[0]) {
		pid, _, errno := syscall.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD)|flags, 0, 0, 0, 0, 0)
		if pid == 0 && errno == 0 {
			syscall.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
		}
		if errno != 0 {
			panic(errno)
		}
		syscall.Wait4(int(pid), nil, 0, nil)
	}
}

// beSignals panics if signals do anything else than what they are for.
func beSignals([]string) {
	signals := make(chan os.Signal, 10)
	signal.Notify(signals, unix.SIGTRAP, unix.SIGUSR1)
	for _, sig := range []syscall.Signal{unix.SIGTRAP, unix.SIGUSR1} {
		syscall.Kill(os.Getpid(), sig)
		if got := <-signals; got != sig {
			panic(got)
		}
	}
	signal.Notify(signals, unix.SIGCHLD)
	child, err := syscall.ForkExec("/bin/sh", []string{"sh", "-c", "kill -STOP $$; kill -TERM $$; exit 7"}, nil)
	if err != nil {
		panic(err)
	}
	var status syscall.WaitStatus
	if syscall.Wait4(child, &status, syscall.WUNTRACED, nil); status.StopSignal() != unix.SIGSTOP {
		panic(fmt.Sprintf("%#x instead of a stop", status))
	}
	<-signals
	time.Sleep(20 * time.Millisecond)
	if pid, _ := syscall.Wait4(child, &status, syscall.WNOHANG, nil); pid != 0 {
		panic("it does not stay stopped")
	}
	syscall.Kill(child, unix.SIGCONT)
	if syscall.Wait4(child, &status, 0, nil); status.Signal() != unix.SIGTERM {
		panic(fmt.Sprintf("%#x instead of an end by SIGTERM", status))
	}
	<-signals
}

// beStarter starts a sleeper, says which process that is, and waits for it: PATH.
func beStarter(args []string) {
	os.Setenv(roleVariable, "sleeper")
	pid, err := syscall.ForkExec(args[0], []string{"sleeper", "1000000"}, nil)
	if err != nil {
		panic(err)
	}
	os.Stdout.WriteString(strconv.Itoa(pid) + "\n")
	syscall.Wait4(pid, nil, 0, nil)
}

// bePauses says that it is ready, and ends once it has been stopped and continued.
func bePauses([]string) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, unix.SIGCONT)
	os.Stdout.WriteString("ready\n")
	<-signals
}

// beMethod prints which method is taken, and why.
func beMethod([]string) {
	r, err := New(Options{})
	if err != nil {
		panic(err)
	}
	defer r.Close()
	fmt.Println(r.Method())
}

// beDenied makes a known call five times under a filter that denies it, the last time in a
// child: VERDICT. With
// a FLAG for seccomp(2) another thread does, and with a third argument it does so
// until it ends.
func beDenied(args []string) {
	verdict, err := strconv.ParseUint(args[0], 0, 32)
	if err != nil {
		panic(err)
	}
	runtime.LockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		panic(err)
	}
	const load, equal, ret = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, unix.BPF_RET | unix.BPF_K
	filter := []unix.SockFilter{
		{Code: load, K: 0}, {Code: equal, K: unix.SYS_GETPPID, Jf: 1},
		{Code: ret, K: uint32(verdict)}, {Code: ret, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	flags := uintptr(0)
	if len(args) > 1 {
		flags = uintptr(number(args[1]))
	}
	if _, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&program))); errno != 0 {
		panic(errno)
	}
	call := func() {
		for range 4 {
			syscall.RawSyscall(unix.SYS_GETPPID, 0, 0, 0)
		}
		// In a child, which has the filter too.
		pid, _, errno := syscall.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
		if errno != 0 {
			panic(errno)
		}
		if pid == 0 {
			syscall.RawSyscall(unix.SYS_GETPPID, 0, 0, 0)
			syscall.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
		}
		syscall.Wait4(int(pid), nil, 0, nil)
	}
	if flags == 0 {
		call()
	} else {
		done := make(chan bool)
		go func() {
			call()
			done <- true
		}()
		<-done
	}
	if len(args) > 2 {
		os.Stdout.WriteString("ready\n")
		for {
			call()
			time.Sleep(time.Millisecond)
		}
	}
}

// beRecorder records a command and prints how often that called getppid: METHOD
// ROLE ARGS.
func beRecorder(args []string) {
	os.Setenv(roleVariable, args[1])
	r, err := New(Options{Method: Method(args[0])})
	if err != nil {
		panic(err)
	}
	if _, err := recorded(context.Background(), r, launch.Cmd{Path: "/proc/self/exe", Args: args[1:]}); err != nil {
		panic(err)
	}
	usages, err := r.Usages()
	if err != nil {
		panic(err)
	}
	fmt.Println(seen(usages, "", "getppid").Calls)
}

// recorded records a command, as "curb record" does.
func recorded(ctx context.Context, r *Recorder, c launch.Cmd) (status launch.Status, err error) {
	c.Unfiltered = true
	err = r.Run(ctx, c.Args, func(hooks Hooks) error {
		c.Hold = hooks.Hold
		if hooks.Reap != nil {
			c.Reap = func(stopped func(int)) (status launch.Status, err error) {
				status.Code, status.Signal, err = hooks.Reap(stopped)
				return status, err
			}
		}
		status, err = c.Run()
		return err
	})
	return status, err
}

// newRecorder returns a recorder, or skips where the method is not permitted.
func newRecorder(t *testing.T, o Options) *Recorder {
	t.Helper()
	r, err := New(o)
	if err != nil {
		if os.Geteuid() != 0 {
			t.Skip("it needs root: ", err)
		}
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// run records a command, which must end well, and returns its usages.
func run(t *testing.T, o Options, c launch.Cmd) []*usage.Usage {
	t.Helper()
	r := newRecorder(t, o)
	status, err := recorded(t.Context(), r, c)
	if err != nil || status != (launch.Status{}) {
		t.Fatalf("%v ended with %+v, %v", c.Args, status, err)
	}
	return usagesOf(t, r)
}

func usagesOf(t *testing.T, r *Recorder) []*usage.Usage {
	t.Helper()
	usages, err := r.Usages()
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range usages {
		if lost := u.Recordings[0].Lost; lost.Any() {
			t.Errorf("%s: lost %+v", u.Binary, lost)
		}
	}
	return usages
}

// role is the command that has the test binary play a role.
func role(t *testing.T, name string, args ...string) launch.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { null.Close() })
	return launch.Cmd{
		Path: self, Args: append([]string{self}, args...), Env: append(os.Environ(), roleVariable+"="+name),
		Stdin: null, Stdout: null,
	}
}

// seen adds up what was seen of a call, in all programs whose name ends so.
func seen(usages []*usage.Usage, binary, call string) usage.Observed {
	sum := usage.Observed{Errors: map[int]uint64{}}
	for _, u := range usages {
		if s, ok := u.Find(call); ok && strings.HasSuffix(u.Binary, binary) {
			sum.Calls += s.Observed.Calls
			sum.Denied += s.Observed.Denied
			sum.Time += s.Observed.Time
			for errno, n := range s.Observed.Errors {
				sum.Errors[errno] += n
			}
		}
	}
	return sum
}
