package scan

import (
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gocurb/curb/internal/gobin"
	"github.com/gocurb/curb/syscalls"
	"github.com/gocurb/curb/usage"
)

// BenchmarkFixpoint says what it costs to take variables, function values and whatever
// else for what they begin as until reachable code changes them: the processor time of
// a scan, as a multiple of one whose walk takes nothing for granted, and the same of
// the walks alone.
func BenchmarkFixpoint(b *testing.B) {
	dir := b.TempDir()
	for _, program := range []struct{ name, dir, pkg string }{
		{"hello", ".", "./testdata/hello"}, {"gofmt", ".", "cmd/gofmt"}, {"go", ".", "cmd/go"},
		{"coredns", "../internal/corpus/testdata/servers", "./dns"},
	} {
		b.Run(program.name, func(b *testing.B) {
			path := filepath.Join(dir, program.name)
			build := exec.Command("go", "build", "-o", path, program.pkg)
			build.Dir, build.Env = program.dir, append(build.Environ(), "CGO_ENABLED=0")
			if out, err := build.CombinedOutput(); err != nil {
				b.Fatalf("%s: %v\n%s", build, err, out)
			}
			var plain, folded [2]time.Duration
			for b.Loop() {
				for i, d := range timed(b, path, (*analysis).plain) {
					plain[i] += d
				}
				for i, d := range timed(b, path, func(a *analysis) { a.walk(false) }) {
					folded[i] += d
				}
			}
			b.ReportMetric(float64(folded[0])/float64(plain[0]), "scans/plain")
			b.ReportMetric(float64(folded[1])/float64(plain[1]), "walks/plain")
		})
	}
}

// BenchmarkC says what it costs that a program has C code in it: the processor time of a
// scan from main.main on, as a multiple of one of the same program without C; and what it
// costs when its libraries were read before.
func BenchmarkC(b *testing.B) {
	dir := b.TempDir()
	for _, program := range []string{"names", "roundtrip"} {
		b.Run(program, func(b *testing.B) {
			var spent [3]time.Duration
			build := func(cgo string) string {
				path := filepath.Join(dir, program+cgo)
				cmd := exec.Command("go", "build", "-o", path, "./"+program)
				cmd.Dir, cmd.Env = "../internal/corpus/testdata/small", append(cmd.Environ(), "CGO_ENABLED="+cgo)
				if out, err := cmd.CombinedOutput(); err != nil {
					b.Fatalf("%s: %v\n%s", cmd, err, out)
				}
				return path
			}
			scan := func(path string, kept Store) time.Duration {
				begin := used(b)
				if _, err := File(path, Options{Phase: usage.Main, Libraries: kept}); err != nil {
					b.Fatal(err)
				}
				return used(b) - begin
			}
			plain, c, kept := build("0"), build("1"), &values{}
			scan(c, kept)
			for b.Loop() {
				spent[0] += scan(plain, nil)
				spent[1] += scan(c, nil)
				spent[2] += scan(c, kept)
			}
			b.ReportMetric(float64(spent[1])/float64(spent[0]), "scans/plain")
			b.ReportMetric(float64(spent[2])/float64(spent[0]), "kept/plain")
		})
	}
}

// values is a Store in memory.
type values struct{ sync.Map }

func (v *values) Load(key string) []byte {
	value, _ := v.Map.Load(key)
	b, _ := value.([]byte)
	return b
}

func (v *values) Store(key string, value []byte) { v.Map.Store(key, value) }

// timed returns the processor times that a scan with such a walk takes, and the walk alone.
func timed(b *testing.B, path string, walk func(*analysis)) [2]time.Duration {
	b.Helper()
	begin := used(b)
	f, err := gobin.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	table, err := syscalls.For(f.Arch)
	if err != nil {
		b.Fatal(err)
	}
	a := newAnalysis(f)
	a.table = table
	start := used(b)
	walk(a)
	walked := used(b) - start
	a.resolve("", usage.Exec)
	return [2]time.Duration{used(b) - begin, walked}
}

// used returns the processor time that the process has had so far.
func used(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// plain walks without folding anything.
func (a *analysis) plain() {
	r := a.newReach(false)
	a.reach, a.whole = r, r
	r.visit(r.start, step{how: isRoot})
	r.finish()
}
