// Package precompiled puts seccomp filters in force that were compiled before.
// Source code that curb generates uses it:
//
//	var filter = precompiled.Filter{
//		Arch: "amd64",
//		Program: []uint64{
//			0x0020_00_00_00000004, // ld [4]  ; architecture
//			…
//		},
//	}
//
//	func main() {
//		filter.MustEnforce()
//		…
//	}
//
// What comes of it is described in package curb, which compiles policies when the
// program runs. This package is apart from that because it links neither the
// tables of system calls nor the compiler, nor fmt and os, which both of them
// import: a program that has those from nowhere else would grow by more than a
// tenth. To start up costs two system calls, prctl and seccomp.
package precompiled

import (
	"errors"
	"runtime"

	"github.com/gocurb/curb/internal/seccomp"
)

// A Filter is a compiled policy. It is immutable and safe for use by many
// goroutines.
type Filter struct {
	// Arch is the architecture that it is for, by its GOARCH name.
	Arch string
	// Program has an instruction of classic BPF in each number: its code in the
	// upper 16 bits, how many instructions to skip if a comparison holds and if
	// not in 8 bits each, and its operand in the lower 32.
	Program []uint64
	// LogDenials has the kernel log what the filter denies; see curb's method.
	LogDenials bool
	// AllowSpeculation leaves the program its speed; see curb's method.
	AllowSpeculation bool

	bestEffort bool
}

// BestEffort gives a filter that is the same, but whose Enforce does without what
// an older kernel lacks (see curb's method; this takes a third system call where
// a call ends the process), and returns nil where the system has no seccomp
// filters at all. The program goes on unprotected then.
func (f Filter) BestEffort() Filter {
	f.bestEffort = true
	return f
}

// Enforce puts the filter in force for all threads of the process, and for those
// and the processes that they start later. It cannot be taken back. It also sets
// no_new_privs, so that set-user-ID programs give no rights any more.
//
// Filters add up: a call passes if it passes all of them.
//
// When there is an error no thread is under the filter. The error wraps
// [errors.ErrUnsupported] where the system cannot enforce it.
func (f Filter) Enforce() error {
	if f.Arch != runtime.GOARCH {
		return failure{errors.New("the filter is compiled for " + f.Arch + ", and the program for " + runtime.GOARCH + ": generate it for this architecture")}
	}
	var err error
	flags := seccomp.FlagsOf(f.LogDenials, f.AllowSpeculation)
	if f.bestEffort {
		_, err = seccomp.LoadBestEffort(f.Program, flags)
	} else {
		err = seccomp.Load(f.Program, flags)
	}
	if err == nil || f.bestEffort && errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return failure{err}
}

// MustEnforce is Enforce, and panics with its error.
func (f Filter) MustEnforce() {
	if err := f.Enforce(); err != nil {
		panic(err)
	}
}

// A failure says whose error it is.
type failure struct{ err error }

func (f failure) Error() string { return "curb: " + f.err.Error() }
func (f failure) Unwrap() error { return f.err }
