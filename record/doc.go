// Package record runs a program, or joins a running one, and says which system
// calls it and all that it starts make: how often, with which values of those
// arguments that a policy can use, how long they take, how they fail, and which
// code makes them.
//
// # Two methods
//
// [BPF] has the kernel count (bpf/record.c): five small programs on raw
// tracepoints sum up what every process of the tree does, and nothing is sent for
// a call. It needs Linux 5.8 or later with BTF (CONFIG_DEBUG_INFO_BTF), and the
// capabilities CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN. [Ptrace] stops the
// program at both ends of each call, as strace does. It works for every user, for
// programs of that user, and costs a hundred times as much. [New] takes BPF where
// it can be had, and says which it took and why.
//
// What they count is the same, but for what follows. [Ptrace] needs Linux 5.3. Its
// times have the stops in them. A process that is traced already, by a debugger or
// strace, cannot be joined; one that is recorded cannot trace its own children, nor
// gain privileges by executing a set-user-ID file unless the recorder has them.
// Joining and leaving interrupt the call that a thread is in: most begin anew, some
// as restart_syscall, and those that signal(7) lists under "Interruption of system
// calls and library functions by stop signals" end with EINTR. Of a control group
// only the processes that are in it, and what they start, are seen. Processes and
// threads that are made with CLONE_UNTRACED cannot be followed and are counted as
// lost.
//
// # What is counted
//
// Following begins before the first exec and ends with the last exit: the child
// waits until it is known, and a fork is followed before the new process runs.
// The exec that starts the command is its launcher's, as in package scan.
//
// A call counts for the program that makes it, and an exec for the one that it
// ends. A call that restarts after a signal counts each time, with the kernel's
// internal error (ERESTARTSYS and so on, 512 to 516), as under strace. Calls that
// do not end are counted: exit, those that a thread is killed in, and those that
// go on when the recording ends, but without time.
//
// A call that a seccomp filter denies never begins, and is counted apart. What
// is seen by BPF is a call that ends without having begun, so one that another tracer
// skips, or that a supervisor answers, is taken for denied as well. Where a filter
// kills the whole process, kernels before 5.16 show nothing of it.
//
// By ptrace a denied call cannot be told from one that fails, so the filters
// themselves are asked. They are read as the watched programs load them; those that
// were in force before can be read by root only, if it is under no filter itself
// (PTRACE_SECCOMP_GET_FILTER, CONFIG_CHECKPOINT_RESTORE). Where they cannot, as for
// an ordinary user in a container, a call that they deny counts as made, with the
// error that they gave it; what they trap or kill is still told, by SIGSYS. What is
// left to a supervisor counts as made.
//
// On each architecture there are several sets of numbers (on amd64 those of i386
// and x32): they are told apart call by call, whatever kind of program makes it.
//
// # What is bounded
//
// Memory does not grow with time. There is room for 4096 programs (or processes,
// where they are told apart), for 64 values of an argument, after which it is
// "any", and for some ten thousand different stacks. What does not fit is counted
// in [usage.Lost]. Stacks are the 127 innermost frames.
//
// # When the recorder dies
//
// A command that it started is killed with it, as by "curb run"; what that one
// had started goes on, as do processes that were joined. The kernel removes the
// BPF programs with the last descriptor, and lets go what is traced, so none is left.
package record
