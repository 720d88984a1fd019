// Races has two goroutines write to one variable and nothing between them. Built with
// the race detector it is told so, and ends with status 66.
package main

import (
	"fmt"
	"sync"
)

var shared int

func main() {
	var all sync.WaitGroup
	for i := 0; i < 2; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			shared++
		}()
	}
	all.Wait()
	fmt.Println("done")
}
