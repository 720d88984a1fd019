package profile

import (
	"math"
	"slices"

	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/syscalls"
)

// A cube is the numbers that have these bits under the mask: what
// SCMP_CMP_MASKED_EQ says. Every comparison is a few of them, and they intersect
// and subtract exactly.
type cube struct{ mask, bits uint64 }

func (c cube) meets(d cube) bool { return (c.bits^d.bits)&c.mask&d.mask == 0 }

// A box is a cube for each argument, so one set of arguments.
type box [6]cube

func (b box) meets(c box) bool {
	for i := range b {
		if !b[i].meets(c[i]) {
			return false
		}
	}
	return true
}

// and gives what is in both, which must meet.
func (b box) and(c box) box {
	for i := range b {
		b[i] = cube{b[i].mask | c[i].mask, b[i].bits | c[i].bits}
	}
	return b
}

// minus gives what is in b and not in c, as boxes that are apart: for each bit that
// c wants, what has it otherwise and the bits before as c wants them.
func (b box) minus(c box) []box {
	if !b.meets(c) {
		return []box{b}
	}
	var rest []box
	for i := range b {
		for missing := c[i].mask &^ b[i].mask; missing != 0; missing &= missing - 1 {
			bit := missing & -missing
			other := b
			other[i].mask |= bit
			other[i].bits |= ^c[i].bits & bit
			rest = append(rest, other)
			b[i].mask |= bit
			b[i].bits |= c[i].bits & bit
		}
	}
	return rest
}

// widths are how many bits of each argument count.
type widths [6]int

func widthsOf(call *syscalls.Call) (w widths) {
	for i := range w {
		w[i] = call.Width(i)
	}
	return w
}

// cubes gives the numbers for which a condition holds, apart from each other.
func (w widths) cubes(c filter.Cond) []cube {
	mask := uint64(math.MaxUint64)
	if w[c.Arg] == 32 {
		mask = math.MaxUint32
	}
	values := make([]uint64, len(c.Values))
	for i, v := range c.Values {
		values[i] = v & mask
	}
	if c.Mask != 0 {
		mask &= c.Mask
	}
	switch c.Op {
	case filter.Equal:
		return equal(mask, values)
	case filter.NotEqual:
		rest := []box{{}}
		for _, e := range equal(mask, values) {
			rest = subtract(rest, box{e})
		}
		var all []cube
		for _, b := range rest {
			all = append(all, b[0])
		}
		return all
	case filter.Less:
		return ordered(mask, values[0], false)
	case filter.LessOrEqual:
		return append(ordered(mask, values[0], false), atValue(mask, values[0])...)
	case filter.Greater:
		return ordered(mask, values[0], true)
	}
	return append(ordered(mask, values[0], true), atValue(mask, values[0])...)
}

func equal(mask uint64, values []uint64) []cube {
	var all []cube
	seen := make(map[uint64]bool)
	for _, v := range values {
		if !seen[v] {
			all = append(all, cube{mask, v})
		}
		seen[v] = true
	}
	return all
}

// atValue is the numbers that have the value under the mask, if any has.
func atValue(mask, value uint64) []cube {
	if value&^mask != 0 {
		return nil
	}
	return []cube{{mask, value}}
}

// ordered gives the numbers that are, under the mask, less than the value, or else
// greater: those that have its upper bits, then the first that differs.
func ordered(mask, value uint64, greater bool) []cube {
	var all []cube
	for i := 63; i >= 0; i-- {
		bit := uint64(1) << i
		above := mask &^ (bit<<1 - 1)
		prefix := cube{above, value & above}
		has, can := value&bit != 0, mask&bit != 0
		switch {
		case has && !can: // what is left by the mask is less from here on
			if !greater {
				all = append(all, prefix)
			}
			return all
		case has && !greater:
			all = append(all, cube{above | bit, prefix.bits})
		case !has && can && greater:
			all = append(all, cube{above | bit, prefix.bits | bit})
		}
	}
	return all
}

func subtract(boxes []box, c box) []box {
	var rest []box
	for _, b := range boxes {
		rest = append(rest, b.minus(c)...)
	}
	return rest
}

// boxes gives the arguments for which all of the conditions hold, apart from each
// other, and false if there would be very many.
func (w widths) boxes(conds []filter.Cond) ([]box, bool) {
	all := []box{{}}
	for _, c := range conds {
		if all = w.narrow(all, c); len(all) > mostBoxes {
			return nil, false
		}
	}
	return all, true
}

// narrow gives the parts of the boxes for which a condition holds.
func (w widths) narrow(all []box, c filter.Cond) []box {
	var narrower []box
	for _, e := range w.cubes(c) {
		var with box
		with[c.Arg] = e
		for _, b := range all {
			if b.meets(with) {
				narrower = append(narrower, b.and(with))
			}
		}
	}
	return narrower
}

// opposite is the comparison that holds where another does not.
var opposite = map[filter.Op]filter.Op{
	filter.Equal: filter.NotEqual, filter.NotEqual: filter.Equal, filter.Less: filter.GreaterOrEqual,
	filter.GreaterOrEqual: filter.Less, filter.Greater: filter.LessOrEqual, filter.LessOrEqual: filter.Greater,
}

// without gives the parts of the boxes for which not all of the conditions hold:
// not the first, or the first but not the second, and so on. It clears untouched
// if that takes something away.
func (w widths) without(all []box, conds []filter.Cond, untouched *bool) ([]box, bool) {
	var rest []box
	for _, c := range conds {
		not := c
		not.Op = opposite[c.Op]
		rest = append(rest, w.narrow(all, not)...)
		if all = w.narrow(all, c); len(rest) > mostBoxes || len(all) > mostBoxes {
			return nil, false
		}
	}
	*untouched = *untouched && len(all) == 0
	return rest, true
}

// mostBoxes is how many entries a call may get. A filter has 4096 instructions.
const mostBoxes = 1 << 11

// overlap says whether two rules about one call can both hold on some of the
// architectures. It says yes where that would take too long to find out.
func overlap(tables []*syscalls.Table, a, b filter.Rule) bool {
	for _, t := range tables {
		call, known := t.ByName(a.Syscall)
		if !known {
			continue
		}
		w := widthsOf(call)
		left, ok := w.boxes(a.Conds)
		right, ok2 := w.boxes(b.Conds)
		if !ok || !ok2 {
			return true
		}
		for _, l := range left {
			if slices.ContainsFunc(right, l.meets) {
				return true
			}
		}
	}
	return false
}
