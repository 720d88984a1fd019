package filter

import (
	"math"
	"slices"

	"github.com/gocurb/curb/syscalls"
)

// scmpActions are the actions that libseccomp takes. It refuses errno 4095, and
// data with an action that has none.
var scmpActions = []Action{
	Allow, Errno(1), Errno(38), Errno(13), Errno(0), Errno(4094), Trap, Log, KillProcess, KillThread, Notify, Trace(0), Trace(7),
}

// scmpPolicy chooses a policy that libseccomp can be asked for too, on calls of
// the names given. It is narrower than those of policy by what libseccomp cannot
// say: a rule with the action of the default (EACCES), two comparisons of one
// argument (EINVAL), "not in a set", masks with other comparisons than "==", and
// upper halves where it looks at lower ones alone.
func (c *chooser) scmpPolicy(tables []*syscalls.Table, names []string) Policy {
	p := Policy{Default: pick(c, scmpActions...)}
	others := slices.DeleteFunc(slices.Clone(scmpActions), func(a Action) bool { return a == p.Default })
	few := []string{pick(c, names...), pick(c, names...), pick(c, names...)} // so that some calls have several rules
	oneAction := pick(c, others...)
	for range pick(c, 1, 3, 10, 30, 60) {
		rule := Rule{Syscall: pick(c, names...), Action: oneAction}
		if c.below(6) == 0 {
			rule.Syscall = pick(c, few...)
		}
		if c.below(4) == 0 {
			rule.Action = pick(c, others...)
		}
		if c.below(4) > 0 {
			for _, arg := range []int{c.below(6), c.below(6), c.below(6)}[:1+c.below(3)] {
				cond := c.scmpCond(arg)
				if slices.ContainsFunc(tables, compares32) {
					cond = cond.lower()
				}
				taken := slices.ContainsFunc(rule.Conds, func(other Cond) bool { return other.Arg == arg })
				wrong := func(t *syscalls.Table) bool {
					_, exists := t.ByName(rule.Syscall)
					return exists && !valid(t, rule, cond)
				}
				if !taken && !slices.ContainsFunc(tables, wrong) {
					rule.Conds = append(rule.Conds, cond)
				}
			}
		}
		p.Rules = append(p.Rules, rule)
	}
	return p
}

func (c *chooser) scmpCond(arg int) Cond {
	half := func(v uint64) uint64 {
		if c.below(2) == 0 {
			v &= math.MaxUint32
		}
		return v
	}
	cond := Cond{Arg: arg, Op: Op(1 + c.below(6)), Values: []uint64{half(c.value())}}
	if cond.Op == Equal {
		for range c.below(1 + pick(c, 0, 1, 4)) {
			cond.Values = append(cond.Values, half(c.value()))
		}
		if c.below(2) == 0 {
			cond.Mask = half(c.value())
			for i := range cond.Values {
				cond.Values[i] &= cond.Mask
			}
		}
	}
	return cond
}

// lower is the condition with the lower halves of its numbers.
func (c Cond) lower() Cond {
	c.Mask &= math.MaxUint32
	for i := range c.Values {
		c.Values[i] &= math.MaxUint32
	}
	return c
}

// translate says a rule in libseccomp's way: rules that are ORed, one for each
// way to choose a value from each set. Of an argument of 32 bits it can be asked
// for the lower half with "==" alone, by a mask.
func translate(tables []*syscalls.Table, r Rule) []scmpRule {
	rules := []scmpRule{{action: r.Action, name: r.Syscall}}
	for _, cond := range r.Conds {
		var next []scmpRule
		for _, partial := range rules {
			for _, v := range cond.Values {
				with := partial
				with.cmps = append(slices.Clone(partial.cmps), scmpComparison(cond, v, widestOf(tables, r, cond.Arg)))
				next = append(next, with)
			}
		}
		rules = next
	}
	return rules
}

// widestOf gives the bits that count of an argument on any of the architectures, as
// far as libseccomp has a choice.
func widestOf(tables []*syscalls.Table, r Rule, arg int) int {
	wide := func(t *syscalls.Table) bool {
		return knows(t, r) && !compares32(t) && widthOf(t, r, arg) == 64
	}
	if slices.ContainsFunc(tables, wide) {
		return 64
	}
	return 32
}

func scmpComparison(cond Cond, v uint64, width int) scmpCmp {
	mask := cond.Mask
	if width == 32 {
		v &= math.MaxUint32
		mask &= math.MaxUint32
		if cond.Op == Equal && mask == 0 {
			mask = math.MaxUint32
		}
	}
	c := scmpCmp{arg: uint32(cond.Arg), a: v}
	switch cond.Op {
	case Equal:
		c.op = cmpEqual
		if mask != 0 {
			c = scmpCmp{arg: c.arg, op: cmpMasked, a: mask, b: v}
		}
	case NotEqual:
		c.op = cmpNotEqual
	case Less:
		c.op = cmpLess
	case LessOrEqual:
		c.op = cmpLessOrEqual
	case Greater:
		c.op = cmpGreater
	case GreaterOrEqual:
		c.op = cmpGreaterOrEqual
	}
	return c
}

// compares32 says for which architectures libseccomp looks at the lower halves of
// arguments alone.
func compares32(t *syscalls.Table) bool {
	const audit64 = 0x80000000 // __AUDIT_ARCH_64BIT of linux/audit.h
	return t.AuditArch&audit64 == 0 || slices.Contains([]string{"x32", "n32", "n32le"}, t.Arch)
}

// holds is a comparison as seccomp_rule_add(3) defines it.
func (c scmpCmp) holds(arg uint64, half bool) bool {
	a, b := c.a, c.b
	if half {
		arg, a, b = arg&math.MaxUint32, a&math.MaxUint32, b&math.MaxUint32
	}
	switch c.op {
	case cmpNotEqual:
		return arg != a
	case cmpLess:
		return arg < a
	case cmpLessOrEqual:
		return arg <= a
	case cmpEqual:
		return arg == a
	case cmpGreaterOrEqual:
		return arg >= a
	case cmpGreater:
		return arg > a
	default:
		return arg&a == b
	}
}

// scmpMeaning gives what may happen to a call by the definition of libseccomp:
// the actions of all rules that hold, without an order, or else the default.
func scmpMeaning(t *syscalls.Table, byDefault Action, rules []scmpRule, d Data) []Action {
	var actions []Action
	for _, r := range rules {
		call, found := t.ByName(r.name)
		isSkipped := r.name == "#-1" && d.Nr == skipped
		if !isSkipped && (!found || call.Nr != d.Nr) || slices.Contains(actions, r.action) {
			continue
		}
		fails := func(c scmpCmp) bool { return !c.holds(d.Args[c.arg], compares32(t)) }
		if !slices.ContainsFunc(r.cmps, fails) {
			actions = append(actions, r.action)
		}
	}
	if actions == nil {
		return []Action{byDefault}
	}
	return actions
}
