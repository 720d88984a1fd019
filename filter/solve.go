package filter

import (
	"encoding/binary"
	"math"
	"slices"
)

// A constraint is a condition on an argument that is known: it holds when the
// argument, ANDed with the mask, is in one of the spans.
type constraint struct {
	mask uint64
	want []span
}

// not is the constraint that holds when c does not.
func (c constraint) not() constraint {
	return constraint{c.mask, without(c.want, math.MaxUint64)}
}

// side says whether numbers from lo to hi are all wanted, or none of them.
func (c constraint) side(lo, hi uint64) (all, none bool) {
	i, _ := slices.BinarySearchFunc(c.want, lo, func(s span, lo uint64) int {
		if s.hi < lo {
			return -1
		}
		return 1
	})
	if i == len(c.want) || c.want[i].lo > hi {
		return false, true
	}
	return c.want[i].lo <= lo && hi <= c.want[i].hi, false
}

// An answer is what a search found out.
type answer int

const (
	no answer = iota
	yes
	undecided // the search was given up
)

// patience is how many steps a search may take. What people write takes some
// hundreds.
const patience = 1 << 14

// solve looks for a number of so many bits for which all of the constraints hold.
//
// It decides the bits from the highest to the lowest. A constraint limits what is
// left by its mask to a range, which halves with each bit, and is out of the way
// once the range is inside or outside of what it wants. So only prefixes of the
// ends of spans are followed further.
func solve(width int, cs []constraint) (uint64, answer) {
	s := solver{constraints: cs, failed: make(map[string]bool)}
	found := s.try(0, width-1)
	switch {
	case found:
		return s.number, yes
	case s.steps > patience:
		return 0, undecided
	}
	return 0, no
}

type solver struct {
	constraints []constraint
	number      uint64
	steps       int
	failed      map[string]bool // what was tried in vain
}

// try looks for a number that has the bits above bit of the prefix.
func (s *solver) try(prefix uint64, bit int) bool {
	if s.steps++; s.steps > patience {
		return false
	}
	rest := uint64(1)<<(bit+1) - 1
	var open uint64 // the bits that a constraint without an answer looks at
	key := []byte{byte(bit)}
	for i, c := range s.constraints {
		lo, hi := prefix&c.mask, (prefix|rest)&c.mask
		all, none := c.side(lo, hi)
		switch {
		case none:
			return false
		case !all:
			open |= c.mask
			key = binary.LittleEndian.AppendUint64(append(key, byte(i), byte(i>>8)), lo)
		}
	}
	if open == 0 {
		s.number = prefix
		return true
	}
	if s.failed[string(key)] {
		return false
	}
	found := s.try(prefix, bit-1) || open>>bit&1 != 0 && s.try(prefix|1<<bit, bit-1)
	if !found {
		s.failed[string(key)] = true
	}
	return found
}

// A shape is how wide the arguments of a call are, 32 or 64 bits, on an
// architecture.
type shape [6]int

// constraint makes a condition, which Compile would take, a constraint.
func (s shape) constraint(c Cond) constraint {
	limit := uint64(math.MaxUint64)
	if s[c.Arg] == 32 {
		limit = math.MaxUint32
	}
	mask := limit
	if c.Mask != 0 {
		mask = c.Mask & limit
	}
	values := make([]uint64, len(c.Values))
	for i, v := range c.Values {
		values[i] = v & limit
	}
	want, err := c.spans(values, mask, limit)
	if err != nil {
		panic("filter: a condition that was checked: " + err.Error())
	}
	return constraint{mask, want}
}

// A box is what is known of each argument: the constraints that hold at once.
type box [6][]constraint

// with adds what conditions say. The box itself stays as it is.
func (b box) with(s shape, conds []Cond) box {
	for _, c := range conds {
		b[c.Arg] = append(slices.Clip(b[c.Arg]), s.constraint(c))
	}
	return b
}

// find looks for arguments that are in the box.
func (s shape) find(b box) (args [6]uint64, found answer) {
	found = yes
	for i, cs := range b {
		x, a := solve(s[i], cs)
		if a == no {
			return args, no
		}
		if a == undecided {
			found = undecided
		}
		args[i] = x
	}
	return args, found
}

// outside looks for arguments that are in the box, and for which, of each of the
// lists, not all conditions hold.
func (s shape) outside(b box, lists [][]Cond) (args [6]uint64, found answer) {
	steps := 0
	return s.outsideIn(b, lists, &steps)
}

func (s shape) outsideIn(b box, lists [][]Cond, steps *int) (args [6]uint64, found answer) {
	if *steps++; *steps > patience/8 {
		return args, undecided
	}
	if args, found = s.find(b); found == no {
		return args, no
	}
	for i, conds := range lists {
		if _, both := s.find(b.with(s, conds)); both == no {
			continue
		}
		// One of the conditions does not hold: each in turn.
		sure := true
		for _, c := range conds {
			in := b
			in[c.Arg] = append(slices.Clip(in[c.Arg]), s.constraint(c).not())
			args, found := s.outsideIn(in, lists[i+1:], steps)
			if found == yes {
				return args, yes
			}
			sure = sure && found == no
		}
		if sure {
			return args, no
		}
		return args, undecided
	}
	return args, found
}
