package profile

import (
	"fmt"
	"slices"

	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/syscalls"
)

// rules collects what a profile says of each call, as runc and libseccomp take it.
type rules struct {
	tables    []*syscalls.Table
	byDefault filter.Action
	calls     map[string]*call
	order     []string
	unknown   []error  // a mistake for each of the names in missing
	missing   []string // names that no table has
}

// A call is what was said of one: the action for all arguments, or else those for
// some.
type call struct {
	always filter.Action // 0 for none
	some   []filter.Rule
	// asDefault is that it has an entry, for all arguments, with the default
	// action.
	asDefault bool
}

// entry reads an element of "syscalls".
func (r *rules) entry(n node, o Options) error {
	fields, err := n.object("names", "name", "action", "errnoRet", "errno", "args", "comment", "includes", "excludes")
	if err != nil {
		return err
	}
	what, err := action(fields["action"], fields["errnoRet"], fields["errno"])
	if err != nil {
		return err
	}
	names, err := entryNames(n, fields)
	if err != nil {
		return err
	}
	conds, err := readArgs(fields["args"])
	if err != nil {
		return err
	}
	if _, err := fields["comment"].text(); err != nil {
		return err
	}
	use, err := counts(fields, o)
	if err != nil {
		return err
	}
	if !use || what == r.byDefault && len(conds) > 0 {
		return nil // runc skips what changes nothing, whatever other entries say
	}
	for _, name := range names {
		if err := r.add(n, name, what, conds); err != nil {
			return err
		}
	}
	return nil
}

func entryNames(n node, fields map[string]node) ([]string, error) {
	names, err := fields["names"].texts()
	if err != nil {
		return nil, err
	}
	name, err := fields["name"].text()
	switch {
	case err != nil:
		return nil, err
	case name != "" && len(names) > 0:
		return nil, n.errorf("it has both a name and names: use one of the two")
	case name != "":
		return []string{name}, nil
	case len(names) == 0:
		return nil, n.errorf("it names no system call")
	}
	return names, nil
}

// readArgs gives the alternatives of an entry, each of which is conditions that
// must all hold; none if the entry is for all arguments. runc takes conditions on
// one argument, if an entry has several, for alternatives, and then all others of
// the entry as well (matchCall in libcontainer/seccomp/seccomp_linux.go).
func readArgs(n node) ([][]filter.Cond, error) {
	nodes, err := n.list()
	if err != nil {
		return nil, err
	}
	var conds []filter.Cond
	var seen [6]bool
	alternatives := false
	for _, n := range nodes {
		c, err := readArg(n)
		if err != nil {
			return nil, err
		}
		alternatives = alternatives || seen[c.Arg]
		seen[c.Arg] = true
		conds = append(conds, c)
	}
	switch {
	case len(conds) == 0:
		return nil, nil
	case !alternatives:
		return [][]filter.Cond{conds}, nil
	}
	var each [][]filter.Cond
	for _, c := range conds {
		each = append(each, []filter.Cond{c})
	}
	return each, nil
}

func readArg(n node) (c filter.Cond, err error) {
	fields, err := n.object("index", "value", "valueTwo", "op")
	if err != nil {
		return c, err
	}
	const all = 1<<64 - 1
	index, there, err := fields["index"].number(5)
	if err == nil && !there {
		err = fields["index"].errorf("it is missing")
	}
	if err != nil {
		return c, err
	}
	value, _, err := fields["value"].number(all)
	if err != nil {
		return c, err
	}
	two, _, err := fields["valueTwo"].number(all)
	if err != nil {
		return c, err
	}
	op, err := choice(fields["op"], "comparison", operators)
	if err != nil {
		return c, err
	}
	c = filter.Cond{Arg: int(index), Op: op, Values: []uint64{value}}
	name, _ := fields["op"].text()
	switch {
	case name == maskedEqual && value == 0:
		return c, fields["value"].errorf("a mask of 0 leaves nothing to compare")
	case name == maskedEqual:
		c.Mask, c.Values[0] = value, two&value // as libseccomp does
	}
	return c, nil
}

// add adds what an entry says of one name.
func (r *rules) add(n node, name string, what filter.Action, alternatives [][]filter.Cond) error {
	c := r.calls[name]
	if c == nil {
		if slices.Contains(r.missing, name) {
			return nil
		}
		if err := r.known(name); err != nil {
			r.unknown = append(r.unknown, n.errorf("%w", err))
			r.missing = append(r.missing, name)
			return nil
		}
		c = &call{}
		r.calls[name] = c
		r.order = append(r.order, name)
	}
	if what == r.byDefault {
		c.asDefault = true
		return nil
	}
	if c.always != 0 {
		return nil // libseccomp has decided
	}
	if len(alternatives) == 0 {
		c.always, c.some = what, nil
		return nil
	}
	for _, conds := range alternatives {
		rule := filter.Rule{Syscall: name, Conds: conds, Action: what}
		if err := r.check(rule); err != nil {
			return n.errorf("%w", err)
		}
		for _, other := range c.some {
			if other.Action != what && overlap(r.tables, rule, other) {
				return n.errorf("%q and %q can both hold, and which of them decides is not defined", rule, other)
			}
		}
		c.some = append(c.some, rule)
	}
	return nil
}

// known says whether an architecture has the call.
func (r *rules) known(name string) error {
	for _, t := range r.tables {
		if _, known := t.ByName(name); known {
			return nil
		}
	}
	return r.check(filter.Rule{Syscall: name, Action: filter.Allow})
}

// check says what is wrong with a rule by itself.
func (r *rules) check(rule filter.Rule) error {
	if rule.Syscall[0] == '#' {
		return fmt.Errorf("%q is not the name of a system call", rule.Syscall)
	}
	_, err := filter.Compiler{Tables: r.tables}.Compile(filter.Policy{Default: filter.Trap, Rules: []filter.Rule{rule}})
	return err
}

// all gives the rules.
func (r *rules) all() []filter.Rule {
	var whole, partly []filter.Rule
	for _, name := range r.order {
		c := r.calls[name]
		switch {
		case c.always != 0:
			whole = append(whole, filter.Rule{Syscall: name, Action: c.always})
		case c.asDefault && marked(r.tables, name) && r.byDefault&^data == filter.Errno(0):
			// Without a rule it would get ENOSYS.
			whole = append(whole, filter.Rule{Syscall: name, Action: r.byDefault})
		}
		partly = append(partly, c.some...)
	}
	return slices.Concat(whole, partly)
}

// marked says whether a call is one that gets ENOSYS in place of the default.
func marked(tables []*syscalls.Table, name string) bool {
	return slices.ContainsFunc(tables, func(t *syscalls.Table) bool {
		call, known := t.ByName(name)
		return known && call.ENOSYS
	})
}
