// Command reached makes each of its system calls in a function that is
// reached in another way.
package main

import (
	"os"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

func call(nr uintptr) { syscall.RawSyscall(nr, 0, 0, 0) }

// Through an interface that only a type assertion names.
type server struct{ n int }

//go:noinline
func (s *server) Shutdown() error { unix.Sync(); return nil }

//go:noinline
func dynamic(x any) {
	if s, ok := x.(interface{ Shutdown() error }); ok {
		s.Shutdown()
	}
}

// From tables of function values.
var functions = []func(){first, second}

func first()  { call(unix.SYS_GETPGID) }
func second() { call(unix.SYS_GETSID) }

var byName = map[string]func(){"third": third}

func third() { call(unix.SYS_MSGGET) }

type operation struct {
	name string
	do   func()
}

var operations = [2]operation{{"none", nil}, {"fourth", fourth}}

func fourth() { call(unix.SYS_MSGSND) }

// While variables and packages are initialised.
var initialised = start()

func start() int { call(unix.SYS_MSGRCV); return 1 }

func init() { call(unix.SYS_MSGCTL) }

func init() { call(unix.SYS_SEMGET) }

// As a goroutine, deferred, when panicking, once, at the end, and as a handler.
func goroutine() { call(unix.SYS_SEMOP) }

func deferred() { call(unix.SYS_SEMCTL) }

func recovered() {
	defer func() {
		if recover() != nil {
			call(unix.SYS_SHMGET)
		}
	}()
	var nothing *server
	nothing.n++
}

type resource struct{ p *int }

func finalizer(*resource) { call(unix.SYS_SHMAT) }

func cleanup(int) { call(unix.SYS_SHMCTL) }

func handled() { call(unix.SYS_SHMDT) }

func timed() { call(unix.SYS_ACCT) }

var lazily = sync.OnceValue(func() int { call(unix.SYS_SETHOSTNAME); return 1 })

// In generic code, by a dictionary.
type closer interface{ close() }

type one struct{ n int }

func (o one) close() { call(unix.SYS_SETDOMAINNAME) }

type other struct{ s string }

func (o *other) close() { call(unix.SYS_MLOCKALL) }

//go:noinline
func closeAll[T closer](all []T) {
	for _, c := range all {
		c.close()
	}
}

// Method values and expressions, embedded and promoted methods.
type value struct{ n int }

func (v value) method()        { call(unix.SYS_MUNLOCKALL) }
func (v *value) expression()   { call(unix.SYS_QUOTACTL) }
func (v *value) promoted() int { call(unix.SYS_LOOKUP_DCOOKIE); return 1 }

type wrapping struct{ *value }

//go:noinline
func run(f func()) { f() }

//go:noinline
func with(v *value, f func(*value)) { f(v) }

// In what a range over a function yields to.
func yields(yield func(int) bool) {
	call(unix.SYS_KEXEC_LOAD)
	yield(1)
}

// Never, in several ways: none of these may be in.
func unused() { call(unix.SYS_SWAPON) }

const off = false

type neverMade struct{}

func (neverMade) Unmade() { call(unix.SYS_SWAPOFF) }

func main() {
	dynamic(&server{})
	functions[len(os.Args)]()
	byName[os.Args[0]]()
	operations[len(os.Args)].do()
	if off {
		unused()
		call(unix.SYS_IO_SETUP)
	}
	if runtime.GOOS == "plan9" {
		call(unix.SYS_IO_DESTROY)
	}
	go goroutine()
	defer deferred()
	recovered()
	r := &resource{new(int)}
	runtime.SetFinalizer(r, finalizer)
	go func() {
		c := make(chan os.Signal, 1)
		signal.Notify(c, syscall.SIGUSR1)
		for range c {
			handled()
		}
	}()
	time.AfterFunc(time.Hour, timed)
	lazily()
	closeAll([]one{{1}})
	closeAll([]*other{{"a"}})
	v := value{len(os.Args)}
	run(v.method)
	with(&v, (*value).expression)
	var p interface{ promoted() int } = wrapping{&v}
	p.promoted()
	for range yields {
		break
	}
	_ = initialised
	runtime.AddCleanup(r, cleanup, 1)
}
