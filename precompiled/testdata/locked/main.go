// Locked prints a line with its system calls locked down.
package main

import "syscall"

func main() {
	filter.MustEnforce()
	syscall.Write(1, []byte("hello\n"))
}
