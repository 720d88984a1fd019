// Command i386 locks itself down as a program of 386 and tries what it may not.
package main

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/gocurb/curb"
)

func main() {
	name := os.Args[0]
	file, err := os.CreateTemp("", "curb-i386-")
	must(err)
	must(os.Remove(file.Name()))
	_, err = file.WriteAt([]byte("x"), 1<<32+5)
	must(err)

	// What is allowed is allowed, and one half of a 64-bit argument can be looked
	// at: the fifth register has the upper half of the position.
	policy := curb.Deny("mkdir", "mkdirat", "socket").DenyIf("pread64", curb.Arg(4).Is(1))
	must(policy.Enforce())
	_, err = os.Stat(name)
	want("stat", err, nil)
	want("mkdir", os.Mkdir(file.Name(), 0o700), syscall.EPERM)
	b := make([]byte, 1)
	_, err = file.ReadAt(b, 5)
	want("pread64 at 5", err, nil)
	_, err = file.ReadAt(b, 1<<32+5)
	want("pread64 at 1<<32+5", err, syscall.EPERM)

	// Who denies socket does not deny sockets, as Go makes them: by socketcall.
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	want("a socket", err, nil)
	must(syscall.Close(fd))
	must(curb.Deny("socketcall").Enforce())
	_, err = syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	want("a socket without socketcall", err, syscall.EPERM)
	fmt.Println("as it should be")
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func want(what string, got, want error) {
	if !errors.Is(got, want) {
		must(fmt.Errorf("%s ends in %v, want %v", what, got, want))
	}
}
