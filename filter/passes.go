package filter

// passes is a set of passes.
type passes uint8

// The passes, in the order in which they are made. Each works without the others,
// and a program that was made without any of them says the same.
const (
	passSimplify passes = 1 << iota
	passJoin
	passWeigh
	passShare
	passSkip
	passTrim

	allPasses = 1<<iota - 1
)

// passTexts has the names of the passes and what they do.
var passTexts = [...]struct{ name, does string }{
	{"simplify", "make the rules about a call as few as can be"},
	{"join", "make one range of neighbours with the same answer"},
	{"weigh", "look for what is frequent first"},
	{"share", "write equal parts once"},
	{"skip", "do not load what is loaded already"},
	{"trim", "remove what no jump leads to"},
}

// A Pass says what one pass of the optimiser brought.
type Pass struct {
	Name string // "join"
	Does string // what it does, in a few words
	// Before and After are what the program costs without this pass and those
	// that come after it, and with it.
	Before, After Cost
}

// A Cost is what a program costs.
type Cost struct {
	Instructions int // how long it is
	// Steps is how many instructions the kernel executes on the average for a
	// call that is allowed for its arguments, by how often each is made.
	Steps float64
}

// Passes says what each pass of the optimiser brings for a policy, in the order in
// which they are made. It compiles the policy once for each.
func (c Compiler) Passes(p Policy) ([]Pass, error) {
	before, err := c.cost(p, 0)
	if err != nil {
		return nil, err
	}
	list := make([]Pass, len(passTexts))
	for i, text := range passTexts {
		after, err := c.cost(p, 1<<(i+1)-1)
		if err != nil {
			return nil, err
		}
		list[i] = Pass{text.name, text.does, before, after}
		before = after
	}
	return list, nil
}

// cost measures what the policy becomes with some of the passes.
func (c Compiler) cost(p Policy, enabled passes) (Cost, error) {
	prog, err := c.assemble(p, enabled)
	if err != nil {
		return Cost{}, err
	}
	return Cost{Instructions: len(prog), Steps: c.meanSteps(prog, p)}, nil
}

// meanSteps runs the program for a call of each kind that is allowed for its
// arguments.
func (c Compiler) meanSteps(prog Program, p Policy) float64 {
	a := newAssembler(allPasses)
	rules, err := c.resolve(p)
	if err != nil {
		return 0
	}
	if _, err := c.write(a, p, rules); err != nil {
		return 0
	}
	total, weights := 0.0, 0.0
	for _, ch := range a.chains {
		usual := usual(ch.name)
		for _, r := range ch.rules {
			if !r.action.is(Allow) {
				continue
			}
			d := Data{Nr: ch.nr, Arch: c.Tables[ch.table].AuditArch}
			for i := range r.tests {
				test := &r.tests[i]
				d.Args[test.arg] |= test.example(usual.valuesOf(test))
			}
			if _, steps, err := prog.run(&d); err == nil {
				total += float64(steps) * float64(ch.weight)
				weights += float64(ch.weight)
			}
		}
	}
	if weights == 0 {
		return 0
	}
	return total / weights
}
