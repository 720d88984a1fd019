package main

import "github.com/gocurb/curb/filter"

// A condition says with which arguments groups have a call, and why.
type condition struct {
	call, groups string
	rules        []rule
	why          string
}

// A rule allows a call if all conditions hold.
type rule struct {
	archs string // between spaces, "" for all
	conds []filter.Cond
	text  string // the same for a reader
}

// whole are the calls, as GROUP.CALL, that a group has on no condition though
// Runtime has one.
const whole = "Processes.kill"

// Constants of Linux that are the same on all architectures. Package unix has
// them for the architecture only that this program runs on.
const (
	accessMode = 0x3   // O_ACCMODE
	truncate   = 0x200 // O_TRUNC

	low      = 0xffffffff // of arguments that may be wider on some architecture
	execute  = 0x4        // PROT_EXEC
	sigQuit  = 3
	setVMA   = 0x53564d41 // PR_SET_VMA
	deathSig = 1          // PR_SET_PDEATHSIG

	// What runtime.newosproc passes (cloneFlags in runtime/os_linux.go), and on
	// amd64 CLONE_SETTLS as well (runtime/sys_linux_amd64.s).
	threadFlags    = 0x50f00
	threadFlagsTLS = 0xd0f00
	// What package syscall passes: a signal, CLONE_VM, CLONE_VFORK, CLONE_PIDFD.
	processFlags = 0xff | 0x100 | 0x4000 | 0x1000

	familyUnix, familyIPv4, familyIPv6, familyNetlink = 1, 2, 10, 16
	socketType                                        = 0xf // without SOCK_NONBLOCK and SOCK_CLOEXEC
	// On mips, 1 and 2 are the other way round.
	stream, datagram, raw, sequenced = 1, 2, 3, 5
	tcp, udp, mptcp                  = 6, 17, 262
)

// Architectures on which something is otherwise.
const (
	mips     = "mips mipsle mips64 mips64le n32 n32le"
	ppc      = "ppc64 ppc64le"
	notMIPS  = "386 amd64 arm arm64 loong64 ppc64 ppc64le riscv64 s390x x32"
	ordinary = "386 amd64 arm arm64 loong64 riscv64 s390x x32" // neither mips nor ppc
	notS390x = mips + " 386 amd64 arm arm64 loong64 ppc64 ppc64le riscv64 x32"
)

func is(arg int, mask uint64, values ...uint64) filter.Cond {
	return filter.Cond{Arg: arg, Op: filter.Equal, Mask: mask, Values: values}
}

// opened are the rules for openat: the ways to open a file (O_RDONLY, O_WRONLY)
// that create and truncate none.
func opened(text string, ways ...uint64) []rule {
	const create, createMIPS = 0x40, 0x100 // O_CREAT
	text += ", without O_CREAT and O_TRUNC"
	return []rule{
		{notMIPS, []filter.Cond{is(2, accessMode|create|truncate, ways...)}, text},
		{mips, []filter.Cond{is(2, accessMode|createMIPS|truncate, ways...)}, text},
	}
}

// notExecutable are the rules for mmap. On s390x it takes its arguments in memory,
// and what it has elsewhere as flags cannot be seen.
func notExecutable(text string, conds ...filter.Cond) []rule {
	return []rule{
		{notS390x, append([]filter.Cond{is(2, execute, 0)}, conds...), text},
		{"s390x", nil, "any: the arguments are in memory (s390x)"},
	}
}

// cloned are the rules for clone. On s390x the stack comes before the flags
// (CONFIG_CLONE_BACKWARDS2).
func cloned(text string, cond func(arg int) []filter.Cond) []rule {
	return []rule{{notS390x, cond(0), text}, {"s390x", cond(1), text}}
}

func sockets(text string, conds ...filter.Cond) []rule { return []rule{{"", conds, text}} }

var internet = sockets("AF_INET, AF_INET6; SOCK_STREAM, SOCK_DGRAM; TCP, MPTCP, UDP",
	is(0, low, familyIPv4, familyIPv6), is(1, socketType, stream, datagram), is(2, low, 0, tcp, udp, mptcp))

var unixFamily = sockets("AF_UNIX; SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET",
	is(0, low, familyUnix), is(1, socketType, stream, datagram, sequenced), is(2, low, 0))

var conditions = []condition{
	{"openat", "Startup FilesReadOnly NetworkClient NetworkServer UnixSockets NetworkInterfaces Time Random Users Profiling", opened("O_RDONLY", 0),
		"flags that open no file for writing, and create and truncate none; O_TMPFILE needs write access as well (build_open_flags in fs/open.c)"},
	{"openat", "Processes", opened("O_RDONLY or O_WRONLY", 0, 1), "os/exec opens /dev/null for writing, and a filter sees no names"},
	{"clone", "Runtime", cloned("flags of a thread", func(arg int) []filter.Cond {
		return []filter.Cond{is(arg, low, threadFlags, threadFlagsTLS)}
	}), "the flags of runtime.newosproc"},
	{"clone", "Processes", cloned("flags of a process", func(arg int) []filter.Cond {
		return []filter.Cond{is(arg, low&^processFlags, 0)}
	}), "CLONE_VM, CLONE_VFORK, CLONE_PIDFD and a signal: no namespaces"},
	{"mmap", "Runtime", notExecutable("anonymous, without PROT_EXEC", is(4, low, low)),
		"the runtime maps no files, and asks for PROT_EXEC never (runtime/mem_linux.go)"},
	{"mmap", "FileMapping", notExecutable("without PROT_EXEC"), "not executable"},
	{"mprotect", "Runtime FileMapping", []rule{{"", []filter.Cond{is(2, execute, 0)}, "without PROT_EXEC"}}, "not executable"},
	{"prctl", "Runtime", []rule{{"", []filter.Cond{is(0, low, setVMA)}, "PR_SET_VMA"}}, "names of mappings, for /proc/PID/maps"},
	{"prctl", "Processes", []rule{{"", []filter.Cond{is(0, low, deathSig)}, "PR_SET_PDEATHSIG"}}, "SysProcAttr.Pdeathsig; capabilities are left out"},
	{"kill", "Runtime", []rule{{"", []filter.Cond{is(1, low, sigQuit)}, "SIGQUIT"}}, "to the program itself, when it crashes with GOTRACEBACK=crash"},
	{"socket", "NetworkClient NetworkServer", internet, "raw sockets and other families are left out"},
	{"socket", "UnixSockets", unixFamily, "other families are left out"},
	{"socketpair", "UnixSockets", unixFamily, "other families cannot do it"},
	{"socket", "NetworkInterfaces", sockets("AF_NETLINK, NETLINK_ROUTE", is(0, low, familyNetlink), is(2, low, 0)), "the kernel's tables of interfaces and routes"},
	{"prlimit64", "Startup Processes", []rule{
		{notMIPS, []filter.Cond{is(0, low, 0), is(1, low, 7)}, "RLIMIT_NOFILE of the process itself"},
		{mips, []filter.Cond{is(0, low, 0), is(1, low, 5)}, "RLIMIT_NOFILE of the process itself"},
	}, "package os raises the limit, and package syscall gives children the old one"},
	{"ioctl", "Terminal", terminal, "no TIOCSTI and no TIOCLINUX, which type for the user"},
}

const terminalText = "TCGETS, TCSETS, TCSETSW, TCSETSF, TIOCGWINSZ, TIOCSWINSZ"

var terminal = []rule{
	{ordinary, []filter.Cond{is(1, low, 0x5401, 0x5402, 0x5403, 0x5404, 0x5413, 0x5414)}, terminalText},
	{mips, []filter.Cond{is(1, low, 0x540d, 0x540e, 0x540f, 0x5410, 0x40087468, 0x80087467)}, terminalText},
	{ppc, []filter.Cond{is(1, low, 0x402c7413, 0x802c7414, 0x802c7415, 0x802c7416, 0x40087468, 0x80087467)}, terminalText},
}
