package main

import (
	"fmt"

	"github.com/gocurb/curb/bench/internal/machine"
	"github.com/gocurb/curb/bench/internal/policy"
	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/syscalls"
)

// Verdicts are where a program does another thing than the policy says. Which
// error a denied call gets is not looked at: compilers differ in that by design.
type verdicts struct {
	inputs int
	// passes are denied by the policy, and allowed by the program.
	passes []filter.Data
	// refused are the other way round.
	refused []filter.Data
}

func judge(prog filter.Program, p policy.Policy) (verdicts, error) {
	var v verdicts
	meaning := forCurb(p)
	for _, d := range inputs(p) {
		v.inputs++
		returned, _, err := machine.Run(prog, d)
		if err != nil {
			return v, fmt.Errorf("%s: %w", describe(p, d), err)
		}
		allowed := meaning.Verdict(table, d) == filter.Allow
		switch {
		case returned == machine.Allow && !allowed:
			v.passes = append(v.passes, d)
		case returned != machine.Allow && allowed:
			v.refused = append(v.refused, d)
		}
	}
	return v, nil
}

// beyond is how many numbers after the last call of the table are tried.
const beyond = 64

// inputs are calls by all numbers there are, and some more, by the entries of
// three architectures; and the checked ones with all arguments that a compiler
// could take for others.
func inputs(p policy.Policy) []filter.Data {
	last := uint32(0)
	for call := range table.All() {
		last = max(last, call.Nr)
	}
	var all []filter.Data
	for _, arch := range []*syscalls.Table{syscalls.AMD64, syscalls.ARM64} {
		for nr := range last + beyond {
			all = append(all,
				filter.Data{Nr: nr, Arch: arch.AuditArch},
				filter.Data{Nr: nr, Arch: arch.AuditArch, Args: [6]uint64{^uint64(0), 1, 2, 3, 4, 5}},
				filter.Data{Nr: nr | x32Bit, Arch: arch.AuditArch},
				filter.Data{Nr: nr, Arch: auditArchI386},
			)
		}
	}
	for _, call := range p.Calls {
		if call.Check == nil {
			continue
		}
		values := call.Check.Values
		for nr := range last + beyond {
			values = append(values, uint64(nr))
		}
		for _, value := range values {
			for _, v := range []uint64{value, value + 1, value - 1, value | 1<<31, value | 1<<32, value | 1<<63} {
				d := filter.Data{Nr: call.Nr, Arch: table.AuditArch}
				d.Args[call.Check.Arg] = v
				all = append(all, d)
			}
		}
	}
	return all
}

const (
	x32Bit        = 0x40000000 // __X32_SYSCALL_BIT
	auditArchI386 = 0x40000003
)

// describe writes a call with the argument that the policy checks.
func describe(p policy.Policy, d filter.Data) string {
	for _, call := range p.Calls {
		if call.Nr == d.Nr && d.Arch == table.AuditArch && call.Check != nil {
			return fmt.Sprintf("%s, argument %d = %#x", call.Name, call.Check.Arg, d.Args[call.Check.Arg])
		}
	}
	return fmt.Sprintf("%#x by the architecture %#x", d.Nr, d.Arch)
}
