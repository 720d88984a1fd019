package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gocurb/curb/scan"
	"github.com/gocurb/curb/usage"
)

func TestMain(m *testing.M) {
	if err := os.Chdir("../.."); err != nil { // paths start at the repository's root
		panic(err)
	}
	code := m.Run()
	if b, err := shared(); err == nil {
		b.close()
	}
	os.Exit(code)
}

// shared is the bench of all tests.
var shared = sync.OnceValues(func() (*bench, error) { return newBench(context.Background()) })

func testBench(t *testing.T) *bench {
	t.Helper()
	if _, err := exec.LookPath("strace"); err != nil {
		t.Fatal("strace is needed to see what programs do: make deps installs it")
	}
	b, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// local is a program's row for this toolchain, without the runs that need
// namespaces.
func local(name string) row {
	return row{program: find(name), toolchain: "local", arch: "amd64", mode: "plain"}
}

// The small programs and the toolchain's are observed, and run under a filter
// that ends them at the first denied call. make corpus does the rest.
func TestNothingIsMissed(t *testing.T) {
	b := testBench(t)
	var rows []row
	for _, name := range []string{"hello", "roundtrip", "processes", "files", "changediff", "gofmt", "vet"} {
		rows = append(rows, local(name))
	}
	results, err := b.checkAll(t.Context(), rows)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if all := r.failures(); len(all) > 0 {
			t.Errorf("%s: %s", r.label(), strings.Join(all, "\n"))
		}
		if !r.confined || len(r.observed) == 0 || r.runs < len(r.ways)*5 {
			t.Errorf("%s: %d runs, %d calls observed, under a filter: %t", r.label(), r.runs, len(r.observed), r.confined)
		}
	}
}

// The stacks of the small programs are in the static call graphs. make corpus
// does that with all programs.
func TestStacksAreInGraph(t *testing.T) {
	b := testBench(t)
	for _, name := range []string{"hello", "roundtrip", "processes"} {
		r := local(name)
		r.stacks, r.stacksOnly = true, true
		res, err := b.check(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		if all := res.failures(); len(all) > 0 {
			t.Errorf("%s: %s", r.label(), strings.Join(all, "\n"))
		}
		if res.runs != 2*len(r.ways) || res.compared < 20*res.runs {
			t.Errorf("%s: %d stacks in %d runs", r.label(), res.compared, res.runs)
		}
	}
}

// A program with a lock-down of its own is observed from there on, and held against
// what it can do from there on.
func TestOwnLockDown(t *testing.T) {
	b := testBench(t)
	for _, r := range lockedRows() {
		if r.name != "roundtrip" {
			continue
		}
		r.wide, r.faults = false, false
		res, err := b.check(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		if all := res.failures(); len(all) > 0 || !res.confined {
			t.Errorf("%s, under its own filter: %t: %s", r.label(), res.confined, strings.Join(all, "\n"))
		}
		listens := slices.Contains(res.observed, "listen")
		if listens != (r.mode == "main") || slices.Contains(res.observed, "arch_prctl") || !slices.Contains(res.observed, "accept4") {
			t.Errorf("%s was observed from elsewhere than its lock-down: %v", r.label(), res.observed)
		}
		if slices.Contains(res.predicted, "arch_prctl") {
			t.Errorf("%s can, from its lock-down on, %v", r.label(), res.predicted)
		}
	}
}

// Which runs a row has.
func TestModes(t *testing.T) {
	wide, locked := local("hello"), lockedRows()[0]
	wide.wide = true
	quick := wide
	quick.quick = true
	built := map[string]row{}
	for _, r := range rows() {
		built[r.label()] = r
	}
	driven := way{drive: func(*live) error { return nil }}
	for _, tt := range []struct {
		what string
		row  row
		way  way
		has  []string
		not  []string
	}{
		{"a program that is observed widely", wide, way{}, []string{"default", "no address twice", "slow", "no vDSO", "full disk"}, nil},
		{"one that is not", local("gofmt"), way{}, []string{"default", "crash"}, []string{"no address twice", "slow", "no vDSO", "full disk"}},
		{"a server", wide, driven, []string{"default", "crash", "full disk"}, []string{"slow"}},
		{"one that locks itself down", locked, way{}, []string{"slow", "full disk"}, []string{"no vDSO"}},
		{"one that is built otherwise", built["gofmt-amd64-pie"], way{}, []string{"default"}, []string{"crash", "slow", "one processor"}},
		{"a small one that is", built["hello-amd64-pie"], way{}, []string{"default", "crash", "no address twice"}, []string{"slow"}},
		{"one that is seen quickly", quick, way{}, []string{"default"}, []string{"crash", "slow", "one processor"}},
	} {
		for _, m := range modes {
			fits := m.fits(&tt.row, &tt.way)
			if slices.Contains(tt.has, m.name) && !fits || slices.Contains(tt.not, m.name) && fits {
				t.Errorf("%s runs in mode %q: %t", tt.what, m.name, fits)
			}
		}
	}
}

// What ends well once may not a second time: the small programs are run under
// their filter many times in a row.
func TestRunsUnderTrapAgain(t *testing.T) {
	b := testBench(t)
	for _, name := range []string{"hello", "roundtrip"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := local(name)
			binary, err := b.build(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			for range 50 {
				if _, err := b.run(t.Context(), r, binary, r.ways[0], mode{name: "under a filter"}, b.confined(nil, nil)); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// A call that the prediction lacks is reported, in the table too, and so is
// the program that it ends under the filter.
func TestMissedCallIsReported(t *testing.T) {
	b := testBench(t)
	r := local("hello")
	binary, err := b.build(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := b.scan(binary, usage.Exec)
	if err != nil {
		t.Fatal(err)
	}
	lacking := *whole
	lacking.Syscalls = slices.DeleteFunc(slices.Clone(whole.Syscalls), func(s usage.Syscall) bool { return s.Name == "sigaltstack" })
	defer func() { delete(b.scans, binary) }()
	b.scans[binary] = func() (*usage.Usage, error) { return &lacking, nil }
	res, err := b.check(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(res.missed(), []string{"sigaltstack"}) {
		t.Errorf("missed %v, want sigaltstack", res.missed())
	}
	if !slices.Contains(res.failures(), "missed: sigaltstack") {
		t.Errorf("failures: %q", res.failures())
	}
	if text := tableText(t, res); !strings.Contains(text, "| sigaltstack |") || !strings.Contains(text, "1 binaries, ") || !strings.Contains(text, " 1 failed.") {
		t.Errorf("the table does not say that sigaltstack was missed:\n%s", text)
	}
}

// A program that does not end as it must makes its row fail.
func TestBrokenProgramIsReported(t *testing.T) {
	b := testBench(t)
	r := local("hello")
	r.ways = []way{{exit: 3}}
	res, err := b.check(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if res.broken == nil || res.confined || !strings.Contains(res.broken.Error(), "hello-amd64-plain  (default): it ended with status 0, not 3") {
		t.Errorf("a program that ends otherwise than expected: confined %t, %v", res.confined, res.broken)
	}
}

// Faults can make a program signal any process, so they are refused where
// there are others.
func TestFaultsNeedNamespaces(t *testing.T) {
	if alone() {
		t.Fatalf("the tests are not made to run with %s set", aloneVariable)
	}
	b := testBench(t)
	r := local("hello")
	for _, m := range faults("write") {
		if _, err := b.run(t.Context(), r, "/no/such/program", way{}, m, traced(r, m)); err == nil || !strings.Contains(err.Error(), "not without namespaces") {
			t.Errorf("%s: %v", m.name, err)
		}
	}
	for _, call := range []string{"getpid", "getppid", "exit_group"} {
		if n := len(faults(call)); n > 0 {
			t.Errorf("%s is made to fail in %d ways", call, n)
		}
	}
}

// The command refuses what it does not know.
func TestOptions(t *testing.T) {
	for _, o := range []options{{part: "some"}, {part: "all", match: "["}, {part: "all", match: "no-such-program"}} {
		if _, err := o.rows(); err == nil {
			t.Errorf("%+v chooses rows", o)
		}
	}
	all, err := options{part: "all"}.rows()
	if err != nil {
		t.Fatal(err)
	}
	part, err := options{part: "ci"}.rows()
	if err != nil {
		t.Fatal(err)
	}
	if len(part) == 0 || len(part) >= len(all) {
		t.Errorf("%d rows, %d of them for CI", len(all), len(part))
	}
	withC, err := options{part: "c"}.rows()
	if err != nil {
		t.Fatal(err)
	}
	labels := map[string]bool{}
	for _, r := range append(withC, all...) {
		if labels[r.label()] {
			t.Errorf("%s is there twice", r.label())
		}
		labels[r.label()] = true
	}
}

// What the corpus is to hold at least.
func TestCorpusIsLarge(t *testing.T) {
	programs, pinned, emulated := map[string]bool{}, map[string]bool{}, map[string]bool{}
	releases := map[string]map[string]bool{}
	for _, r := range rows() {
		programs[r.name] = true
		if r.set == "servers" || r.set == "tools" {
			pinned[r.name] = true
		}
		if r.arch == "arm64" {
			emulated[r.name] = true
		}
		if r.small && r.toolchain != "local" {
			minor := strings.Join(strings.Split(r.toolchain, ".")[:2], ".")
			if releases[minor] == nil {
				releases[minor] = map[string]bool{}
			}
			releases[minor][r.name] = true
		}
	}
	if len(programs) < 20 || len(pinned) < 8 || !emulated["hello"] || !emulated["roundtrip"] || !emulated["nats-server"] {
		t.Errorf("%d programs, %d from modules, %v emulated", len(programs), len(pinned), emulated)
	}
	for minor := 17; minor <= 27; minor++ {
		name := "go1." + string(rune('0'+minor/10)) + string(rune('0'+minor%10))
		if len(releases[name]) != 4 {
			t.Errorf("%s builds the small programs %v, want four", name, releases[name])
		}
	}
}

// The most that the best other analyser of binaries lists.
func TestListsAreShort(t *testing.T) {
	b := testBench(t)
	for name, most := range map[string]int{"hello": 46, "roundtrip": 66} {
		binary, err := b.build(t.Context(), local(name))
		if err != nil {
			t.Fatal(err)
		}
		u, err := b.scan(binary, usage.Exec)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(u.Names()); n > most || len(u.Unresolved) > 0 {
			t.Errorf("%s: %d names, of at most %d, and %d places unresolved: %v", name, n, most, len(u.Unresolved), u.Names())
		}
	}
}

// A scan's result must lie within that of all code, taken without a look at
// what can be reached.
func TestWithinAllCode(t *testing.T) {
	b := testBench(t)
	for _, name := range []string{"hello", "roundtrip", "processes", "files", "changediff", "go", "gofmt", "vet"} {
		binary, err := b.build(t.Context(), local(name))
		if err != nil {
			t.Fatal(err)
		}
		tight, err := b.scan(binary, usage.Exec)
		if err != nil {
			t.Fatal(err)
		}
		all, err := scan.File(binary, scan.Options{AllCode: true})
		if err != nil {
			t.Fatal(err)
		}
		if outside := without(tight.Names(), all.Names()); len(outside) > 0 {
			t.Errorf("%s: %v is predicted, but is not in all code", name, outside)
		}
	}
}

// The binaries in the cache are those of the sources at hand.
func TestFingerprint(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "main.go")
	sum := func(text string) string {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		s, err := fingerprint(os.DirFS(dir))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	one := sum("one")
	if one == sum("two") || one != sum("one") {
		t.Error("sources are not told apart by what is in them")
	}
	if _, err := fingerprint(os.DirFS(filepath.Join(dir, "missing"))); err == nil {
		t.Error("sources that are not there have a fingerprint")
	}
}
