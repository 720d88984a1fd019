package filter

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gocurb/curb/syscalls"
)

// smallConds are all conditions on lseek's offset (64 bits) and whence (32 bits)
// with numbers at the borders of halves, those that Compile refuses left out.
func smallConds() []Cond {
	var list []Cond
	numbers := []uint64{0, 1, 2, math.MaxUint32, 1 << 32, 1<<32 | 1, math.MaxUint64 - 1, math.MaxUint64}
	masks := []uint64{0, 1, 3, 1 << 32, 1<<32 | 1, math.MaxUint32, math.MaxUint32 << 32, math.MaxUint64}
	rule := Rule{Syscall: "lseek"}
	add := func(c Cond) {
		if valid(syscalls.AMD64, rule, c) {
			list = append(list, c)
		}
	}
	for arg := 1; arg <= 2; arg++ {
		for _, mask := range masks {
			for i, v := range numbers {
				for op := Equal; op <= GreaterOrEqual; op++ {
					add(Cond{arg, op, mask, []uint64{v}})
				}
				for _, w := range numbers[i+1:] {
					add(Cond{arg, Equal, mask, []uint64{v, w}})
					add(Cond{arg, NotEqual, mask, []uint64{w, v}})
				}
			}
		}
	}
	return list
}

// smallInputs are calls of lseek with everything that smallConds tell apart.
func smallInputs() []Data {
	const lseek = 8
	var list []Data
	halves := []uint64{0, 1, 2, 3, 4, math.MaxUint32 - 1, math.MaxUint32}
	for _, high := range halves {
		for _, low := range halves {
			for _, whence := range []uint64{0, 1, 2, 3, 4, math.MaxUint32, 1 << 32, 1<<32 | 1} {
				list = append(list, Data{Nr: lseek, Arch: syscalls.AMD64.AuditArch, Args: [6]uint64{1: high<<32 | low, 2: whence}})
			}
		}
	}
	return list
}

// checkSmall compares the program that some passes make with the definition.
func checkSmall(t *testing.T, rules []Rule, byDefault Action, enabled passes, inputs []Data) {
	t.Helper()
	p := Policy{Default: byDefault, Rules: rules}
	prog, err := amd64().assemble(p, enabled)
	if err != nil {
		t.Fatalf("passes %06b: %v\npolicy:\n%v", enabled, err, p)
	}
	for i := range inputs {
		ret, _, err := prog.run(&inputs[i])
		if want := p.Verdict(syscalls.AMD64, inputs[i]); err != nil || ActionOf(ret) != want {
			t.Fatalf("passes %06b: %+v gets %v, %v; want %v by the policy:\n%v\n%s", enabled, inputs[i], ActionOf(ret), err, want, p, listing(prog, syscalls.AMD64))
		}
	}
}

// TestEverySmallCondition tries each condition alone with every set of passes.
func TestEverySmallCondition(t *testing.T) {
	inputs := smallInputs()
	for i, c := range smallConds() {
		for enabled := range allPasses + 1 {
			if *long || enabled == allPasses || enabled%16 == i%16 {
				checkSmall(t, []Rule{{"lseek", []Cond{c}, Allow}}, Errno(1), passes(enabled), inputs)
			}
		}
	}
}

// TestSmallRulesInAnyOrder tries rules of few conditions on the same arguments, in
// any order, so that the optimiser joins, narrows and drops what it can.
func TestSmallRulesInAnyOrder(t *testing.T) {
	policies := 10_000
	if *long {
		policies = 3_000_000
	}
	conds, inputs := smallConds(), smallInputs()
	rnd := rand.New(rand.NewPCG(17, 4))
	actions := []Action{Allow, Allow, Deny, Errno(1), Errno(2), Trap}
	pickDefault := []Action{Errno(1), Allow, Trap}
	for range policies {
		var rules []Rule
		for range 1 + rnd.IntN(5) {
			r := Rule{Syscall: "lseek", Action: actions[rnd.IntN(len(actions))]}
			for range min(3, rnd.IntN(7)) {
				r.Conds = append(r.Conds, conds[rnd.IntN(len(conds))])
			}
			rules = append(rules, r)
			if rnd.IntN(8) == 0 {
				rules = append(rules, rules[rnd.IntN(len(rules))])
			}
		}
		enabled := passes(allPasses)
		if rnd.IntN(4) == 0 {
			enabled &= passes(rnd.IntN(allPasses + 1))
		}
		some := make([]Data, 40)
		for i := range some {
			some[i] = inputs[rnd.IntN(len(inputs))]
		}
		checkSmall(t, rules, pickDefault[rnd.IntN(len(pickDefault))], enabled, some)
	}
}
