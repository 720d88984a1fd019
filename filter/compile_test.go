package filter

import (
	"math/rand/v2"
	"testing"

	"golang.org/x/net/bpf"

	"github.com/gocurb/curb/syscalls"
)

// A machine runs a program by golang.org/x/net/bpf, which shares nothing with
// this package.
type machine struct{ vm *bpf.VM }

func newMachine(t testing.TB, p Program) machine {
	t.Helper()
	raw := make([]bpf.RawInstruction, len(p))
	for i, ins := range p {
		raw[i] = bpf.RawInstruction{Op: ins.Code, Jt: ins.Jt, Jf: ins.Jf, K: ins.K}
	}
	decoded, all := bpf.Disassemble(raw)
	if !all {
		t.Fatalf("x/net/bpf cannot decode:\n%v", p)
	}
	vm, err := bpf.NewVM(decoded)
	if err != nil {
		t.Fatalf("x/net/bpf: %v\n%v", err, p)
	}
	return machine{vm}
}

// run lays the data out as the kernel does. The machine reads each word in
// network order, so each word is written in that.
func (m machine) run(t testing.TB, d Data, bigEndian bool) Action {
	t.Helper()
	packet := make([]byte, 0, dataSize)
	word := func(v uint64) {
		packet = append(packet, byte(v>>24), byte(v>>16), byte(v>>8), byte(v))
	}
	word(uint64(d.Nr))
	word(uint64(d.Arch))
	for _, v := range append([]uint64{d.IP}, d.Args[:]...) {
		if bigEndian {
			v = v>>32 | v<<32
		}
		word(v)
		word(v >> 32)
	}
	ret, err := m.vm.Run(packet)
	if err != nil {
		t.Fatal(err)
	}
	return ActionOf(uint32(ret))
}

// checkCompiled compares what a compiled policy says, by two machines, with what
// its definition says, and returns how many system calls it compared.
func checkCompiled(t testing.TB, c Compiler, p Policy, inputs []Data) int {
	t.Helper()
	prog, table := compileFor(t, c, p), c.Tables[0]
	checkAccumulator(t, c.Tables, prog)
	other := newMachine(t, prog)
	for _, d := range inputs {
		want := p.VerdictFor(c.Tables, d)
		got, err := prog.Run(d)
		if err != nil {
			t.Fatalf("%v\n%s", err, listing(prog, table))
		}
		if got != want {
			t.Fatalf("%+v gets %v, want %v by the policy:\n%v\n%s", d, got, want, p, listing(prog, table))
		}
		if second := other.run(t, d, table.BigEndian); second != want {
			t.Fatalf("%+v gets %v by x/net/bpf, want %v by the policy:\n%v\n%s", d, second, want, p, listing(prog, table))
		}
	}
	return len(inputs)
}

// checkChoices makes a policy of the choices and checks it, for one architecture
// or several. It reports whether the policy as chosen was valid.
func checkChoices(t testing.TB, c *chooser, tables []*syscalls.Table) (valid bool, compared int) {
	t.Helper()
	compiler := Compiler{Tables: tables, Frequency: c.frequency(tables)}
	chosen := c.policy(pick(c, tables...))
	p := keepValid(tables, chosen)
	valid = len(p.Rules) == len(chosen.Rules)
	if _, err := compiler.Compile(chosen); (err == nil) != valid {
		t.Fatalf("Compile says %v, want valid: %v\npolicy:\n%v", err, valid, chosen)
	}
	var inputs []Data
	for _, table := range tables {
		inputs = append(inputs, c.inputs(table, p)...)
	}
	return valid, checkCompiled(t, compiler, p, inputs)
}

func randomBytes(rnd *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rnd.Uint32())
	}
	return b
}

// TestCompiledSaysWhatThePolicySays is for every architecture, and those that go
// together.
func TestCompiledSaysWhatThePolicySays(t *testing.T) {
	policies := 80
	if *long {
		policies = 10_000
	}
	for _, tables := range architectureSets() {
		t.Run(Compiler{Tables: tables}.archNames(), func(t *testing.T) {
			valids, compared := 0, 0
			for seed := range policies {
				rnd := rand.New(rand.NewPCG(uint64(seed), uint64(tables[0].AuditArch)))
				valid, n := checkChoices(t, &chooser{randomBytes(rnd, 20000)}, tables)
				compared += n
				if valid {
					valids++
				}
			}
			t.Logf("%d policies, %d of them valid as generated, %d system calls", policies, valids, compared)
			if valids < policies/50 || valids > policies*19/20 {
				t.Errorf("%d of %d generated policies are valid: the generator does not try both", valids, policies)
			}
		})
	}
}

func FuzzCompile(f *testing.F) {
	sets := architectureSets()
	for i := range sets {
		f.Add(uint8(i), randomBytes(rand.New(rand.NewPCG(uint64(i), 1)), 500))
	}
	f.Fuzz(func(t *testing.T, set uint8, choices []byte) {
		checkChoices(t, &chooser{choices}, sets[int(set)%len(sets)])
	})
}
