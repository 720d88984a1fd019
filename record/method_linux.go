//go:build linux && (amd64 || arm64)

package record

import (
	"fmt"

	"github.com/gocurb/curb/syscalls"
)

// newMethod takes the method that was asked for, or the best that there is.
func newMethod(o *Options, tables [entries]*syscalls.Table) (m method, why string, err error) {
	if o.Method == Ptrace {
		return newTracer(o, tables), "it was asked for", nil
	}
	kernel, err := newInKernel(o, tables)
	switch {
	case err == nil:
		return kernel, "the kernel counts", nil
	case o.Method == BPF:
		return nil, "", err
	case o.Method != "":
		return nil, "", fmt.Errorf("there is no method %q of recording", o.Method)
	}
	return newTracer(o, tables), err.Error(), nil
}
