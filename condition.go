package curb

import (
	"errors"

	"github.com/gocurb/curb/filter"
)

// An Argument is an argument of a system call, to be compared.
type Argument struct {
	index  int
	mask   int64
	masked bool
}

// Arg gives the argument of that index, counted from 0. The order is that of the
// kernel's entry point, which man pages give where it is not that of the C
// library's function (clone, for instance).
//
// Of an argument that the kernel takes as 32 bits, such as an int, only these
// count: whatever a caller leaves in the upper half of the register changes
// nothing. All comparisons are of unsigned numbers, and a negative number, such as
// AT_FDCWD, is what the kernel sees of it.
func Arg(index int) Argument { return Argument{index: index} }

// Masked gives the argument ANDed with the mask.
func (a Argument) Masked(mask int64) Argument {
	if a.masked {
		mask &= a.mask
	}
	a.mask, a.masked = mask, true
	return a
}

// Is holds if the argument is one of the values.
func (a Argument) Is(values ...int64) Condition { return a.compare(filter.Equal, values...) }

// IsNot holds if the argument is none of the values.
func (a Argument) IsNot(values ...int64) Condition { return a.compare(filter.NotEqual, values...) }

// Below holds if the argument is less than the value.
func (a Argument) Below(value int64) Condition { return a.compare(filter.Less, value) }

// AtMost holds if the argument is not greater than the value.
func (a Argument) AtMost(value int64) Condition { return a.compare(filter.LessOrEqual, value) }

// Above holds if the argument is greater than the value.
func (a Argument) Above(value int64) Condition { return a.compare(filter.Greater, value) }

// AtLeast holds if the argument is not less than the value.
func (a Argument) AtLeast(value int64) Condition { return a.compare(filter.GreaterOrEqual, value) }

// A Condition is a comparison of an argument of a system call. It comes from the
// methods of [Argument].
type Condition struct {
	cond filter.Cond
	err  error
}

// String gives the condition as "arg0 == 1".
func (c Condition) String() string { return c.cond.String() }

func (a Argument) compare(op filter.Op, values ...int64) Condition {
	c := Condition{cond: filter.Cond{Arg: a.index, Op: op, Mask: uint64(a.mask)}}
	for _, v := range values {
		c.cond.Values = append(c.cond.Values, uint64(v))
	}
	if a.masked && a.mask == 0 {
		c.err = errors.New("a mask of 0 leaves nothing to compare")
	}
	return c
}
