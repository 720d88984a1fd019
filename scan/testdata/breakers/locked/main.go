// Locked locks itself down at a place that a build tag chooses, and then has run
// what it made before. It makes all of its calls after that, but for the one that is
// called before.
package main

import (
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/scan/testdata/breakers/locked/lock"
	"github.com/gocurb/curb/scan/testdata/breakers/rare"
)

//go:noinline
func same[T any](x T) T { return x }

//go:noinline
func curbLockDown() { must(lock.Down()) }

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	defer hooks()
	defer recovering()
	prepare()
	keep(choose(len(os.Args) > 1))
	place(startsMain)
	server()
}

// hooks does what is left for the end.
func hooks() {
	for _, hook := range atExit {
		hook()
	}
	if panicked != "on purpose" {
		panic("nothing was recovered")
	}
}

var (
	atExit   []func()
	panicked any
)

func recovering() {
	panicked = recover()
	rare.Call("sysinfo", unix.SYS_SYSINFO)
	atExit = append(atExit, func() { rare.Call("getpriority", unix.SYS_GETPRIORITY) })
}

// server opens what it needs, locks down if it is the place for it, and serves.
func server() {
	defer func() { rare.Call("personality", unix.SYS_PERSONALITY) }()
	file, err := os.Open("/proc/self/status")
	must(err)
	defer file.Close()
	rare.Call("sched_get_priority_max", unix.SYS_SCHED_GET_PRIORITY_MAX)
	place(deep)
	across(file, choose(len(os.Args) > 1)*77)
	panic("on purpose")
}

// serve goes down some frames more.
func serve(file *os.File) {
	local := "kept"
	closure := func() { rare.Call("sched_get_priority_min", unix.SYS_SCHED_GET_PRIORITY_MIN); println(local) }
	recursive(3)
	closure()
	place(late)
	_, err := file.Read(make([]byte, 10))
	must(err)
	after()
	use()
}

func recursive(n int) {
	if n > 0 {
		recursive(n - 1)
		return
	}
	var v visitor = same(visitor(&visit{}))
	v.visit()
	var once sync.Once
	once.Do(func() { place(inOnce) })
	for p := range places {
		place(p)
	}
	func() {
		defer func() { place(inDeferred) }()
	}()
	done := make(chan bool)
	go func() {
		place(inGoroutine)
		rare.Call("sched_getscheduler", unix.SYS_SCHED_GETSCHEDULER)
		close(done)
	}()
	<-done
}

type visitor interface{ visit() }

type visit struct{}

func (*visit) visit() {
	place(inMethod)
	rare.Call("sched_getparam", unix.SYS_SCHED_GETPARAM)
}

func places(yield func(int) bool) { _ = yield(inRange) }
