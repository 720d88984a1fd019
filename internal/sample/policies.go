// Package sample holds what filters are measured with: what three policies allow,
// and what a real program calls. It is plain data, so that the tests of every
// package and the benchmarks can share it.
package sample

import "slices"

// Names is what a Go server needs, about.
var Names = []string{
	"accept4", "access", "arch_prctl", "bind", "brk", "clock_gettime", "clone", "close", "connect", "dup", "epoll_create1",
	"epoll_ctl", "epoll_pwait", "eventfd2", "execve", "exit", "exit_group", "fcntl", "fstat", "fsync", "ftruncate", "futex",
	"getcwd", "getdents64", "getpeername", "getpid", "getrandom", "getrlimit", "getsockname", "getsockopt", "gettid",
	"gettimeofday", "ioctl", "kill", "listen", "lseek", "madvise", "mkdirat", "mmap", "mprotect", "munmap", "nanosleep",
	"newfstatat", "openat", "pipe2", "prctl", "pread64", "prlimit64", "pwrite64", "read", "readlinkat", "restart_syscall", "rt_sigaction",
	"rt_sigprocmask", "rt_sigreturn", "sched_getaffinity", "sched_yield", "sendfile", "setsockopt", "sigaltstack", "socket", "tgkill",
	"uname", "unlinkat", "write",
}

// A Check allows a call only if one of its arguments, counted from 0, has one of
// the values after it was ANDed with the mask, where there is one.
type Check struct {
	Syscall string
	Arg     int
	Mask    uint64
	Values  []uint64
}

// Checks are for ten of the Names.
var Checks = []Check{
	{Syscall: "accept4", Arg: 3, Values: []uint64{0x80800}},
	{Syscall: "clone", Arg: 0, Values: []uint64{0xd0f00}},
	{Syscall: "epoll_ctl", Arg: 1, Values: []uint64{1, 2, 3}},
	{Syscall: "fcntl", Arg: 1, Values: []uint64{1, 2, 3, 4, 1030}},
	{Syscall: "futex", Arg: 1, Values: []uint64{128, 129}},
	{Syscall: "madvise", Arg: 2, Values: []uint64{4, 8, 14, 15}},
	{Syscall: "mmap", Arg: 2, Mask: 4, Values: []uint64{0}},
	{Syscall: "openat", Arg: 2, Mask: 3, Values: []uint64{0}},
	{Syscall: "setsockopt", Arg: 1, Values: []uint64{1, 6, 41}},
	{Syscall: "socket", Arg: 0, Values: []uint64{1, 2, 10}},
}

// Closed is what an application in a container never needs: what changes the
// machine, looks into other processes, or is obsolete. A policy that allows all
// but these is long, and has holes as real ones have.
var Closed = []string{
	"_sysctl", "acct", "add_key", "bpf", "clock_adjtime", "clock_settime", "create_module", "delete_module", "fanotify_init",
	"finit_module", "fsconfig", "fsmount", "fsopen", "fspick", "get_kernel_syms", "init_module", "ioperm", "iopl", "kcmp",
	"kexec_file_load", "kexec_load", "keyctl", "lookup_dcookie", "mount", "mount_setattr", "move_mount", "move_pages",
	"nfsservctl", "open_by_handle_at", "open_tree", "perf_event_open", "pivot_root", "process_vm_readv", "process_vm_writev",
	"ptrace", "query_module", "quotactl", "quotactl_fd", "reboot", "request_key", "setdomainname", "sethostname", "setns",
	"settimeofday", "swapoff", "swapon", "sysfs", "syslog", "umount2", "unshare", "uselib", "userfaultfd", "ustat", "vhangup",
}

// Holds reports whether the check lets a value of its argument pass.
func (c Check) Holds(value uint64) bool {
	if c.Mask != 0 {
		value &= c.Mask
	}
	return slices.Contains(c.Values, value)
}
