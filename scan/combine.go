package scan

import (
	"slices"

	"github.com/gocurb/curb/usage"
)

// A row is what the telling arguments of a call can be together.
type row []bitset

// maxRows bounds the rows of one call that are told apart: what is beyond is looked
// at for each argument on its own.
const maxRows = 256

// arguments returns the values of a call's telling arguments: each on its own, and
// in combination where that says more.
func (a *analysis) arguments(nr uint32, known bool) (args []usage.ArgValues, cases [][]usage.ArgValues) {
	telling := a.telling(nr)
	if len(telling) == 0 {
		return nil, nil
	}
	whole := make(row, len(telling))
	if !known {
		for k, arg := range telling {
			whole[k] = anything().cut(arg.size)
		}
		return whole.values(telling), nil
	}
	rows := a.rows(nr, len(telling))
	for _, r := range rows {
		for k := range whole {
			whole[k] = whole[k].union(r[k])
		}
	}
	rows = merged(rows)
	if len(rows) < 2 || len(rows) > usage.MaxCases {
		return whole.values(telling), nil
	}
	for _, r := range rows {
		values := slices.DeleteFunc(r.values(telling), func(v usage.ArgValues) bool { return v.Any })
		if len(values) == 0 {
			return whole.values(telling), nil
		}
		cases = append(cases, values)
	}
	return whole.values(telling), cases
}

// values writes a row down.
func (r row) values(telling []tellingArg) []usage.ArgValues {
	var list []usage.ArgValues
	for k, arg := range telling {
		v := usage.ArgValues{Index: arg.index, Name: arg.name}
		if r[k].none() || r[k].any(arg.size) {
			v.Any = true
		} else {
			v.Values, v.Free = r[k].vals, r[k].free
		}
		list = append(list, v)
	}
	return list
}

// rows returns what the arguments are together, in all calls of a number.
func (a *analysis) rows(nr uint32, n int) []row {
	var rows []row
	work := slices.Clone(a.combined[nr])
	seen := map[combination]bool{}
	for len(work) > 0 {
		c := work[0]
		work = work[1:]
		if seen[c] {
			continue
		}
		seen[c] = true
		if len(seen) <= maxRows {
			if callers, ok := a.divides(c, n); ok {
				for _, from := range callers {
					up := c
					for k := range up {
						up[k] = up[k].passedBy(a, from)
					}
					work = append(work, up)
				}
				continue
			}
		}
		r, made := make(row, n), true
		for k := range r {
			r[k] = a.terms.argument(c[k])
			made = made && !r[k].none()
		}
		if made {
			rows = append(rows, r)
		}
	}
	return rows
}

// divides returns the callers of the function that makes a call, if it passes on
// more than one telling argument: who passes the one passes the other.
func (a *analysis) divides(c combination, n int) ([]caller, bool) {
	fn, passed := noFunc, 0
	for k := range n {
		if !c[k].here {
			continue
		}
		if _, ok := a.terms.passes(c[k]); ok {
			fn = c[k].fn
			passed++
		}
	}
	if passed < 2 {
		return nil, false
	}
	callers, ok := a.terms.callers(fn, false)
	return callers, ok && len(callers) > 0
}

// merged unites rows that differ in one argument alone, where nothing is lost by it:
// bits that are free in one of them are not in the other.
func merged(rows []row) []row {
	if len(rows) == 0 {
		return nil
	}
	for k := len(rows[0]) - 1; k >= 0; k-- {
		var out []row
		for _, r := range rows {
			i := slices.IndexFunc(out, func(have row) bool { return have.unites(r, k) })
			if i < 0 {
				out = append(out, slices.Clone(r))
				continue
			}
			out[i][k] = out[i][k].union(r[k])
		}
		rows = out
	}
	return rows
}

// unites reports whether two rows can be united in argument k.
func (r row) unites(other row, k int) bool {
	for j := range r {
		if j != k && !r[j].equal(other[j]) {
			return false
		}
	}
	return r[k].free == other[k].free || r[k].covers(other[k]) || other[k].covers(r[k])
}
