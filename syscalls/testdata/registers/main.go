// Command registers makes system calls by what the table of its own architecture
// says, numbers, values and which register holds what, and checks what they did
// by the standard library. It is run for each architecture.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"unsafe"

	"github.com/gocurb/curb/syscalls"
)

var table = syscalls.Native()

func main() {
	dir, err := os.MkdirTemp("", "curb-registers-")
	check(err == nil, "a directory: %v", err)
	err = run(dir)
	os.RemoveAll(dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("as the table says")
}

type failure string

func (f failure) Error() string { return string(f) }

// check ends the checks when the kernel contradicts the table.
func check(ok bool, format string, args ...any) {
	if !ok {
		panic(failure(fmt.Sprintf(format, args...)))
	}
}

func run(dir string) (err error) {
	defer func() {
		if f, ok := recover().(failure); ok {
			err = f
		}
	}()
	numbers()
	fd := files(dir)
	positions(fd)
	memory()
	sockets()
	return nil
}

func find(names ...string) *syscalls.Call {
	for _, name := range names {
		if c, ok := table.ByName(name); ok {
			return c
		}
	}
	check(false, "%s has none of %v", table.Arch, names)
	return nil
}

// do makes a call with its arguments by name. A 64-bit argument in two registers
// is given as one: "pos" is pos_lo and pos_hi, or poslo and poshi.
func do(c *syscalls.Call, args map[string]uint64) (uintptr, syscall.Errno) {
	var registers [6]uintptr
	for i, a := range c.Args() {
		if v, ok := args[a.Name]; ok {
			registers[i] = uintptr(v)
			continue
		}
		for name, v := range args {
			switch half := strings.TrimLeft(strings.TrimPrefix(a.Name, name), "_"); {
			case !strings.HasPrefix(a.Name, name):
			case strings.HasPrefix(half, "lo"):
				registers[i] = uintptr(uint32(v))
			case strings.HasPrefix(half, "hi"):
				registers[i] = uintptr(v >> 32)
			}
		}
	}
	r, _, errno := syscall.RawSyscall6(uintptr(c.Nr), registers[0], registers[1], registers[2], registers[3], registers[4], registers[5])
	return r, errno
}

// value reads the value of an argument by its names.
func value(c *syscalls.Call, arg, text string) uint64 {
	for i, a := range c.Args() {
		if a.Name == arg {
			v, err := syscalls.FlagsOf(table, c, i).Parse(text)
			check(err == nil, "%v", err)
			return v
		}
	}
	check(false, "%v has no argument %s", c, arg)
	return 0
}

func numbers() {
	pid, errno := do(find("getpid"), nil)
	check(errno == 0 && int(pid) == os.Getpid(), "getpid gives %d, %v; it is %d", pid, errno, os.Getpid())
	none := find("read").Nr/1000*1000 + 999
	_, _, errno = syscall.RawSyscall(uintptr(none), 0, 0, 0)
	check(uint16(errno) == table.ENOSYS(), "call %d, which is none, ends in error %d, not %d", none, errno, table.ENOSYS())
	if c, ok := table.ByName("cacheflush"); ok && table.Arch == "arm" {
		_, errno := do(c, map[string]uint64{"start": 0x10000, "end": 0x10000})
		check(errno != syscall.ENOSYS, "cacheflush is not call %#x", c.Nr)
	}
}

func files(dir string) uint64 {
	path, err := syscall.BytePtrFromString(filepath.Join(dir, "file"))
	check(err == nil, "%v", err)
	openat := find("openat")
	at := -100 // AT_FDCWD
	args := map[string]uint64{
		"dfd": uint64(at), "filename": uint64(uintptr(unsafe.Pointer(path))), "mode": 0o600,
		"flags": value(openat, "flags", "O_RDWR|O_CREAT|O_EXCL|O_CLOEXEC|O_LARGEFILE"),
	}
	fd, errno := do(openat, args)
	check(errno == 0, "openat: %v", errno)
	_, errno = do(openat, args)
	check(errno == syscall.EEXIST, "openat with O_EXCL of a file that exists: %v", errno)
	fcntl := find("fcntl64", "fcntl")
	flags, errno := do(fcntl, map[string]uint64{"fd": uint64(fd), "cmd": value(fcntl, "cmd", "F_GETFD")})
	check(errno == 0 && flags == syscall.FD_CLOEXEC, "the flags of the descriptor are %#x, %v", flags, errno)
	return uint64(fd)
}

func size(fd uint64) int64 {
	var stat syscall.Stat_t
	err := syscall.Fstat(int(fd), &stat)
	check(err == nil, "fstat: %v", err)
	return stat.Size
}

// positions makes the calls with 64-bit arguments.
func positions(fd uint64) {
	const far = 5<<32 + 7
	_, errno := do(find("ftruncate64", "ftruncate"), map[string]uint64{"fd": fd, "length": far, "offset": far})
	check(errno == 0 && size(fd) == far, "ftruncate to %#x: %v, the size is %#x", uint64(far), errno, size(fd))

	out := []byte("x")
	n, errno := do(find("pwrite64"), map[string]uint64{
		"fd": fd, "buf": address(out), "ubuf": address(out), "count": 1, "pos": far + 1,
	})
	check(errno == 0 && n == 1 && size(fd) == far+2, "pwrite64 at %#x: %d, %v, the size is %#x", uint64(far+1), n, errno, size(fd))
	in := make([]byte, 2)
	n, errno = do(find("pread64"), map[string]uint64{
		"fd": fd, "buf": address(in), "ubuf": address(in), "count": 2, "pos": far,
	})
	check(errno == 0 && n == 2 && string(in) == "\x00x", "pread64 at %#x: %d, %v, %q", uint64(far), n, errno, in)

	fallocate := find("fallocate")
	_, errno = do(fallocate, map[string]uint64{"fd": fd, "mode": 0, "offset": 6 << 32, "len": 4096})
	check(errno == 0 && size(fd) == 6<<32+4096, "fallocate at %#x: %v, the size is %#x", uint64(6<<32), errno, size(fd))
}

func address(b []byte) uint64 { return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) }

func memory() {
	mmap := find("mmap2", "mmap")
	if mmap.NArgs() != 6 {
		return // on s390x its arguments lie in memory
	}
	noFile := -1
	size := uint64(os.Getpagesize())
	addr, errno := do(mmap, map[string]uint64{
		"len": size, "fd": uint64(noFile),
		"prot":  value(mmap, "prot", "PROT_READ|PROT_WRITE"),
		"flags": value(mmap, "flags", "MAP_PRIVATE|MAP_ANONYMOUS"),
	})
	check(errno == 0, "mmap: %v", errno)
	*(*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&addr))) = 1
	_, errno = do(find("munmap"), map[string]uint64{"addr": uint64(addr), "len": size})
	check(errno == 0, "munmap: %v", errno)
}

func sockets() {
	socket := find("socket")
	fd, errno := do(socket, map[string]uint64{
		"family": value(socket, "family", "AF_UNIX"), "type": value(socket, "type", "SOCK_STREAM|SOCK_NONBLOCK|SOCK_CLOEXEC"),
	})
	check(errno == 0, "socket: %v", errno)
	kind, err := syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_TYPE)
	check(err == nil && kind == syscall.SOCK_STREAM, "the socket's type is %d, %v", kind, err)
	fcntl := find("fcntl64", "fcntl")
	flags, errno := do(fcntl, map[string]uint64{"fd": uint64(fd), "cmd": value(fcntl, "cmd", "F_GETFL")})
	check(errno == 0 && flags&syscall.O_NONBLOCK != 0, "the socket's flags are %#x, %v", flags, errno)
}
