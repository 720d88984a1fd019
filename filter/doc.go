// Package filter turns a policy for system calls into a seccomp filter, and
// shows, checks and runs filters without a kernel.
//
// A [Policy] has rules, and a default for what no rule decides. [Compile] makes
// a [Program] of it, for one architecture, and a [Compiler] for several, which
// [Program.Disassemble] prints and [Program.Run] runs as the kernel would.
// [Policy.Verdict] says what a policy means, independently of the compiler.
// Programs that only want to lock themselves down use package curb instead.
//
// # What no rule decides
//
// That a call is not in the policy does not always mean that it gets the
// default action. Four cases are apart:
//
//   - Some calls are made to find out whether they exist: their callers fall back
//     on an older one after ENOSYS, and on no other error (the tables of package
//     syscalls mark them and say why). Refusing them with another error breaks
//     programs that would do without.
//   - Numbers that the table does not have are calls that are newer than it, or
//     none. What is newer is called in the same way, to find out.
//   - On amd64, numbers from 0x40000000 on are those of the x32 ABI, the same
//     calls by other numbers, which a list of names does not speak of. So are
//     512 to 547, by which kernels before Linux 5.4 make calls of x32 as well.
//   - The entries of other architectures (on amd64 that for 32-bit programs, by
//     int $0x80, and 32-bit programs themselves) have numbers that mean
//     something else.
//
// So what they get depends on the default action:
//
//	default        call      marked call  unknown number  x32 number    foreign architecture
//	errno(n)       errno(n)  ENOSYS       ENOSYS          ENOSYS        kill_process
//	allow          allow     allow        allow           ENOSYS        kill_process
//	trace, notify  default   default      default         ENOSYS        kill_process
//	log            log       log          log             log           log
//	trap           trap      trap         trap            trap          trap
//	kill_…         kill_…    kill_…       kill_…          kill_…        kill_…
//
// With allow as the default, x32 and foreign numbers are closed nonetheless:
// otherwise each call that a rule denies could be made by its other number. With
// trace and notify they are closed because a tracer or supervisor would take the
// number for another call. Log is there to show what a policy would deny and
// harms nothing, so it lets these pass too, rules or not. ENOSYS is what a kernel
// without x32 answers. A foreign architecture is no mistake of a program that
// could be answered, so it is fatal, as it is with libseccomp.
//
// With several architectures in one program each has the numbers of its own table,
// and foreign are those that are not among them. x32 has no entry of its own: with
// its table beside that of amd64 its numbers are calls like others, and with its
// table alone amd64's own numbers are foreign.
//
// The number -1 is allowed in all cases. It is no system call: the kernel
// answers ENOSYS, or what a tracer that has skipped the call put in its place.
//
// # What a program costs
//
// Since Linux 5.11 the kernel knows which calls a filter allows whatever their
// arguments, and does not run it for those. So the calls whose arguments count are
// searched first, the most frequent one before all others ([Compiler.Frequency],
// or what is frequent in Go servers), then the rest as a balanced tree.
// [Compiler.Passes] shows what each pass of the optimiser brings. Programs never
// compare anything but what was loaded for it: the assembler knows at every
// instruction what the accumulator holds, and refuses to write others.
//
// # Limits
//
// A filter sees the arguments as they are in the registers. It cannot look at
// what pointers point to: a call that only its file name could decide must be
// allowed or denied as a whole.
package filter
