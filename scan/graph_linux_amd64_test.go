package scan_test

import (
	"path/filepath"
	"testing"

	"github.com/gocurb/curb/scan"
	"github.com/gocurb/curb/usage"
)

// graph opens the graph of a program.
func graph(t *testing.T, path string) *scan.Graph {
	t.Helper()
	g, err := scan.OpenGraph(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	return g
}

// Every caller and callee that are seen in the stacks of a run are in the graph,
// however the program was built.
func TestGraphHasStacks(t *testing.T) {
	small := func(name string, flags ...string) string {
		return buildOnce(t, "small-"+name, "../internal/corpus/testdata/small", nil, append(flags, "./"+name)...)
	}
	for name, tt := range map[string]struct {
		path string
		args []string
	}{
		"hello":     {path: program(t, "hello", "plain")},
		"stripped":  {path: program(t, "hello", "stripped")},
		"pie":       {path: program(t, "hello", "pie")},
		"roundtrip": {path: small("roundtrip")},
		"files":     {small("files"), []string{"."}},
		"processes": {small("processes", "-buildmode=pie"), []string{"/bin/true"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := graph(t, tt.path)
			stacks, links := trace(t, tt.path, tt.args...), 0
			for _, s := range stacks {
				links += len(s.PCs) - 1
				for _, gap := range g.Missing(s) {
					t.Errorf("%s, called by %s (%#x): %s", gap.Callee.Function, gap.Caller.Function, gap.PCs, gap.Reason)
				}
			}
			if len(stacks) < 10 || links < 3*len(stacks) {
				t.Errorf("%d stacks with %d callers: that tests nothing", len(stacks), links)
			}
		})
	}
}

// A stack that cannot be is found out: the graph does not say yes to everything.
func TestGraphRefuses(t *testing.T) {
	path := program(t, "hello", "plain")
	g := graph(t, path)
	type link struct{ callee, caller uint64 }
	seen := map[link]bool{}
	var links []link
	for _, s := range trace(t, path) {
		for i := 1; i+1 < len(s.PCs); i++ {
			l := link{s.PCs[i], s.PCs[i+1]}
			if l.callee != 0 && l.caller != 0 && !seen[l] {
				seen[l] = true
				links = append(links, l)
			}
		}
	}
	refused, all := 0, 0
	for _, a := range links {
		for _, b := range links {
			// The first of the stack is taken for the place that makes the call.
			gaps := g.Missing(&usage.Stack{PCs: []uint64{0, a.callee, b.caller}})
			if all++; len(gaps) > 0 {
				refused++
			}
		}
	}
	if len(links) < 30 || refused < all*9/10 {
		t.Errorf("of %d pairs of %d callees and callers only %d are refused", all, len(links), refused)
	}
	caller := links[0].caller
	for name, tt := range map[string]struct {
		pcs    []uint64
		reason string
	}{
		"inside a function":   {[]uint64{0, links[0].callee, caller + 1}, "there is no call"},
		"no system call":      {[]uint64{caller}, "no system call that can be reached is there"},
		"outside the program": {[]uint64{1 << 40}, "no function is there"},
	} {
		gaps := g.Missing(&usage.Stack{PCs: tt.pcs})
		alone := len(tt.pcs) == 1
		if len(gaps) != 1 || gaps[0].Reason != tt.reason || gaps[0].Callee.Function == "" || (gaps[0].Caller.Function == "") != alone {
			t.Errorf("%s: %+v, want %q", name, gaps, tt.reason)
		}
	}
}

func TestOpenGraphFails(t *testing.T) {
	if _, err := scan.OpenGraph(filepath.Join(t.TempDir(), "missing")); err == nil {
		t.Error("no error for a file that is not there")
	}
}
