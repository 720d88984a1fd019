// Races has two goroutines write to one variable and nothing between them.
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
