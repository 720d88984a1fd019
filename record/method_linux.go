//go:build linux && (amd64 || arm64)

package record

import (
	"errors"

	"github.com/gocurb/curb/syscalls"
)

// newMethod takes the method that was asked for, or the best that there is.
func newMethod(o *Options, tables [entries]*syscalls.Table) (m method, why string, err error) {
	if o.Method != Ptrace {
		m, err := newInKernel(o, tables)
		if err == nil {
			return m, "the kernel counts", nil
		}
		if o.Method == BPF {
			return nil, "", err
		}
		return nil, "", err
	}
	return nil, "", errors.New("ptrace")
}
