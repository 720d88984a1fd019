//go:build amd64 || arm64

package curb_test

import (
	"slices"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb"
	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/internal/seccomp/subprocess"
	"github.com/gocurb/curb/syscalls"
)

// A groupCase is a call and which groups allow it beside Runtime.
type groupCase struct {
	what  string
	name  string
	args  []uint64
	allow []curb.Group
}

const (
	here    = ^uint64(99) // AT_FDCWD
	private = unix.MAP_PRIVATE
	anon    = unix.MAP_PRIVATE | unix.MAP_ANONYMOUS
	noFile  = 0xffffffff // -1
)

// Who can open a file to read it, and who can be connected.
var readers = []curb.Group{
	curb.Startup, curb.FilesReadOnly, curb.Files, curb.NetworkClient, curb.NetworkServer, curb.UnixSockets,
	curb.NetworkInterfaces, curb.Processes, curb.Time, curb.Random, curb.Users, curb.Profiling,
}

var (
	all      = curb.Groups()
	internet = []curb.Group{curb.NetworkClient, curb.NetworkServer}
)

var groupCases = []groupCase{
	{"open to read", "openat", []uint64{here, 0, unix.O_RDONLY | unix.O_CLOEXEC | unix.O_NOCTTY | unix.O_DIRECTORY}, readers},
	{"open to write", "openat", []uint64{here, 0, unix.O_WRONLY | unix.O_CLOEXEC}, []curb.Group{curb.Files, curb.Processes}},
	{"open to read and write", "openat", []uint64{here, 0, unix.O_RDWR}, []curb.Group{curb.Files}},
	{"open with both access bits", "openat", []uint64{here, 0, unix.O_ACCMODE}, []curb.Group{curb.Files}},
	{"create by reading", "openat", []uint64{here, 0, unix.O_RDONLY | unix.O_CREAT}, []curb.Group{curb.Files}},
	{"truncate by reading", "openat", []uint64{here, 0, unix.O_RDONLY | unix.O_TRUNC}, []curb.Group{curb.Files}},
	{"a file without a name", "openat", []uint64{here, 0, unix.O_TMPFILE | unix.O_RDWR}, []curb.Group{curb.Files}},
	{"flags in memory", "openat2", nil, nil},
	{"remove", "unlinkat", nil, []curb.Group{curb.Files, curb.UnixSockets}},
	{"a thread", "clone", []uint64{0xd0f00}, all},
	{"a process", "clone", []uint64{unix.CLONE_VM | unix.CLONE_VFORK | uint64(unix.SIGCHLD)}, []curb.Group{curb.Processes}},
	{"a bare fork", "clone", []uint64{uint64(unix.SIGCHLD)}, []curb.Group{curb.Processes}},
	{"a process in a namespace", "clone", []uint64{unix.CLONE_NEWUSER | uint64(unix.SIGCHLD)}, nil},
	{"a thread in a namespace", "clone", []uint64{0xd0f00 | unix.CLONE_NEWNET}, nil},
	{"execute", "execve", nil, []curb.Group{curb.Processes}},
	{"memory", "mmap", []uint64{0, 4096, unix.PROT_READ | unix.PROT_WRITE, anon, noFile, 0}, all},
	{"a file in memory", "mmap", []uint64{0, 4096, unix.PROT_READ, private, 3, 0}, []curb.Group{curb.FileMapping}},
	{"executable memory", "mmap", []uint64{0, 4096, unix.PROT_READ | unix.PROT_EXEC, anon, noFile, 0}, nil},
	{"an executable file", "mmap", []uint64{0, 4096, unix.PROT_EXEC, private, 3, 0}, nil},
	{"memory made executable", "mprotect", []uint64{0, 4096, unix.PROT_READ | unix.PROT_EXEC}, nil},
	{"a crash", "kill", []uint64{1, uint64(unix.SIGQUIT)}, all},
	{"kill another", "kill", []uint64{1, uint64(unix.SIGKILL)}, []curb.Group{curb.Processes}},
	{"TCP", "socket", []uint64{unix.AF_INET, unix.SOCK_STREAM | unix.SOCK_NONBLOCK | unix.SOCK_CLOEXEC, 0}, internet},
	{"MPTCP", "socket", []uint64{unix.AF_INET6, unix.SOCK_STREAM, unix.IPPROTO_MPTCP}, internet},
	{"UDP", "socket", []uint64{unix.AF_INET6, unix.SOCK_DGRAM, 0}, internet},
	{"raw", "socket", []uint64{unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP}, nil},
	{"ping", "socket", []uint64{unix.AF_INET, unix.SOCK_DGRAM, unix.IPPROTO_ICMP}, nil},
	{"packets", "socket", []uint64{unix.AF_PACKET, unix.SOCK_DGRAM, 0}, nil},
	{"unix", "socket", []uint64{unix.AF_UNIX, unix.SOCK_STREAM | unix.SOCK_CLOEXEC, 0}, []curb.Group{curb.UnixSockets}},
	{"routes", "socket", []uint64{unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE}, []curb.Group{curb.NetworkInterfaces}},
	{"the audit log", "socket", []uint64{unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_AUDIT}, nil},
	{"listen", "listen", nil, []curb.Group{curb.NetworkServer, curb.UnixSockets}},
	{"connect", "connect", nil, []curb.Group{curb.NetworkClient, curb.UnixSockets}},
	{"terminal modes", "ioctl", []uint64{0, unix.TCGETS}, []curb.Group{curb.Terminal}},
	{"terminal size", "ioctl", []uint64{0, unix.TIOCGWINSZ}, []curb.Group{curb.Terminal}},
	{"typing for the user", "ioctl", []uint64{0, unix.TIOCSTI}, nil},
	{"typing, with an upper half", "ioctl", []uint64{0, 1<<32 | unix.TIOCSTI}, nil},
	{"trace", "ptrace", nil, nil},
	{"become another user", "setuid", nil, nil},
	{"a name of memory", "prctl", []uint64{unix.PR_SET_VMA}, all},
	{"core dumps", "prctl", []uint64{unix.PR_SET_DUMPABLE}, nil},
	{"other processes' limits", "prlimit64", []uint64{1, unix.RLIMIT_NOFILE}, nil},
}

// TestGroupsAllow holds each group, with Runtime, to what it is to allow and to
// deny.
func TestGroupsAllow(t *testing.T) {
	for _, table := range []*syscalls.Table{syscalls.AMD64, syscalls.ARM64} {
		for _, g := range curb.Groups() {
			prog, err := curb.AllowGroups(curb.Runtime, g).Compile(table)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range groupCases {
				nr, _ := table.ByName(c.name)
				data := filter.Data{Arch: table.AuditArch, Nr: nr.Nr}
				copy(data.Args[:], c.args)
				got, err := prog.Run(data)
				if err != nil {
					t.Fatal(err)
				}
				if want := slices.Contains(c.allow, g); want != (got == filter.Allow) {
					t.Errorf("%s, %s: %s gets %v", table.Arch, g, c.what, got)
				}
			}
		}
	}
}

func TestZeroGroup(t *testing.T) {
	err := curb.AllowGroups(curb.Group{}).Err()
	if want := "curb: AllowGroups has a zero Group: use those that package curb names, such as curb.Runtime"; err == nil || err.Error() != want {
		t.Errorf("the error is %v, want %s", err, want)
	}
}

// groups has the kernel refuse what a reader of files is not to do.
func groups() {
	name := []byte("/dev/null\x00")
	path := uintptr(unsafe.Pointer(&name[0]))
	fdcwd := unix.AT_FDCWD
	enforce(curb.AllowGroups(curb.Runtime, curb.Stdio, curb.FilesReadOnly))
	open := func(flags uintptr) syscall.Errno { return call(unix.SYS_OPENAT, uintptr(fdcwd), path, flags) }
	want("open to read", open(unix.O_RDONLY), 0)
	want("open to write", open(unix.O_WRONLY), syscall.EPERM)
	want("create", open(unix.O_RDONLY|unix.O_CREAT), syscall.EPERM)
	want("openat2", call(unix.SYS_OPENAT2), syscall.ENOSYS)
	want("a socket", call(unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_STREAM), syscall.EPERM)
	want("a fork", call(unix.SYS_CLONE, uintptr(unix.SIGCHLD)), syscall.EPERM)
	want("executable memory", call(unix.SYS_MMAP, 0, 4096, unix.PROT_EXEC, anon, ^uintptr(0)), syscall.EPERM)
	want("execve", call(unix.SYS_EXECVE, path), syscall.EPERM)
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGTERM); err != syscall.EPERM {
		subprocess.Fatal("kill:", err)
	}
}
