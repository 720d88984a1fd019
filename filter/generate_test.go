package filter

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"
	"testing"

	"github.com/gocurb/curb/syscalls"
)

// A chooser makes choices from bytes, so that a fuzzer can steer them. Once they
// have run out every choice is the first one.
type chooser struct{ bytes []byte }

// below chooses a number below n.
func (c *chooser) below(n int) int {
	v := uint64(0)
	for m := n - 1; m > 0; m >>= 8 {
		if len(c.bytes) > 0 {
			v = v<<8 | uint64(c.bytes[0])
			c.bytes = c.bytes[1:]
		}
	}
	return int(v % uint64(n))
}

func pick[T any](c *chooser, from ...T) T { return from[c.below(len(from))] }

var allActions = []Action{
	Allow, Errno(1), Errno(38), Errno(13), Errno(0), Errno(4095), Trap, Log, KillProcess, KillThread, Notify, Trace(0), Trace(7), Trap + 5, Allow + 3,
}

// values are numbers at which comparisons turn.
var values = []uint64{
	0, 1, 2, 3, 4, 7, 8, 0x80, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
	1 << 32, 1<<32 | 1, 2<<32 | 3, 0x123456789abcdef0, 1 << 63, math.MaxUint64 - 1, math.MaxUint64,
	0xffffffff80000000, 0xffffffffffffff9c, 0xffffffff7fffffff,
}

func (c *chooser) value() uint64 {
	v := pick(c, values...)
	switch c.below(4) {
	case 0:
		v += uint64(c.below(64))
	case 1:
		v ^= 1 << c.below(64)
	}
	return v
}

func (c *chooser) cond() Cond {
	cond := Cond{Arg: c.below(6), Op: Op(1 + c.below(6)), Values: []uint64{c.value()}}
	if cond.Op <= NotEqual {
		for range c.below(1 + pick(c, 1, 4, 40)) {
			cond.Values = append(cond.Values, c.value())
		}
	}
	if c.below(3) == 0 {
		cond.Mask = c.value()
		for i := range cond.Values {
			if c.below(8) > 0 {
				cond.Values[i] &= cond.Mask
			}
		}
	}
	return cond
}

// policy chooses a policy for the table, which Compile may refuse.
func (c *chooser) policy(t *syscalls.Table) Policy {
	names := slices.Collect(t.All())
	p := Policy{Default: pick(c, allActions...)}
	for range pick(c, 0, 1, 3, 10, 60, len(names)) {
		rule := Rule{Action: pick(c, append(allActions, Deny, Deny)...)}
		switch c.below(12) {
		case 0:
			rule.Syscall = fmt.Sprintf("#%d", c.below(2000))
		case 1:
			rule.Syscall = fmt.Sprintf("#%#x", c.below(0x3fffffff))
		case 2, 3, 4: // so that some calls have several rules
			rule.Syscall = pick(c, "openat", "fcntl", "munmap", "clone3", "lseek")
		default:
			rule.Syscall = names[c.below(len(names))].Name
		}
		if c.below(3) > 0 {
			rule.Action = Allow
		}
		if c.below(3) > 0 {
			for range 1 + c.below(3) {
				rule.Conds = append(rule.Conds, c.cond())
			}
		}
		p.Rules = append(p.Rules, rule)
	}
	return p
}

// frequency chooses how often calls are made, or nothing of the kind.
func (c *chooser) frequency(tables []*syscalls.Table) map[string]float64 {
	often := make(map[string]float64)
	switch c.below(3) {
	case 0:
		return nil
	case 1:
		return often
	}
	for call := range pick(c, tables...).All() {
		if c.below(8) == 0 {
			often[call.Name] = float64(c.below(1 << 16))
		}
	}
	return often
}

// keepValid drops the rules that have a condition that Compile must refuse, on
// any of the architectures that have the call.
func keepValid(tables []*syscalls.Table, p Policy) Policy {
	p.Rules = slices.DeleteFunc(slices.Clone(p.Rules), func(r Rule) bool {
		wrong := func(t *syscalls.Table) bool {
			return knows(t, r) && slices.ContainsFunc(r.Conds, func(c Cond) bool { return !valid(t, r, c) })
		}
		return slices.ContainsFunc(tables, wrong) || !slices.ContainsFunc(tables, func(t *syscalls.Table) bool { return knows(t, r) })
	})
	return p
}

// knows reports whether a rule is about a call of the architecture. All numbers
// are but those of the other set on amd64.
func knows(t *syscalls.Table, r Rule) bool {
	nr, numeric, _ := r.number()
	switch {
	case !numeric:
		_, found := t.ByName(r.Syscall)
		return found
	case t.Arch == "amd64":
		return nr < 0x40000000 && (nr < 512 || nr > 547)
	case t.Arch == "x32":
		return nr >= 0x40000000
	}
	return true
}

func widthOf(t *syscalls.Table, r Rule, arg int) int {
	call, known := t.ByName(r.Syscall)
	if nr, numeric, _ := r.number(); numeric {
		call, known = t.ByNumber(nr)
	}
	switch {
	case known:
		return call.Width(arg)
	case slices.Contains([]string{"386", "arm", "mips", "mipsle"}, t.Arch):
		return 32
	}
	return 64
}

// valid says whether Compile takes the condition, by its documentation: it has
// values that fit, and it is neither always nor never true.
func valid(t *syscalls.Table, r Rule, c Cond) bool {
	width := widthOf(t, r, c.Arg)
	cut := func(v uint64) uint64 { return v & (math.MaxUint64 >> (64 - width)) }
	fits := func(v uint64) bool { return cut(v) == v || int64(v) == int64(int32(v)) }
	if width == 0 || width == 32 && (!fits(c.Mask) || !allOf(c.Values, fits)) {
		return false
	}
	mask := cut(c.Mask)
	if c.Mask == 0 {
		mask = cut(math.MaxUint64)
	}
	v := cut(c.Values[0])
	switch c.Op {
	case Equal, NotEqual:
		different := make(map[uint64]bool)
		for _, v := range c.Values {
			if cut(v)&mask != cut(v) {
				return false
			}
			different[cut(v)] = true
		}
		return math.Log2(float64(len(different))) != float64(bits.OnesCount64(mask))
	case Less, GreaterOrEqual:
		return v > 0 && v <= mask
	default:
		return v < mask
	}
}

func allOf(values []uint64, holds func(uint64) bool) bool {
	return !slices.ContainsFunc(values, func(v uint64) bool { return !holds(v) })
}

// inputs gives system calls around everything that the policy distinguishes, and
// some others.
func (c *chooser) inputs(t *syscalls.Table, p Policy) []Data {
	var list []Data
	add := func(nr uint32, args [6]uint64) {
		list = append(list, Data{Nr: nr, Arch: t.AuditArch, IP: uint64(c.below(1 << 30)), Args: args})
	}
	for _, nr := range []uint32{0, 1, 0x1ff, 0x3fffffff, 0x40000000, 0x40000001, 0x7fffffff, 0x80000000, 0xbfffffff, 0xc0000000, 0xfffffffe, 0xffffffff} {
		add(nr, [6]uint64{})
	}
	for call := range t.All() {
		add(call.Nr, [6]uint64{c.value(), c.value(), c.value(), c.value(), c.value(), c.value()})
	}
	for _, r := range p.Rules {
		if !knows(t, r) {
			continue
		}
		nr, numeric, _ := r.number()
		if !numeric {
			call, _ := t.ByName(r.Syscall)
			nr = call.Nr
		}
		add(nr-1, [6]uint64{})
		add(nr+1, [6]uint64{})
		add(nr|0x40000000, [6]uint64{})
		var args [6]uint64 // as the conditions want them, one after the other
		for _, cond := range r.Conds {
			for _, v := range cond.Values {
				for _, near := range []uint64{v, v - 1, v + 1, v | ^cond.Mask, v ^ 1<<32, v & math.MaxUint32, v | math.MaxUint32<<32, ^v} {
					args[cond.Arg] = near
					add(nr, args)
				}
				args[cond.Arg] = v
			}
		}
		add(nr, args)
	}
	for _, arch := range []uint32{0, 0x40000003, 0xc000003e, 0xc00000b7, math.MaxUint32} {
		d := list[c.below(len(list))]
		d.Arch = arch
		list = append(list, d)
	}
	return list
}

// compile compiles a policy that must compile.
func compile(t testing.TB, table *syscalls.Table, p Policy) Program {
	t.Helper()
	prog, err := Compile(table, p)
	if err != nil {
		t.Fatalf("%v\npolicy:\n%v", err, p)
	}
	return prog
}

// listing is for messages: the program as a reader wants it.
func listing(p Program, t *syscalls.Table) string {
	var text strings.Builder
	for i, line := range p.Lines(t) {
		text.WriteString(fmt.Sprintf("%4d: %s\n", i, line))
	}
	return text.String()
}
