// Open prints a line, with as little of the standard library as it takes.
package main

import "syscall"

func main() { syscall.Write(1, []byte("hello\n")) }
