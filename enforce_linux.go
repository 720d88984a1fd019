package curb

import (
	"errors"
	"runtime"

	"github.com/gocurb/curb/precompiled"
)

// Enforce puts the policy in force for all threads of the process, and for those
// and the processes that they start later. It cannot be taken back. It also sets
// no_new_privs, so that set-user-ID programs give no rights any more.
//
// Policies add up: a call passes if it passes all of them. To be able to enforce
// another one later, this one must allow prctl and seccomp.
//
// When there is an error no thread is under the policy. The error wraps
// [errors.ErrUnsupported] where the system cannot enforce it, which is no error
// after [Policy.BestEffort].
func (p Policy) Enforce() error {
	prog, err := p.native()
	if err != nil {
		if p.bestEffort && errors.Is(err, errors.ErrUnsupported) {
			return nil
		}
		return own(err)
	}
	compiled := precompiled.Filter{Arch: runtime.GOARCH, Program: prog.Packed()}
	if p.bestEffort {
		compiled = compiled.BestEffort()
	}
	return compiled.Enforce()
}
