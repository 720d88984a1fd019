//go:build !linux

package curb

import (
	"errors"
	"fmt"
	"runtime"
)

// Enforce returns an error that wraps [errors.ErrUnsupported], since only Linux has
// seccomp, and nil after [Policy.BestEffort].
func (p Policy) Enforce() error {
	if p.bestEffort {
		return nil
	}
	return own(fmt.Errorf("seccomp is part of Linux, there is none on %s: %w", runtime.GOOS, errors.ErrUnsupported))
}
