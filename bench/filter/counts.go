package main

import (
	"github.com/gocurb/curb/bench/internal/machine"
	"github.com/gocurb/curb/bench/internal/policy"
	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/internal/sample"
	"github.com/gocurb/curb/syscalls"
)

// A cost is how many instructions a program executes, over calls for which the
// kernel runs it.
type cost struct {
	calls, steps, longest int
}

func (c *cost) add(times, steps int) {
	c.calls += times
	c.steps += times * steps
	c.longest = max(c.longest, steps)
}

// mean is for one call, or none where there were no calls.
func (c *cost) mean() float64 { return float64(c.steps) / float64(c.calls) }

func (c *cost) most() float64 {
	if c.calls == 0 {
		return none
	}
	return float64(c.longest)
}

// Counts are what is exact about a program.
type counts struct {
	length int
	// load is over the recorded calls of the server, and heldOut over those of
	// another recording, of which no compiler was told.
	load, heldOut cost
	// denied is over every call of the table that the policy closes, once each.
	denied cost
	// uncached is over all recorded calls, as a kernel before 5.11 runs it.
	uncached cost
}

func count(prog filter.Program, p policy.Policy, load, heldOut []sample.Call) (counts, error) {
	c := counts{length: len(prog)}
	for _, made := range load {
		steps, cached, err := ran(prog, dataOf(made))
		if err != nil {
			return c, err
		}
		c.uncached.add(made.Count, steps)
		if !cached {
			c.load.add(made.Count, steps)
		}
	}
	for _, made := range heldOut {
		steps, cached, err := ran(prog, dataOf(made))
		if err != nil {
			return c, err
		}
		if !cached {
			c.heldOut.add(made.Count, steps)
		}
	}
	for call := range closed(p) {
		steps, _, err := ran(prog, filter.Data{Nr: call.Nr, Arch: table.AuditArch})
		if err != nil {
			return c, err
		}
		c.denied.add(1, steps)
	}
	return c, nil
}

// dataOf gives what a filter sees of a recorded call.
func dataOf(made sample.Call) filter.Data {
	d := filter.Data{Nr: numberOf(made.Syscall), Arch: table.AuditArch}
	for _, check := range sample.Checks {
		if check.Syscall == made.Syscall {
			d.Args[check.Arg] = made.Value
		}
	}
	return d
}

// ran says how many instructions a call takes, and whether the kernel knows the
// answer without them.
func ran(prog filter.Program, d filter.Data) (steps int, cached bool, err error) {
	_, steps, err = machine.Run(prog, d)
	if err != nil {
		return 0, false, err
	}
	cached, err = machine.NeverRuns(prog, d.Nr, d.Arch)
	return steps, cached, err
}

// closed gives the calls that a policy does not allow.
func closed(p policy.Policy) func(yield func(*syscalls.Call) bool) {
	allowed := make(map[string]bool)
	for _, call := range p.Calls {
		allowed[call.Name] = true
	}
	return func(yield func(*syscalls.Call) bool) {
		for call := range table.All() {
			if !allowed[call.Name] && !yield(call) {
				return
			}
		}
	}
}
