package filter

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gocurb/curb/syscalls"
)

// An UnknownCallError says that a table has no call of a name.
type UnknownCallError struct {
	Name    string
	Arch    string   // the architecture of the table
	Nearest string   // the name that was probably meant, if any is near
	Others  []string // the architectures that do have a call of this name
}

func (e *UnknownCallError) Error() string {
	switch {
	case len(e.Others) > 0:
		return fmt.Sprintf("system call %q does not exist on %s, only on %s: leave it out, or ask to skip such names", e.Name, e.Arch, strings.Join(e.Others, ", "))
	case e.Nearest != "":
		return fmt.Sprintf("no system call %q: did you mean %q?", e.Name, e.Nearest)
	}
	return fmt.Sprintf(`no system call %q: names are the kernel's, such as "openat", and numbers are written "#257"`, e.Name)
}

// A chain is what happens to a call for which arguments count: the first of the
// rules that holds decides, and otherwise the last word is rest.
type chain struct {
	rules []readyRule
	rest  Action
}

type readyRule struct {
	tests  []test
	action Action
}

// write writes the tests, one after the other.
func (c *chain) write(a *assembler) label {
	next := a.ret(c.rest)
	for i := len(c.rules) - 1; i >= 0; i-- {
		rule := c.rules[i]
		to := a.ret(rule.action)
		for j := len(rule.tests) - 1; j >= 0; j-- {
			to = rule.tests[j].write(a, to, next)
		}
		next = to
	}
	return next
}

// resolve makes all rules ready and gives them by the number of the call. Its
// error joins everything that is wrong.
func resolve(t *syscalls.Table, p Policy) (map[uint32]*chain, error) {
	var errs []error
	numbers := make([]uint32, len(p.Rules))
	tests := make([][]test, len(p.Rules))
	for i, rule := range p.Rules {
		var err error
		numbers[i], tests[i], err = rule.resolve(t)
		errs = append(errs, err)
	}
	if err := p.Default.check(); err != nil {
		errs = append(errs, fmt.Errorf("the default action: %w", err))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}

	chains := make(map[uint32]*chain)
	final := make(map[uint32]bool) // calls that a rule without conditions decides
	// The last rule that holds decides, so begin there.
	for i, rule := range slices.Backward(p.Rules) {
		nr := numbers[i]
		call, _ := t.ByNumber(nr)
		action := decided(t, rule.Action, p.Default, call)
		c := chains[nr]
		if c == nil {
			c = &chain{rest: unmatched(t, p.Default, call)}
			chains[nr] = c
		}
		switch {
		case final[nr]:
		case len(rule.Conds) == 0:
			final[nr] = true
			c.rest = action
		default:
			c.rules = append(c.rules, readyRule{tests[i], action})
		}
	}
	for _, c := range chains {
		for n := len(c.rules); n > 0 && c.rules[n-1].action == c.rest; n-- {
			c.rules = c.rules[:n-1] // it changes nothing
		}
	}
	return chains, nil
}

// resolve gives the number of the call and the conditions made ready.
func (r Rule) resolve(t *syscalls.Table) (uint32, []test, error) {
	nr, call, err := r.find(t)
	if err != nil {
		return 0, nil, err
	}
	var errs []error
	var tests []test
	for _, c := range r.Conds {
		ready, err := c.forCall(call, t.BigEndian)
		if err != nil {
			errs = append(errs, fmt.Errorf("rule %q: condition %q: %w", r, c, err))
		}
		tests = append(tests, ready)
	}
	if err := r.Action.check(); err != nil && r.Action != Deny {
		errs = append(errs, fmt.Errorf("rule %q: %w", r, err))
	}
	return nr, tests, errors.Join(errs...)
}

// find gives the number of the call, and the call itself where the table has it.
func (r Rule) find(t *syscalls.Table) (uint32, *syscalls.Call, error) {
	nr, numeric, err := r.number()
	if err != nil {
		return 0, nil, err
	}
	if numeric {
		if nr == skipped || t.Arch == "amd64" && nr >= x32Bit {
			return 0, nil, fmt.Errorf("%s is not a system call of %s: it is -1, or has the bit that marks the x32 ABI, which is refused", r.Syscall, t.Arch)
		}
		call, _ := t.ByNumber(nr)
		return nr, call, nil
	}
	if call, found := t.ByName(r.Syscall); found {
		return call.Nr, call, nil
	}
	return 0, nil, &UnknownCallError{
		Name:    r.Syscall,
		Arch:    t.Arch,
		Nearest: t.Nearest(r.Syscall),
		Others:  syscalls.Architectures(r.Syscall),
	}
}

// forCall makes a condition on a call ready, nil for one that the table does not
// have.
func (c Cond) forCall(call *syscalls.Call, bigEndian bool) (test, error) {
	const most = 6
	if c.Arg < 0 || c.Arg >= most {
		return test{}, fmt.Errorf("arguments are counted from 0 to %d", most-1)
	}
	width := 64
	if call != nil {
		if n := call.NArgs(); c.Arg >= n {
			return test{}, fmt.Errorf("%s has %d arguments, counted from 0", call.Name, n)
		}
		width = call.Width(c.Arg)
	}
	return c.resolve(width, bigEndian)
}
