package filter

import (
	"slices"
	"strings"
	"testing"

	"github.com/gocurb/curb/syscalls"
)

// A held is what a program knows at an instruction, on one of the ways that lead
// there: which bits of which word of the kernel's struct seccomp_data are in the
// accumulator, and which architecture was found. It is told by the instructions
// alone, without the code that assembles or analyses programs.
type held struct {
	loaded bool
	offset uint32
	mask   uint32
	arch   uint32 // 0 while it is not known
}

// verifyAccumulator follows all ways through a program of ours, which only ever
// loads a word, masks it, compares and returns. It says what is wrong at which
// instruction, "" if nothing is: a comparison of something that depends on the way
// that led there, or that nothing loaded; a number or an argument that is looked
// at before the architecture is known; an architecture that is not looked for.
func verifyAccumulator(p Program, archs []uint32) (problem string, at int) {
	ways := make([]map[held]bool, len(p))
	for i := range ways {
		ways[i] = make(map[held]bool)
	}
	ways[0][held{}] = true
	for pc, ins := range p {
		if len(ways[pc]) == 0 {
			return "nothing leads here", pc
		}
		compared := make(map[held]bool) // what it is, whatever the architecture
		for h := range ways[pc] {
			switch ins.Code {
			case 0x20: // ld [k]
				h = held{true, ins.K, 0xffffffff, h.arch}
				if h.arch == 0 && h.offset != 4 {
					return "loads before the architecture is known", pc
				}
				ways[pc+1][h] = true
			case 0x54: // and #k
				h.mask &= ins.K
				ways[pc+1][h] = true
			case 0x06: // ret #k
			case 0x05: // ja
				ways[pc+1+int(ins.K)][h] = true
			case 0x15, 0x25, 0x35, 0x45: // jeq, jgt, jge, jset #k
				compared[held{h.loaded, h.offset, h.mask, 0}] = true
				yes, no := h, h
				if h.offset == 4 {
					if ins.Code != 0x15 || !slices.Contains(archs, ins.K) {
						return "takes something for an architecture that is none", pc
					}
					yes.arch = ins.K
				}
				ways[pc+1+int(ins.Jt)][yes] = true
				ways[pc+1+int(ins.Jf)][no] = true
			default:
				return "is of a kind that no filter of ours needs", pc
			}
			if !h.loaded && ins.Code != 0x06 && ins.Code != 0x05 {
				return "uses what was not loaded", pc
			}
		}
		if len(compared) > 1 {
			return "compares what depends on the way that led here", pc
		}
		for h := range compared {
			if h.offset >= 8 && h.offset < 16 || h.offset >= 64 || h.offset%4 != 0 {
				return "compares what is neither the architecture nor the number nor an argument", pc
			}
		}
	}
	return "", 0
}

func archsOf(tables []*syscalls.Table) []uint32 {
	archs := make([]uint32, len(tables))
	for i, t := range tables {
		archs[i] = t.AuditArch
	}
	return archs
}

func checkAccumulator(t testing.TB, tables []*syscalls.Table, p Program) {
	t.Helper()
	if err := p.Validate(); err != nil {
		t.Fatalf("%v\n%v", err, p)
	}
	if problem, at := verifyAccumulator(p, archsOf(tables)); problem != "" {
		t.Fatalf("instruction %d %s\n%s", at, problem, listing(p, tables[0]))
	}
}

// TestVerifierFindsMistakes has programs with the mistakes that it is there for,
// the first of them that of a package which lets madvise(…, 10) pass.
func TestVerifierFindsMistakes(t *testing.T) {
	const (
		allow = 0x7fff0000
		amd64 = 0xc000003e
	)
	arch := Program{{0x20, 0, 0, 4}, {0x15, 1, 0, amd64}, {0x06, 0, 0, 0}}
	tests := []struct {
		name string
		rest Program
		want string
	}{
		{"right", Program{{0x20, 0, 0, 0}, {0x15, 0, 1, 28}, {0x06, 0, 0, allow}, {0x06, 0, 0, 0}}, ""},
		{"a number after an argument", Program{
			{0x20, 0, 0, 0}, {0x15, 0, 2, 28}, {0x20, 0, 0, 32}, {0x15, 1, 0, 4}, {0x15, 0, 1, 10}, {0x06, 0, 0, allow}, {0x06, 0, 0, 0},
		}, "compares what depends on the way"},
		{"one half or the other", Program{
			{0x20, 0, 0, 0}, {0x15, 0, 2, 28}, {0x20, 0, 0, 32}, {0x05, 0, 0, 1}, {0x20, 0, 0, 36}, {0x15, 0, 1, 4}, {0x06, 0, 0, allow}, {0x06, 0, 0, 0},
		}, "compares what depends on the way"},
		{"with a mask or without", Program{
			{0x20, 0, 0, 16}, {0x15, 0, 1, 28}, {0x54, 0, 0, 7}, {0x15, 0, 1, 4}, {0x06, 0, 0, allow}, {0x06, 0, 0, 0},
		}, "compares what depends on the way"},
		{"the instruction pointer", Program{{0x20, 0, 0, 8}, {0x15, 0, 1, 28}, {0x06, 0, 0, allow}, {0x06, 0, 0, 0}}, "neither the architecture"},
		{"no way", Program{{0x06, 0, 0, allow}, {0x06, 0, 0, 0}}, "nothing leads here"},
		{"arithmetic", Program{{0x04, 0, 0, 1}, {0x06, 0, 0, 0}}, "of a kind"},
		{"the architecture again, for another", Program{{0x15, 0, 0, 28}, {0x06, 0, 0, 0}}, "architecture that is none"},
	}
	for _, test := range tests {
		p := append(slices.Clone(arch), test.rest...)
		problem, at := verifyAccumulator(p, []uint32{amd64})
		if (problem == "") != (test.want == "") || !strings.Contains(problem, test.want) {
			t.Errorf("%s: instruction %d %q, want %q", test.name, at, problem, test.want)
		}
	}
	early := Program{{0x20, 0, 0, 0}, {0x15, 0, 1, 28}, {0x06, 0, 0, allow}, {0x06, 0, 0, 0}}
	if problem, _ := verifyAccumulator(early, []uint32{amd64}); !strings.Contains(problem, "before the architecture") {
		t.Errorf("without an architecture: %q", problem)
	}
	if problem, _ := verifyAccumulator(Program{{0x15, 0, 0, 4}, {0x06, 0, 0, 0}}, nil); problem == "" {
		t.Error("a comparison of nothing is right")
	}
}
