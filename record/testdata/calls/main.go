// Calls makes a known number of calls by the entry of its own architecture.
package main

import "syscall"

func main() {
	for range 7 {
		syscall.Getppid()
	}
}
