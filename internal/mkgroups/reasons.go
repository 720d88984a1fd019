package main

// An entry says something about calls in groups, and why. Calls and groups are
// words between spaces.
type entry struct{ calls, groups, why string }

// later are the calls of an empty program that are not the running runtime's.
var later = []entry{
	{"arch_prctl", "Startup", "the first thread's TLS; other threads get it from clone"},
	{"openat", "Startup", "the cgroup's limits and the size of huge pages; they stay open, or are read once"},
	{"fcntl", "Startup", "whether descriptors 0 to 2 are open, and how"},
	{"mincore", "Startup", "the size of a page, where the kernel gives no auxiliary vector"},
	{"timer_create timer_settime timer_delete", "Profiling", "a timer for each thread while a CPU profile is taken"},
}

const (
	beforeMain = "package os does it before main, see Startup"
	attribute  = "only for a SysProcAttr that the group does not promise"
)

// leftOut are calls that a group's program can make by the analysis, and that the
// group does not have.
var leftOut = []entry{
	{"openat lseek", "Runtime", "time zones, of group Time"},
	{"fcntl prlimit64", "Runtime", beforeMain},
	{"prlimit64", "Stdio FilesReadOnly Files FileMapping FileEvents NetworkClient NetworkServer UnixSockets NetworkInterfaces Time Random Terminal Users Profiling", beforeMain},
	{"openat", "Stdio FileEvents", "time zones, of group Time"},
	{"openat", "FileMapping Terminal", "the program opens its file before it is locked down"},
	{"fcntl", "FileMapping Terminal", beforeMain},
	{"listen", "NetworkClient", "package net has one function for clients and servers"},
	{"connect", "NetworkServer", "looking up the name to listen on; the program listens on addresses"},
	{"unlinkat", "NetworkServer", "listeners of UnixSockets"},
	{"clone3", "Processes", attribute + " (UseCgroupFD)"},
	{"chroot", "Processes", attribute + " (Chroot)"},
	{"setuid setgid setgroups", "Processes", attribute + " (Credential)"},
	{"unshare mount", "Processes", attribute + " (Unshareflags)"},
	{"capget capset", "Processes", attribute + " (AmbientCaps)"},
	{"ptrace", "Processes", attribute + " (Ptrace)"},
	{"ioctl", "Processes", attribute + " (Setctty, Foreground)"},
}
