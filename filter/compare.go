package filter

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gocurb/curb/syscalls"
)

// A Comparison is how two policies differ.
type Comparison struct {
	// Defaults are the default actions. Where these differ, so does what happens
	// to the calls that neither policy has a rule for, to unknown numbers and to
	// other entries; the package comment says what these get.
	Defaults [2]Action
	// Differences are those for calls that a policy has a rule for, in the order
	// of the rules.
	Differences []Difference
}

// A Difference is a call that two policies treat differently.
type Difference struct {
	Syscall string // the name, or the number after a hash
	// They differ if all of When hold, and of each list in Unless at least one
	// does not.
	When   []Cond
	Unless [][]Cond
	// Actions are what the first and the second do.
	Actions [2]Action
	// Archs are the architectures where that is so.
	Archs []string
	// Example is arguments for which it is so, on the first of them.
	Example [6]uint64
	// Maybe means that the search for an example was given up: then it may be
	// that no arguments fulfil the conditions. Conditions that people write do
	// not come to that.
	Maybe bool
}

// Compare says how two policies differ on the architectures of the tables. Its
// errors are those of [Union] for names and numbers.
func Compare(tables []*syscalls.Table, a, b Policy) (*Comparison, error) {
	all, err := newNaming(tables, a, b)
	if err != nil {
		return nil, fmt.Errorf("compare two policies: %w", err)
	}
	result := &Comparison{Defaults: [2]Action{a.Default, b.Default}}
	for _, name := range all.order {
		first := len(result.Differences)
		for _, t := range tables {
			n := &naming{tables: []*syscalls.Table{t}, names: all.names}
			call, here := n.calls(name)[t]
			if !here {
				continue
			}
			both := transform(n.product(name, a, b), func(p pair[meaning]) pair[Action] {
				return pair[Action]{p.a.on(t, call), p.b.on(t, call)}
			})
			for _, d := range differences(both.simplify(n.shapes(name)), n.shapes(name)) {
				d.Syscall, d.Archs = name, []string{t.Arch}
				result.add(first, d)
			}
		}
	}
	return result, nil
}

// on is what a meaning is for a call, nil for an unknown one.
func (m meaning) on(t *syscalls.Table, call *syscalls.Call) Action {
	if m.marks {
		return marked(t, m.action, call)
	}
	return m.action
}

// differences gives the clauses for which the two differ, with all but the names.
func differences(cs clauses[pair[Action]], shapes []shape) []Difference {
	var list []Difference
	for i, c := range cs {
		if c.what.a == c.what.b {
			continue
		}
		args, found := cs.witness(i, shapes[0])
		if found == no {
			continue
		}
		d := Difference{When: c.conds, Actions: [2]Action{c.what.a, c.what.b}, Example: args, Maybe: found == undecided}
		for _, later := range cs[i+1:] {
			if later.what != c.what && together(c.conds, later.conds, shapes) {
				d.Unless = append(d.Unless, later.conds)
			}
		}
		list = append(list, d)
	}
	return list
}

// add adds a difference, or its architecture to the same one from there on.
func (c *Comparison) add(from int, d Difference) {
	for i := from; i < len(c.Differences); i++ {
		if same := &c.Differences[i]; same.String() == d.String() && same.Actions == d.Actions {
			same.Archs = append(same.Archs, d.Archs...)
			return
		}
	}
	c.Differences = append(c.Differences, d)
}

// Same says that the policies mean the same.
func (c *Comparison) Same() bool {
	return c.Defaults[0] == c.Defaults[1] && len(c.Differences) == 0
}

// String gives the call with its conditions: "socket if arg0 == 1 unless arg1 ==
// 2".
func (d Difference) String() string {
	rule := Rule{Syscall: d.Syscall, Conds: d.When}
	_, text, _ := strings.Cut(rule.String(), ") ") // it has no action
	for i, conds := range d.Unless {
		word := " unless "
		if i > 0 {
			word = ", or "
		}
		_, unless, _ := strings.Cut(Rule{Conds: conds}.String(), " if ")
		text += word + unless
	}
	if d.Maybe {
		text += " (if that is possible)"
	}
	return text
}

// String gives the comparison for a reader, with a line for each difference under
// the policy that lets the call pass. It is empty if there is none.
func (c *Comparison) String() string {
	var b strings.Builder
	passes := func(a Action) bool { return meaning{a, false}.passes() }
	for _, part := range []struct {
		title string
		want  [2]bool
	}{
		{"only the first lets pass", [2]bool{true, false}},
		{"only the second lets pass", [2]bool{false, true}},
		{"denied by both", [2]bool{false, false}},
		{"let pass by both", [2]bool{true, true}},
	} {
		title := part.title + ":\n"
		for _, d := range c.Differences {
			if part.want != [2]bool{passes(d.Actions[0]), passes(d.Actions[1])} {
				continue
			}
			fmt.Fprintf(&b, "%s\t%s: %v, %v%s\n", title, d, d.Actions[0], d.Actions[1], c.where(d))
			title = ""
		}
	}
	if c.Defaults[0] != c.Defaults[1] {
		fmt.Fprintf(&b, "otherwise: %v, %v\n", c.Defaults[0], c.Defaults[1])
	}
	return b.String()
}

// where names the architectures of a difference if the comparison has others.
func (c *Comparison) where(d Difference) string {
	for _, other := range c.Differences {
		if !slices.Equal(other.Archs, d.Archs) {
			return " on " + strings.Join(d.Archs, ", ")
		}
	}
	return ""
}
