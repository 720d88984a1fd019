// Libc has C code ask the C library for what reaches the kernel by ways of its
// own: threads, memory, files, processes, signals, time, and what it loads at run
// time. Each argument names a step.
package main

// #cgo LDFLAGS: -ldl -lrt -lpthread
// #include "steps.h"
import "C"

import (
	"fmt"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
)

var steps = map[string]func() C.int{
	"threads":   func() C.int { return C.threads() },
	"callbacks": callbacks,
	"cancel":    func() C.int { return C.cancel() },
	"memory":    func() C.int { return C.memory() },
	"files":     func() C.int { return C.files() },
	"processes": func() C.int { return C.processes() },
	"signals":   signals,
	"timers":    func() C.int { return C.timers() },
	"waits":     func() C.int { return C.waits() },
	"shared":    func() C.int { return C.shared() },
	"locale":    func() C.int { return C.locales() },
	"loads":     func() C.int { return C.loads() },
	"lookups":   func() C.int { return C.lookups() },
	"direct":    func() C.int { return C.direct() },
	"abort":     func() C.int { return C.aborts() },
}

func main() {
	for _, name := range os.Args[1:] {
		step := steps[name]
		if step == nil {
			fmt.Fprintln(os.Stderr, "libc: there is no step", name)
			os.Exit(2)
		}
		if line := step(); line != 0 {
			fmt.Fprintf(os.Stderr, "libc: %s: steps.c:%d\n", name, line)
			os.Exit(1)
		}
		fmt.Println(name)
	}
}

var called int64

//export calledFromC
func calledFromC(n C.int) C.int {
	atomic.AddInt64(&called, int64(n))
	buf := make([]byte, 1<<16) // a stack of Go's and its heap, on C's thread
	time.Sleep(time.Millisecond)
	return n + C.int(len(buf)>>17)
}

// callbacks has C's threads call Go.
func callbacks() C.int {
	line := C.callback_threads()
	if line == 0 && called != 1+2+3+4 {
		fmt.Fprintln(os.Stderr, "libc: the callbacks added up to", called)
		os.Exit(1)
	}
	return line
}

// signals has C send signals that Go handles, and some that C handles.
func signals() C.int {
	got := make(chan os.Signal, 10)
	signal.Notify(got, syscall.SIGUSR1)
	line := C.signals()
	if line == 0 {
		<-got
	}
	return line
}
