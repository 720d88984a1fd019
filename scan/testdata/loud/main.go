// Command loud crashes as GOTRACEBACK=crash has it, because its own code says so.
package main

import (
	"runtime/debug"
	"time"
)

func main() {
	debug.SetTraceback("crash")
	for range 3 {
		go func() {
			for {
			}
		}()
	}
	time.Sleep(10 * time.Millisecond)
	panic("loud")
}
