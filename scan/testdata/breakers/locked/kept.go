package main

import (
	"context"
	"iter"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/scan/testdata/breakers/rare"
)

// What is made before the lock-down, here or by prepare.
var (
	byClosure   func()
	byMap       = map[string]func(){"it": func() { rare.Call("times", unix.SYS_TIMES) }}
	byMethod    = new(keeper).value
	byInterface keeping
	byOnce      = sync.OnceFunc(func() { rare.Call("getsid", unix.SYS_GETSID) })
	byPool      = sync.Pool{New: func() any { rare.Call("getpgid", unix.SYS_GETPGID); return nil }}
	byChannel   = make(chan func(), 1)
	byPull      func() (int, bool)
	cancel      context.CancelFunc
	signals     = make(chan os.Signal, 1)
	wake        = make(chan bool)
	woken       sync.WaitGroup
	rung        = make(chan bool)
	finalized   = make(chan bool)
	cleaned     = make(chan bool)
	canceled    = make(chan bool)
	object      *struct{ name string }
	other       *struct{ name string }
)

type keeper struct{ name string }

func (k *keeper) value() { rare.Call("sched_rr_get_interval", unix.SYS_SCHED_RR_GET_INTERVAL) }
func (k *keeper) keep()  { rare.Call("getrusage", unix.SYS_GETRUSAGE) }

type keeping interface{ keep() }

func prepare() {
	count := 0
	byClosure = func() { count++; rare.Call("getitimer", unix.SYS_GETITIMER) }
	byInterface = &keeper{"it"}
	byChannel <- func() { rare.Call("getresuid", unix.SYS_GETRESUID) }
	next, _ := iter.Pull(func(yield func(int) bool) {
		yield(1)
		rare.Call("getresgid", unix.SYS_GETRESGID)
		yield(2)
	})
	next()
	byPull = next
	var ctx context.Context
	ctx, cancel = context.WithCancel(context.Background())
	context.AfterFunc(ctx, func() { rare.Call("capget", unix.SYS_CAPGET); close(canceled) })
	signal.Notify(signals, unix.SIGUSR1)
	woken.Add(3)
	go waiting()
	go threaded()
	go signaled()
	object, other = &struct{ name string }{"a"}, &struct{ name string }{"b"}
	runtime.SetFinalizer(object, func(any) { rare.Call("statfs", unix.SYS_STATFS); close(finalized) })
	runtime.AddCleanup(other, func(int) { rare.Call("fstatfs", unix.SYS_FSTATFS); close(cleaned) }, 1)
	atExit = append(atExit, func() { rare.Call("lookup_dcookie", unix.SYS_LOOKUP_DCOOKIE) })
	time.AfterFunc(50*time.Millisecond, func() {
		<-wake
		rare.Call("io_destroy", unix.SYS_IO_DESTROY)
		close(rung)
	})
	for _, f := range []func(){byMap["not there"]} {
		if f != nil {
			f()
		}
	}
	runtime.Gosched()
}

// waiting sleeps some frames down.
func waiting() {
	defer woken.Done()
	defer rare.Call("io_cancel", unix.SYS_IO_CANCEL)
	inner()
	rare.Call("io_getevents", unix.SYS_IO_GETEVENTS)
	runtime.Goexit()
}

//go:noinline
func inner() {
	<-wake
	rare.Call("io_submit", unix.SYS_IO_SUBMIT)
}

// threaded ends its thread.
func threaded() {
	runtime.LockOSThread()
	defer woken.Done()
	<-wake
	rare.Call("mq_getsetattr", unix.SYS_MQ_GETSETATTR)
}

func signaled() {
	defer woken.Done()
	<-signals
	rare.Call("mq_unlink", unix.SYS_MQ_UNLINK)
}

// after has all that run.
func after() {
	close(wake)
	byClosure()
	byMap[same("it")]()
	byMethod()
	byInterface.keep()
	byOnce()
	byPool.Get()
	(<-byChannel)()
	byPull()
	cancel()
	<-canceled
	must(unix.Kill(unix.Getpid(), unix.SIGUSR1))
	woken.Wait()
	<-rung
	object, other = nil, nil
	runtime.GC()
	<-finalized
	<-cleaned
	time.Sleep(time.Millisecond)
}
