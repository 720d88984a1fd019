package filter

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gocurb/curb/syscalls"
)

// Compile makes the filter that carries out the policy on an architecture; see
// [Compiler] for several in one program. Its error names everything that is wrong
// with the policy, one thing a line; unknown names are an [UnknownCallError] each.
//
// The filter first checks the architecture, and then searches for the number in
// a tree in which the calls whose arguments count come first: all that is
// simply allowed the kernel answers itself, without running the filter (since
// Linux 5.11).
func Compile(t *syscalls.Table, p Policy) (Program, error) {
	return Compiler{Tables: []*syscalls.Table{t}}.Compile(p)
}

// A Compiler makes filters. It is plain data, and safe for use by many goroutines
// that do not change it.
type Compiler struct {
	// Tables are the architectures that the program is for, at least one, and
	// the one that is most used first. Calls by the entry of any other are
	// foreign. A rule counts on all of them that have a call of its name, and
	// one of them must.
	Tables []*syscalls.Table
	// Frequency is how often each call is made, by its name and in any unit:
	// those whose arguments count are found the sooner the higher theirs is. A
	// call that is missing counts as rare. Nil stands for what servers do.
	Frequency map[string]float64
}

// Compile makes the filter that carries out the policy, as the function Compile
// does.
func (c Compiler) Compile(p Policy) (Program, error) {
	prog, err := c.assemble(p, allPasses)
	if err != nil {
		return nil, err
	}
	if len(prog) > MaxInstructions {
		return nil, fmt.Errorf("the filter would have %d instructions, and the kernel takes %d: use fewer conditions, or fewer values in them", len(prog), MaxInstructions)
	}
	if err := prog.Validate(); err != nil {
		return nil, fmt.Errorf("assemble a filter: mistake in curb: %w", err)
	}
	return prog, nil
}

// assemble compiles with some of the passes. The program can be longer than the
// kernel takes.
func (c Compiler) assemble(p Policy, enabled passes) (Program, error) {
	if err := c.checkTables(); err != nil {
		return nil, fmt.Errorf("compile a policy: %w", err)
	}
	a := newAssembler(enabled)
	rules, err := c.resolve(p)
	if err != nil {
		return nil, err
	}
	return c.write(a, p, rules)
}

// checkTables finds out whether each number of each entry is for one table.
func (c Compiler) checkTables() error {
	if len(c.Tables) == 0 || slices.Contains(c.Tables, nil) {
		return errors.New("there is no table of system calls for the architecture")
	}
	for i, t := range c.Tables {
		for _, u := range c.Tables[:i] {
			if t.AuditArch == u.AuditArch && isX32(t) == isX32(u) {
				return fmt.Errorf("the tables of %s and %s are for the same numbers (AuditArch %#x): leave one out", u.Arch, t.Arch, t.AuditArch)
			}
		}
	}
	return nil
}

// write writes the program for rules that were made ready for each table.
func (c Compiler) write(a *assembler, p Policy, rules [][]ruleFor) (Program, error) {
	next := ret(foreignArch(p.Default))
	for i := len(c.Tables) - 1; i >= 0; i-- {
		t := c.Tables[i]
		first := slices.IndexFunc(c.Tables, func(u *syscalls.Table) bool { return u.AuditArch == t.AuditArch })
		if first != i {
			continue // one search is for all tables of an entry
		}
		calls := a.load(nrWord, a.search(nrWord, c.numbers(a, p, t.AuditArch, rules)))
		next = a.compare(archWord, jumpEqual, t.AuditArch, calls, next)
	}
	return a.program(a.load(archWord, next))
}

// numbers says what happens for each number by the entry of an architecture. The
// numbers of x32 come after amd64's own.
func (c Compiler) numbers(a *assembler, p Policy, audit uint32, rules [][]ruleFor) []branch {
	own, x32 := -1, -1
	for i, t := range c.Tables {
		switch {
		case t.AuditArch != audit:
		case isX32(t):
			x32 = i
		default:
			own = i
		}
	}
	list := branches{all: make([]branch, 0, len(p.Rules)*3/2+32), join: a.passes&passJoin != 0}
	nobodys := foreignArch(p.Default)
	if own >= 0 {
		nobodys = c.answers(a, p, own, rules[own], &list)
	}
	switch {
	case x32 >= 0:
		list.fill(x32Bit, ret(nobodys), seldom)
		nobodys = c.answers(a, p, x32, rules[x32], &list)
	case audit == amd64Entry:
		list.fill(x32Bit, ret(nobodys), seldom)
		nobodys = refusedX32(c.Tables[own], p.Default)
	}
	list.fill(skipped, ret(nobodys), seldom)
	list.fill(skipped+1, ret(Allow), seldom)
	return list.all
}

// isX32 reports whether the table is that of amd64's second set of numbers.
func isX32(t *syscalls.Table) bool { return t.AuditArch == amd64Entry && t.Arch == "x32" }

// archNames lists the architectures of the program for a reader.
func (c Compiler) archNames() string {
	names := make([]string, len(c.Tables))
	for i, t := range c.Tables {
		names[i] = t.Arch
	}
	return strings.Join(names, ", ")
}
