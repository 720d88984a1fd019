package filter

import (
	"fmt"
	"strconv"
	"strings"
)

// A Policy says what happens to every system call.
//
// The last rule that names a call and whose conditions hold decides, so that
// later rules refine earlier ones. What no rule decides is denied: the package
// comment says what happens then. Policies are plain data. Functions that take
// one neither change nor keep it.
type Policy struct {
	// Default is for the calls that no rule decides.
	Default Action
	Rules   []Rule
}

// A Rule says what happens to a system call if all of its conditions hold, which
// they do when there are none.
type Rule struct {
	// Syscall is the kernel's name of the call, such as "openat", or its number
	// after a hash, such as "#470" or "#0x1d6", which the table need not know.
	Syscall string
	Conds   []Cond
	Action  Action
}

// number gives the number that a rule names its call by, if it does.
func (r Rule) number() (nr uint32, numeric bool, err error) {
	digits, numeric := strings.CutPrefix(r.Syscall, "#")
	if !numeric {
		return 0, false, nil
	}
	base := 10
	if hex, isHex := strings.CutPrefix(digits, "0x"); isHex {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil {
		return 0, true, fmt.Errorf("%q is not the number of a system call: it takes a decimal or, with 0x, a hexadecimal number below 1<<32 after the hash", r.Syscall)
	}
	return uint32(n), true, nil
}

// A Cond compares an argument of a system call. Comparisons are of unsigned
// numbers.
//
// Of an argument that the kernel takes as 32 bits (see package syscalls) the
// lower half is compared, since the kernel ignores the upper half. A value or
// mask for it must fit: it is below 1<<32, or it is a negative 32-bit number
// with its sign extended, such as AT_FDCWD. Of calls that the table does not
// know all that a register has is compared: 64 bits, and 32 on 386, arm, mips and
// mipsle.
type Cond struct {
	// Arg is the argument, counted from 0.
	Arg int
	Op  Op
	// Mask is what the argument is ANDed with before it is compared. 0 stands
	// for no mask.
	Mask uint64
	// Values is what it is compared with: any number of values for Equal and
	// NotEqual, one for the others.
	Values []uint64
}

// An Op is a comparison.
type Op uint8

// The comparisons. The zero Op is none, and an error.
const (
	Equal          Op = 1 + iota // equal to one of the values
	NotEqual                     // equal to none of the values
	Less                         // less than the value
	LessOrEqual                  // not greater than the value
	Greater                      // greater than the value
	GreaterOrEqual               // not less than the value
)

var opNames = [...]string{Equal: "==", NotEqual: "!=", Less: "<", LessOrEqual: "<=", Greater: ">", GreaterOrEqual: ">="}

// String gives the operator as Go has it.
func (op Op) String() string {
	if op < Equal || op > GreaterOrEqual {
		return fmt.Sprintf("Op(%d)", uint8(op))
	}
	return opNames[op]
}

// String gives the condition as "arg0 == 1", "arg1 & 0x80 != 0" or "arg0 in {1,
// 2}".
func (c Cond) String() string {
	text := fmt.Sprintf("arg%d", c.Arg)
	if c.Mask != 0 {
		text += fmt.Sprintf(" & %#x", c.Mask)
	}
	values := make([]string, len(c.Values))
	for i, v := range c.Values {
		values[i] = valueString(v)
	}
	list := strings.Join(values, ", ")
	switch {
	case len(values) == 1:
		return text + " " + c.Op.String() + " " + list
	case c.Op == Equal:
		return text + " in {" + list + "}"
	case c.Op == NotEqual:
		return text + " not in {" + list + "}"
	}
	return text + " " + c.Op.String() + " {" + list + "}"
}

// valueString writes small numbers, of either sign, as decimal and others,
// which are mostly flags, as hexadecimal.
func valueString(v uint64) string {
	if s := int64(v); s > -4096 && s < 4096 {
		return fmt.Sprint(s)
	}
	return fmt.Sprintf("%#x", v)
}

// String gives the rule as "allow socket if arg0 == 1 and arg1 == 2".
func (r Rule) String() string {
	var text strings.Builder
	text.WriteString(r.Action.String() + " " + r.Syscall)
	for i, c := range r.Conds {
		if i == 0 {
			text.WriteString(" if ")
		} else {
			text.WriteString(" and ")
		}
		text.WriteString(c.String())
	}
	return text.String()
}

// String gives the policy as text: a line for each rule with conditions, calls
// with the same action one after another on one line, the default at the end.
func (p Policy) String() string {
	var b strings.Builder
	for i, r := range p.Rules {
		last := i > 0 && len(p.Rules[i-1].Conds) == 0 && p.Rules[i-1].Action == r.Action
		if len(r.Conds) == 0 && last {
			b.WriteString(", " + r.Syscall)
			continue
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(r.String())
	}
	if len(p.Rules) > 0 {
		b.WriteByte('\n')
	}
	b.WriteString("otherwise " + p.Default.String())
	return b.String()
}
