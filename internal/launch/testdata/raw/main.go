// Raw copies the files that are its arguments to its standard output. It has no
// runtime: its entry point is start, in assembly (built with -ldflags=-E=main.start).
// It shows a process as the kernel starts it, and makes four kinds of system
// calls: openat, read, write, exit_group.
package main

func start()

func main() { start() }
