// Calls makes system calls and says how many nanoseconds one takes: getppid; flock
// of no file, which has an argument that a recorder keeps, and fails; and getppid
// from two threads at once. It does so in rounds, and takes the fastest: what else
// the machine does is no part of a call.
//
//	calls ROUNDS
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"
)

func main() {
	rounds, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	getppid := func() { syscall.RawSyscall(syscall.SYS_GETPPID, 0, 0, 0) }
	flock := func() { syscall.RawSyscall(syscall.SYS_FLOCK, ^uintptr(0), syscall.LOCK_UN, 0) }
	fmt.Println("took", least(rounds, getppid), least(rounds, flock), leastOfTwo(rounds, getppid))
}

func least(rounds int, call func()) float64 {
	const calls = 1000
	best := time.Duration(1<<63 - 1)
	for range rounds {
		start := time.Now()
		for range calls {
			call()
		}
		best = min(best, time.Since(start))
	}
	return float64(best.Nanoseconds()) / calls
}

// leastOfTwo is what a call takes one of two threads while the other makes them too.
func leastOfTwo(rounds int, call func()) float64 {
	var (
		threads sync.WaitGroup
		each    [2]float64
	)
	for i := range each {
		threads.Go(func() {
			runtime.LockOSThread()
			each[i] = least(rounds, call)
		})
	}
	threads.Wait()
	return max(each[0], each[1])
}
