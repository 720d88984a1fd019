//go:build !cgo

package libseccomp

import (
	"errors"
	"os"

	"github.com/gocurb/curb/bench/internal/policy"
)

// Available says whether the library is linked in.
const Available = false

// Version is that of the C library.
func Version() string { return "" }

// Compile returns an error.
func Compile(policy.Policy, Options, *os.File) ([]byte, error) {
	return nil, errors.New("built without cgo, which libseccomp needs")
}
