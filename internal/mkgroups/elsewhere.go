package main

// An alias says what other architectures have in place of a call, or beside it.
type alias struct {
	call, others string
	archs        string
	instead      bool // the call itself is not used there
	shift        int  // how much earlier the arguments are; those before the first are not there
}

const (
	thirtyTwo = "386 arm mips mipsle"
	olderABI  = "mips64 mips64le ppc64 ppc64le s390x" // with stat, lstat
)

// elsewhere are the other names of calls. From zsyscall_linux_ARCH.go and
// syscall_linux_ARCH.go of package syscall, and sys_linux_ARCH.s of package
// runtime.
var elsewhere = []alias{
	{call: "mmap", others: "mmap2", archs: "386 arm", instead: true},
	{call: "mmap", others: "mmap2", archs: "mips mipsle"}, // mmap is runtime's, mmap2 package syscall's
	{call: "futex", others: "futex_time64", archs: thirtyTwo},
	{call: "timer_settime", others: "timer_settime64", archs: thirtyTwo},
	{call: "clock_gettime", others: "clock_gettime64", archs: thirtyTwo}, // the vDSO's
	{call: "arch_prctl", others: "set_thread_area", archs: "386"},
	{call: "arch_prctl", others: "brk uname", archs: thirtyTwo},     // mallocinit and osinit, at the start as well
	{call: "arch_prctl", others: "riscv_hwprobe", archs: "riscv64"}, // package internal/cpu, likewise
	{call: "rt_sigreturn", others: "sigreturn", archs: "386 arm"},
	{call: "openat", others: "open", archs: "386 arm mips mipsle ppc64 ppc64le s390x", shift: 1}, // runtime.open
	{call: "fstat", others: "fstat64", archs: thirtyTwo},
	{call: "fstat", others: "statx", archs: "loong64"},
	{call: "newfstatat", others: "fstatat64 stat64 lstat64", archs: thirtyTwo},
	{call: "newfstatat", others: "stat lstat", archs: olderABI},
	{call: "newfstatat", others: "statx", archs: "loong64"},
	{call: "lseek", others: "_llseek", archs: thirtyTwo},
	{call: "fcntl", others: "fcntl64", archs: thirtyTwo},
	{call: "sendfile", others: "sendfile64", archs: thirtyTwo},
	{call: "statfs", others: "statfs64", archs: thirtyTwo},
	{call: "fstatfs", others: "fstatfs64", archs: thirtyTwo},
	{call: "truncate", others: "truncate64", archs: thirtyTwo},
	{call: "ftruncate", others: "ftruncate64", archs: thirtyTwo},
	{call: "renameat", others: "renameat2", archs: "riscv64 loong64"},
	{call: "fchown", others: "fchown32", archs: "386 arm"},
	{call: "fchownat", others: "chown lchown", archs: "mips mipsle " + olderABI},
	{call: "fchownat", others: "chown32 lchown32", archs: "386 arm"},
	{call: "getuid", others: "getuid32", archs: "386 arm"},
	{call: "geteuid", others: "geteuid32", archs: "386 arm"},
	{call: "getgid", others: "getgid32", archs: "386 arm"},
	{call: "getegid", others: "getegid32", archs: "386 arm"},
	{call: "getgroups", others: "getgroups32", archs: "386 arm"},
	{call: "prlimit64", others: "ugetrlimit setrlimit", archs: "386 arm", shift: 1},    // where the kernel has no prlimit64
	{call: "prlimit64", others: "getrlimit setrlimit", archs: "mips mipsle", shift: 1}, // as before
}

// multiplexed are the architectures on which package syscall makes the calls of
// sockets by socketcall, whose first argument says which it is (linux/net.h).
const multiplexed = "386 s390x"

var socketCalls = []string{
	1: "socket", "bind", "connect", "listen", "accept", "getsockname", "getpeername", "socketpair", "send", "recv",
	"sendto", "recvfrom", "shutdown", "setsockopt", "getsockopt", "sendmsg", "recvmsg", "accept4", "recvmmsg", "sendmmsg",
}
