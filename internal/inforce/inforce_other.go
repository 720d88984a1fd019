//go:build !linux

package inforce

import (
	"errors"
	"fmt"

	"github.com/gocurb/curb/filter"
)

// Filters gives an error: only Linux has filters.
func Filters(tid int) ([]filter.Program, error) {
	return nil, fmt.Errorf("read the filters of %d: %w", tid, errors.ErrUnsupported)
}
