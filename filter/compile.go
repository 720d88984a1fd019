package filter

import (
	"fmt"
	"maps"
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
)

// Compile makes the filter that carries out the policy on an architecture. Its
// error names everything that is wrong with the policy, one thing a line;
// unknown names are an [UnknownCallError] each.
//
// The filter first checks the architecture, and then searches for the number in
// a tree in which the calls whose arguments count come first: all that is
// simply allowed the kernel answers itself, without running the filter (since
// Linux 5.11).
func Compile(t *syscalls.Table, p Policy) (Program, error) {
	if t == nil {
		return nil, fmt.Errorf("compile a policy: there is no table of system calls for the architecture")
	}
	chains, err := resolve(t, p)
	if err != nil {
		return nil, err
	}
	a := newAssembler()
	calls := a.load(nrWord, a.search(nrWord, branches(t, p.Default, chains)))
	foreign := a.ret(foreignArch(p.Default))
	return a.program(a.load(archWord, a.compare(archWord, jumpEqual, t.AuditArch, calls, foreign)))
}

// branches says what happens for each number.
func branches(t *syscalls.Table, byDefault Action, chains map[uint32]*chain) []branch {
	numbers := slices.Collect(maps.Keys(chains))
	for call := range t.All() {
		if chains[call.Nr] == nil {
			numbers = append(numbers, call.Nr)
		}
	}
	slices.Sort(numbers)

	ret := func(action Action) target { return label{ret: action, needs: unknown} }
	var list []branch
	next := uint64(0)
	// fill adds what happens for the numbers up to a limit that are nobody's.
	fill := func(limit uint64, to target) {
		if next < limit {
			list = append(list, branch{uint32(next), uint32(limit - 1), to, 1})
			next = limit
		}
	}
	nobodys := ret(unmatched(t, byDefault, nil))
	for _, nr := range numbers {
		fill(uint64(nr), nobodys)
		to, weight := verdict(t, byDefault, nr, chains[nr])
		list = append(list, branch{nr, nr, to, weight})
		next++
	}
	if t.Arch == "amd64" {
		fill(x32Bit, nobodys)
		fill(skipped, ret(x32(t, byDefault)))
	}
	fill(skipped, nobodys)
	fill(skipped+1, ret(Allow))
	return list
}

// verdict says what happens to a call, and how often the filter runs for it,
// compared with others.
func verdict(t *syscalls.Table, byDefault Action, nr uint32, c *chain) (target, int) {
	// The kernel does not run the filter for what is simply allowed, and what
	// is denied is rare.
	const seldom, often = 1, 1 << 10
	switch {
	case c == nil:
		call, _ := t.ByNumber(nr)
		return label{ret: unmatched(t, byDefault, call), needs: unknown}, seldom
	case len(c.rules) == 0:
		return label{ret: c.rest, needs: unknown}, seldom
	}
	return c, often
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

// x32 is what happens to a call by a number of the x32 ABI. Where the default is
// no answer to a call that must not pass, it is that of a kernel without x32.
func x32(t *syscalls.Table, byDefault Action) Action {
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
