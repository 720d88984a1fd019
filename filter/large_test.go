package filter

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gocurb/curb/syscalls"
)

// TestAnyPassesOfSeveral is TestAnyPasses for several architectures in a program.
func TestAnyPassesOfSeveral(t *testing.T) {
	var several [][]*syscalls.Table
	for _, set := range architectureSets() {
		if len(set) > 1 {
			several = append(several, set)
		}
	}
	for seed := range uint64(allPasses + 1) {
		for i, tables := range several {
			c := chooser{randomBytes(rand.New(rand.NewPCG(seed, uint64(i))), 8000)}
			p := keepValid(tables, c.policy(pick(&c, tables...)))
			prog, err := Compiler{Tables: tables, Frequency: c.frequency(tables)}.assemble(p, passes(seed))
			if err != nil {
				t.Fatal(err)
			}
			for _, table := range tables {
				for _, d := range c.inputs(table, p) {
					ret, _, err := prog.run(&d)
					if got, want := ActionOf(ret), p.VerdictFor(tables, d); err != nil || got != want {
						t.Fatalf("passes %06b: %+v gets %v, %v; want %v by the policy:\n%v\n%s", seed, d, got, err, want, p, listing(prog, table))
					}
				}
			}
		}
	}
}

// TestNearTheLimit makes long programs of many different answers, so that jumps
// are long, and what they lead to is far from everything else.
func TestNearTheLimit(t *testing.T) {
	sizes := 3
	if *long {
		sizes = 300
	}
	longest := 0
	for seed := range uint64(sizes) {
		rnd := rand.New(rand.NewPCG(seed, 5))
		tables := pick(&chooser{[]byte{byte(seed)}}, []*syscalls.Table{syscalls.AMD64}, []*syscalls.Table{syscalls.AMD64, syscalls.X32, syscalls.I386}, []*syscalls.Table{syscalls.S390X})
		names := slices.Collect(tables[0].All())
		c := Compiler{Tables: tables}
		var p Policy
		// Add rules until the kernel would refuse the program.
		for next := (Policy{Default: Errno(1)}); ; {
			call := names[rnd.IntN(len(names))]
			if call.NArgs() == 0 {
				continue
			}
			cond := Cond{Arg: rnd.IntN(call.NArgs()), Op: Equal, Values: scattered(1 + rnd.IntN(1+rnd.IntN(60)))}
			if rnd.IntN(3) == 0 {
				cond.Op = NotEqual
			}
			if rnd.IntN(4) == 0 && call.Width(cond.Arg) == 64 {
				for i := range cond.Values {
					cond.Values[i] |= uint64(i) << 33
				}
			}
			next.Rules = append(slices.Clone(next.Rules), Rule{call.Name, []Cond{cond}, Errno(1)})
			next.Rules[len(next.Rules)-1].Action = given | 0x00050000 | Action(1+rnd.IntN(700))
			for len(next.Rules) < 150 {
				next.Rules = append(next.Rules, next.Rules[len(next.Rules)-1])
				r := &next.Rules[len(next.Rules)-1]
				r.Syscall = names[rnd.IntN(len(names))].Name
			}
			next = keepValid(tables, next)
			prog, err := c.Compile(next)
			if err != nil {
				break
			}
			p, longest = next, max(longest, len(prog))
		}
		ch := chooser{randomBytes(rnd, 10000)}
		for _, table := range tables {
			checkCompiled(t, c, p, ch.inputs(table, p))
		}
	}
	if longest < 4000 {
		t.Errorf("the longest program has %d instructions", longest)
	}
}

// TestAnyFrequency: numbers that say nothing make a program no worse than none at
// all, and one wrong number does not spoil the others.
func TestAnyFrequency(t *testing.T) {
	p := Policy{Default: Errno(1)}
	for i, name := range []string{"socket", "ioctl", "fcntl", "mmap", "openat", "futex", "madvise", "prctl"} {
		p.Rules = append(p.Rules, Rule{name, []Cond{{1, Equal, 0, []uint64{uint64(i) + 5}}}, Allow})
	}
	p.Rules = append(p.Rules, Rule{Syscall: "read", Action: Allow}, Rule{Syscall: "write", Action: Allow})
	steps := func(f map[string]float64, name string, arg uint64) int {
		c := Compiler{Tables: []*syscalls.Table{syscalls.AMD64}, Frequency: f}
		prog := compileFor(t, c, p)
		ch := chooser{randomBytes(rand.New(rand.NewPCG(1, 1)), 10000)}
		checkCompiled(t, c, p, ch.inputs(syscalls.AMD64, p))
		call, _ := syscalls.AMD64.ByName(name)
		_, n, err := prog.run(&Data{Nr: call.Nr, Arch: syscalls.AMD64.AuditArch, Args: [6]uint64{1: arg}})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	want := steps(map[string]float64{"prctl": 5}, "prctl", 12)
	for _, odd := range []float64{math.NaN(), math.Inf(-1), -1, 0, math.SmallestNonzeroFloat64} {
		t.Run(fmt.Sprint(odd), func(t *testing.T) {
			f := map[string]float64{"prctl": 5, "socket": odd, "read": odd, "write": odd}
			if got := steps(f, "prctl", 12); got != want {
				t.Errorf("the frequent call takes %d instructions beside %v, and %d without", got, odd, want)
			}
		})
	}
	for _, most := range []float64{math.Inf(1), math.MaxFloat64} {
		t.Run(fmt.Sprint(most), func(t *testing.T) {
			f := map[string]float64{"prctl": most, "read": most, "write": most, "socket": 1}
			if got := steps(f, "prctl", 12); got != want {
				t.Errorf("a call that is made %v times takes %d instructions, want %d", most, got, want)
			}
		})
	}
}
