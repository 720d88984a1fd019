// Package permit makes policies of usages: they allow what was found, with the
// values of the arguments as far as these are known, and nothing else.
//
// # What a condition costs
//
// Since Linux 5.11 the kernel runs no filter for a call that is allowed whatever
// its arguments. With a condition it does, for each of these calls: that takes 15 to
// 30 ns (docs/performance.md), where the cheapest of them (a FUTEX_WAKE that nobody
// waits for) takes 100 ns, and one that waits, opens or sends takes thousands. So
// conditions are worth it for all calls whose other operations would be of use to
// who has taken the program over, futex among them: much of it Go programs never
// use, and it has had holes. A few calls are made often, or with many values, and
// all that they can do is harmless, or the same: these are allowed as a whole.
// [Conditions] says which conditions a policy has.
package permit

import (
	"fmt"
	"slices"

	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/syscalls"
	"github.com/gocurb/curb/usage"
)

// Conditions says on which arguments a policy has conditions.
type Conditions string

// The choices. The zero Conditions is Some.
const (
	Some Conditions = "some" // of all calls but those where it makes no difference
	All  Conditions = "all"  // wherever values are known
	None Conditions = "none" // calls are allowed as a whole
)

// Options says what a policy is to be like.
type Options struct {
	Default filter.Action // for what is not allowed
	// Allow names calls that are allowed besides, whatever their arguments.
	Allow      []string
	Conditions Conditions
}

// harmless are the calls that get no condition unless all are asked for, since it
// would keep nobody from anything.
var harmless = map[string]bool{
	"accept4":         true, // SOCK_NONBLOCK and SOCK_CLOEXEC, for which there is fcntl
	"clock_getres":    true, // the time
	"clock_gettime":   true,
	"clock_nanosleep": true,
	"epoll_ctl":       true, // add, change and remove
	"getitimer":       true,
	"lseek":           true, // a position in a file
	"newfstatat":      true, // whether links are followed
	"rt_sigaction":    true, // the program's own signals, of which most have one
	"rt_sigprocmask":  true,
	"shutdown":        true,
	"statx":           true,
}

// Policy allows what is in the usage: of a call with cases what one of them says,
// else what is said of each of its arguments. Calls of another architecture than
// the program's are left out.
func Policy(u *usage.Usage, o Options) (filter.Policy, error) {
	table, err := syscalls.For(u.Arch)
	if err != nil {
		return filter.Policy{}, fmt.Errorf("make a policy for %s: %w", u.Binary, err)
	}
	rules := map[string][][]filter.Cond{}
	for i := range u.Syscalls {
		s := &u.Syscalls[i]
		if s.Arch != "" {
			continue
		}
		var cases [][]filter.Cond
		if call, ok := table.ByNumber(s.Nr); ok && o.wants(s.Name) {
			cases = conditions(call, s)
		}
		rules[s.Name] = cases
	}
	for _, name := range o.Allow {
		rules[name] = nil
	}
	p := filter.Policy{Default: o.Default}
	for _, name := range sorted(rules) {
		cases := rules[name]
		if len(cases) == 0 {
			cases = [][]filter.Cond{nil}
		}
		for _, conds := range cases {
			p.Rules = append(p.Rules, filter.Rule{Syscall: name, Conds: conds, Action: filter.Allow})
		}
	}
	return p, nil
}

// Count counts the calls that a policy has rules for.
func Count(p filter.Policy) int {
	names := map[string]bool{}
	for _, r := range p.Rules {
		names[r.Syscall] = true
	}
	return len(names)
}

func (o Options) wants(name string) bool {
	switch o.Conditions {
	case All:
		return true
	case None:
		return false
	}
	return !harmless[name]
}

func sorted(rules map[string][][]filter.Cond) []string {
	var names []string
	for name := range rules {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// conditions gives the alternatives under which a call is allowed, none where it
// is in any case.
func conditions(call *syscalls.Call, s *usage.Syscall) [][]filter.Cond {
	cases := s.Cases
	if len(cases) == 0 {
		cases = [][]usage.ArgValues{s.Args}
	}
	var all [][]filter.Cond
	for _, args := range cases {
		var conds []filter.Cond
		for i := range args {
			if c, ok := condition(&args[i], call.Width(args[i].Index)); ok {
				conds = append(conds, c)
			}
		}
		if len(conds) == 0 {
			return nil
		}
		all = append(all, conds)
	}
	return all
}

// condition gives the condition for an argument, if not all values fulfil it.
func condition(a *usage.ArgValues, width int) (filter.Cond, bool) {
	if a.Any || len(a.Values) == 0 || width == 0 {
		return filter.Cond{}, false
	}
	counts := ^uint64(0) >> (64 - width)
	mask := counts &^ a.Free
	var values []uint64
	for _, v := range a.Values {
		values = append(values, v&mask)
	}
	slices.Sort(values)
	values = slices.Compact(values)
	if every(values, mask) {
		return filter.Cond{}, false
	}
	c := filter.Cond{Arg: a.Index, Op: filter.Equal, Values: values}
	if mask != counts {
		c.Mask = mask
	}
	return c, true
}

// every reports whether these are all values that a mask leaves.
func every(values []uint64, mask uint64) bool {
	n := uint64(1)
	for ; mask != 0; mask &= mask - 1 {
		if n <<= 1; n > uint64(len(values)) {
			return false
		}
	}
	return true
}
