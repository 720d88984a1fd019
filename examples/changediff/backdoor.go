//go:build backdoor && linux && (amd64 || arm64)

package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"unsafe"
)

// backdoor plays an attacker who runs code of their own inside the program.
// The tests build it in, to see that the lock-down, which was generated from
// the program without it, stops it. CHANGEDIFF_BACKDOOR names what to try:
// socket, exec, write or mmap-exec. What the kernel answered goes to stderr,
// and then the program goes on with its work.
//
// Every attempt is made twice: as ordinary Go code would, and by a raw system
// call, which no check in a library can stop.
func backdoor() {
	switch door := os.Getenv("CHANGEDIFF_BACKDOOR"); door {
	case "":
	case "socket":
		try("socket by net", listen())
		try("socket by system call", rawSocket())
	case "exec":
		try("exec by os/exec", exec.Command("/bin/true").Run())
		try("fork by system call", fork())
		// Reports only a failure: where it succeeds, the program is no more.
		try("exec by system call", syscall.Exec("/bin/true", []string{"true"}, nil))
	case "write":
		try("write by os", create())
		try("write by system call", rawCreate())
	case "mmap-exec":
		try("mmap-exec by mmap", mapExecutable())
		try("mmap-exec by mprotect", makeExecutable())
	default:
		fmt.Fprintf(os.Stderr, "backdoor: no door %q: want socket, exec, write or mmap-exec\n", door)
		os.Exit(2)
	}
}

// try reports one attempt: the kernel's error, or "done".
func try(attempt string, err error) {
	answer := "done"
	if errno := syscall.Errno(0); errors.As(err, &errno) {
		answer = errno.Error()
	} else if err != nil {
		answer = err.Error()
	}
	fmt.Fprintf(os.Stderr, "backdoor: %s: %s\n", attempt, answer)
}

func listen() error {
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	return conn.Close()
}

func rawSocket() error {
	fd, _, errno := syscall.RawSyscall(syscall.SYS_SOCKET, syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if errno != 0 {
		return errno
	}
	return syscall.Close(int(fd))
}

// fork starts a process that ends at once.
func fork() error {
	pid, _, errno := syscall.RawSyscall6(syscall.SYS_CLONE, uintptr(syscall.SIGCHLD), 0, 0, 0, 0, 0)
	if errno != 0 {
		return errno
	}
	for pid == 0 { // of this process, which is a copy, nothing but this thread is left
		syscall.RawSyscall(syscall.SYS_EXIT_GROUP, 0, 0, 0)
	}
	_, err := syscall.Wait4(int(pid), nil, 0, nil)
	return err
}

// loot is the file that the attacker leaves behind.
func loot() string { return filepath.Join(os.TempDir(), "changediff-backdoor") }

func create() error {
	file, err := os.Create(loot())
	if err != nil {
		return err
	}
	return file.Close()
}

func rawCreate() error {
	path, err := syscall.BytePtrFromString(loot())
	if err != nil {
		return err
	}
	atFDCWD := -100 // linux/fcntl.h
	fd, _, errno := syscall.RawSyscall6(syscall.SYS_OPENAT, uintptr(atFDCWD), uintptr(unsafe.Pointer(path)),
		syscall.O_WRONLY|syscall.O_CREAT|syscall.O_CLOEXEC, 0o600, 0, 0)
	if errno != 0 {
		return errno
	}
	return syscall.Close(int(fd))
}

const pageSize = 4096

func mapExecutable() error {
	memory, err := syscall.Mmap(-1, 0, pageSize,
		syscall.PROT_READ|syscall.PROT_WRITE|syscall.PROT_EXEC, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return err
	}
	return syscall.Munmap(memory)
}

func makeExecutable() error {
	memory, err := syscall.Mmap(-1, 0, pageSize,
		syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return err
	}
	return errors.Join(
		syscall.Mprotect(memory, syscall.PROT_READ|syscall.PROT_EXEC),
		syscall.Munmap(memory),
	)
}
