package usage

import "slices"

// add adds one observation of a call to another.
func (o *Observed) add(other *Observed) {
	o.Calls += other.Calls
	o.Denied += other.Denied
	o.Time += other.Time
	if o.Errors == nil && len(other.Errors) > 0 {
		o.Errors = make(map[int]uint64, len(other.Errors))
	}
	for errno, n := range other.Errors {
		o.Errors[errno] += n
	}
}

// uniteArgs returns the values that arguments had in one or the other. An
// argument that one of them says nothing about can have had any.
func uniteArgs(a, b []ArgValues, most int) []ArgValues {
	var all []ArgValues
	for _, x := range a {
		i := slices.IndexFunc(b, func(y ArgValues) bool { return y.Index == x.Index })
		if i < 0 {
			continue
		}
		y := &b[i]
		x.Name = max(x.Name, y.Name)
		x.Any = x.Any || y.Any
		if !x.Any {
			x.Values = slices.Concat(x.Values, y.Values)
		}
		all = append(all, boundValues(x, most))
	}
	return all
}

// boundValues sorts an argument's values; where there are too many, it has any.
func boundValues(x ArgValues, most int) ArgValues {
	x.Values = slices.Clone(x.Values)
	slices.Sort(x.Values)
	x.Values = slices.Compact(x.Values)
	if x.Any || len(x.Values) > most {
		x.Any, x.Values = true, nil
	}
	return x
}
