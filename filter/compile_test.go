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
func checkCompiled(t testing.TB, table *syscalls.Table, p Policy, inputs []Data) int {
	t.Helper()
	prog := compile(t, table, p)
	checkAccumulator(t, table, prog)
	other := newMachine(t, prog)
	for _, d := range inputs {
		want := p.Verdict(table, d)
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

// checkAccumulator checks that all comparisons know what they compare, whatever
// way led there, that what is compared with numbers of calls is one, and that no
// instruction is for nothing.
func checkAccumulator(t testing.TB, table *syscalls.Table, p Program) {
	t.Helper()
	if err := p.Validate(); err != nil {
		t.Fatalf("%v\n%v", err, p)
	}
	used := map[int]bool{0: true}
	for pc, holds := range p.contents() {
		ins := p[pc]
		if !used[pc] {
			t.Fatalf("nothing leads to instruction %d\n%s", pc, listing(p, table))
		}
		switch ins.Code & classMask {
		case classRet:
		case classJmp:
			if ins.Code == classJmp|jumpAlways {
				used[pc+1+int(ins.K)] = true
				continue
			}
			used[pc+1+int(ins.Jt)], used[pc+1+int(ins.Jf)] = true, true
		default:
			used[pc+1] = true
		}
		if ins.Code&classMask != classJmp || ins.Code == classJmp|jumpAlways {
			continue
		}
		if holds == unknown || holds.offset%4 != 0 || holds.offset >= offsetIP && holds.offset < offsetArgs {
			t.Fatalf("instruction %d compares %+v\n%s", pc, holds, listing(p, table))
		}
		if holds == archWord && ins.K != table.AuditArch {
			t.Fatalf("instruction %d takes %#x for an architecture\n%s", pc, ins.K, listing(p, table))
		}
	}
}

// checkChoices makes a policy of the choices and checks it. It reports whether
// the policy as chosen was valid.
func checkChoices(t testing.TB, c *chooser) (valid bool, compared int) {
	t.Helper()
	table := pick(c, tables()...)
	chosen := c.policy(table)
	p := keepValid(table, chosen)
	valid = len(p.Rules) == len(chosen.Rules)
	if _, err := Compile(table, chosen); (err == nil) != valid {
		t.Fatalf("Compile says %v, want valid: %v\npolicy:\n%v", err, valid, chosen)
	}
	return valid, checkCompiled(t, table, p, c.inputs(table, p))
}

func randomBytes(rnd *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rnd.Uint32())
	}
	return b
}

func TestCompiledSaysWhatThePolicySays(t *testing.T) {
	policies := 1500
	if testing.Short() {
		policies = 150
	}
	valids, compared := 0, 0
	for seed := range policies {
		rnd := rand.New(rand.NewPCG(uint64(seed), 0))
		valid, n := checkChoices(t, &chooser{randomBytes(rnd, 20000)})
		compared += n
		if valid {
			valids++
		}
	}
	t.Logf("%d policies, %d of them valid as generated, %d system calls", policies, valids, compared)
	if valids < policies/20 || valids > policies*19/20 {
		t.Errorf("%d of %d generated policies are valid: the generator does not try both", valids, policies)
	}
}

func FuzzCompile(f *testing.F) {
	for seed := range 8 {
		f.Add(randomBytes(rand.New(rand.NewPCG(uint64(seed), 1)), 500))
	}
	f.Fuzz(func(t *testing.T, choices []byte) { checkChoices(t, &chooser{choices}) })
}
