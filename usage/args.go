package usage

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/gocurb/curb/syscalls"
)

// ArgValues are the values that one argument can have, or was seen to have: cut
// to the width that the kernel looks at, and with the bits in Free cleared, the
// argument is one of Values.
type ArgValues struct {
	Index int    `json:"index"`          // from 0 on
	Name  string `json:"name,omitempty"` // as the kernel calls it
	// Values is sorted, each once, cut to the width, and without the bits in Free.
	Values []uint64 `json:"values,omitempty"`
	// Free are bits that can be set or not, whatever the others are.
	Free uint64 `json:"free,omitempty"`
	// Any means that there are others: more than are kept, or they cannot be told,
	// or were not looked at.
	Any bool `json:"any,omitempty"`
}

// MaxCases bounds the cases of one call: with more of them there is Args alone.
const MaxCases = 16

// sortArgs brings what is known of a call's arguments into the form that its
// type describes.
func (s *Syscall) sortArgs(arch string) {
	if s.Args == nil && s.Cases == nil {
		return
	}
	width := func(int) int { return 64 }
	if table, err := syscalls.For(cmp.Or(s.Arch, arch)); err == nil {
		if c, ok := table.ByNumber(s.Nr); ok {
			width = c.Width
		}
	}
	sortArgs(s.Args, width)
	for _, c := range s.Cases {
		sortArgs(c, width)
	}
	slices.SortFunc(s.Cases, compareArgs)
	s.Cases = slices.CompactFunc(s.Cases, func(a, b []ArgValues) bool { return compareArgs(a, b) == 0 })
}

func sortArgs(args []ArgValues, width func(i int) int) {
	slices.SortFunc(args, func(a, b ArgValues) int { return cmp.Compare(a.Index, b.Index) })
	for i := range args {
		a := &args[i]
		counts := ^uint64(0)
		if width(a.Index) == 32 {
			counts = 1<<32 - 1
		}
		a.Free &= counts
		for k := range a.Values {
			a.Values[k] &= counts &^ a.Free
		}
		slices.Sort(a.Values)
		a.Values = slices.Compact(a.Values)
	}
}

func compareArgs(a, b []ArgValues) int {
	return slices.CompareFunc(a, b, func(x, y ArgValues) int {
		return cmp.Or(
			cmp.Compare(x.Index, y.Index), slices.Compare(x.Values, y.Values), cmp.Compare(x.Free, y.Free),
			compareBools(x.Any, y.Any), cmp.Compare(x.Name, y.Name),
		)
	})
}

// checkArgs says what is wrong with the arguments of a call that were read.
func checkArgs(args []ArgValues) error {
	seen := map[int]bool{}
	for _, a := range args {
		switch {
		case a.Index < 0 || a.Index > 5:
			return fmt.Errorf("there is no argument %d", a.Index)
		case seen[a.Index]:
			return fmt.Errorf("it has argument %d twice", a.Index)
		case !a.Any && len(a.Values) == 0:
			return fmt.Errorf("argument %d has no value", a.Index)
		}
		seen[a.Index] = true
	}
	return nil
}

// setArgs takes over what is known of a call's arguments: more than so many
// values are any.
func (s *Syscall) setArgs(o *Syscall, most int) {
	s.Args, s.Cases = nil, nil
	for _, a := range o.Args {
		s.Args = append(s.Args, boundValues(a, most))
	}
	for _, c := range o.Cases {
		s.Cases = append(s.Cases, slices.Clone(c))
	}
}

// uniteArgs adds what is known of the arguments of the same call elsewhere. An
// argument that one of the two says nothing about can have any value.
func (s *Syscall) uniteArgs(o *Syscall, most int) {
	cases := uniteCases(s, o)
	var all []ArgValues
	for _, x := range s.Args {
		i := slices.IndexFunc(o.Args, func(y ArgValues) bool { return y.Index == x.Index })
		if i < 0 {
			continue
		}
		y := &o.Args[i]
		x.Name = max(x.Name, y.Name)
		x.Any = x.Any || y.Any
		x.Free |= y.Free
		x.Values = slices.Concat(x.Values, y.Values)
		all = append(all, boundValues(x, most))
	}
	s.Args, s.Cases = all, cases
}

// boundValues brings an argument's values into their form; where there are too
// many, it has any.
func boundValues(x ArgValues, most int) ArgValues {
	values := slices.Clone(x.Values)
	for i := range values {
		values[i] &^= x.Free
	}
	slices.Sort(values)
	x.Values = slices.Compact(values)
	if x.Any || len(x.Values) > most {
		x.Any, x.Values, x.Free = true, nil, 0
	}
	return x
}

// uniteCases returns the cases of two usages of one call; none where neither has
// any, where one of them can be anything, and where there are too many.
func uniteCases(a, b *Syscall) [][]ArgValues {
	if a.Cases == nil && b.Cases == nil {
		return nil
	}
	var all [][]ArgValues
	for _, s := range []*Syscall{a, b} {
		cases := s.Cases
		if cases == nil {
			cases = [][]ArgValues{slices.DeleteFunc(slices.Clone(s.Args), func(x ArgValues) bool { return x.Any })}
		}
		for _, c := range cases {
			if len(c) == 0 {
				return nil
			}
			all = append(all, slices.Clone(c))
		}
	}
	slices.SortFunc(all, compareArgs)
	all = slices.CompactFunc(all, func(a, b []ArgValues) bool { return compareArgs(a, b) == 0 })
	if len(all) > MaxCases {
		return nil
	}
	return all
}
