package usage

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// small are bounds that a few usages go beyond.
var small = Bounds{Programs: 8, Recordings: 5, Seen: 100, Stacks: 3, Values: 4, Places: 2}

var numbers = map[string]map[string]uint32{
	"amd64": {"read": 0, "write": 1, "openat": 257},
	"arm64": {"read": 63, "write": 64, "openat": 56},
}

// generate makes the usages of one recording: of some programs, on some
// architectures, with counts, stacks and values that differ and meet.
func generate(rng *rand.Rand, id string) []*Usage {
	var all []*Usage
	recording := Recording{ID: id, Start: time.Unix(rng.Int64N(1e9), 0).UTC(), Method: "bpf", Lost: Lost{Events: rng.Uint64N(2)}}
	for _, arch := range []string{"amd64", "arm64"}[:1+rng.IntN(2)] {
		for program := range 1 + rng.IntN(3) {
			u := &Usage{
				Binary: fmt.Sprintf("/bin%d/p%d", rng.IntN(3), program), SHA256: fmt.Sprintf("%s%d", arch, program), GoVersion: "go1.26.0", Arch: arch, Phase: phases[rng.IntN(4)],
				Recordings: []Recording{recording}, Unresolved: []Unresolved{{Reason: fmt.Sprint(rng.IntN(4))}}, Syscalls: []Syscall{},
			}
			for _, name := range []string{"read", "write", "openat"} {
				if rng.IntN(4) > 0 {
					u.Syscalls = append(u.Syscalls, generateCall(rng, name, numbers[arch][name]))
				}
			}
			all = append(all, u)
		}
	}
	return all
}

func generateCall(rng *rand.Rand, name string, nr uint32) Syscall {
	s := Syscall{
		Name: name, Nr: nr, Evidence: []Evidence{{Note: fmt.Sprint(rng.IntN(5))}},
		Observed: &Observed{Calls: rng.Uint64N(3), Denied: rng.Uint64N(2), Time: time.Duration(rng.IntN(1000)), Errors: map[int]uint64{1 + rng.IntN(3): 1}},
	}
	for i := range rng.IntN(3) {
		s.Args = append(s.Args, ArgValues{Index: i, Values: []uint64{rng.Uint64N(3), rng.Uint64N(3) << 20}, Any: rng.IntN(9) == 0})
	}
	for range rng.IntN(4) {
		pc := 0x401000 + rng.Uint64N(6)
		s.Stacks = append(s.Stacks, Stack{
			Frames: []Frame{{Function: fmt.Sprintf("f%d", pc%3)}}, PCs: []uint64{pc}, Calls: 1 + rng.Uint64N(5), Time: time.Duration(rng.IntN(9)),
		})
	}
	return s
}

// encode merges files, each of some usages, and returns the result as JSON.
func encode(t *testing.T, m *Merger, files ...[]*Usage) string {
	t.Helper()
	for _, file := range files {
		if again, err := m.Add(file...); err != nil || again != 0 {
			t.Fatalf("merge: %d were there, %v", again, err)
		}
	}
	var b bytes.Buffer
	if err := Write(&b, m.Usages()...); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The order does not matter, nor does it matter whether some are merged before,
// also where more comes together than is kept.
func TestMergeInAnyOrder(t *testing.T) {
	for _, together := range []bool{false, true} {
		for _, bounds := range []Bounds{small, DefaultBounds} {
			for seed := range uint64(20) {
				rng := rand.New(rand.NewPCG(seed, 1))
				merger := func() *Merger { return &Merger{Together: together, Bounds: bounds} }
				var files [][]*Usage
				for i := range 9 {
					files = append(files, generate(rng, fmt.Sprintf("r%d", i)))
				}
				want := encode(t, merger(), files...)
				for range 5 {
					rng.Shuffle(len(files), func(i, k int) { files[i], files[k] = files[k], files[i] })
					if got := encode(t, merger(), files...); got != want {
						t.Fatalf("seed %d: in another order the result is\n%s\nand not\n%s", seed, got, want)
					}
					first, second := merger(), merger()
					n := 1 + rng.IntN(8)
					encode(t, first, files[:n]...)
					encode(t, second, files[n:]...)
					if got := encode(t, merger(), second.Usages(), first.Usages()); got != want {
						t.Fatalf("seed %d: merged in two steps the result is\n%s\nand not\n%s", seed, got, want)
					}
				}
			}
		}
	}
}

// What is left out is said, and what is counted stays complete.
func TestMergeKeepsCounts(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	m := &Merger{Bounds: small}
	calls, inStacks := map[string]uint64{}, map[string]uint64{}
	var lost uint64
	count := func(u *Usage) {
		key := u.Arch + u.SHA256
		for _, s := range u.Syscalls {
			calls[key+s.Name] += s.Observed.Calls
			for _, st := range s.Stacks {
				inStacks[key] += st.Calls
			}
		}
	}
	for i := range 30 {
		file := generate(rng, fmt.Sprint(i))
		for _, u := range file {
			count(u)
			lost += u.Recordings[0].Lost.Events
		}
		if _, err := m.Add(file...); err != nil {
			t.Fatal(err)
		}
	}
	wantCalls, wantStacks, wantLost := calls, inStacks, lost
	calls, inStacks, lost = map[string]uint64{}, map[string]uint64{}, 0
	for _, u := range m.Usages() {
		count(u)
		inStacks[u.Arch+u.SHA256] += u.Dropped.Stacks
		lost += u.Dropped.Lost.Events
		for _, r := range u.Recordings {
			lost += r.Lost.Events
		}
		for _, s := range u.Syscalls {
			if len(s.Stacks) > small.Stacks {
				t.Errorf("%s has %d stacks", s.Name, len(s.Stacks))
			}
		}
	}
	if fmt.Sprint(calls) != fmt.Sprint(wantCalls) {
		t.Errorf("calls: %v, want %v", calls, wantCalls)
	}
	if fmt.Sprint(inStacks) != fmt.Sprint(wantStacks) {
		t.Errorf("calls in stacks, and in those left out: %v, want %v", inStacks, wantStacks)
	}
	if lost != wantLost {
		t.Errorf("%d events lost, want %d", lost, wantLost)
	}
}

func TestMergeArgs(t *testing.T) {
	with := func(calls uint64, args ...ArgValues) *Usage {
		return &Usage{Binary: "x", Arch: "amd64", Phase: Exec, Syscalls: []Syscall{{Name: "openat", Nr: 257, Observed: &Observed{Calls: calls, Denied: 1}, Args: args}}}
	}
	values := func(v ...uint64) ArgValues { return ArgValues{Index: 2, Values: v} }
	for name, tt := range map[string]struct {
		usages []*Usage
		want   string
	}{
		"united":            {[]*Usage{with(1, values(3, 1)), with(1, values(2, 1))}, "[{2  [1 2 3] 0 false}]"},
		"too many":          {[]*Usage{with(1, values(1, 2, 3)), with(1, values(4, 5))}, "[{2  [] 0 true}]"},
		"too many, and one": {[]*Usage{with(1, values(1, 2, 3, 4, 5)), with(1, values(1))}, "[{2  [] 0 true}]"},
		"any":               {[]*Usage{with(1, values(1)), with(1, ArgValues{Index: 2, Any: true})}, "[{2  [] 0 true}]"},
		"not looked at":     {[]*Usage{with(1, values(1)), with(1)}, "[]"},
		"of another":        {[]*Usage{with(1, values(1)), with(1, ArgValues{Index: 3})}, "[]"},
		"denied":            {[]*Usage{with(1, values(1)), with(0)}, "[{2  [1] 0 false}]"},
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 {
				m := &Merger{Bounds: small}
				if _, err := m.Add(tt.usages...); err != nil {
					t.Fatal(err)
				}
				if got := fmt.Sprint(m.Usages()[0].Syscalls[0].Args); got != tt.want {
					t.Errorf("got %s, want %s", got, tt.want)
				}
				slices.Reverse(tt.usages)
			}
		})
	}
}

// A recording that comes twice is counted once; one that cannot be told apart
// from others is refused.
func TestMergeTwice(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	a, b := generate(rng, "a"), generate(rng, "b")
	want := encode(t, NewMerger(), a, b)

	both := NewMerger()
	encode(t, both, a, b)
	m := NewMerger()
	encode(t, m, both.Usages())
	again, err := m.Add(a...)
	if err != nil || again != len(a) {
		t.Errorf("%d of %d usages were known, %v", again, len(a), err)
	}
	if got := encode(t, m); got != want {
		t.Errorf("a recording that came twice changes the result:\n%s\n%s", got, want)
	}

	m = NewMerger()
	encode(t, m, a)
	if _, err := m.Add(both.Usages()...); err == nil || !strings.Contains(err.Error(), "it unites recording a, which an earlier file has too, with b") {
		t.Errorf("error %v", err)
	}
}

// Processes of one recording are united, and are no recording that comes twice.
func TestMergeProcesses(t *testing.T) {
	one, two := recorded(), recorded()
	two.Process.PID = 99
	m := NewMerger()
	if again, err := m.Add(one, two); again != 0 || err != nil {
		t.Fatalf("%d known, %v", again, err)
	}
	all := m.Usages()
	if len(all) != 1 || all[0].Process != nil || len(all[0].Recordings) != 1 || all[0].Syscalls[1].Observed.Calls != 14 || all[0].Syscalls[1].Stacks[0].Calls != 10 {
		t.Errorf("got %+v", all[0])
	}
	if one.Syscalls[1].Observed.Errors[2] != 3 {
		t.Error("merging has changed what was merged")
	}
}

func TestMergeTogether(t *testing.T) {
	a, b := recorded(), recorded()
	b.Binary, b.SHA256, b.Recordings[0].ID = "/bin/other", "11", "9"
	m := NewMerger()
	m.Together = true
	if _, err := m.Add(a, b); err != nil {
		t.Fatal(err)
	}
	u := m.Usages()[0]
	if u.Binary != Several || u.SHA256 != "" || len(u.Recordings) != 2 {
		t.Errorf("got %+v", u)
	}
	for _, s := range u.Syscalls[1].Stacks {
		if s.PCs != nil || s.Binary == "" {
			t.Errorf("a stack of several programs: %+v", s)
		}
	}
}

func TestMergeTooManyPrograms(t *testing.T) {
	m := &Merger{Bounds: small}
	var err error
	for i := range small.Programs + 1 {
		if err != nil {
			t.Fatal(err)
		}
		u := recorded()
		u.SHA256, u.Recordings[0].ID = fmt.Sprint(i), fmt.Sprint(i)
		_, err = m.Add(u)
	}
	if err == nil || !strings.Contains(err.Error(), "more than 8 programs") {
		t.Errorf("error %v", err)
	}
}

// A fleet's recordings are merged in memory that does not grow with their
// number, be they as different as they can.
func TestMergeInBoundedMemory(t *testing.T) {
	m := &Merger{Bounds: Bounds{Programs: 8, Recordings: 50, Seen: 200, Stacks: 20, Values: 16, Places: 10}}
	heap := func() uint64 {
		runtime.GC()
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		return s.HeapAlloc
	}
	const files = 2000
	var early uint64
	for i := range files {
		u := recorded()
		u.Recordings[0].ID = fmt.Sprintf("%032x", i)
		for k := range u.Syscalls[1].Stacks {
			st := &u.Syscalls[1].Stacks[k]
			st.PCs[0] += uint64(i)
			st.Frames = append(st.Frames, Frame{Function: fmt.Sprintf("of.%d", i), File: strings.Repeat("f", 1000)})
		}
		u.Syscalls[1].Args[0].Values[0] = uint64(i)
		u.Syscalls[1].Evidence = []Evidence{{Note: fmt.Sprint(i, strings.Repeat("n", 1000))}}
		u.Unresolved = []Unresolved{{Reason: fmt.Sprint(i, strings.Repeat("n", 1000))}}
		var file bytes.Buffer
		if err := Write(&file, u); err != nil {
			t.Fatal(err)
		}
		if _, err := m.Read(&file); err != nil {
			t.Fatal(err)
		}
		if i == files/10 {
			early = heap()
		}
	}
	if late := heap(); late > early+early/10 {
		t.Errorf("after %d files the heap has %d bytes, after %d %d", files/10, early, files, late)
	}
	if u := m.Usages()[0]; u.Syscalls[1].Observed.Calls != 7*files || !m.Unsure() {
		t.Errorf("%d calls of %d files, unsure %t", u.Syscalls[1].Observed.Calls, files, m.Unsure())
	}
}
