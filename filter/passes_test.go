package filter

import (
	"math/rand/v2"
	"testing"

	"github.com/gocurb/curb/syscalls"
)

func amd64() Compiler { return Compiler{Tables: []*syscalls.Table{syscalls.AMD64}} }

// TestAnyPasses: what a program says does not depend on the passes, whichever are
// made. Without any of them the compiler is the simple version of itself.
func TestAnyPasses(t *testing.T) {
	for seed := range uint64(256) {
		rnd := rand.New(rand.NewPCG(seed, 11))
		c := chooser{randomBytes(rnd, 20000)}
		table := pick(&c, syscalls.Tables()...)
		p := keepValid([]*syscalls.Table{table}, c.policy(table))
		compiler := Compiler{Tables: []*syscalls.Table{table}}
		enabled := passes(seed) & allPasses
		prog, err := compiler.assemble(p, enabled)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range c.inputs(table, p) {
			ret, _, err := prog.run(&d)
			if got, want := ActionOf(ret), p.Verdict(table, d); err != nil || got != want {
				t.Fatalf("with passes %06b %+v gets %v, %v, want %v by the policy:\n%v\n%s", enabled, d, got, err, want, p, listing(prog, table))
			}
		}
	}
}

// passCases have, for each pass, a policy that it is for.
var passCases = map[passes]Policy{
	passSimplify: {Default: Errno(1), Rules: []Rule{
		{"personality", []Cond{{0, Equal, 0, []uint64{0}}}, Allow},
		{"personality", []Cond{{0, Equal, 0, []uint64{8}}}, Allow},
		{"personality", []Cond{{0, GreaterOrEqual, 0, []uint64{0x20000}}, {0, LessOrEqual, 0, []uint64{0x20008}}}, Allow},
		{"socket", []Cond{{0, Equal, 0, []uint64{1}}, {1, Equal, 0, []uint64{1}}}, Allow},
		{"socket", []Cond{{0, Equal, 0, []uint64{1}}, {1, Equal, 0, []uint64{2}}}, Allow},
	}},
	passJoin:  allowOnly(syscalls.AMD64),
	passWeigh: benchPolicies()["args"],
	passShare: {Default: Errno(1), Rules: []Rule{
		{"mmap", []Cond{{2, Equal, 4, []uint64{0}}}, Allow},
		{"mprotect", []Cond{{2, Equal, 4, []uint64{0}}}, Allow},
		{"pkey_mprotect", []Cond{{2, Equal, 4, []uint64{0}}}, Allow},
	}},
	passSkip: {Default: Errno(1), Rules: []Rule{
		{"fcntl", []Cond{{1, Equal, 0, []uint64{3}}}, Allow},
		{"fcntl", []Cond{{1, Equal, 0, []uint64{4}}, {2, Equal, 0, []uint64{0}}}, Allow},
		{"fcntl", []Cond{{1, Equal, 0, []uint64{9}}}, Trap},
	}},
	passTrim: {Default: Errno(1), Rules: []Rule{
		{"ioctl", []Cond{{1, Equal, 0, []uint64{1}}}, Trap},
		{"ioctl", []Cond{{1, Equal, 0, []uint64{2}}}, Errno(5)},
		{"ioctl", []Cond{{1, Equal, 0, []uint64{3}}}, Log},
	}},
}

// TestEachPassPays: each pass makes the policy that it is for cheaper, when it
// comes after those before it.
func TestEachPassPays(t *testing.T) {
	for i, text := range passTexts {
		p, found := passCases[1<<i]
		if !found {
			t.Errorf("pass %s has no policy that it is for", text.name)
			continue
		}
		all, err := amd64().Passes(p)
		if err != nil {
			t.Fatal(err)
		}
		got := all[i]
		if got.Name != text.name || got.After.Instructions >= got.Before.Instructions && got.After.Steps >= got.Before.Steps {
			t.Errorf("pass %s (%s) brings %+v", text.name, text.does, got)
		}
	}
}

// TestPassesAddUp: what is told begins with no pass and ends with the program.
func TestPassesAddUp(t *testing.T) {
	p := benchPolicies()["args"]
	prog := compile(t, syscalls.AMD64, p)
	told, err := amd64().Passes(p)
	if err != nil {
		t.Fatal(err)
	}
	if len(told) != len(passTexts) || told[len(told)-1].After.Instructions != len(prog) {
		t.Fatalf("told of %d passes, the last one %+v; the program has %d instructions", len(told), told[len(told)-1], len(prog))
	}
	for i := range told[1:] {
		if told[i].After != told[i+1].Before {
			t.Errorf("pass %s ends with %+v, and the next one begins with %+v", told[i].Name, told[i].After, told[i+1].Before)
		}
	}
	if first, last := told[0].Before, told[len(told)-1].After; 4*last.Instructions > 3*first.Instructions || 4*last.Steps > 3*first.Steps {
		t.Errorf("all passes together make %+v of %+v", last, first)
	}
}

// TestServerCallsAreFoundSoon pins what the optimiser is for: over what a busy web
// server calls, and how often, the mean of the instructions for a call that the
// kernel does not answer from its cache.
func TestServerCallsAreFoundSoon(t *testing.T) {
	p := benchPolicies()["args"]
	frequency, calls := webServer(t)
	for name, given := range map[string]map[string]float64{"by default": nil, "with frequencies": frequency} {
		compiler := amd64()
		compiler.Frequency = given
		prog, err := compiler.Compile(p)
		if err != nil {
			t.Fatal(err)
		}
		total, n := 0.0, 0.0
		for d, count := range calls {
			if constAllow(prog, d.Nr, d.Arch) {
				continue
			}
			_, steps, err := prog.run(&d)
			if err != nil {
				t.Fatal(err)
			}
			total += float64(steps) * count
			n += count
		}
		if mean := total / n; mean > 8.5 {
			t.Errorf("%s: a call takes %.2f instructions\n%s", name, mean, listing(prog, syscalls.AMD64))
		}
	}
}
