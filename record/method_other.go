//go:build !linux || !(amd64 || arm64)

package record

import (
	"errors"
	"fmt"

	"github.com/gocurb/curb/syscalls"
)

func newMethod(*Options, [entries]*syscalls.Table) (method, string, error) {
	return nil, "", fmt.Errorf("recording system calls needs Linux on amd64 or arm64: %w", errors.ErrUnsupported)
}
