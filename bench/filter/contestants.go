package main

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"slices"
	"sync"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
	gvisorbpf "gvisor.dev/gvisor/pkg/bpf"

	"github.com/gocurb/curb/bench/internal/elastic"
	"github.com/gocurb/curb/bench/internal/gvisor"
	"github.com/gocurb/curb/bench/internal/libseccomp"
	"github.com/gocurb/curb/bench/internal/policy"
	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/internal/sample"
	"github.com/gocurb/curb/syscalls"
)

// table is of the architecture that all filters are made for.
var table = syscalls.AMD64

// A contestant makes filters of policies in one way.
type contestant struct {
	name    string
	compile compiler
}

type compiler func(policy.Policy) (filter.Program, error)

// narrowly gives the compiler masks for what the kernel takes as 32 bits, as an
// expert would who knows which arguments these are.
func (compile compiler) narrowly() compiler {
	return func(p policy.Policy) (filter.Program, error) {
		p.Calls = slices.Clone(p.Calls)
		for i, call := range p.Calls {
			known, _ := table.ByName(call.Name)
			if call.Check != nil && call.Check.Mask == 0 && known.Width(call.Check.Arg) == 32 {
				narrow := *call.Check
				narrow.Mask = math.MaxUint32
				p.Calls[i].Check = &narrow
			}
		}
		return compile(p)
	}
}

// contestants are all of them, curb first, which the others are compared with.
// The load is what those are told who can be told how often each call is made.
func contestants(load []sample.Call) []contestant {
	all := []contestant{
		{"curb", withCurb(nil)},
		{"curb, frequencies", withCurb(frequencies(load))},
	}
	if libseccomp.Available {
		all = append(all,
			contestant{"libseccomp", withLibseccomp(libseccomp.Options{Level: 1})},
			contestant{"libseccomp, priorities", withLibseccomp(libseccomp.Options{Level: 1, Priorities: priorities(load)})},
			contestant{"libseccomp, tree", withLibseccomp(libseccomp.Options{Level: 2})},
		)
	}
	return append(all,
		contestant{"gVisor", withGVisor(nil)},
		contestant{"gVisor, hot calls", withGVisor(hot(load))},
		contestant{"gVisor, hot calls, 32 bits", withGVisor(hot(load)).narrowly()},
		contestant{"elastic", withElastic(false)},
		contestant{"elastic, checks first", withElastic(true)},
	)
}

// numberOf gives the number of a call by its name, which the tests of package sample vouch
// for.
func numberOf(name string) uint32 {
	call, _ := table.ByName(name)
	return call.Nr
}

// forCurb gives the policy as package filter takes it.
func forCurb(p policy.Policy) filter.Policy {
	plain := filter.Policy{Default: filter.Errno(1), Rules: make([]filter.Rule, 0, len(p.Calls))}
	for _, call := range p.Calls {
		rule := filter.Rule{Syscall: call.Name, Action: filter.Allow}
		if c := call.Check; c != nil {
			rule.Conds = []filter.Cond{{Arg: c.Arg, Op: filter.Equal, Mask: c.Mask, Values: c.Values}}
		}
		plain.Rules = append(plain.Rules, rule)
	}
	return plain
}

func withCurb(frequency map[string]float64) compiler {
	c := filter.Compiler{Tables: []*syscalls.Table{table}, Frequency: frequency}
	return func(p policy.Policy) (filter.Program, error) { return c.Compile(forCurb(p)) }
}

func withLibseccomp(options libseccomp.Options) compiler {
	// The library writes programs to files only: one that is in memory.
	scratch := sync.OnceValues(func() (*os.File, error) {
		fd, err := unix.MemfdCreate("filter", unix.MFD_CLOEXEC)
		return os.NewFile(uintptr(fd), "filter"), err
	})
	return func(p policy.Policy) (filter.Program, error) {
		to, err := scratch()
		if err != nil {
			return nil, err
		}
		raw, err := libseccomp.Compile(p, options, to)
		if err != nil {
			return nil, err
		}
		return filter.Parse(raw, binary.NativeEndian)
	}
}

func withGVisor(hot []uintptr) compiler {
	return func(p policy.Policy) (filter.Program, error) {
		raw, err := gvisor.Compile(p, hot)
		return convert(raw, func(ins gvisorbpf.Instruction) filter.Instruction {
			return filter.Instruction{Code: ins.OpCode, Jt: ins.JumpIfTrue, Jf: ins.JumpIfFalse, K: ins.K}
		}), err
	}
}

func withElastic(checkedFirst bool) compiler {
	return func(p policy.Policy) (filter.Program, error) {
		raw, err := elastic.Compile(p, checkedFirst)
		return convert(raw, func(ins bpf.RawInstruction) filter.Instruction {
			return filter.Instruction{Code: ins.Op, Jt: ins.Jt, Jf: ins.Jf, K: ins.K}
		}), err
	}
}

func convert[I any](raw []I, one func(I) filter.Instruction) filter.Program {
	program := make(filter.Program, len(raw))
	for i, ins := range raw {
		program[i] = one(ins)
	}
	return program
}

// tooNew are calls that the elastic package does not know yet.
var tooNew = []string{"file_getattr", "file_setattr", "listns", "rseq_slice_yield", "uprobe"}

// policies are the three that everything is measured on.
func policies() []policy.Policy {
	var long []string
	for call := range table.All() {
		if !slices.Contains(sample.Closed, call.Name) && !slices.Contains(tooNew, call.Name) {
			long = append(long, call.Name)
		}
	}
	return []policy.Policy{
		policy.New(fmt.Sprintf("%d names", len(sample.Names)), sample.Names, nil, numberOf),
		policy.New(fmt.Sprintf("%d names, %d checked", len(sample.Names), len(sample.Checks)), sample.Names, sample.Checks, numberOf),
		policy.New(fmt.Sprintf("%d names", len(long)), long, nil, numberOf),
	}
}

// frequencies says how often each call is made, by name.
func frequencies(load []sample.Call) map[string]float64 {
	made := make(map[string]float64)
	for _, call := range load {
		made[call.Syscall] += float64(call.Count)
	}
	return made
}

// byFrequency gives the names of the load's checked calls, the most frequent
// ones first: for the others the kernel does not run a filter.
func byFrequency(load []sample.Call) []string {
	made := frequencies(load)
	var names []string
	for _, check := range sample.Checks {
		names = append(names, check.Syscall)
	}
	slices.SortFunc(names, func(a, b string) int { return int(made[b] - made[a]) })
	return names
}

// priorities are libseccomp's, by name.
func priorities(load []sample.Call) map[string]uint8 {
	by := make(map[string]uint8)
	for i, name := range byFrequency(load) {
		by[name] = uint8(math.MaxUint8 - i)
	}
	return by
}

// hot are the numbers that gVisor is told.
func hot(load []sample.Call) []uintptr {
	var numbers []uintptr
	for _, name := range byFrequency(load) {
		numbers = append(numbers, uintptr(numberOf(name)))
	}
	return numbers
}
