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
// On 386, arm, mips and mipsle every width is 32, for a register has 32 bits. What
// a filter finds in the upper half is then not always zero: a 64-bit program that
// enters by int $0x80 chooses it, and a 64-bit mips kernel extends the sign. A
// 64-bit argument lies in two registers there, and [Call.Args] has both as a filter
// sees them: in the order of the bytes, on arm and mips from an even register on,
// with an unused one ("pad") before. Of seven registers a filter sees six: on mips
// it does not see fadvise64's advice and sync_file_range's flags.
//
// The registers of the companions x32 and n32 have 64 bits. Most of their calls are
// those of the 64-bit side and look at 64 bits of a pointer or a size_t; where the
// kernel takes a compat_long_t or the like, 32 bits count.
//
// # Byte order
//
// mips, mips64, n32, ppc64 and s390x are big-endian ([Table.BigEndian]): the upper
// half of an argument is the word at the lower offset of struct seccomp_data.
// [Table.AuditArch] tells byte orders apart as it tells architectures apart.
//
// # Other ways into the kernel
//
// A kernel serves the programs of other architectures too, and on some any program
// can enter as one of those. The call's architecture, which a filter must check
// first, says whose numbers it uses:
//
//	kernel    also serves     told by
//	amd64     386             AUDIT_ARCH_I386; any program can, by int $0x80
//	amd64     x32             bit 0x40000000 of the number; any program can, if the kernel has x32
//	arm64     arm             AUDIT_ARCH_ARM; 32-bit programs
//	mips64    mips, n32       AUDIT_ARCH_MIPS, AUDIT_ARCH_MIPS64N32; their programs
//	mips64le  mipsle, n32le   AUDIT_ARCH_MIPSEL, AUDIT_ARCH_MIPSEL64N32; their programs
//	ppc64     32-bit PowerPC  AUDIT_ARCH_PPC; its programs, no table here
//	s390x     31-bit s390     AUDIT_ARCH_S390; its programs, no table here
//	riscv64   32-bit RISC-V   AUDIT_ARCH_RISCV32; its programs, no table here
//
// A program of one architecture can start one of another by execve. A filter for
// several tables serves both; one for a single table takes the others' calls for
// foreign.
//
// # Calls that carry others
//
// socketcall and ipc are one number each for many calls. They exist on 386, mips,
// mipsle, ppc64, ppc64le and s390x. Which call it is lies in the first argument
// (FlagsOf names them: SYS_SOCKET, SHMAT), which a filter can compare. The
// arguments of that call lie in memory, for socketcall all of them: a filter
// cannot see them. The calls of their own (socket, semget) came later: on 386 and
// s390x socket in Linux 4.3, on all of these semget in Linux 5.1. So
//
//   - allowing socket alone does not allow what old C libraries do, nor what Go
//     does: on 386 and s390x package net makes its calls by socketcall. Allow both.
//   - a rule about socket's domain or type holds only where socketcall is denied,
//     or its first argument is not SYS_SOCKET or SYS_SOCKETPAIR. Whoever needs such
//     a rule where the program uses socketcall needs another means, such as a
//     network namespace.
//   - denying socket does not deny sockets, as long as socketcall is allowed, and
//     denying semget, msgget or shmget does not deny them, as long as ipc is.
//
// On mips and mipsle a program can make any call through number 4000, syscall. A
// filter sees the call that is meant, with its arguments as if they began in the
// first register. It sees number 4000 only where that is what was asked for through
// it, which the kernel refuses.
//
// # Architectures
//
//   - mmap on 386 and s390x has one argument, a pointer to the six. A filter that
//     forbids PROT_EXEC has to deny mmap on 386, where programs use mmap2, and
//     cannot do that on s390x, which has no other.
//   - clone's arguments lie in another order: clone_flags second on s390x, first on
//     all others; tls before child_tidptr except on amd64, x32, loong64 and s390x.
//     A condition on argument 0 is about another one there.
//   - 386 and arm have two calls for each of many: getuid, with 16 bits, and
//     getuid32; stat and stat64; fcntl and fcntl64; and all 32-bit architectures
//     clock_gettime, with 32-bit times, and clock_gettime64 (Linux 5.1). C libraries
//     try the one and fall back on the other. Allow both; a rule about arguments
//     must be there for both.
//   - arm has private calls from 0xf0001 on (cacheflush, set_tls), which are in the
//     table. Kernels that serve the old ABI too (CONFIG_OABI_COMPAT) have no seccomp
//     filters.
//   - on mips and mipsle arguments 4 and 5 lie on the program's stack. The kernel
//     reads them for the call, and a filter reads them again
//     (arch/mips/include/asm/syscall.h, Linux 6.12): another thread can change them
//     in between. Conditions on them hold for a program that is not hostile only.
//   - errors from 35 on have other numbers on mips ([Table.ENOSYS] is 89), flags
//     differ on many architectures: see [FlagsOf].
//   - ppc64 has switch_endian, which changes the byte order of a program; the
//     architecture that a filter sees stays that of the kernel.
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
