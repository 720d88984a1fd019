package main

import (
	"os"
	"os/signal"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

var (
	byGoroutine int
	bySent      int
	bySelect    int
	byMapValue  int
	bySignal    int
	byTimer     int
	byFinalizer int
	byCleanup   int
	byOnce      int
	byRecovered int
	byGoexit    int
	byIterator  int
	byWaiting   int
)

// concurrent has other goroutines set variables.
func concurrent() {
	var all sync.WaitGroup
	all.Go(func() { byGoroutine = 1 })
	all.Wait()
	sent := make(chan int, 2)
	sent <- 3
	sent <- 4
	bySent = <-sent
	select {
	case bySelect = <-sent:
	case <-time.After(time.Minute):
	}
	byMapValue, _ = same(map[string]int{"it": 5})["it"]

	done := make(chan bool)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, unix.SIGUSR1)
	go func() {
		<-signals
		bySignal = 6
		close(done)
	}()
	must(unix.Kill(unix.Getpid(), unix.SIGUSR1))
	<-done
	rung := make(chan bool)
	time.AfterFunc(time.Millisecond, func() { byTimer = 7; close(rung) })
	<-rung

	finalized, cleaned := make(chan bool), make(chan bool)
	func() {
		runtime.SetFinalizer(&struct{ name string }{"gone"}, func(any) { byFinalizer = 8; close(finalized) })
		runtime.AddCleanup(&struct{ name string }{"gone"}, func(to *int) { *to = 9; close(cleaned) }, &byCleanup)
	}()
	runtime.GC()
	<-finalized
	<-cleaned

	var once sync.Once
	once.Do(func() { byOnce = 10 })
	func() {
		defer func() { byRecovered, _ = recover().(int) }()
		panic(same(11))
	}()
	all.Add(1)
	go func() {
		defer all.Done()
		defer func() { byGoexit = 12 }()
		runtime.Goexit()
	}()
	all.Wait()
	for i := range func(yield func(int) bool) { yield(13) } {
		byIterator = i
	}
	woken := sync.NewCond(new(sync.Mutex))
	ready := false
	all.Go(func() {
		woken.L.Lock()
		for !ready {
			woken.Wait()
		}
		byWaiting = 14
		woken.L.Unlock()
	})
	woken.L.Lock()
	ready = true
	woken.L.Unlock()
	woken.Broadcast()
	all.Wait()
}

//go:noinline
func concurrentDone() {
	check(byGoroutine == 1, "renameat2", unix.SYS_RENAMEAT2)
	check(bySent == 3, "membarrier", unix.SYS_MEMBARRIER)
	check(bySelect == 4, "mlock2", unix.SYS_MLOCK2)
	check(byMapValue == 5, "pkey_free", unix.SYS_PKEY_FREE)
	check(bySignal == 6, "msync", unix.SYS_MSYNC)
	check(byTimer == 7, "mlock", unix.SYS_MLOCK)
	check(byFinalizer == 8, "munlock", unix.SYS_MUNLOCK)
	check(byCleanup == 9, "fadvise64", unix.SYS_FADVISE64)
	check(byOnce == 10, "readahead", unix.SYS_READAHEAD)
	check(byRecovered == 11, "semtimedop", unix.SYS_SEMTIMEDOP)
	check(byGoexit == 12, "shmdt", unix.SYS_SHMDT)
	check(byIterator == 13, "semop", unix.SYS_SEMOP)
	check(byWaiting == 14, "rt_sigpending", unix.SYS_RT_SIGPENDING)
}
