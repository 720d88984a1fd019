// Goroutines on many threads, timers, garbage collections and growing memory:
// what a program does that asks for nothing.
package main

import (
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gocurb/curb/internal/mkgroups/testdata/lockdown"
)

func main() {
	lockdown.Enforce()
	threads()
	memory()
	timers()
	signals()
	preempt()
	if recovered() == nil {
		panic("a nil pointer was read")
	}
}

func threads() {
	var wait sync.WaitGroup
	for range 30 {
		wait.Go(func() {
			runtime.LockOSThread() // and ends with its thread
			time.Sleep(time.Millisecond)
		})
	}
	wait.Wait()
}

var sink [][]byte

func memory() {
	for range 64 {
		sink = append(sink, make([]byte, 1<<20))
	}
	debug.SetGCPercent(20)
	sink = nil
	debug.FreeOSMemory()
	debug.SetMaxStack(1 << 28)
	deep(100000)
	runtime.GOMAXPROCS(1)
	runtime.GOMAXPROCS(4)
	runtime.SetDefaultGOMAXPROCS()
}

func deep(n int) int {
	if n == 0 {
		return 0
	}
	return deep(n-1) + 1
}

func timers() {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for range 5 {
		<-tick.C
	}
	<-time.After(30 * time.Millisecond)
}

func signals() {
	got := make(chan os.Signal, 1)
	signal.Notify(got, syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM)
	signal.Ignore(syscall.SIGUSR1)
	signal.Stop(got)
	signal.Reset()
}

// preempt has a loop that only a signal can interrupt.
func preempt() {
	var stop atomic.Bool
	go func() {
		for !stop.Load() {
		}
	}()
	for range 10 {
		runtime.GC()
	}
	stop.Store(true)
}

func recovered() (v any) {
	defer func() { v = recover() }()
	var p *int
	return *p
}
