// Curb locks Go programs down to the system calls that they need.
//
// Usage:
//
//	curb scan TARGET            say what a program can ask of the kernel
//	curb why TARGET SYSCALL     say by which code it makes a system call
//	curb run TARGET [ARGS]      run a program with everything else closed
//	curb gen PACKAGE            write the lock-down into the program itself
//	curb record -- COMMAND      say what a program really asks, while it runs
//	curb merge FILE...          unite recordings, of many runs and machines
//	curb filter COMMAND         compile, show, try and combine policies
//	curb version                say which curb this is
//
// A TARGET is the path of a Go binary, or a Go package that builds to one.
//
// Exit status: 0 done; 1 the answer is no; 2 wrong usage or unreadable input;
// 3 it could not be decided, since the system calls of some code could not be
// told. curb run and curb record end as the program that they ran.
package main

import (
	"context"
	"os"
	"runtime/debug"
)

func main() {
	// What a scan makes lives to its end: to look for garbage less often saves a
	// tenth of the time.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	os.Exit(execute(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
