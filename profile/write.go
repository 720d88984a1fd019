package profile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/syscalls"
)

// The OCI's form, as written.
type (
	ociDocument struct {
		DefaultAction    string   `json:"defaultAction"`
		DefaultErrnoRet  *uint32  `json:"defaultErrnoRet,omitempty"`
		Architectures    []string `json:"architectures"`
		Flags            []string `json:"flags,omitempty"`
		ListenerPath     string   `json:"listenerPath,omitempty"`
		ListenerMetadata string   `json:"listenerMetadata,omitempty"`
		Syscalls         []entry  `json:"syscalls,omitempty"`
	}
	entry struct {
		Names    []string   `json:"names"`
		Action   string     `json:"action"`
		ErrnoRet *uint32    `json:"errnoRet,omitempty"`
		Args     []argument `json:"args,omitempty"`
	}
	argument struct {
		Index    int    `json:"index"`
		Value    uint64 `json:"value"`
		ValueTwo uint64 `json:"valueTwo,omitempty"`
		Op       string `json:"op"`
	}
)

// JSON writes the profile in the OCI's form. A runtime does with every call that
// the tables of the architectures have what the policy does. Where the form cannot
// say that, the error names the call and why.
func (p *Profile) JSON() ([]byte, error) {
	d, err := p.document()
	if err != nil {
		return nil, fmt.Errorf("write a seccomp profile: %w", err)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", "\t")
	if err := enc.Encode(d); err != nil {
		return nil, fmt.Errorf("write a seccomp profile: %w", err)
	}
	return b.Bytes(), nil
}

func (p *Profile) document() (*ociDocument, error) {
	tables, err := p.Tables()
	if err != nil {
		return nil, err
	}
	// The union with itself is the same policy with the names in place of numbers
	// and without rules that decide nothing.
	plain, err := filter.Union(tables, p.Policy, p.Policy)
	if err != nil {
		return nil, err
	}
	d := &ociDocument{Flags: p.Flags, ListenerPath: p.ListenerPath, ListenerMetadata: p.ListenerMetadata}
	if d.DefaultAction, d.DefaultErrnoRet, err = written(p.Policy.Default); err != nil {
		return nil, fmt.Errorf("the default: %w", err)
	}
	for _, t := range tables {
		d.Architectures = append(d.Architectures, archName(t.Arch))
	}
	w := writer{tables: tables, byDefault: p.Policy.Default, d: d}
	byName := make(map[string][]filter.Rule)
	order := w.marked()
	for _, r := range plain.Rules {
		if !slices.Contains(order, r.Syscall) {
			order = append(order, r.Syscall)
		}
		byName[r.Syscall] = append(byName[r.Syscall], r)
	}
	for _, name := range order {
		if err := w.call(name, byName[name]); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	slices.SortStableFunc(d.Syscalls, func(a, b entry) int { return min(len(a.Args), 1) - min(len(b.Args), 1) })
	return d, nil
}

// written gives an action as the form has it.
func written(a filter.Action) (name string, number *uint32, err error) {
	name = actionName(a)
	switch {
	case name == "":
		return "", nil, fmt.Errorf("the form has no action %v", a)
	case numbered(a):
		n := a.Return() & uint32(data)
		return name, &n, nil
	case a&data != 0 && a&^data != filter.Allow && a&^data != filter.Log:
		return "", nil, fmt.Errorf("the form has no number for %v", a)
	}
	return name, nil, nil
}

type writer struct {
	tables    []*syscalls.Table
	byDefault filter.Action
	d         *ociDocument
}

// marked gives the calls that get ENOSYS in place of the default. The form has no
// such exception, so each is an entry.
func (w *writer) marked() []string {
	if w.byDefault&^data != filter.Errno(0) {
		return nil
	}
	var names []string
	for _, t := range w.tables {
		for call := range t.All() {
			if call.ENOSYS && !slices.Contains(names, call.Name) {
				names = append(names, call.Name)
			}
		}
	}
	return names
}

// call writes the entries for a call. The last of its rules that holds decides,
// where in the form none may stand in another's way: so each is for what the later
// ones with another action leave.
func (w *writer) call(name string, rules []filter.Rule) error {
	if name[0] == '#' {
		return fmt.Errorf("the form has names only, and the tables have none for this number")
	}
	base := filter.Rule{Action: filter.Deny}
	if w.byDefault&^data == filter.Allow {
		base.Action = w.byDefault
	}
	if len(rules) == 0 || len(rules[0].Conds) > 0 {
		rules = append([]filter.Rule{base}, rules...)
	}
	chain := make([]filter.Rule, len(rules))
	for i, r := range rules {
		var err error
		if r.Action, err = w.action(name, r.Action); err != nil {
			return err
		}
		chain[i] = r
	}
	left := slices.ContainsFunc(chain, func(r filter.Rule) bool { return r.Action == w.byDefault })
	if left && marked(w.tables, name) && w.byDefault&^data == filter.Errno(0) {
		// Runtimes skip an explicit default. For Read it is what the call gets
		// in place of ENOSYS.
		if err := w.add(name, w.byDefault, nil); err != nil {
			return err
		}
	}
	if len(chain) == 1 && left {
		return nil
	} else if len(chain) == 1 {
		return w.add(name, chain[0].Action, nil)
	}
	width, err := w.widths(name, chain)
	if err != nil {
		return err
	}
	for i, r := range chain {
		if r.Action == w.byDefault {
			continue
		}
		if err := w.rule(name, width, r, chain[i+1:]); err != nil {
			return err
		}
	}
	return nil
}

// rule writes the entries for what a rule decides.
func (w *writer) rule(name string, width widths, r filter.Rule, later []filter.Rule) error {
	tooMany := fmt.Errorf("%q would take more than %d entries", r, mostBoxes)
	all, ok := width.boxes(r.Conds)
	if !ok {
		return tooMany
	}
	untouched := true
	for _, l := range later {
		if l.Action == r.Action {
			continue
		}
		if all, ok = width.without(all, l.Conds, &untouched); !ok {
			return tooMany
		}
	}
	if args, direct := directly(width, r.Conds); direct && untouched && len(r.Conds) > 0 {
		return w.add(name, r.Action, args)
	}
	for _, b := range all {
		if err := w.add(name, r.Action, masked(b)); err != nil {
			return err
		}
	}
	return nil
}

var operatorNames = map[filter.Op]string{
	filter.Equal: "SCMP_CMP_EQ", filter.NotEqual: "SCMP_CMP_NE", filter.Less: "SCMP_CMP_LT",
	filter.LessOrEqual: "SCMP_CMP_LE", filter.Greater: "SCMP_CMP_GT", filter.GreaterOrEqual: "SCMP_CMP_GE",
}

// directly gives the conditions as comparisons, one for each, where they can be:
// on arguments of 64 bits, which are what the form compares, without a mask.
func directly(width widths, conds []filter.Cond) ([]argument, bool) {
	var args []argument
	var seen [6]bool
	for _, c := range conds {
		if width[c.Arg] != 64 || c.Mask != 0 || len(c.Values) != 1 || seen[c.Arg] {
			return nil, false
		}
		seen[c.Arg] = true
		args = append(args, argument{Index: c.Arg, Value: c.Values[0], Op: operatorNames[c.Op]})
	}
	return args, true
}

// masked gives a box as comparisons.
func masked(b box) []argument {
	var args []argument
	for i, c := range b {
		switch c.mask {
		case 0:
		case math.MaxUint64:
			args = append(args, argument{Index: i, Value: c.bits, Op: operatorNames[filter.Equal]})
		default:
			args = append(args, argument{Index: i, Value: c.mask, ValueTwo: c.bits, Op: maskedEqual})
		}
	}
	return args
}

// add adds an entry, or a name to the one before.
func (w *writer) add(name string, a filter.Action, args []argument) error {
	text, number, err := written(a)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		for i := range w.d.Syscalls {
			e := &w.d.Syscalls[i]
			if len(e.Args) == 0 && e.Action == text && (number == nil || *e.ErrnoRet == *number) {
				e.Names = append(e.Names, name)
				return nil
			}
		}
	}
	w.d.Syscalls = append(w.d.Syscalls, entry{Names: []string{name}, Action: text, ErrnoRet: number, Args: args})
	return nil
}

// action is what a rule's action means for a call, which the form has one for on
// all architectures.
func (w *writer) action(name string, a filter.Action) (filter.Action, error) {
	if a != filter.Deny {
		return a, nil
	}
	a = w.byDefault
	if a&^data == filter.Allow {
		a = filter.Errno(1)
	}
	if a&^data != filter.Errno(0) {
		return a, nil
	}
	var found []filter.Action
	for _, t := range w.tables {
		call, known := t.ByName(name)
		if !known {
			continue
		}
		here := a
		if call.ENOSYS {
			here = filter.ActionOf(uint32(filter.Errno(0).Return()) | uint32(t.ENOSYS()))
		}
		if !slices.Contains(found, here) {
			found = append(found, here)
		}
	}
	if len(found) != 1 {
		return 0, fmt.Errorf("it fails with another error on each of the architectures: write a profile for each")
	}
	return found[0], nil
}

// widths gives how wide the arguments are that rules compare. Those of 32-bit
// architectures have upper halves of 0, so that these do as any other does.
func (w *writer) widths(name string, rules []filter.Rule) (widths, error) {
	var of []widths
	for _, long := range []bool{true, false} {
		for _, t := range w.tables {
			call, known := t.ByName(name)
			is32 := t.Arch == "386" || t.Arch == "arm" || t.Arch == "mips" || t.Arch == "mipsle"
			if known && (!is32 || !long && len(of) == 0) {
				of = append(of, widthsOf(call))
			}
		}
	}
	for _, r := range rules {
		for _, c := range r.Conds {
			for _, other := range of[1:] {
				if other[c.Arg] != of[0][c.Arg] {
					return widths{}, fmt.Errorf("argument %d has 32 bits on some of the architectures and 64 on others: write a profile for each", c.Arg)
				}
			}
		}
	}
	return of[0], nil
}
