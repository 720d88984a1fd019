// Package gen writes the lock-down of a Go program into the program's own main
// package, as source files.
//
// # Which program is looked at
//
// The list is made from the program as it is without its lock-down: the
// generated files, where there are any, are replaced for that build by a
// curbLockDown that loads nothing. So the first run, a run over stale files and
// a run over current ones all look at the same program, and end in the same
// bytes.
//
// It is read from the lock-down point on: what the program can do once the call of
// curbLockDown has returned (package scan says how that is found, and from which
// earlier moment the list counts where it cannot be). So what loading a filter costs
// is not in it, and need not be. The kernel puts the filter in force on the way out of
// seccomp(2), for all threads at once. If that fails, no filter is in force; if it
// succeeds, the code that loaded it makes no further call. What that code leaves
// behind for later is what it did to the state of the runtime, and there it does two
// things. It allocates, as every program does. And it holds its goroutine on its
// thread for a moment, for which the runtime starts a thread that stays; so the
// replacement does the same, and the calls that come of it are in the list.
//
// This is checked, too: before the files are written the program is built with them,
// and read from its lock-down point on. What is found then has to be allowed by the
// filter, or nothing is written. Only what loading the filter needs is let pass: it is
// found where the list counts from an earlier moment on, and where the lock-down may
// be called a second time. That is refused, and panics, and gen says so.
//
// # Which builds the files are for
//
// A list holds for the build that it was read from. The build constraints of the
// lock-down say which that is: the architecture, the Go release, no race
// detector nor sanitizer, cgo where the program's packages differ by it, and
// the build tags on which a file of the program's modules depends. For all
// other builds for Linux there is a file that does not compile, with a name in
// it that says what to do.
//
// Build constraints cannot tell everything. They say nothing of -ldflags and
// -buildmode, of GOEXPERIMENT, of a patch release of Go, and of tags that only
// the standard library knows (netgo, osusergo, timetzdata, …).
package gen
