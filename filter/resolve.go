package filter

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gocurb/curb/syscalls"
)

// An UnknownCallError says that a table has no call of a name.
type UnknownCallError struct {
	Name    string
	Arch    string   // the architecture of the table, or those of all tables
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

// resolve makes the rules ready for each table. Its error joins everything that
// is wrong.
func (c Compiler) resolve(p Policy) ([][]ruleFor, error) {
	var errs []error
	if err := p.Default.check(); err != nil {
		errs = append(errs, fmt.Errorf("the default action: %w", err))
	}
	found := make([]bool, len(p.Rules))
	rules := make([][]ruleFor, len(c.Tables))
	for i, t := range c.Tables {
		rules[i] = make([]ruleFor, 0, len(p.Rules))
		for j := range p.Rules {
			r, known, err := p.Rules[j].on(t)
			if err != nil && len(c.Tables) > 1 {
				err = fmt.Errorf("on %s: %w", t.Arch, err)
			}
			if err != nil {
				errs = append(errs, err)
			}
			if known {
				r.index = j
				rules[i] = append(rules[i], r)
			}
			found[j] = found[j] || known || err != nil
		}
	}
	for j := range p.Rules {
		if !found[j] {
			errs = append(errs, c.unknown(p.Rules[j]))
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return rules, nil
}

// unknown is the error for a rule about a call that none of the tables has.
func (c Compiler) unknown(r Rule) error {
	if _, numeric, _ := r.number(); numeric {
		return fmt.Errorf("%s is not a system call of %s: it is -1, or one of the x32 ABI (512 to 547, and from 0x40000000 on), which is refused", r.Syscall, c.archNames())
	}
	e := &UnknownCallError{Name: r.Syscall, Arch: c.archNames(), Others: syscalls.Architectures(r.Syscall)}
	for _, t := range c.Tables {
		if e.Nearest == "" {
			e.Nearest = t.Nearest(r.Syscall)
		}
	}
	return e
}

// A ruleFor is a rule made ready for an architecture, where it is about a number.
type ruleFor struct {
	nr    uint32
	index int // of the rule in the policy
	tests []test
}

// on makes the rule ready for an architecture, if that has the call.
func (r *Rule) on(t *syscalls.Table) (ready ruleFor, known bool, err error) {
	nr, numeric, err := r.number()
	if err != nil {
		return ready, false, err
	}
	var call *syscalls.Call
	if numeric {
		call, _ = t.ByNumber(nr)
		known = isOwn(t, nr)
	} else if call, known = t.ByName(r.Syscall); known {
		nr = call.Nr
	}
	if !known {
		return ready, false, nil
	}
	ready.nr = nr
	var errs []error
	for _, c := range r.Conds {
		test, err := c.forCall(t, call)
		if err != nil {
			errs = append(errs, fmt.Errorf("rule %q: condition %q: %w", *r, c, err))
		}
		ready.tests = append(ready.tests, test)
	}
	if r.Action != Allow && r.Action != Deny {
		if err := r.Action.check(); err != nil {
			errs = append(errs, fmt.Errorf("rule %q: %w", *r, err))
		}
	}
	if len(errs) > 0 {
		err = errors.Join(errs...)
	}
	return ready, true, err
}

// registerWidth is how many bits an argument has of which nothing else is known.
func registerWidth(t *syscalls.Table) int {
	const is64Bit = 0x80000000 // __AUDIT_ARCH_64BIT
	if t.AuditArch&is64Bit != 0 {
		return 64
	}
	return 32
}

// forCall makes a condition on a call ready, nil for one that the table does not
// have.
func (c Cond) forCall(t *syscalls.Table, call *syscalls.Call) (test, error) {
	const most = 6
	if c.Arg < 0 || c.Arg >= most {
		return test{}, fmt.Errorf("arguments are counted from 0 to %d", most-1)
	}
	width := registerWidth(t)
	if call != nil {
		if n := call.NArgs(); c.Arg >= n {
			return test{}, fmt.Errorf("%s has %d arguments, counted from 0", call.Name, n)
		}
		width = call.Width(c.Arg)
	}
	return c.resolve(width, t.BigEndian)
}
