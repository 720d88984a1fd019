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

// LoadBestEffort fails with errors.ErrUnsupported: only Linux has seccomp.
func LoadBestEffort(Program, Flags) ([]Lack, error) { return nil, unsupported() }

// Probe says of every feature that only Linux has seccomp.
func Probe() (answers [NumFeatures]error) {
	for i := range answers {
		answers[i] = unsupported()
	}
	return answers
}
