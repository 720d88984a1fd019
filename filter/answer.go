package filter

import (
	"slices"

	"github.com/gocurb/curb/syscalls"
)

const (
	// skipped is the number -1, which a tracer leaves of a call that it wants
	// skipped. The kernel makes no call of it, whatever a filter says, so it is
	// always allowed: anything else would spoil the tracer's work.
	skipped = 0xffffffff
	// x32Bit marks the numbers of the x32 ABI on amd64 (__X32_SYSCALL_BIT). No
	// numbers from there on are amd64's own.
	x32Bit = 0x40000000
	// From firstX32 to lastX32 the calls that only x32 has are numbered, with the
	// bit. Before Linux 5.4 kernels with x32 made them without it, too (see
	// seccomp(2)), and amd64 gets no calls there (arch/x86/entry/syscalls/
	// syscall_64.tbl).
	firstX32 = 512
	lastX32  = 547

	amd64Entry = 0xc000003e // AUDIT_ARCH_X86_64
)

// isOwn reports whether a number can be one of the table's calls.
func isOwn(t *syscalls.Table, nr uint32) bool {
	switch {
	case isX32(t):
		return nr >= x32Bit && nr != skipped
	case t.AuditArch == amd64Entry:
		return nr < firstX32 || nr > lastX32 && nr < x32Bit
	}
	return nr != skipped
}

// unmatched is what happens to a call that no rule decides, nil for one that the
// table does not know.
func unmatched(t *syscalls.Table, byDefault Action, call *syscalls.Call) Action {
	if byDefault.is(Errno(0)) && (call == nil || call.ENOSYS) {
		return noSuchCall(t)
	}
	return byDefault
}

// decided is what a rule's action means for a call, nil for one that the table
// does not know.
func decided(t *syscalls.Table, action, byDefault Action, call *syscalls.Call) Action {
	switch {
	case action != Deny:
		return action
	case byDefault.is(Allow):
		return unmatched(t, Errno(1), call)
	}
	return unmatched(t, byDefault, call)
}

// refusedX32 is what happens to a call by a number of the x32 ABI, where that is
// not among the architectures. Where the default is no answer to a call that must
// not pass, it is that of a kernel without x32.
func refusedX32(t *syscalls.Table, byDefault Action) Action {
	if answersAny(byDefault) {
		return byDefault
	}
	return noSuchCall(t)
}

// foreignArch is what happens to a call by the entry of another architecture,
// such as int $0x80 on amd64. Its numbers mean something else, so neither rules
// nor a tracer or supervisor can be asked, and what runs there is no program
// that the policy was made for.
func foreignArch(byDefault Action) Action {
	if answersAny(byDefault) {
		return byDefault
	}
	return KillProcess
}

// answersAny reports whether the default does the same to any call, whatever its
// number means: all ways to end it, and Log, which is there to let everything
// pass and show it.
func answersAny(byDefault Action) bool {
	return byDefault.is(KillProcess) || byDefault.is(KillThread) || byDefault.is(Trap) || byDefault.is(Log)
}

// answers appends what happens for each number that the table or a rule has, and
// returns what happens for those that are nobody's.
func (c Compiler) answers(a *assembler, p Policy, table int, rules []ruleFor, list *branches) (nobodys Action) {
	t := c.Tables[table]
	nobodys = unmatched(t, p.Default, nil)
	nobody, plain := ret(nobodys), ret(p.Default)
	hot := c.frequencies()
	// Rules about a number stand together then, in their order.
	order := make([]uint64, len(rules))
	for i := range rules {
		order[i] = uint64(rules[i].nr)<<32 | uint64(i)
	}
	slices.Sort(order)
	number := func(o uint64) uint32 { return uint32(o >> 32) }

	// gap appends what happens for the numbers below a limit that nobody has.
	gap := func(limit uint64) {
		if t.AuditArch == amd64Entry && limit > firstX32 {
			list.fill(firstX32, nobody, seldom)
			list.fill(min(limit, lastX32+1), ret(refusedX32(t, p.Default)), seldom)
		}
		list.fill(limit, nobody, seldom)
	}
	// ruled appends what the next of the rules say of their number.
	ruled := func(call *syscalls.Call) {
		nr, n := number(order[0]), 1
		for n < len(order) && number(order[n]) == nr {
			n++
		}
		gap(uint64(nr))
		to, weight := a.decide(c, p, table, call, rules, order[:n], hot)
		list.add(branch{lo: nr, hi: nr, to: to, weight: weight})
		order = order[n:]
	}
	for call := range t.All() {
		for len(order) > 0 && number(order[0]) < call.Nr {
			ruled(nil)
		}
		if len(order) > 0 && number(order[0]) == call.Nr {
			ruled(call)
			continue
		}
		gap(uint64(call.Nr))
		to := plain
		if call.ENOSYS {
			to = nobody
		}
		list.add(branch{lo: call.Nr, hi: call.Nr, to: to, weight: seldom})
	}
	for len(order) > 0 {
		ruled(nil)
	}
	if t.AuditArch == amd64Entry {
		gap(lastX32 + 1)
	}
	return nobodys
}

// decide gives what the rules about one call come to, and how often the filter
// runs for it. The call is nil for a number that the table does not know.
func (a *assembler) decide(c Compiler, p Policy, table int, call *syscalls.Call, rules []ruleFor, order []uint64, hot frequencies) (label, int64) {
	t := c.Tables[table]
	name := ""
	if call != nil {
		name = call.Name
	}
	// The last rule that holds decides, so begin there.
	last := rules[uint32(order[len(order)-1])]
	if len(last.tests) == 0 {
		action := decided(t, p.Rules[last.index].Action, p.Default, call)
		return ret(action), hot.unchecked(action, name)
	}
	ch := chain{name: name, nr: last.nr, table: table, rest: unmatched(t, p.Default, call)}
	for i := len(order) - 1; i >= 0; i-- {
		r := &rules[uint32(order[i])]
		action := decided(t, p.Rules[r.index].Action, p.Default, call)
		if len(r.tests) == 0 {
			ch.rest = action
			break
		}
		ch.rules = append(ch.rules, readyRule{r.tests, action})
	}
	if a.passes&passSimplify != 0 {
		ch.simplify()
	}
	if len(ch.rules) == 0 {
		return ret(ch.rest), hot.unchecked(ch.rest, name)
	}
	ch.weight = hot.checked(name)
	a.chains = append(a.chains, ch)
	return label{kind: toChain, value: uint32(len(a.chains) - 1)}, ch.weight
}
