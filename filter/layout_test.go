package filter

import (
	"fmt"
	"math/rand/v2"
	"sort"
	"strings"
	"testing"

	"github.com/gocurb/curb/syscalls"
)

// allowOnly is a policy that allows calls, all of the table without names.
func allowOnly(t *syscalls.Table, names ...string) Policy {
	p := Policy{Default: Errno(1)}
	if len(names) == 0 {
		for call := range t.All() {
			names = append(names, call.Name)
		}
	}
	for _, name := range names {
		p.Rules = append(p.Rules, Rule{Syscall: name, Action: Allow})
	}
	return p
}

// scattered gives n values that are not neighbours.
func scattered(n int) []uint64 {
	values := make([]uint64, n)
	for i := range values {
		values[i] = uint64(i) * 3
	}
	return values
}

// TestAnySize grows a policy through all distances that jumps have.
func TestAnySize(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 100, 120, 125, 126, 127, 128, 129, 130, 250, 254, 255, 256, 257, 258, 300, 500, 1000} {
		values := scattered(n)
		p := allowOnly(syscalls.AMD64, "read", "write", "openat", "exit_group", "statx")
		p.Rules = append(p.Rules,
			Rule{"socket", []Cond{{0, Equal, 0, values}}, Allow},
			Rule{"socket", []Cond{{0, Equal, 0, []uint64{1}}, {1, Equal, 0, []uint64{5}}}, Trap},
			Rule{"lseek", []Cond{{1, NotEqual, 0, values}, {2, Equal, 0, []uint64{0, 1}}}, Allow},
		)
		c := chooser{randomBytes(rnd, 10000)}
		checkCompiled(t, Compiler{Tables: []*syscalls.Table{syscalls.AMD64}}, p, c.inputs(syscalls.AMD64, p))
	}
}

// TestManyCheckedCalls makes the tree of calls itself long.
func TestManyCheckedCalls(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for _, values := range []int{1, 3, 5} {
		p := Policy{Default: Errno(1)}
		for call := range syscalls.AMD64.All() {
			if call.NArgs() > 0 {
				p.Rules = append(p.Rules, Rule{call.Name, []Cond{{0, Equal, 0, scattered(values)}}, pickAction(call.Nr)})
			}
		}
		c := chooser{randomBytes(rnd, 10000)}
		checkCompiled(t, Compiler{Tables: []*syscalls.Table{syscalls.AMD64}}, p, c.inputs(syscalls.AMD64, p))
	}
}

func pickAction(nr uint32) Action { return []Action{Allow, Trap, Errno(13)}[nr%3] }

func TestTooLong(t *testing.T) {
	p := Policy{Default: Errno(1), Rules: []Rule{{"socket", []Cond{{0, Equal, 0, scattered(5000)}}, Allow}}}
	prog, err := Compile(syscalls.AMD64, p)
	if err == nil || prog != nil {
		t.Fatalf("a policy of 5000 values compiles to %d instructions", len(prog))
	}
	var n int
	if _, scanErr := fmt.Sscanf(err.Error(), "the filter would have %d instructions, and the kernel takes 4096: ", &n); scanErr != nil || n <= 4096 {
		t.Errorf("the error is %q", err)
	}
}

// TestLimit comes as near to the limit as it can, from below.
func TestLimit(t *testing.T) {
	programOf := func(n int) (Program, error) {
		return Compile(syscalls.AMD64, Policy{Default: Errno(1), Rules: []Rule{{"socket", []Cond{{0, Equal, 0, scattered(n)}}, Allow}}})
	}
	tooMany := sort.Search(5000, func(n int) bool {
		_, err := programOf(n + 1)
		return err != nil
	}) + 1
	prog, err := programOf(tooMany - 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(prog) < 4050 || len(prog) > MaxInstructions {
		t.Errorf("the longest program has %d instructions", len(prog))
	}
}

// TestNeighboursAreOneRange: what gets the same answer is not told apart.
func TestNeighboursAreOneRange(t *testing.T) {
	all := compile(t, syscalls.AMD64, allowOnly(syscalls.AMD64))
	if len(all) > 16 {
		t.Errorf("to allow everything takes %d instructions:\n%s", len(all), listing(all, syscalls.AMD64))
	}
	few := compile(t, syscalls.AMD64, Policy{Default: Log})
	if len(few) > 6 {
		t.Errorf("to log everything takes %d instructions:\n%s", len(few), listing(few, syscalls.AMD64))
	}
}

// TestCheckedCallsComeFirst: however many calls there are beside them, the way
// to those whose arguments count is short.
func TestCheckedCallsComeFirst(t *testing.T) {
	checked := []string{"socket", "ioctl", "fcntl", "mmap", "openat", "futex", "madvise", "prctl"}
	p := allowOnly(syscalls.AMD64)
	for i, name := range checked {
		p.Rules = append(p.Rules, Rule{Syscall: name, Action: Errno(1)}, Rule{name, []Cond{{1, Equal, 0, []uint64{uint64(i) + 5}}}, Allow})
	}
	evenly := make(map[string]float64)
	for _, name := range checked {
		evenly[name] = 1
	}
	prog, err := Compiler{Tables: []*syscalls.Table{syscalls.AMD64}, Frequency: evenly}.Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for i, name := range checked {
		call, _ := syscalls.AMD64.ByName(name)
		d := Data{Nr: call.Nr, Arch: syscalls.AMD64.AuditArch, Args: [6]uint64{1: uint64(i) + 5}}
		ret, steps, err := prog.run(&d)
		if err != nil || ActionOf(ret) != Allow {
			t.Fatalf("%s gets %v, %v", name, ActionOf(ret), err)
		}
		total += steps
	}
	// Three to get at the number, log2(8) and a little to find it, two to five
	// for the argument.
	if mean := float64(total) / float64(len(checked)); mean > 10.5 {
		t.Errorf("a checked call takes %.1f instructions:\n%s", mean, listing(prog, syscalls.AMD64))
	}
}

// TestKernelNeedNotRun evaluates programs as the kernel does when it decides for
// which numbers it need not run them: seccomp_is_const_allow in kernel/seccomp.c
// (Linux 5.11) knows a few instructions, and gives up at the first load of an
// argument.
func TestKernelNeedNotRun(t *testing.T) {
	p := allowOnly(syscalls.AMD64)
	p.Rules = append(p.Rules,
		Rule{Syscall: "ptrace", Action: Errno(1)},
		Rule{Syscall: "socket", Action: Errno(1)},
		Rule{"socket", []Cond{{0, Equal, 0, []uint64{1}}}, Allow},
	)
	for _, byDefault := range allActions {
		p.Default = byDefault
		prog := compile(t, syscalls.AMD64, p)
		for call := range syscalls.AMD64.All() {
			want := call.Name != "socket" && call.Name != "ptrace"
			if got := constAllow(prog, call.Nr, syscalls.AMD64.AuditArch); got != want {
				t.Errorf("default %v: the kernel knows that %s is allowed: %v, want %v", byDefault, call.Name, got, want)
			}
		}
	}
}

func constAllow(p Program, nr, arch uint32) bool {
	a := uint32(0)
	for pc := 0; pc < len(p); pc++ {
		ins := p[pc]
		var holds bool
		switch ins.Code {
		case 0x20: // BPF_LD | BPF_W | BPF_ABS
			switch ins.K {
			case 0:
				a = nr
			case 4:
				a = arch
			default:
				return false
			}
			continue
		case 0x06: // BPF_RET | BPF_K
			return ins.K == 0x7fff0000
		case 0x05: // BPF_JMP | BPF_JA
			pc += int(ins.K)
			continue
		case 0x54: // BPF_ALU | BPF_AND | BPF_K
			a &= ins.K
			continue
		case 0x15:
			holds = a == ins.K
		case 0x25:
			holds = a > ins.K
		case 0x35:
			holds = a >= ins.K
		case 0x45:
			holds = a&ins.K != 0
		default:
			return false
		}
		if holds {
			pc += int(ins.Jt)
		} else {
			pc += int(ins.Jf)
		}
	}
	return false
}

// TestAssemblerKnowsTheAccumulator: programs that compare what they have not
// loaded cannot be written.
func TestAssemblerKnowsTheAccumulator(t *testing.T) {
	low, high := argWords(0, false)
	tests := map[string]func(*assembler) label{
		"a number, after an argument": func(a *assembler) label {
			number := a.compare(nrWord, jumpEqual, 1, ret(Allow), ret(Trap))
			return a.load(low, a.compare(low, jumpEqual, 5, ret(Allow), number))
		},
		"a half, after the other": func(a *assembler) label {
			return a.load(high, a.compare(low, jumpEqual, 5, ret(Allow), ret(Trap)))
		},
		"a masked argument, after the whole of it": func(a *assembler) label {
			masked := word{low.offset, 7}
			return a.load(low, a.compare(masked, jumpEqual, 5, ret(Allow), ret(Trap)))
		},
		"a number, after nothing": func(a *assembler) label {
			return a.compare(nrWord, jumpEqual, 1, ret(Allow), ret(Trap))
		},
		"a number where there is an argument, by a load that is skipped": func(a *assembler) label {
			argument := a.load(low, a.compare(low, jumpEqual, 5, ret(Allow), ret(Trap)))
			behind := a.skipLoad(argument, low)
			return a.load(nrWord, a.compare(nrWord, jumpEqual, 1, ret(Allow), behind))
		},
	}
	for name, write := range tests {
		a := newAssembler(allPasses)
		if p, err := a.program(write(a)); err == nil || !strings.Contains(err.Error(), "mistake in curb") {
			t.Errorf("%s: the error is %v\n%v", name, err, p)
		}
	}
	a := newAssembler(allPasses)
	if _, err := a.program(a.load(nrWord, a.compare(nrWord, jumpEqual, 1, ret(Allow), ret(Trap)))); err != nil {
		t.Errorf("what is right: %v", err)
	}
}
