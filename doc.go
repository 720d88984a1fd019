// Package curb locks a program down to the system calls that it needs.
//
//	func main() {
//		curb.Allow("read", "write", "close", "futex" /* … */).MustEnforce()
//		…
//	}
//
// From there on the Linux kernel refuses every other call, of every thread, and
// of every program that this one starts, for good (seccomp). Nothing has to be
// installed, and no privilege is needed.
//
// The names need not come out of one's head: the command curb reads them from the
// program's binary and writes the code that enforces them, with the filter
// compiled already (see package precompiled). This package is for policies that
// are made while the program runs, or written by hand.
//
// # Policies
//
// A [Policy] is a sentence. Each method gives a new one that says more:
//
//	policy := curb.Allow("read", "write", "futex", "exit_group").
//		AllowIf("socket", curb.Arg(0).Is(unix.AF_UNIX)).
//		AllowIf("openat", curb.Arg(2).Masked(unix.O_ACCMODE).Is(unix.O_RDONLY)).
//		Otherwise(curb.Trap)
//
// Names are the kernel's: "newfstatat", not "fstatat". A number that the tables do
// not have is written "#470". A wrong name is an error that says which is right,
// and so is a name that only other architectures have, unless
// [Policy.SkipUnknown] asks to leave those out. [Policy.Err] finds such mistakes
// without enforcing anything, in a test for instance.
//
// Where one call has several statements, the last that holds decides.
//
// Conditions compare arguments as they are in the registers. They cannot look at
// what a pointer points to, so no policy can be about file names or addresses of
// servers; see Landlock for those.
//
// # Groups
//
// Who would rather not list names says what a program does:
//
//	curb.AllowGroups(curb.Runtime, curb.Stdio, curb.FilesReadOnly, curb.NetworkClient).
//		Otherwise(curb.Trap)
//
// A [Group] holds the calls for one purpose, on conditions where it takes them:
// FilesReadOnly opens no file for writing, and Runtime starts threads but no
// processes. They add up, with each other and with names. A policy needs
// [Runtime], and a program that starts Go programs [Startup] for these. The lists
// come from programs that curb has scanned: docs/groups.md says why each call is in.
// They are larger than what the command curb finds for one program, and smaller
// than what one would list to be safe.
//
// # What is denied, and how
//
// A call that no statement decides fails with EPERM. Three kinds do not, however:
//
//   - Calls that are made to find out whether they exist fail with ENOSYS: after
//     that their callers do without, and after EPERM they give up. The column
//     ENOSYS of package syscalls has them, statx, clone3 and openat2 among them,
//     and with them go all numbers that the tables do not know, as calls that
//     are newer.
//   - On amd64, the numbers of the x32 ABI fail with ENOSYS as well.
//   - The entry for 32-bit programs (int $0x80 on amd64) ends the process as by
//     SIGSYS, and with it 32-bit programs that this one starts. No Go program for
//     amd64 uses it.
//
// [Policy.Otherwise] sets another answer than EPERM. With another [Errno] all of
// that stays as it is; [Trap], [Log], [KillProcess] and [KillThread] are the
// answer to everything that is not allowed, without those exceptions. The table in
// the documentation of package filter has every case. The number -1, which a
// tracer leaves of a call that it skips, always passes: the kernel makes no call of
// it.
//
// # Development: Trap
//
// An error code does not say who asked. With
//
//	curb.Allow(names...).Otherwise(curb.Trap).MustEnforce()
//
// the first denied call in Go code ends the program with "SIGSYS: bad system call"
// and Go's own trace, which has the function that made the call and its callers.
// That is the mode for tests. Where the runtime has no signal handler yet, or the
// signal is blocked, or the call is made by a child that is not Go, the process
// just dies.
//
// [Log] goes on instead: the kernel makes the call and writes its number to the
// audit log, or to the kernel's log. It drops lines when there are many.
//
// # When to enforce
//
// Everything that happens before Enforce needs no permission: a program that has
// opened its files and sockets need not be allowed to open others. What the Go
// runtime itself does goes on in the background, and later releases do other
// things; a list that was traced in a few seconds lacks most of it. The command
// curb knows the runtime of the binary that it reads.
//
// An init function comes early but runs in go test too, where the policy does not
// fit. A call at the beginning of main does not.
//
// Enforce works at any time, with any number of threads. It fails, and changes
// nothing for any thread, if some thread has a filter that the others do not have;
// the error names it.
//
// # Other systems
//
// The package compiles for every system. Where a policy cannot be enforced, since
// the system is not Linux, or its kernel was built without seccomp, or a
// container's filter forbids it, Enforce returns an error that is
// [errors.ErrUnsupported]. A program that would rather run unprotected than not at
// all says so in the call itself:
//
//	policy.BestEffort().MustEnforce()
//
// Some features are younger than others: [Supported] asks the kernel which it has.
// With BestEffort a policy does without those that it can do without, and
// [Policy.EnforceReport] says which those were.
//
// # Supervisors: Notify
//
// A policy can leave calls to another process to answer: see [Notify] and package
// notify. A listener within the process that it filters is refused, since the
// thread that answers would wait for itself. (For a listener and all threads at
// once the kernel has SECCOMP_FILTER_FLAG_TSYNC_ESRCH, with which it says only that
// it failed, not for which thread. Nothing here uses it.)
//
// # Limitations
//
//   - There are tables for the architectures that package syscalls lists. On others
//     Enforce says so.
//   - A list of system calls is not a sandbox by itself. What is allowed can be
//     used with any file, descriptor and address unless conditions rule it out.
//   - Programs that this one starts are under the same policy, and need all of
//     their own calls in it, execve included.
//   - The vDSO answers some calls without the kernel (clock_gettime on most
//     machines): a filter neither sees nor stops those.
//   - On amd64 newer kernels do not ask filters about uretprobe and uprobe (seen on
//     Linux 6.18): the kernel itself puts these calls into programs that are being
//     traced. Made in any other way they fail, or end the program.
//   - io_uring makes system calls that no filter sees. A policy that allows
//     io_uring_setup or io_uring_enter allows what it can do.
package curb
