package curb

import (
	"errors"
	"slices"
	"strings"

	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/syscalls"
)

//go:generate go run ./internal/mkgroups

// A Group is a set of system calls that belong together, some of them on
// conditions, for [AllowGroups]. Groups are values that do not change. The zero
// Group is none, and a mistake in a policy.
//
// What is in a group comes from a program that does all that the group is for:
// the calls that its binary can make, as package scan tells. The file
// docs/groups.md has for each call the code that makes it, and what was left out,
// and why. The lists are for the Go release that [GroupsGo] names and programs
// without cgo; the standard library of another one may make other calls.
//
// A group is right for every architecture of Linux that Go has: calls that an
// architecture lacks are left out, those that it has instead are there.
type Group struct{ data *group }

// A group is what generated code says of one.
type group struct {
	name  string
	calls string // allowed on no condition
	rules []groupRule
}

// A groupRule allows calls on conditions, or on some architectures only.
type groupRule struct {
	calls string
	archs string // as in policyRule
	conds []filter.Cond
}

// The groups. Each allows what its comment says, in a program that is under
// [Runtime] too, and, as far as system calls can be told apart, nothing else.
var (
	// Runtime is for what the Go runtime does by itself in a program that runs
	// already: goroutines and threads, memory and its garbage collection, timers
	// and sleep, the poller, signals that the program is notified of, panics and
	// crashes, exit. Every policy for a Go program needs it.
	//
	// Files that are open can be read and written, since the runtime does so. It
	// starts no process, opens nothing, and makes no memory executable. Signals can
	// be sent to threads of other processes: tgkill, which the runtime interrupts
	// its own threads with, takes any.
	Runtime = Group{&groupRuntime}

	// Startup is for what a Go program does before its init functions run: not in
	// a program that locks itself down, which has done it, but for Go programs
	// that this one starts. Files can be opened for reading.
	Startup = Group{&groupStartup}

	// Stdio is for the standard streams and other files that are open: to read and
	// write, ask what they are, seek, flush to the disk, close. Package log, which
	// prints local time, needs Time as well.
	Stdio = Group{&groupStdio}

	// FilesReadOnly is for reading files and directories, with their attributes
	// and symbolic links, by package os and all that is made of it, in an [os.Root]
	// too. Nothing can be created, changed or opened for writing. Which files can
	// be opened is up to their permissions: a filter sees no names. (openat2 has its
	// flags in memory, so it is not there: it fails with ENOSYS unless a policy
	// says otherwise.)
	FilesReadOnly = Group{&groupFilesReadOnly}

	// Files is for reading, creating, writing, locking, moving and removing files
	// and directories, and for changing their modes, owners and times, the
	// working directory and the umask. It has all of FilesReadOnly. There is
	// nothing in it for device files, mounts, quotas and extended attributes.
	Files = Group{&groupFiles}

	// FileMapping is for mapping files that are open into memory, to write them
	// back, and to keep memory from being swapped out. Nothing can be mapped or made
	// executable. Files are to be opened before, or by another group.
	FileMapping = Group{&groupFileMapping}

	// FileEvents is for being told what happens to files, by inotify.
	FileEvents = Group{&groupFileEvents}

	// NetworkClient is for TCP and UDP over IPv4 and IPv6, to any address, and
	// for what is above: names that are looked up in the ways that Go itself has,
	// TLS, HTTP. Sockets cannot listen. As the resolver and TLS read files in /etc, files
	// can be opened for reading. There are no raw sockets, and no ping. An address with a zone
	// (fe80::1%eth0) needs NetworkInterfaces as well.
	//
	// On 386 and s390x the family and type of a socket are in memory, where a filter
	// cannot see them (socketcall): there all kinds of sockets can be made.
	NetworkClient = Group{&groupNetworkClient}

	// NetworkServer is for TCP and UDP servers on IPv4 and IPv6, HTTP among them,
	// that listen on an address. TCP connections come in only; datagrams can be
	// sent to anywhere. As package net reads a file in /proc, and HTTP serves files,
	// files can be opened for reading. To listen on the name of a host needs
	// NetworkClient as well. On 386 and s390x see there.
	NetworkServer = Group{&groupNetworkServer}

	// UnixSockets is for sockets of the family unix, of all types, to connect and
	// to listen, to pass descriptors and credentials, and in pairs. It removes
	// files, since a listener that is closed removes its own. On 386 and s390x see
	// NetworkClient.
	UnixSockets = Group{&groupUnixSockets}

	// NetworkInterfaces is for listing the network interfaces and their
	// addresses, which the kernel tells by netlink. Netlink can also
	// change them, where the program has the privilege (CAP_NET_ADMIN).
	NetworkInterfaces = Group{&groupNetworkInterfaces}

	// Processes is for starting programs, with pipes, in other directories, process
	// groups and sessions, waiting for them, and sending signals to any process.
	// Files can be opened for reading and, those that exist, for writing, since
	// os/exec opens /dev/null. Programs that are started are under the same policy,
	// which must have what they need: Go programs need Startup. Namespaces, chroot,
	// tracing, capabilities, other user IDs and controlling terminals, which os/exec
	// has as well, are not in it.
	Processes = Group{&groupProcesses}

	// Time is for time zones, which are in files: files can be opened for
	// reading. All else that package time does needs Runtime only.
	Time = Group{&groupTime}

	// Random is for random numbers of every package, crypto/rand among them. On a
	// kernel without getrandom (before Linux 3.17) they come from a file: files can
	// be opened for reading.
	Random = Group{&groupRandom}

	// Terminal is for asking whether a descriptor is a terminal, for its modes and
	// its size, and for changing these. Nothing can be put into its input
	// (TIOCSTI), which would be typing commands for who started the program.
	Terminal = Group{&groupTerminal}

	// Users is for asking who runs the program, and for package os/user, which
	// reads files in /etc: files can be opened for reading.
	Users = Group{&groupUsers}

	// Profiling is for the profiles of packages runtime/pprof and runtime/trace,
	// written to a file or connection that is open. They read /proc/self/maps:
	// files can be opened for reading.
	Profiling = Group{&groupProfiling}
)

// Groups gives all groups, for tools and tests. A program that does not call it
// has only those groups in its binary that it names.
func Groups() []Group {
	return []Group{
		Runtime, Startup, Stdio, FilesReadOnly, Files, FileMapping, FileEvents,
		NetworkClient, NetworkServer, UnixSockets, NetworkInterfaces,
		Processes, Time, Random, Terminal, Users, Profiling,
	}
}

// AllowGroups gives a policy that allows what the groups have, and denies
// everything else:
//
//	curb.AllowGroups(curb.Runtime, curb.Stdio, curb.FilesReadOnly).MustEnforce()
func AllowGroups(groups ...Group) Policy { return Policy{}.AllowGroups(groups...) }

// AllowGroups allows what the groups have as well. Names that an architecture
// lacks are left out without [Policy.SkipUnknown].
func (p Policy) AllowGroups(groups ...Group) Policy {
	p.rules = slices.Clip(p.rules)
	for _, g := range groups {
		if g.data == nil {
			p.errs = append(slices.Clip(p.errs), errors.New("AllowGroups has a zero Group: use those that package curb names, such as curb.Runtime"))
			continue
		}
		for name := range strings.FieldsSeq(g.data.calls) {
			p.rules = append(p.rules, policyRule{Rule: filter.Rule{Syscall: name, Action: allow}, ofGroup: true})
		}
		for _, r := range g.data.rules {
			for name := range strings.FieldsSeq(r.calls) {
				rule := filter.Rule{Syscall: name, Conds: r.conds, Action: allow}
				p.rules = append(p.rules, policyRule{Rule: rule, ofGroup: true, archs: r.archs})
			}
		}
	}
	return p
}

// String gives the group's name, as in "Runtime".
func (g Group) String() string {
	if g.data == nil {
		return "(no group)"
	}
	return g.data.name
}

// Names gives the names of the calls that the group allows on an architecture,
// sorted, those on conditions among them.
func (g Group) Names(t *syscalls.Table) []string {
	var names []string
	for _, r := range AllowGroups(g).rules {
		if r.isFor(t, false) {
			names = append(names, r.Syscall)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
