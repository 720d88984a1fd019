package main

import (
	"golang.org/x/sys/unix"

	"github.com/gocurb/curb"
)

// policy is for programs that compute, and read and write what they have open. It
// allows what the Go runtime and the C library need for that. What it asks the
// supervisor about is all that opens files; what else could (open_by_handle_at,
// io_uring, execve, socket, receiving descriptors by recvmsg) is not in it.
var policy = curb.Allow(
	// files that are open
	"close", "copy_file_range", "dup", "dup2", "dup3", "fadvise64", "fcntl", "fstat", "getdents64", "lseek",
	"poll", "ppoll", "pread64", "preadv", "pselect6", "pwrite64", "read", "readv", "write", "writev",
	"epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_wait", "eventfd2", "pipe2",
	// memory
	"brk", "madvise", "mincore", "mmap", "mprotect", "mremap", "munmap",
	// threads and signals
	"arch_prctl", "clone", "exit", "exit_group", "futex", "getpid", "gettid", "membarrier", "restart_syscall", "rseq",
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sched_getaffinity", "sched_yield",
	"set_robust_list", "set_tid_address", "sigaltstack", "tgkill",
	// time, and what there is
	"clock_gettime", "clock_nanosleep", "getrandom", "getrlimit", "gettimeofday", "nanosleep", "prlimit64", "uname",
).
	// By a descriptor and no path, as the C library's fstat does it.
	AllowIf("newfstatat", curb.Arg(3).Masked(unix.AT_EMPTY_PATH).Is(unix.AT_EMPTY_PATH)).
	On("open", curb.Notify).
	On("openat", curb.Notify).
	On("openat2", curb.Notify).
	SkipUnknown()
