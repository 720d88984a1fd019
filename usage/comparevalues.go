package usage

import (
	"cmp"
	"slices"

	"github.com/gocurb/curb/syscalls"
)

// A MissedValue is a value of an argument that was seen and not predicted.
type MissedValue struct {
	Syscall  string `json:"syscall"`
	Index    int    `json:"index"`
	Argument string `json:"argument"` // its name
	Value    uint64 `json:"value"`
	Text     string `json:"text"` // the value by its name
	// Stacks are ways in which the call was made; a recording does not say with
	// which values.
	Stacks []Stack `json:"stacks,omitempty"`
}

// missValues notes the values of a call that was predicted which were not.
func (c *Comparison) missValues(predicted, seen *Syscall) {
	for i := range seen.Args {
		a := &seen.Args[i]
		for _, v := range a.Values {
			if !predicted.takes(a.Index, v) {
				c.missValue(seen, a, v)
			}
		}
	}
}

// takes reports whether an argument of a call can have a value, as far as is known.
func (s *Syscall) takes(index int, value uint64) bool {
	in := func(args []ArgValues) bool {
		i := slices.IndexFunc(args, func(a ArgValues) bool { return a.Index == index })
		return i < 0 || args[i].Any || slices.Contains(args[i].Values, value&^args[i].Free)
	}
	return in(s.Args) && (len(s.Cases) == 0 || slices.ContainsFunc(s.Cases, in))
}

func (c *Comparison) missValue(s *Syscall, a *ArgValues, value uint64) {
	m := MissedValue{Syscall: s.label(), Index: a.Index, Argument: a.Name, Value: value}
	i, found := slices.BinarySearchFunc(c.MissedValues, m, func(a, b MissedValue) int {
		return cmp.Or(cmp.Compare(a.Syscall, b.Syscall), cmp.Compare(a.Index, b.Index), cmp.Compare(a.Value, b.Value))
	})
	if !found {
		m.Text = s.valueText(c.Arch, a, value)
		c.MissedValues = slices.Insert(c.MissedValues, i, m)
	}
	have := &c.MissedValues[i]
	have.Stacks = append(have.Stacks, s.Stacks[:min(len(s.Stacks), enoughStacks-len(have.Stacks))]...)
}

// valueText writes a value of an argument by its name.
func (s *Syscall) valueText(arch string, a *ArgValues, value uint64) string {
	table, err := syscalls.For(cmp.Or(s.Arch, arch))
	if err != nil {
		return valueText(nil, value)
	}
	call, ok := table.ByNumber(s.Nr)
	if !ok {
		return valueText(nil, value)
	}
	return valueText(valueNames(table, call, a.Index, s.Args), value)
}
