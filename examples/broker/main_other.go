//go:build !linux

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "broker: a supervisor of system calls needs Linux")
	os.Exit(2)
}
