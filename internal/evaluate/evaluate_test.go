package evaluate

import (
	"bytes"
	"strings"
	"testing"

	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/syscalls"
)

func program(t testing.TB) filter.Program {
	t.Helper()
	prog, err := filter.Compile(syscalls.AMD64, filter.Policy{Default: filter.Errno(1), Rules: []filter.Rule{
		{Syscall: "read", Action: filter.Allow},
		{Syscall: "openat", Action: filter.Allow, Conds: []filter.Cond{{Arg: 2, Op: filter.Equal, Mask: 3, Values: []uint64{0}}}},
		{Syscall: "lseek", Action: filter.Trap, Conds: []filter.Cond{{Arg: 1, Op: filter.Equal, Values: []uint64{1<<64 - 2}}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return prog
}

func TestRun(t *testing.T) {
	const in = `amd64 read
amd64	openat  -100 0x7fff 0x80000
amd64 openat -100 1 1
amd64 257 0 0 0

amd64 #8 1 -2
amd64 8 1 0xfffffffffffffffe 0
amd64 -1
386 read
amd64 0x40000000
{"arch":"amd64","syscall":"openat","args":[0,0,"0x3"]}
{"arch":"amd64","syscall":8,"args":[0,-2]}
{"arch":"arm64","syscall":"read"}
amd64 clone3`
	const want = "allow\nallow\nerrno(EPERM)\nallow\ntrap\ntrap\nallow\nkill_process\nerrno(ENOSYS)\nerrno(EPERM)\ntrap\nkill_process\nerrno(ENOSYS)\n"
	var out strings.Builder
	e := Evaluator{Program: program(t)}
	if err := e.Run(strings.NewReader(in), &out); err != nil || out.String() != want {
		t.Errorf("error %v, answers\n%swant\n%s", err, &out, want)
	}
	out.Reset()
	e.JSON = true
	const asJSON = `{"arch":"amd64","syscall":"lseek","args":[1,18446744073709551614],"verdict":"trap"}` + "\n" +
		`{"arch":"amd64","syscall":2000,"args":[],"verdict":"errno(ENOSYS)"}` + "\n"
	if err := e.Run(strings.NewReader("amd64 lseek 1 -2\namd64 2000\n"), &out); err != nil || out.String() != asJSON {
		t.Errorf("error %v, answers\n%swant\n%s", err, &out, asJSON)
	}
}

func TestMalformed(t *testing.T) {
	for line, want := range map[string]string{
		"amd46 read":                                "no system call table",
		"amd64":                                     "names no system call",
		"amd64 reed":                                `did you mean "read"`,
		"amd64 read x":                              `the argument "x" is no number`,
		"amd64 read 0x":                             "no number",
		"amd64 read 18446744073709551616":           "no number",
		"amd64 read -9223372036854775809":           "no number",
		"amd64 read 0 0 0 0 0 0 0":                  "more than 6",
		"amd64 0x100000000":                         "more than 32 bits",
		`{"arch":"amd64"}`:                          "names no system call",
		`{"arch":"amd64","nr":1}`:                   "unknown field",
		`{"arch":"amd64","syscall":0} 1`:            "something after",
		`{"arch":"amd64","syscall":0,"args":[1.5]}`: "no number",
		`{"arch":"amd64","syscall":0,"args":[0,0,0,0,0,0,0]}`: "more than 6",
		strings.Repeat("x", maxLine+1):                        "longer than",
	} {
		var out strings.Builder
		e := Evaluator{Program: program(t)}
		err := e.Run(strings.NewReader("amd64 read\n"+line+"\namd64 read\n"), &out)
		if err == nil || !strings.HasPrefix(err.Error(), "line 2: ") || !strings.Contains(err.Error(), want) || out.String() != "allow\n" {
			t.Errorf("%.60q: error %v, answers %q; want %q", line, err, out.String(), want)
		}
	}
}

var lines = bytes.Repeat([]byte("amd64 read 3 140737488347216 4096\namd64 openat -100 140737488347216 524288 0\namd64 futex 0xc000048148 128 0 0\n"), 1000)

// TestNoAllocation: reading a million lines takes no more memory than a few.
func TestNoAllocation(t *testing.T) {
	e := Evaluator{Program: program(t)}
	var out bytes.Buffer
	out.Grow(len(lines))
	allocations := testing.AllocsPerRun(5, func() {
		out.Reset()
		if err := e.Run(bytes.NewReader(lines), &out); err != nil {
			t.Fatal(err)
		}
	})
	if allocations > 1000 {
		t.Errorf("%v allocations for 3000 lines", allocations)
	}
}

func BenchmarkLines(b *testing.B) {
	e := Evaluator{Program: program(b)}
	var out bytes.Buffer
	for b.Loop() {
		out.Reset()
		if err := e.Run(bytes.NewReader(lines), &out); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(3000*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}
