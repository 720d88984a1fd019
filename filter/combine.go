package filter

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/gocurb/curb/syscalls"
)

// Union gives the policy that does with each call, whatever its arguments, the more
// lenient of what a and b do: it allows what one of them allows. The order is that
// of [Action]. Of two actions of a kind, such as two errnos, it is a's.
//
// The tables are the architectures that the result is for. It is exact on each of
// them, for marked calls, unknown numbers and other entries too (see the package
// comment), and an error where no policy could be: where the defaults are of such
// kinds that these need different answers, or a number names different calls on
// the architectures. It is an error as well if Compile refuses a or b.
func Union(tables []*syscalls.Table, a, b Policy) (Policy, error) {
	return combine("unite", tables, a, b, func(x, y meaning) meaning {
		if x.rank() >= y.rank() {
			return x
		}
		return y
	})
}

// Intersection gives the policy that does with each call, whatever its arguments,
// the stricter of what a and b do: what the kernel does when b is loaded after a.
// Of two actions of a kind it is b's. Tables and errors are as with [Union].
func Intersection(tables []*syscalls.Table, a, b Policy) (Policy, error) {
	return combine("intersect", tables, a, b, func(x, y meaning) meaning {
		if x.rank() < y.rank() {
			return x
		}
		return y
	})
}

// Subtract gives the policy that lets pass what a lets pass, by Allow or Log, and b
// does not. What both let pass is denied as [Deny] in a would, and what a does not
// let pass it answers as a does. It is an error if a's default is Log, which denies
// nothing; beside that, tables and errors are as with [Union].
func Subtract(tables []*syscalls.Table, a, b Policy) (Policy, error) {
	if a.Default.is(Log) {
		return Policy{}, fmt.Errorf("subtract a policy: what both let pass is denied by the default of the first, and %v denies nothing: give it another default", a.Default)
	}
	denied := deniedBy(a.Default)
	return combine("subtract", tables, a, b, func(x, y meaning) meaning {
		if x.passes() && y.passes() {
			return denied
		}
		return x
	})
}

// A meaning is what a rule, or no rule, does to a call: the action, or, if it
// marks, ENOSYS in its place where the call is marked or unknown.
type meaning struct {
	action Action
	marks  bool
}

// rank orders meanings as the kernel orders actions: the strictest is the least
// (seccomp_run_filters in kernel/seccomp.c).
func (m meaning) rank() int32 { return int32(m.action.Return() &^ 0xffff) }

func (m meaning) passes() bool { return m.action.is(Allow) || m.action.is(Log) }

// undecidedBy is what happens to a call that no rule decides.
func undecidedBy(byDefault Action) meaning { return meaning{byDefault, byDefault.is(Errno(0))} }

// deniedBy is what Deny means.
func deniedBy(byDefault Action) meaning {
	if byDefault.is(Allow) {
		byDefault = Errno(1)
	}
	return undecidedBy(byDefault)
}

func (p Policy) meaning(r Rule) meaning {
	if r.Action == Deny {
		return deniedBy(p.Default)
	}
	return meaning{r.Action, false}
}

func combine(doing string, tables []*syscalls.Table, a, b Policy, choose func(x, y meaning) meaning) (Policy, error) {
	fail := func(err error) (Policy, error) {
		return Policy{}, fmt.Errorf("%s two policies: %w", doing, err)
	}
	names, err := newNaming(tables, a, b)
	if err != nil {
		return fail(err)
	}
	result := Policy{Default: choose(undecidedBy(a.Default), undecidedBy(b.Default)).action}
	if err := checkEntries(tables, a.Default, b.Default, result.Default, choose); err != nil {
		return fail(err)
	}
	var whole, partly []Rule
	var errs []error
	for _, name := range names.order {
		both := names.product(name, a, b)
		chosen := transform(both, func(p pair[meaning]) meaning { return choose(p.a, p.b) })
		rules, err := names.rules(name, result.Default, chosen)
		errs = append(errs, err)
		// Rules on different calls may stand in any order: those without
		// conditions read best together.
		n := 0
		if len(rules) > 0 && len(rules[0].Conds) == 0 {
			n = 1
		}
		whole, partly = append(whole, rules[:n]...), append(partly, rules[n:]...)
	}
	if err := errors.Join(errs...); err != nil {
		return fail(err)
	}
	slices.SortStableFunc(whole, func(a, b Rule) int { return cmp.Compare(b.Action, a.Action) })
	result.Rules = append(whole, partly...)
	return result, nil
}

// checkEntries makes sure that the entries which rules do not speak of get what
// they must by the default of the result alone.
func checkEntries(tables []*syscalls.Table, a, b, result Action, choose func(x, y meaning) meaning) error {
	entries := []struct {
		what string
		data Data
	}{
		{"a call by the entry of another architecture", Data{}},
		{"a call by a number of the x32 ABI", Data{Nr: x32Bit, Arch: syscalls.AMD64.AuditArch}},
		{"a call by an unknown number", Data{Nr: x32Bit - 1, Arch: tables[0].AuditArch}},
	}
	for _, e := range entries {
		get := func(byDefault Action) Action { return Policy{Default: byDefault}.VerdictFor(tables, e.data) }
		want := choose(meaning{get(a), false}, meaning{get(b), false}).action
		if got := get(result); got != want {
			return fmt.Errorf("%s gets %v from the one and %v from the other, so it must get %v, and with the default of the result, %v, it would get %v: give both the same kind of default first", e.what, get(a), get(b), want, result, got)
		}
	}
	return nil
}

// A naming knows which rules speak of the same call.
type naming struct {
	tables []*syscalls.Table
	names  map[string]string // as rules have them, to what stands for them
	order  []string          // what stands for them, in the order of the rules
}

func newNaming(tables []*syscalls.Table, policies ...Policy) (*naming, error) {
	if len(tables) == 0 || slices.Contains(tables, nil) {
		return nil, errors.New("there is no table of system calls to do it by")
	}
	n := &naming{tables: tables, names: make(map[string]string)}
	var errs []error
	for _, p := range policies {
		if _, err := (Compiler{Tables: tables}).resolve(p); err != nil {
			errs = append(errs, err)
			continue
		}
		for _, r := range p.Rules {
			if n.names[r.Syscall] != "" {
				continue
			}
			name, err := n.canonical(r)
			errs = append(errs, err)
			n.names[r.Syscall] = name
			if !slices.Contains(n.order, name) {
				n.order = append(n.order, name)
			}
		}
	}
	return n, errors.Join(errs...)
}

// canonical gives the name of a call that has a rule by its number, if the tables
// have it.
func (n *naming) canonical(r Rule) (string, error) {
	nr, numeric, err := r.number()
	if !numeric || err != nil {
		return r.Syscall, err
	}
	found := make(map[string]bool)
	for t, call := range n.calls(r.Syscall) {
		switch {
		case call == nil:
			found[""] = true
		default:
			found[call.Name] = true
			for _, other := range n.tables {
				same, has := other.ByName(call.Name)
				if has && same.Nr != nr {
					return "", fmt.Errorf("%s is %s on %s, which is another number on %s: name it, or do this for each of them by itself", r.Syscall, call.Name, t.Arch, other.Arch)
				}
			}
		}
	}
	for name := range found {
		switch {
		case len(found) > 1:
			return "", fmt.Errorf("%s is not the same call on all of the architectures: name it, or do this for each of them by itself", r.Syscall)
		case name != "":
			return name, nil
		}
	}
	return fmt.Sprintf("#%d", nr), nil
}

// calls gives the call of that name, or number, on each of the tables that rules
// about it count on. It is nil where a number is unknown.
func (n *naming) calls(name string) map[*syscalls.Table]*syscalls.Call {
	calls := make(map[*syscalls.Table]*syscalls.Call)
	for _, t := range n.tables {
		if ready, known, _ := (&Rule{Syscall: name}).on(t); known {
			calls[t], _ = t.ByNumber(ready.nr)
		}
	}
	return calls
}

func (n *naming) shapes(name string) []shape {
	found := make(map[shape]bool)
	for t, call := range n.calls(name) {
		var s shape
		for i := range s {
			if s[i] = registerWidth(t); call != nil {
				s[i] = max(call.Width(i), 32)
			}
		}
		found[s] = true
	}
	return slices.SortedFunc(maps.Keys(found), func(a, b shape) int { return slices.Compare(a[:], b[:]) })
}

// clauses gives what a policy says of a call.
func (n *naming) clauses(name string, p Policy) clauses[meaning] {
	all := clauses[meaning]{{nil, undecidedBy(p.Default)}}
	for _, r := range p.Rules {
		switch {
		case n.names[r.Syscall] != name:
		case len(r.Conds) == 0:
			all = clauses[meaning]{{nil, p.meaning(r)}}
		default:
			all = append(all, clause[meaning]{r.Conds, p.meaning(r)})
		}
	}
	return all.simplify(n.shapes(name))
}

// product gives what two policies say of a call.
func (n *naming) product(name string, a, b Policy) clauses[pair[meaning]] {
	return product(n.clauses(name, a), n.clauses(name, b), n.shapes(name))
}

// rules says the same by rules of a policy with that default.
func (n *naming) rules(name string, byDefault Action, cs clauses[meaning]) ([]Rule, error) {
	var rules []Rule
	for i, c := range cs.simplify(n.shapes(name)) {
		if i == 0 && c.what == undecidedBy(byDefault) {
			continue
		}
		action, err := n.action(name, byDefault, c.what)
		if err != nil {
			return nil, err
		}
		rules = append(rules, Rule{Syscall: name, Conds: c.conds, Action: action})
	}
	return rules, nil
}

// action gives the action of a rule that has the meaning.
func (n *naming) action(name string, byDefault Action, m meaning) (Action, error) {
	switch {
	case !m.marks:
		return m.action, nil
	case m == deniedBy(byDefault):
		return Deny, nil
	}
	found := make(map[Action]bool)
	for t, call := range n.calls(name) {
		found[marked(t, m.action, call)] = true
	}
	for action := range found {
		if len(found) == 1 {
			return action, nil
		}
	}
	return 0, fmt.Errorf("%s is to fail with %v, but on one of the architectures with another number for ENOSYS or without it: do this for each of them by itself", name, m.action)
}
