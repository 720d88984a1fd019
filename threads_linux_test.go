//go:build amd64 || arm64

package curb_test

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/internal/seccomp/subprocess"
)

var long = flag.Bool("long", false, "load policies into busy processes, hundreds of times")

func init() { parts["busy threads"] = busyThreads }

// TestAllThreads loads a policy while hundreds of threads are in system calls and
// between them, and others begin and end: none escapes, and none is lost.
func TestAllThreads(t *testing.T) {
	times := 2
	if *long {
		times = 300
	}
	for range times {
		subprocess.Run(t, "busy threads", subprocess.Exit(0))
	}
}

func busyThreads() {
	const each = 100
	var enforced atomic.Bool
	var ready, all sync.WaitGroup
	// denied tells, of one thread, whether it was under the policy.
	denied := func() bool {
		before := enforced.Load()
		switch errno := call(unix.SYS_GETPPID); {
		case errno == syscall.EPERM:
			return true
		case errno != 0 || before:
			subprocess.Fatal("after the policy is enforced getppid gets", errno)
		}
		return false
	}
	thread := func(do func()) {
		ready.Add(1)
		all.Go(func() {
			runtime.LockOSThread() // and not unlocked: the thread ends too
			ready.Done()
			do()
			if nnp := status(syscall.Gettid(), "NoNewPrivs"); nnp != "1" {
				subprocess.Fatal("a thread has NoNewPrivs", nnp)
			}
		})
	}
	r, w, err := os.Pipe()
	if err != nil {
		subprocess.Fatal(err)
	}
	for range each {
		thread(func() { // is in the kernel
			var b [1]byte
			if _, err := syscall.Read(int(r.Fd()), b[:]); err != nil || !denied() {
				subprocess.Fatal("a thread that was in read goes free:", err)
			}
		})
		thread(func() { // is in and out
			for !denied() {
				runtime.Gosched()
			}
		})
	}
	for range 4 {
		all.Go(func() { // makes threads all the time
			for last := false; !last; {
				last = enforced.Load()
				done := make(chan bool)
				go func() {
					runtime.LockOSThread()
					done <- denied()
				}()
				if got := <-done; last && !got {
					subprocess.Fatal("a thread that began later goes free")
				}
			}
		})
	}
	ready.Wait()
	enforce(everythingBut("getppid"))
	enforced.Store(true)
	if _, err := w.Write(make([]byte, each)); err != nil {
		subprocess.Fatal(err)
	}
	all.Wait()
	if n := status(0, "Seccomp_filters"); n != "1" {
		subprocess.Fatal(fmt.Sprintf("there are %s filters, want 1", n))
	}
}
