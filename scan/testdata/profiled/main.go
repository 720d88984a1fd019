// Command profiled profiles its own use of the processor, in threads that come
// and go.
package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"sync"
	"time"
)

func main() {
	var profile bytes.Buffer
	if err := pprof.StartCPUProfile(&profile); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			runtime.LockOSThread() // and the thread ends with the goroutine
			for end := time.Now().Add(50 * time.Millisecond); time.Now().Before(end); {
			}
		})
	}
	all.Wait()
	pprof.StopCPUProfile()
	fmt.Println(profile.Len() > 0)
}
