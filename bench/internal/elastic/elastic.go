// Package elastic puts policies into words for github.com/elastic/go-seccomp-bpf.
package elastic

import (
	"fmt"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"golang.org/x/net/bpf"

	"github.com/gocurb/curb/bench/internal/policy"
	"github.com/gocurb/curb/internal/sample"
)

// Policy gives the policy as the package takes it, in one group of calls. With
// checkedFirst the calls with checks have a group of their own, which is
// searched before the other: for those alone the kernel runs the filter.
func Policy(p policy.Policy, checkedFirst bool) seccomp.Policy {
	plain := seccomp.SyscallGroup{Action: seccomp.ActionAllow}
	checked := seccomp.SyscallGroup{Action: seccomp.ActionAllow}
	for _, call := range p.Calls {
		if call.Check == nil {
			plain.Names = append(plain.Names, call.Name)
			continue
		}
		for _, c := range conditions(call.Check) {
			checked.NamesWithCondtions = append(checked.NamesWithCondtions,
				seccomp.NameWithConditions{Name: call.Name, Conditions: seccomp.ArgumentConditions{c}})
		}
	}
	groups := []seccomp.SyscallGroup{checked, plain}
	if !checkedFirst {
		plain.NamesWithCondtions = checked.NamesWithCondtions
		groups = []seccomp.SyscallGroup{plain}
	}
	return seccomp.Policy{DefaultAction: seccomp.ActionErrno, Syscalls: groups}
}

// conditions gives one for each value, of which one must hold. Masks can only be
// for bits that must not be set.
func conditions(c *sample.Check) []seccomp.Condition {
	arg := uint32(c.Arg)
	if c.Mask != 0 {
		return []seccomp.Condition{{Argument: arg, Operation: seccomp.BitsNotSet, Value: c.Mask}}
	}
	var all []seccomp.Condition
	for _, value := range c.Values {
		all = append(all, seccomp.Condition{Argument: arg, Operation: seccomp.Equal, Value: value})
	}
	return all
}

// Compile makes the program that the package would load.
func Compile(p policy.Policy, checkedFirst bool) ([]bpf.RawInstruction, error) {
	native := Policy(p, checkedFirst)
	instructions, err := native.Assemble()
	if err != nil {
		return nil, fmt.Errorf("go-seccomp-bpf: %w", err)
	}
	return bpf.Assemble(instructions)
}
