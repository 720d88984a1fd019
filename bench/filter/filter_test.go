package main

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gocurb/curb/bench/internal/machine"
	pages "github.com/gocurb/curb/bench/internal/page"
	"github.com/gocurb/curb/filter"
)

func theBench(t *testing.T) *bench {
	t.Helper()
	b, err := newBench(1)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestVerdicts: curb is right about all inputs, and the table says of the others
// what is true.
func TestVerdicts(t *testing.T) {
	b := theBench(t)
	for i, p := range b.policies {
		for j, c := range b.contestants {
			v, err := judge(b.compiled[i][j], p)
			if err != nil {
				t.Fatalf("%s, %s: %v", p.Name, c.name, err)
			}
			elastic := strings.HasPrefix(c.name, "elastic")
			if !elastic && len(v.passes) > 0 {
				t.Errorf("%s, %s: %d calls pass that the policy denies: %s", p.Name, c.name, len(v.passes), instance(p, v.passes))
			}
			// Whoever compares all 64 bits of an int refuses what the kernel takes.
			exact := isCurb(c.name) || strings.HasSuffix(c.name, "32 bits") || i != withChecks
			if exact && len(v.refused) > 0 {
				t.Errorf("%s, %s: %d calls are refused that the policy allows: %s", p.Name, c.name, len(v.refused), instance(p, v.refused))
			} else if !exact && len(v.refused) == 0 {
				t.Errorf("%s, %s: no call with a rest in the upper half of an int is refused any more: say so in docs/performance.md", p.Name, c.name)
			}
		}
	}
}

// TestArgumentTakenForNumber: after a check that failed, go-seccomp-bpf v1.6.0
// compares the numbers of the remaining calls with the argument. 10 is the number
// of mprotect, which is allowed, and no advice that is.
func TestArgumentTakenForNumber(t *testing.T) {
	b := theBench(t)
	madvise, _ := table.ByName("madvise")
	call := filter.Data{Nr: madvise.Nr, Arch: table.AuditArch, Args: [6]uint64{2: 10}}
	for j, c := range b.contestants {
		returned, _, err := machine.Run(b.compiled[withChecks][j], call)
		if err != nil {
			t.Fatal(err)
		}
		if passes, want := returned == machine.Allow, c.name == "elastic, checks first"; passes != want {
			t.Errorf("%s: madvise(…, 10) passes: %t, want %t", c.name, passes, want)
		}
	}
}

// TestCheapest: of the web server's calls for which the kernel runs the filter,
// none takes more than 8.5 instructions in the mean, and no program of a peer
// executes fewer. Where it runs for none of them, what is left are denied calls.
func TestCheapest(t *testing.T) {
	b := theBench(t)
	for i, p := range b.policies {
		curb, peer := 0.0, math.Inf(1) // curb's worst, and the best of the others
		for j, c := range b.contestants {
			n, err := count(b.compiled[i][j], p, b.load, b.heldOut)
			if err != nil {
				t.Fatal(err)
			}
			mean := n.denied.mean()
			if checked := i == withChecks; checked != (n.load.calls > 0) {
				t.Errorf("%s, %s: the filter runs for %d of the recorded calls", p.Name, c.name, n.load.calls)
			} else if checked {
				mean = n.load.mean()
			}
			if isCurb(c.name) {
				curb = max(curb, mean)
			} else {
				peer = min(peer, mean)
			}
		}
		if i == withChecks && curb > 8.5 {
			t.Errorf("%s: curb executes %.2f instructions a call, 8.5 at most", p.Name, curb)
		}
		if curb > peer {
			t.Errorf("%s: curb executes %.2f instructions a call, a peer %.2f", p.Name, curb, peer)
		}
	}
}

// TestMachine: the machine that counts agrees with the one of package filter.
func TestMachine(t *testing.T) {
	b := theBench(t)
	for i, p := range b.policies {
		for j, c := range b.contestants {
			for _, d := range inputs(p) {
				got, steps, err := machine.Run(b.compiled[i][j], d)
				want, wantErr := b.compiled[i][j].Run(d)
				if err != nil || wantErr != nil || filter.ActionOf(got) != want {
					t.Fatalf("%s: %s: %v, %v, want %v, %v", c.name, describe(p, d), filter.ActionOf(got), err, want, wantErr)
				}
				if known, err := machine.NeverRuns(b.compiled[i][j], d.Nr, d.Arch); err != nil || known && want != filter.Allow {
					t.Fatalf("%s: %s: the kernel takes it for allowed, and it is %v; %v", c.name, describe(p, d), want, err)
				}
				if steps < 2 {
					t.Fatalf("%s: %s: %d instructions", c.name, describe(p, d), steps)
				}
			}
		}
	}
}

// TestPrograms: every program starts, locks itself down and lives to say so.
func TestPrograms(t *testing.T) {
	t.Chdir("..")
	b := theBench(t)
	_, err := b.ofPrograms("programs", func(builder builder, all []program) ([]figure, error) {
		times, err := builder.startTimes(3, all)
		if err != nil {
			return nil, err
		}
		for i, p := range all {
			if total, within := times[i][0], times[i][1]; within <= 0 || within >= total {
				t.Errorf("%s says that of %.0f ns it took %.0f to lock down", p.title, total, within)
			}
		}
		return nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestBetter: where curb is not the best is said.
func TestBetter(t *testing.T) {
	c := comparison{"a race", []row{{"curb", true, false}, {"nobody", false, false}, {"tortoise", false, true}, {"hare", false, true}}, []figure{
		{name: "won", values: []float64{1, 0, 2, 1}},
		{name: "a draw", values: []float64{1, 0, 0.97, 2}},
		{name: "lost", values: []float64{3, 0, 2, 1}},
		{name: "not run", values: []float64{none, none, none, none}},
	}}
	b := bench{compared: []comparison{c}}
	got, err := b.better()
	want := `| less is better |  who | figure | the best peer | figure | ratio |
| -------------- | ---: | -----: | ------------: | -----: | ----: |
| a race: lost   | curb |      3 |          hare |      1 |  0.33 |
`
	if err != nil || got != want {
		t.Errorf("got, %v:\n%s\nwant:\n%s", err, got, want)
	}
}

// TestPage: the page has a place for each table, and what is around them stays.
func TestPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/performance.md")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(path, page, 0o600); err != nil {
		t.Fatal(err)
	}
	tables := make(map[string]string)
	for _, table := range theBench(t).tables() {
		tables[table.name] = "new " + table.name + "\n"
	}
	if err := pages.Replace(path, "filter", tables); err != nil {
		t.Fatal(err)
	}
	changed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	old, lines := strings.Split(string(page), "\n"), strings.Split(string(changed), "\n")
	for _, line := range lines {
		if name, isNew := strings.CutPrefix(line, "new "); isNew {
			delete(tables, name)
		} else if !slices.Contains(old, line) {
			t.Errorf("a line that was not there: %q", line)
		}
	}
	if len(tables) > 0 {
		t.Errorf("not replaced: %v", tables)
	}
	if !strings.HasSuffix(string(page), lines[len(lines)-2]+"\n") {
		t.Errorf("the end of the page is another: %q", lines[len(lines)-2])
	}
	if err := pages.Replace(path, "filter", map[string]string{"none": ""}); err == nil || !strings.Contains(err.Error(), "no place for the table none") {
		t.Errorf("a table without a place: %v", err)
	}
}
