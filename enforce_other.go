//go:build !linux

package curb

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/gocurb/curb/internal/seccomp"
)

func (p Policy) load() ([]seccomp.Lack, error) {
	return nil, own(fmt.Errorf("seccomp is part of Linux, there is none on %s: %w", runtime.GOOS, errors.ErrUnsupported))
}
