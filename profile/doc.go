// Package profile reads and writes policies as files: the seccomp profiles of the
// OCI's runtime specification, which runc, crun, Podman and Kubernetes use, and
// Docker's form of them.
//
// # Reading
//
// [Read] takes a file as runc does, with libseccomp below it, and is strict where
// these are lenient: unknown fields, actions, comparisons, architectures and names
// are errors, which say where in the file they are.
//
//   - An entry with several conditions holds if all of them do; but if two of them
//     are on one argument, each condition is an entry of its own (runc's matchCall,
//     libcontainer/seccomp/seccomp_linux.go).
//   - An entry with the default action is skipped, as runc does. Only a call that
//     would get ENOSYS without it (see below) keeps the default by it.
//   - The first entry without conditions decides a call, whatever stands before or
//     after it (libseccomp 2.5, seen in its pseudo code). Entries with conditions
//     add up. Two of them that can hold at once and have different actions are an
//     error: which one decides depends on how libseccomp sorts its tree.
//   - ERRNO and TRACE have the number 1 unless the file gives another, as in runc.
//     KILL is kill_thread.
//   - The machine's architecture is always among those of a profile.
//   - Names that none of the architectures has are an error, all of them together,
//     unless [Options.SkipUnknown] asks to leave them out as the runtimes do.
//   - Of Docker's form, archMap, the architectures of includes and excludes are
//     decided by [Options.Arch]; capabilities and the kernel's release by the
//     options of these names. What they leave open is an error.
//
// Policies of curb differ from libseccomp's filters in what no file says:
//
//   - Arguments are compared by the bits that the kernel looks at, where libseccomp
//     compares 64: of an int the upper half does not count. See package syscalls.
//     A value that does not fit is an error, as is a comparison that always or
//     never holds.
//   - With an errno as the default, calls that are made to find out whether they
//     exist, and numbers that are not known, get ENOSYS. See package filter, and
//     there too for the entries of other architectures, where libseccomp kills the
//     thread.
//   - On 386, s390x and others a rule for socket, semop and the like is not one for
//     socketcall and ipc as well.
//
// # Writing
//
// [Profile.JSON] writes a policy so that a runtime does the same with every call
// that the tables have, whatever its arguments:
//
//   - The form has no order of rules. Rules that refine each other become entries
//     that are apart.
//   - Arguments of 32 bits become masked comparisons, as the upper half must not
//     count.
//   - Calls that get ENOSYS in place of the default become entries.
//
// What it cannot say is an error that names the call: a number without a name,
// calls that differ between the architectures. Numbers that no table has are the
// runtime's to answer (runc has ENOSYS for those above the highest in the file),
// and so are the entries of other architectures.
package profile
