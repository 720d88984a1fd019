// Package syscalls holds the system call tables of the Linux kernel: for each
// architecture the numbers, the names, the arguments and how much of each
// argument the kernel looks at.
//
// # Tables
//
// There is a table for each Linux architecture of Go, [AMD64] to [S390X], and for
// the companions that their kernels serve as well: [X32] on amd64, [N32] and
// [N32LE] on mips64 and mips64le. [Native] gives that of the program's own
// architecture, [For] one by its name. A table that a program does not name is not
// linked into it, and a program that names one does no work for it when it
// starts. [For] and [Tables] name them all.
//
// # Where each fact comes from
//
//   - Numbers come from the tables in the kernel's source ([KernelSource]) and its
//     headers ([KernelHeaders]), and those that are newer from golang.org/x/sys
//     ([ModuleNumbers], made from Linux [KernelNumbers]). They must not contradict
//     each other.
//   - The same tables say which entry point of the kernel serves a call.
//   - Arguments come from what a running kernel ([KernelPrototypes]) says of
//     itself, names and types from tracefs, the sizes of the types from BTF, and
//     for entry points that it does not have from the source. They are those of
//     the kernel's entry points, not those of the C library's functions of the
//     same name.
//   - corrections.txt has what none of these can say: calls that are newer or that
//     the kernel no longer has, entry points without a declaration in C, and what
//     the configuration decides. It also has the arguments that are used otherwise
//     than declared. Each line gives its reason.
//   - The names of values ([FlagsOf]) come from golang.org/x/sys; flagsets.txt
//     says which are for which argument, and has those that it lacks.
//   - enosys.txt has the calls that get ENOSYS when denied, with the reasons.
//
// # How much of an argument counts
//
// A filter sees every argument as 64 bits. Where the kernel takes an int, it
// drops the upper half: a filter that compares all 64 bits then rejects a good
// call, and lets a bad one slip past a rule that denies. [Call.Width] says which
// half counts, in the way the kernel uses the argument. That is mostly, but not
// always, the way it is declared: readv's descriptor is an unsigned long that
// is handed on as an unsigned int.
//
// An argument has 64 bits as well when it depends on another one whether its
// upper half counts: those of fcntl, ioctl, prctl, keyctl and semctl.
//
// # Limits
//
//   - A width of 32 does not mean that each of the 32 bits counts. A mode_t has
//     16 bits (type umode_t), and where an argument is a set of flags the kernel
//     may ignore those that it does not know. A rule that denies a flag must
//     mask it, not compare the whole argument.
//   - The arguments are those of one kernel release. Calls have gained arguments
//     (membarrier its third in Linux 5.10), so on an older kernel a filter can
//     see more arguments than the kernel looks at.
//
// # Regenerating
//
// go generate renders the data files to Go, with the same result on every
// machine. To take in the facts of a newer kernel, or of a newer
// golang.org/x/sys, run this first, on a machine with that kernel and with its
// source in a directory (Debian packages it as linux-source-*), as root unless
// tracefs is readable:
//
//	go run ./internal/mksyscalls -extract DIRECTORY
//
// A further architecture is a line in architectures.txt.
package syscalls

//go:generate go run ./internal/mksyscalls
