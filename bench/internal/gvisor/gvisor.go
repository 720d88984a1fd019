// Package gvisor puts policies into words for gvisor.dev/gvisor/pkg/seccomp.
package gvisor

import (
	"fmt"
	"syscall"

	"gvisor.dev/gvisor/pkg/bpf"
	"gvisor.dev/gvisor/pkg/seccomp"

	"github.com/gocurb/curb/bench/internal/policy"
	"github.com/gocurb/curb/internal/sample"
)

// Program gives the policy as the package takes it. Hot are numbers of calls, the
// most frequent ones first, which are searched before the others.
func Program(p policy.Policy, hot []uintptr) seccomp.Program {
	rules := seccomp.NewSyscallRules()
	for _, call := range p.Calls {
		rules.Set(uintptr(call.Nr), rule(call.Check))
	}
	denied := seccomp.ReturnError.Code(uint16(syscall.EPERM))
	return seccomp.Program{
		RuleSets: []seccomp.RuleSet{{Rules: rules, Action: seccomp.Allow}},
		Options:  seccomp.ProgramOptions{DefaultAction: denied, BadArchAction: seccomp.KillProcess, HotSyscalls: hot},
	}
}

func rule(c *sample.Check) seccomp.SyscallRule {
	if c == nil {
		return seccomp.MatchAll{}
	}
	var values seccomp.Or
	for _, value := range c.Values {
		var args seccomp.PerArg
		for i := range args {
			args[i] = seccomp.AnyValue{}
		}
		args[c.Arg] = seccomp.EqualTo(value)
		if c.Mask != 0 {
			args[c.Arg] = seccomp.MaskedEqual(uintptr(c.Mask), uintptr(value))
		}
		values = append(values, args)
	}
	return values
}

// Compile makes the program that the package would load.
func Compile(p policy.Policy, hot []uintptr) ([]bpf.Instruction, error) {
	native := Program(p, hot)
	instructions, _, err := native.Build()
	if err != nil {
		return nil, fmt.Errorf("gvisor: %w", err)
	}
	return instructions, nil
}
