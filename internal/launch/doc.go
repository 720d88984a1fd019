// Package launch starts a program so that a seccomp filter governs it from its
// first instruction on. It is the engine of "curb run", which ends as the program
// ends, and of package notify, whose programs are supervised.
//
// # Nothing of the launcher falls under the filter
//
// [Cmd.Start] forks. The child has one thread, which is not Go's: it runs
// straight through one function that allocates nothing, grows no stack and
// calls nothing but system calls, as package syscall's own fork does. It gives
// all signals their default (or leaves them ignored), so that no handler can
// run either. Its last two system calls are seccomp(2), for this one thread,
// and execve(2), with no other between them. The program therefore needs its
// own calls in the filter and none of curb's.
//
// # Exactly one exec goes through
//
// The filter has to let that execve pass, and no later one unless the policy
// allows it. So the child puts the three arguments of its execve (the path, the
// argument vector, the environment) at three random addresses, and in front of
// the policy's filter go a few instructions that allow execve with these three
// pointers. Any other execve, and every other call, goes on into the policy's
// filter and gets what it says. There is no supervisor, and the kernel's cache
// of calls that are allowed whatever their arguments still works.
//
// Why the program cannot use that door:
//
//   - The addresses are random: 35 bits for each of the three with the 4 KiB pages
//     and the 47-bit address space of amd64, 105 in all. On arm64 it depends on
//     the kernel: 108 bits with 4 KiB pages and a 48-bit address space, and 78
//     with 64 KiB pages and 42 bits.
//   - They are drawn after the fork, from getrandom(2), in the child: no other
//     process ever holds them. The exec replaces the child's memory, and the
//     kernel copies the arguments to a new stack and clears the registers, so
//     that neither the argument vector nor the auxiliary vector nor
//     /proc/PID/syscall shows the old addresses.
//   - The instructions compare without branching: they combine the differences
//     of all six halves before one test. The time that a wrong guess takes says
//     nothing about which part of it was right.
//   - The filter can be read back only with CAP_SYS_ADMIN, and only by a process
//     that has no filter itself (PTRACE_SECCOMP_GET_FILTER, kernel/seccomp.c).
//   - The child makes itself not dumpable (PR_SET_DUMPABLE) before it draws them,
//     and is that until it has become the program: it leaves no core file, and other processes of the same user can
//     neither trace it nor read its /proc files. Whoever watches the exec with
//     the rights of the administrator (an audit rule for execve, a trace point)
//     can see the addresses; a program with such rights needs no door.
//
// If that exec fails, the child is under the filter and cannot count on any
// system call, exit_group(2) included. It leaves the error in memory that it
// shares with its parent and ends by a fault, which the kernel may log.
//
// # A listener, without a call more
//
// For [Cmd.StartSupervised] the filter has a listener, whose descriptor this
// process needs. seccomp(2) makes it in the child, and the next call has to be the
// execve, which closes it: the filter may deny all others, or have them wait for
// an answer that nobody can give yet. So there are two processes. The first child,
// the go-between, forks the second, which becomes the program, with a table of
// descriptors that both share (CLONE_FILES) and as a child of this process
// (CLONE_PARENT). It sleeps until the second has given up its memory
// (CLONE_VFORK), sends the listener by a socket, and ends. It is under no filter.
//
// What makes that sound:
//
//   - The kernel keeps the order. An exec first makes the table of descriptors
//     its own, then gives up the memory, which wakes the go-between, and then
//     closes what is close-on-exec, in its own table (begin_new_exec in fs/exec.c;
//     before Linux 5.11 the table is copied earlier still). So the listener is in
//     the go-between's table when it wakes, if the exec succeeded or not.
//   - No descriptor is guessed. Were the table shared with this process itself,
//     the child's files could not be put in place without overwriting those of
//     this process. With pidfd_getfd(2) the child would have to wait for this
//     process, without a system call, and could not keep others from tracing it.
//   - Nothing is left to chance with other forks. The listener is close-on-exec
//     from the kernel on, and so is the socket's message received
//     (MSG_CMSG_CLOEXEC).
//   - Whatever fails leaves nothing: without the listener this process ends the
//     child, and reaps both. If it dies itself meanwhile, the listener dies with
//     the go-between, and the program gets ENOSYS for what it asks.
//
// The door lets the one execve pass even where the policy asks about execve.
//
// Of this process nothing changes: it stays dumpable, the child makes itself not
// dumpable. And the program does not die with it, since that would take its thread
// for it, which in any Go program may end at any time.
//
// # What the program gets from curb run
//
// Its own arguments, the environment, the working directory, the process group,
// the signal mask, and the descriptors that curb was started with. What Go's
// runtime changes for itself is given back: the soft limit on open files, and
// signal handlers. Ignored signals stay ignored as far as a Go program can know
// them: SIGHUP and SIGINT (as under nohup, or in the background of a shell
// without job control) and the job control signals. Over all others Go's runtime
// installs its handlers without saying what was there before; they get their
// default, which a Go program, whose runtime does the same, cannot tell apart.
//
// The program also has the state that seccomp and the launch itself bring:
// no_new_privs is set, so that set-user-ID bits and file capabilities have no
// effect for it and all that it starts; and it is sent SIGKILL when curb dies
// (PR_SET_PDEATHSIG), since only a SIGKILL, or a fault in curb, ends curb first,
// and a program must not go on unseen after that. Its own children do not
// inherit this, so a program that puts itself into the background stays there.
//
// # While it runs
//
// The signals that curb gets are passed on, except what the terminal has sent to
// both already. When the program stops, curb stops likewise, and continues it
// when it is continued itself. [Status.Exit] ends curb with the program's exit
// code or by the same signal.
//
// # Limitations
//
// It works on Linux, on amd64 and arm64. Other systems build, and get
// [errors.ErrUnsupported].
//
// A filter confines system calls, not what they reach. A program that is allowed
// to open and write any file of its user can reach that user's other processes.
// curb is not among them, since it makes itself not dumpable, unless the program
// has CAP_SYS_PTRACE, as root's programs do.
//
// A signal sent to the whole process group by another program (timeout does it)
// reaches the program twice, once from curb: there is no telling it from one
// that was sent to curb alone.
package launch
