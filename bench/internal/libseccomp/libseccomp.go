//go:build cgo

package libseccomp

import (
	"fmt"
	"io"
	"os"
	"syscall"

	seccomp "github.com/seccomp/libseccomp-golang"

	"github.com/gocurb/curb/bench/internal/policy"
	"github.com/gocurb/curb/internal/sample"
)

// Available says whether the library is linked in.
const Available = true

// Version is that of the C library.
func Version() string {
	major, minor, micro := seccomp.GetLibraryVersion()
	return fmt.Sprintf("%d.%d.%d", major, minor, micro)
}

// Filter gives the policy as the library takes it. Its memory is the library's:
// call Release.
func Filter(p policy.Policy, options Options) (*seccomp.ScmpFilter, error) {
	filter, err := seccomp.NewFilter(seccomp.ActErrno.SetReturnCode(int16(syscall.EPERM)))
	if err != nil {
		return nil, err
	}
	if err := add(filter, p, options); err != nil {
		filter.Release()
		return nil, fmt.Errorf("libseccomp: %w", err)
	}
	return filter, nil
}

func add(filter *seccomp.ScmpFilter, p policy.Policy, options Options) error {
	if options.Level != 0 {
		if err := filter.SetOptimize(options.Level); err != nil {
			return err
		}
	}
	for _, call := range p.Calls {
		nr, err := seccomp.GetSyscallFromName(call.Name)
		if err != nil {
			nr = seccomp.ScmpSyscall(call.Nr) // newer than the library
		}
		if priority := options.Priorities[call.Name]; priority != 0 {
			if err := filter.SetSyscallPriority(nr, priority); err != nil {
				return err
			}
		}
		if call.Check == nil {
			err = filter.AddRule(nr, seccomp.ActAllow)
		} else {
			err = addChecked(filter, nr, call.Check)
		}
		if err != nil {
			return fmt.Errorf("allow %s: %w", call.Name, err)
		}
	}
	return nil
}

func addChecked(filter *seccomp.ScmpFilter, nr seccomp.ScmpSyscall, c *sample.Check) error {
	for _, value := range c.Values {
		condition, err := seccomp.MakeCondition(uint(c.Arg), seccomp.CompareEqual, value)
		if c.Mask != 0 {
			condition, err = seccomp.MakeCondition(uint(c.Arg), seccomp.CompareMaskedEqual, c.Mask, value)
		}
		if err != nil {
			return err
		}
		if err := filter.AddRuleConditional(nr, seccomp.ActAllow, []seccomp.ScmpCondition{condition}); err != nil {
			return err
		}
	}
	return nil
}

// Compile makes the program that the library would load, as the kernel's bytes.
// The library gives it to a file only: to, which is emptied first.
func Compile(p policy.Policy, options Options, to *os.File) ([]byte, error) {
	filter, err := Filter(p, options)
	if err != nil {
		return nil, err
	}
	defer filter.Release()
	if err := to.Truncate(0); err != nil {
		return nil, err
	}
	if _, err := to.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	if err := filter.ExportBPF(to); err != nil {
		return nil, fmt.Errorf("libseccomp: %w", err)
	}
	if _, err := to.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return io.ReadAll(to)
}
