//go:build !linux

package seccomp

import "runtime"

// Load fails with errors.ErrUnsupported: only Linux has seccomp.
func Load(Program, Flags) error { return unsupported() }

// LoadThread fails with errors.ErrUnsupported: only Linux has seccomp.
func LoadThread(Program, Flags) (listener int, err error) { return -1, unsupported() }

// HasAction fails with errors.ErrUnsupported: only Linux has seccomp.
func HasAction(uint32) error { return unsupported() }

// HasFlags fails with errors.ErrUnsupported: only Linux has seccomp.
func HasFlags(Flags) error { return unsupported() }

func unsupported() error {
	return &Error{
		Doing:       "use a seccomp filter",
		Advice:      "seccomp is part of Linux, there is none on " + runtime.GOOS,
		Unsupported: true,
	}
}
