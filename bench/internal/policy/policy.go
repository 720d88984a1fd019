// Package policy holds the policies that peers compile, in a form that each can
// take. It links nothing but the sample's data, so that a program can use it
// whose size is measured.
package policy

import (
	"slices"

	"github.com/gocurb/curb/internal/sample"
)

// A Policy allows calls. All others are denied, with EPERM.
type Policy struct {
	Name  string
	Calls []Call
}

// A Call is allowed, if it passes its check, where it has one.
type Call struct {
	Name  string
	Nr    uint32 // 0 where nobody asks
	Check *sample.Check
}

// New makes a policy of names and of the checks that are for any of them.
func New(title string, names []string, checks []sample.Check, number func(name string) uint32) Policy {
	p := Policy{Name: title}
	for _, name := range names {
		call := Call{Name: name, Nr: number(name)}
		if i := slices.IndexFunc(checks, func(c sample.Check) bool { return c.Syscall == name }); i >= 0 {
			call.Check = &checks[i]
		}
		p.Calls = append(p.Calls, call)
	}
	return p
}

// Sample is the sample policy with its checks, for those who take names.
func Sample() Policy {
	return New("sample", sample.Names, sample.Checks, func(string) uint32 { return 0 })
}
