package curb

import (
	"errors"
	"slices"

	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/syscalls"
)

// From gives a policy of package filter as one to be enforced. It is how those
// that package profile reads get here.
func From(p filter.Policy) Policy {
	return Policy{rules: everywhere(p.Rules), otherwise: &p.Default}
}

// Merge gives a policy that allows what p allows or q allows: with each call,
// whatever its arguments, it does the more lenient of what both do. The strictest
// action is [KillProcess], then come [KillThread], [Trap], [Errno], notify,
// [Trace], [Log] and allow. Of two errnos it is p's.
//
// The result is exact on every architecture that it is compiled for, down to
// numbers that no table knows and to the entries of other architectures. Where
// that cannot be, as with defaults of different kinds that these need different
// answers for, the result has an error that says so, as [Policy.Err] tells.
//
// Statements about the result refine it as they do any policy. Everything but
// statements and default, such as [Policy.BestEffort], is p's.
func (p Policy) Merge(q Policy) Policy { return p.combine(q, filter.Union) }

// Intersect gives a policy that allows what both p and q allow: with each call,
// whatever its arguments, it does the stricter of what both do. That is what the
// kernel does when p is enforced and q after it. Of two errnos it is q's. For the
// rest see [Policy.Merge].
func (p Policy) Intersect(q Policy) Policy { return p.combine(q, filter.Intersection) }

// Subtract gives a policy that allows what p allows and q does not. All other calls
// are denied as by p, and those that both allow as by [Policy.Deny]. A call that is
// logged counts as allowed. For the rest see [Policy.Merge].
func (p Policy) Subtract(q Policy) Policy { return p.combine(q, filter.Subtract) }

// Compare says how the policies differ on this architecture: which calls one allows
// and the other does not, and under which conditions. The result has all of it as
// values, each with arguments for which it is so, and its String is for people.
// It is an error where Policy.Err of one of them is.
func (p Policy) Compare(q Policy) (*filter.Comparison, error) {
	if err := errors.Join(p.Err(), q.Err()); err != nil {
		return nil, err
	}
	t := syscalls.Native()
	a, err := p.plain(t)
	b, err2 := q.plain(t)
	if err = errors.Join(err, err2); err != nil {
		return nil, own(err)
	}
	result, err := filter.Compare([]*syscalls.Table{t}, a, b)
	return result, own(err)
}

// combine puts off the work until the table is known: names and numbers are the
// same call, and arguments have their widths, by the table.
func (p Policy) combine(q Policy, how func([]*syscalls.Table, filter.Policy, filter.Policy) (filter.Policy, error)) Policy {
	result := p
	result.rules, result.otherwise = nil, nil
	result.errs = append(slices.Clip(p.errs), q.errs...)
	result.base = func(t *syscalls.Table) (filter.Policy, error) {
		a, err := p.plain(t)
		b, err2 := q.plain(t)
		if err = errors.Join(err, err2); err != nil {
			return filter.Policy{}, err
		}
		if t == nil {
			t = syscalls.Native() // to print it
		}
		if t == nil {
			return filter.Policy{}, noTable()
		}
		return how([]*syscalls.Table{t}, a, b)
	}
	return result
}
