// Probe does what its first argument says, to show what a program gets from the
// launch and what the filter makes of it.
package main

import (
	"bufio"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"unsafe"
)

func main() {
	switch do, args := os.Args[1], os.Args[2:]; do {
	case "files":
		files()
	case "dumpable":
		r, _, _ := syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_GET_DUMPABLE, 0, 0)
		fmt.Println(r)
	case "exit":
		os.Exit(number(args[0]))
	case "raise":
		raise(number(args[0]))
	case "exec":
		err := syscall.Exec(args[0], args, nil)
		fmt.Println(err)
	case "signals":
		signals()
	default:
		fmt.Println("do what?", do)
		os.Exit(99)
	}
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

// raise ends the program by a signal, past the handlers of Go's runtime.
func raise(sig int) {
	syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})
	var byDefault [4]uintptr // struct sigaction
	syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&byDefault)), 0, 8, 0, 0)
	syscall.Kill(os.Getpid(), syscall.Signal(sig))
	select {}
}

// files prints what descriptors are open, without those of Go's poller.
func files() {
	for fd := range 100 {
		if name, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd)); err == nil {
			fmt.Println(fd, name)
		}
	}
}

// signals prints each signal that it gets, until its standard input ends.
func signals() {
	got := make(chan os.Signal, 100)
	signal.Notify(got, syscall.SIGINT, syscall.SIGHUP, syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGUSR1,
		syscall.SIGUSR2, syscall.SIGWINCH, syscall.SIGCONT, syscall.SIGALRM, syscall.Signal(40))
	go func() {
		for sig := range got {
			fmt.Println(sig)
		}
	}()
	fmt.Println("ready", os.Getpid())
	for in := bufio.NewReader(os.Stdin); ; {
		if _, err := in.ReadByte(); err != nil {
			return
		}
	}
}
