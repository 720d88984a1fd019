package filter

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gocurb/curb/syscalls"
)

// related changes some rules of a policy, and adds and drops conditions.
func (c *chooser) related(t *syscalls.Table, p Policy) Policy {
	q := Policy{Default: pick(c, p.Default, p.Default, pick(c, allActions...))}
	for _, r := range p.Rules {
		switch c.below(4) {
		case 0:
			r.Action = pick(c, append(allActions, Deny, Allow)...)
		case 1:
			r.Conds = append([]Cond{c.cond()}, r.Conds...)
		case 2:
			continue
		}
		q.Rules = append(q.Rules, r)
	}
	return keepValid([]*syscalls.Table{t}, q)
}

// inputsOf gives what is to be tried for both.
func (c *chooser) inputsOf(t *syscalls.Table, p, q Policy) []Data {
	return append(c.inputs(t, p), c.inputs(t, q)...)
}

func smaller(p Policy) Policy {
	p.Rules = p.Rules[:min(len(p.Rules), 12)]
	return p
}

// strict is the kernel's order, written out.
func strict(a Action) int {
	switch {
	case a.is(KillProcess):
		return 0
	case a.is(KillThread):
		return 1
	case a.is(Trap):
		return 2
	case a.is(Errno(0)):
		return 3
	case a.is(Notify):
		return 4
	case a.is(Trace(0)):
		return 5
	case a.is(Log):
		return 6
	}
	return 7
}

func lets(a Action) bool { return a.is(Allow) || a.is(Log) }

// combinations are the operations, and what their results are to give for a call
// that the policies give x and y.
var combinations = map[string]struct {
	of    func([]*syscalls.Table, Policy, Policy) (Policy, error)
	gives func(t *syscalls.Table, call *syscalls.Call, a Policy, x, y Action) Action
}{
	"union": {Union, func(_ *syscalls.Table, _ *syscalls.Call, _ Policy, x, y Action) Action {
		if strict(y) > strict(x) {
			return y
		}
		return x
	}},
	"intersection": {Intersection, func(_ *syscalls.Table, _ *syscalls.Call, _ Policy, x, y Action) Action {
		if strict(x) < strict(y) {
			return x
		}
		return y
	}},
	"subtract": {Subtract, func(t *syscalls.Table, call *syscalls.Call, a Policy, x, y Action) Action {
		if !lets(x) || !lets(y) {
			return x
		}
		denied := a.Default
		if denied.is(Allow) {
			denied = Errno(1)
		}
		return marked(t, denied, call)
	}},
}

// TestCombinations holds results against the definition, by the verdicts of the
// policies that they are made of.
func TestCombinations(t *testing.T) {
	for name, op := range combinations {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(1, 2))
			done, refused := 0, 0
			for range 150 {
				c := &chooser{randomBytes(rng, 4096)}
				table := pick(c, syscalls.Tables()...)
				a := smaller(keepValid([]*syscalls.Table{table}, c.policy(table)))
				b := smaller(keepValid([]*syscalls.Table{table}, c.policy(table)))
				if c.below(2) == 0 {
					b = c.related(table, a)
				}
				got, err := op.of([]*syscalls.Table{table}, a, b)
				if err != nil {
					refused++
					if !strings.Contains(err.Error(), "kind of default") && !strings.Contains(err.Error(), "denies nothing") {
						t.Fatalf("%v\n%v\nand\n%v", err, a, b)
					}
					continue
				}
				done++
				compile(t, table, got)
				for _, d := range c.inputsOf(table, a, b) {
					if d.Nr == skipped {
						continue
					}
					call, _ := table.ByNumber(d.Nr)
					x, y := a.Verdict(table, d), b.Verdict(table, d)
					want := op.gives(table, call, a, x, y)
					if is := got.Verdict(table, d); is != want {
						t.Fatalf("%s: %+v gets %v, want %v (of %v and %v)\n%v\nof\n%v\nand\n%v", table.Arch, d, is, want, x, y, got, a, b)
					}
				}
			}
			if done < refused {
				t.Errorf("%d results, %d refused: that tests little", done, refused)
			}
		})
	}
}

// TestCombinationsOfManyRules: with many rules on one call that overlap in all ways,
// for all arguments that these tell apart.
func TestCombinationsOfManyRules(t *testing.T) {
	small := func(c *chooser) Policy {
		p := Policy{Default: pick(c, Errno(1), Trap, Allow)}
		for range 1 + c.below(7) {
			r := Rule{Syscall: "lseek", Action: pick(c, Allow, Deny, Trap, Errno(13))}
			for range 1 + c.below(2) {
				cond := Cond{Arg: c.below(2), Op: pick(c, Equal, Equal, Equal, NotEqual, Less, GreaterOrEqual), Mask: pick[uint64](c, 0, 0, 3, 5)}
				cond.Values = []uint64{uint64(1 + c.below(4))}
				for cond.Op == Equal && c.below(2) == 0 {
					cond.Values = append(cond.Values, uint64(1+c.below(4)))
				}
				r.Conds = append(r.Conds, cond)
			}
			p.Rules = append(p.Rules, r)
		}
		return keepValid([]*syscalls.Table{syscalls.AMD64}, p)
	}
	const lseek = 8
	rng := rand.New(rand.NewPCG(7, 8))
	for range 600 {
		c := &chooser{randomBytes(rng, 256)}
		a, b := small(c), small(c)
		for name, op := range combinations {
			got, err := op.of([]*syscalls.Table{syscalls.AMD64}, a, b)
			if err != nil {
				continue
			}
			for i := range uint64(8 * 8) {
				d := Data{Nr: lseek, Arch: syscalls.AMD64.AuditArch, Args: [6]uint64{i % 8, i / 8}}
				call, _ := syscalls.AMD64.ByNumber(lseek)
				want := op.gives(syscalls.AMD64, call, a, a.Verdict(syscalls.AMD64, d), b.Verdict(syscalls.AMD64, d))
				if is := got.Verdict(syscalls.AMD64, d); is != want {
					t.Fatalf("%s: %v gets %v, want %v\n%v\nof\n%v\nand\n%v", name, d.Args, is, want, got, a, b)
				}
			}
		}
	}
}

// TestCombinationsForSeveral: one result for several architectures, of policies
// that name calls only.
func TestCombinationsForSeveral(t *testing.T) {
	sets := [][]*syscalls.Table{
		{syscalls.AMD64, syscalls.I386, syscalls.X32},
		{syscalls.AMD64, syscalls.ARM64, syscalls.S390X, syscalls.MIPS},
		{syscalls.X32, syscalls.AMD64},
		{syscalls.MIPS64, syscalls.N32, syscalls.MIPS},
	}
	for name, op := range combinations {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(3, 4))
			done := 0
			for range 100 {
				c := &chooser{randomBytes(rng, 4096)}
				several := sets[c.below(len(sets))]
				a, b := named(c.policy(several[0])), named(c.policy(several[1]))
				for _, table := range several {
					a, b = keepValidHere(table, a), keepValidHere(table, b)
				}
				a, b = smaller(a), smaller(b)
				got, err := op.of(several, a, b)
				if err != nil {
					continue
				}
				if _, err := (Compiler{Tables: several}).Compile(got); err != nil && len(got.Rules) > 0 {
					t.Fatalf("%v\n%v", err, got)
				}
				done++
				for _, table := range several {
					for _, d := range c.inputsOf(table, here(table, a), here(table, b)) {
						if d.Nr == skipped {
							continue
						}
						var call *syscalls.Call
						for _, t := range several {
							if known, found := t.ByNumber(d.Nr); found && t.AuditArch == d.Arch {
								call = known
							}
						}
						x, y := a.VerdictFor(several, d), b.VerdictFor(several, d)
						want := op.gives(table, call, a, x, y)
						if is := got.VerdictFor(several, d); is != want {
							t.Fatalf("%s: %+v gets %v, want %v (of %v and %v)\n%v\nof\n%v\nand\n%v", table.Arch, d, is, want, x, y, got, a, b)
						}
					}
				}
			}
			if done < 20 {
				t.Errorf("%d results: that tests little", done)
			}
		})
	}
}

// named leaves out the rules that have a number for a name.
func named(p Policy) Policy {
	var rules []Rule
	for _, r := range p.Rules {
		if !strings.HasPrefix(r.Syscall, "#") {
			rules = append(rules, r)
		}
	}
	p.Rules = rules
	return p
}

// here leaves out the rules for calls that an architecture does not have.
func here(t *syscalls.Table, p Policy) Policy {
	var rules []Rule
	for _, r := range p.Rules {
		if _, known := t.ByName(r.Syscall); known {
			rules = append(rules, r)
		}
	}
	p.Rules = rules
	return p
}

// keepValidHere is keepValid for the rules that speak of the architecture.
func keepValidHere(t *syscalls.Table, p Policy) Policy {
	var rules []Rule
	for _, r := range p.Rules {
		one := Policy{Rules: []Rule{r}}
		if _, known := t.ByName(r.Syscall); !known || len(keepValid([]*syscalls.Table{t}, one).Rules) == 1 {
			rules = append(rules, r)
		}
	}
	p.Rules = rules
	return p
}

// TestCompare: a comparison has all differences and no other.
func TestCompare(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	differences := 0
	for range 150 {
		c := &chooser{randomBytes(rng, 4096)}
		table := pick(c, syscalls.Tables()...)
		a := smaller(keepValid([]*syscalls.Table{table}, c.policy(table)))
		b := c.related(table, a)
		got, err := Compare([]*syscalls.Table{table}, a, b)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range got.Differences {
			differences++
			call, known := table.ByName(d.Syscall)
			nr, _, _ := Rule{Syscall: d.Syscall}.number()
			if known {
				nr = call.Nr
			}
			in := Data{Nr: nr, Arch: table.AuditArch, Args: d.Example}
			if is := [2]Action{a.Verdict(table, in), b.Verdict(table, in)}; is != d.Actions || d.Maybe {
				t.Fatalf("%v: %#x gets %v, not %v\n%v\nand\n%v", d, d.Example, is, d.Actions, a, b)
			}
		}
		for _, in := range c.inputsOf(table, a, b) {
			call, _ := table.ByNumber(in.Nr)
			x, y := a.Verdict(table, in), b.Verdict(table, in)
			named := got.actions(table, call, in)
			switch {
			case named == nil && x != y && a.Default == b.Default:
				t.Fatalf("%+v gets %v and %v, of which nothing is said:\n%v\nof\n%v\nand\n%v", in, x, y, got, a, b)
			case named != nil && *named != [2]Action{x, y}:
				t.Fatalf("%+v gets %v and %v, not %v:\n%v\nof\n%v\nand\n%v", in, x, y, *named, got, a, b)
			}
		}
	}
	if differences < 300 {
		t.Errorf("%d differences: that tests little", differences)
	}
}

// actions is what the comparison says of a call, nil for nothing.
func (c *Comparison) actions(t *syscalls.Table, call *syscalls.Call, in Data) *[2]Action {
	all := func(name string, conds []Cond) bool {
		for _, c := range conds {
			if !c.holds(in.Args[c.Arg], widthOf(t, Rule{Syscall: name}, c.Arg) == 64) {
				return false
			}
		}
		return true
	}
next:
	for _, d := range c.Differences {
		if in.Arch != t.AuditArch || !names(Rule{Syscall: d.Syscall}, call, in.Nr) || !all(d.Syscall, d.When) {
			continue
		}
		for _, conds := range d.Unless {
			if all(d.Syscall, conds) {
				continue next
			}
		}
		return &d.Actions
	}
	return nil
}

// TestCombinationsRead: results are as a person would have written them.
func TestCombinationsRead(t *testing.T) {
	is := func(arg int, values ...uint64) Cond { return Cond{Arg: arg, Op: Equal, Values: values} }
	domains := Policy{Default: Errno(1), Rules: []Rule{
		{"read", nil, Allow}, {"write", nil, Allow},
		{"socket", []Cond{is(0, 1)}, Allow}, {"socket", []Cond{is(0, 2)}, Allow},
	}}
	tests := []struct {
		name string
		of   func([]*syscalls.Table, Policy, Policy) (Policy, error)
		a, b Policy
		want string
	}{
		{"lists add up", Union, domains, Policy{Default: Errno(1), Rules: []Rule{{"#0", nil, Allow}, {"close", nil, Allow}, {"socket", []Cond{is(0, 2, 10)}, Allow}}},
			"allow read, write, close\nallow socket if arg0 in {1, 2, 10}\notherwise errno(EPERM)"},
		{"a condition is no more where one does without", Union, domains, Policy{Default: Errno(1), Rules: []Rule{{"socket", nil, Allow}}},
			"allow read, write, socket\notherwise errno(EPERM)"},
		{"lists have the common values", Intersection, domains, Policy{Default: Errno(1), Rules: []Rule{{"write", nil, Allow}, {"socket", []Cond{is(0, 2, 10), is(1, 1)}, Allow}}},
			"allow write\nallow socket if arg0 == 2 and arg1 == 1\notherwise errno(EPERM)"},
		{"a list of denials takes away", Intersection, domains, Policy{Default: Allow, Rules: []Rule{{"write", nil, Deny}, {"socket", []Cond{is(0, 2)}, Trap}}},
			"allow read\nallow socket if arg0 == 1\ntrap socket if arg0 == 2\notherwise errno(EPERM)"},
		{"nothing is in common", Intersection, domains, Policy{Default: Errno(1)}, "otherwise errno(EPERM)"},
		{"all but", Subtract, Policy{Default: Allow}, domains,
			"deny read, write\ndeny socket if arg0 in {1, 2}\notherwise allow"},
		{"what is left", Subtract, domains, Policy{Default: Errno(1), Rules: []Rule{{"write", nil, Allow}, {"socket", []Cond{is(0, 1)}, Allow}}},
			"allow read\nallow socket if arg0 == 2\notherwise errno(EPERM)"},
		{"nothing is left", Subtract, domains, domains, "otherwise errno(EPERM)"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := test.of([]*syscalls.Table{syscalls.AMD64}, test.a, test.b)
			if err != nil {
				t.Fatal(err)
			}
			if got.String() != test.want {
				t.Errorf("got:\n%v\nwant:\n%v", got, test.want)
			}
		})
	}
}
