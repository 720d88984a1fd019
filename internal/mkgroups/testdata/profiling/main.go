// Profiles and traces of the program itself, written to a file that is open.
package main

import (
	"io"
	"os"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
	"sync"
	"time"

	"github.com/gocurb/curb/internal/mkgroups/testdata/lockdown"
)

func main() {
	lockdown.Enforce()
	check(pprof.StartCPUProfile(os.Stdout))
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			runtime.LockOSThread()
			for end := time.Now().Add(50 * time.Millisecond); time.Now().Before(end); {
			}
		})
	}
	wait.Wait()
	pprof.StopCPUProfile()
	for _, p := range pprof.Profiles() {
		check(p.WriteTo(os.Stdout, 0))
	}
	check(trace.Start(io.Discard))
	trace.Stop()
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
