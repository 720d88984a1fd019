package scan_test

import (
	"bytes"
	"cmp"
	"debug/elf"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gocurb/curb/usage"
)

// Who makes hello-world's write, down to the line.
func TestEvidenceOfWrite(t *testing.T) {
	u := scanned(t, program(t, "hello", "plain"))
	call, ok := u.Find("write")
	if !ok || call.Nr != 1 || call.Origin != usage.Code {
		t.Fatalf("write is %+v, %t", call, ok)
	}
	var write *usage.Evidence
	for i := range call.Evidence {
		if call.Evidence[i].Function == "syscall.write" {
			write = &call.Evidence[i]
		}
	}
	if write == nil {
		t.Fatalf("syscall.write is not among those that make write: %+v", call.Evidence)
	}
	line := lineOf(t, filepath.Join(goroot(t), "src", "syscall", "zsyscall_linux_amd64.go"), "SYS_WRITE,")
	if filepath.Base(write.File) != "zsyscall_linux_amd64.go" || write.Line != line || write.Package != "syscall" || write.Module != "std" {
		t.Errorf("write is made at %+v, want line %d of package syscall's zsyscall_linux_amd64.go", write.Frame, line)
	}
	if got := strings.Join(write.Through, " "); !strings.Contains(got, "syscall.Syscall") || !strings.HasSuffix(got, "Syscall6") {
		t.Errorf("the number goes through %q", got)
	}
	if last := write.Chain[len(write.Chain)-1].Function; last != "syscall.write" && last != "internal/poll.(*FD).Write" && !strings.HasPrefix(last, "internal/poll.") {
		t.Errorf("the chain ends in %s", last)
	}
}

// lineOf returns the number of the first line of a file that holds a text.
func lineOf(t *testing.T, path, text string) int {
	t.Helper()
	out, err := exec.Command("grep", "-n", "-m1", text, path).Output()
	if err != nil {
		t.Fatalf("look for %q in %s: %v", text, path, err)
	}
	n := 0
	for _, c := range out[:bytes.IndexByte(out, ':')] {
		n = n*10 + int(c-'0')
	}
	return n
}

// Every step of every chain must be one that the code takes, as another
// disassembler reads it.
func TestChainsAreReal(t *testing.T) {
	path := program(t, "hello", "plain")
	u := scanned(t, path)
	code := disassemble(t, path)
	words := pointersOf(t, path)
	roots, calls, addresses := 0, 0, 0
	for _, s := range u.Syscalls {
		for _, e := range s.Evidence {
			for i, step := range e.Chain {
				switch {
				case i == 0 && step.How == "root":
					if step.Function != "_rt0_amd64_linux" {
						t.Errorf("%s: the root is %s, want the entry point", s.Name, step.Function)
					}
					roots++
				case i == 0 && step.How == "data":
				case i == 0:
					t.Errorf("%s: the chain %v starts with a step by %s", s.Name, e.Chain, step.How)
				case step.How == "call" || step.How == "jump":
					if !code.goesTo(e.Chain[i-1].Function, step.Function) {
						t.Errorf("%s: %s does not %s %s", s.Name, e.Chain[i-1].Function, step.How, step.Function)
					}
					calls++
				case step.How == "address":
					if !code.names(e.Chain[i-1].Function, step.Function, words) {
						t.Errorf("%s: %s does not take the address of %s", s.Name, e.Chain[i-1].Function, step.Function)
					}
					addresses++
				default:
					t.Errorf("%s: step %d of the chain is by %q", s.Name, i, step.How)
				}
			}
			if s.Origin == usage.Code && len(e.Chain) == 0 && e.Note == "" {
				t.Errorf("%s: %s has no chain", s.Name, e.Function)
			}
		}
	}
	if roots < 20 || calls < 50 || addresses == 0 {
		t.Errorf("only %d roots, %d calls and %d addresses were checked", roots, calls, addresses)
	}
}

// A listing holds, for each function, what its instructions refer to.
type listing map[string][]reference

// A reference is a symbol, or the address of data that has none.
type reference struct {
	op, symbol string
	addr       uint64
}

var (
	named   = regexp.MustCompile(`(\S+) (?:.*?[ ,])?(\S+)\(SB\)`)
	unnamed = regexp.MustCompile(`(\S+) (?:.*?[ ,])?(0x[0-9a-f]+)\(IP\)`)
)

func disassemble(t *testing.T, path string) listing {
	t.Helper()
	cmd := exec.Command("go", "tool", "objdump", path)
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", cmd, err)
	}
	out := listing{}
	function := ""
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(line, "TEXT "); ok {
			function = plainName(name[:strings.LastIndex(name, "(SB)")])
			continue
		}
		// FILE:LINE ADDRESS BYTES INSTRUCTION
		columns := strings.Fields(line)
		if len(columns) < 4 {
			continue
		}
		instruction := strings.Join(columns[3:], " ")
		if m := named.FindStringSubmatch(instruction); m != nil {
			out[function] = append(out[function], reference{op: m[1], symbol: m[2]})
		} else if m := unnamed.FindStringSubmatch(instruction); m != nil {
			pc, err1 := strconv.ParseUint(columns[1], 0, 64)
			displacement, err2 := strconv.ParseUint(m[2], 0, 64)
			if err := cmp.Or(err1, err2); err != nil {
				t.Fatal(err)
			}
			next := pc + uint64(len(columns[2])/2)
			out[function] = append(out[function], reference{op: m[1], addr: next + displacement})
		}
	}
	return out
}

// plainName takes from a symbol what the line table's names do not have.
func plainName(symbol string) string {
	return strings.TrimSuffix(strings.TrimSuffix(symbol, ".abi0"), ".abiinternal")
}

// goesTo reports whether one function calls the other, or jumps to it.
func (l listing) goesTo(from, to string) bool {
	for _, r := range l[from] {
		if (r.op == "CALL" || strings.HasPrefix(r.op, "J")) && same(r.symbol, to) {
			return true
		}
	}
	return false
}

// names reports whether a function takes the address of the other, or of a
// variable that holds it.
func (l listing) names(from, to string, points func(reference) string) bool {
	for _, r := range l[from] {
		if same(r.symbol, to) || same(points(r), to) {
			return true
		}
	}
	return false
}

// same compares names; the line table shortens type arguments to "[...]", and
// objdump writes the ABI.
func same(symbol, function string) bool {
	symbol, _, _ = strings.Cut(plainName(symbol), "[")
	function, _, _ = strings.Cut(function, "[")
	symbol, _, inside := strings.Cut(symbol, "+") // a jump past the start
	return symbol == function || inside && strings.HasPrefix(function, symbol)
}

// pointersOf returns a function that says to which function the word points
// to which a reference leads, "" if to none.
func pointersOf(t *testing.T, path string) func(reference) string {
	t.Helper()
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	all, err := f.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	functions, addresses := map[uint64]string{}, map[string]uint64{}
	for _, s := range all {
		addresses[s.Name] = s.Value
		if elf.ST_TYPE(s.Info) == elf.STT_FUNC {
			functions[s.Value] = plainName(s.Name)
		}
	}
	return func(r reference) string {
		addr := r.addr
		if addr == 0 {
			addr = addresses[r.symbol]
		}
		var word [8]byte
		for _, s := range f.Sections {
			if s.Type == elf.SHT_PROGBITS && s.Flags&elf.SHF_ALLOC != 0 && addr >= s.Addr && addr+8 <= s.Addr+s.Size {
				if _, err := s.ReadAt(word[:], int64(addr-s.Addr)); err != nil {
					t.Fatal(err)
				}
			}
		}
		return functions[f.ByteOrder.Uint64(word[:])]
	}
}

// The package and the module of a dependency, with its version.
func TestModuleOfDependency(t *testing.T) {
	u := scanned(t, program(t, "numbers", "plain"))
	call, ok := u.Find("getpriority")
	if !ok {
		t.Fatal("getpriority is not in")
	}
	e := call.Evidence[0]
	if e.Package != "golang.org/x/sys/unix" || e.Module != "golang.org/x/sys" || !strings.HasPrefix(e.Version, "v0.") {
		t.Errorf("getpriority is made by %+v, want package unix of golang.org/x/sys with its version", e.Frame)
	}
	call, _ = u.Find("shmdt")
	if e := call.Evidence[0]; e.Function != "main.main" && e.Function != "main.onStack" || e.Package != "main" || e.Module != "github.com/gocurb/curb" {
		t.Errorf("shmdt is made by %+v, want package main of this module", e.Frame)
	}
}

// The code that inlining has moved into another function is named as its
// source has it; the chain ends in the function that holds it.
func TestEvidenceOfInlinedCode(t *testing.T) {
	u := scanned(t, program(t, "values", "plain"))
	call, _ := u.Find("getpgid")
	if len(call.Evidence) != 1 {
		t.Fatalf("getpgid is made in %d places, want 1", len(call.Evidence))
	}
	e := call.Evidence[0]
	if want := lineOf(t, "testdata/values/main.go", "^func call("); e.Function != "main.call" || e.Line != want {
		t.Errorf("getpgid is made by %s at line %d, want main.call at %d", e.Function, e.Line, want)
	}
	if last := e.Chain[len(e.Chain)-1]; last.Function != "main.inPlain" {
		t.Errorf("the chain ends in %s, want main.inPlain", last.Function)
	}
}

// What no instruction makes is marked as such.
func TestOrigins(t *testing.T) {
	u := scanned(t, program(t, "hello", "plain"))
	for name, want := range map[string]usage.Origin{"restart_syscall": usage.Kernel, "write": usage.Code} {
		if call, ok := u.Find(name); !ok || call.Origin != want || len(call.Evidence) == 0 {
			t.Errorf("%s: %+v, want origin %q", name, call, want)
		}
	}
	// The runtime calls the vDSO, which may fall back on the call, and some
	// calls it makes itself where there is no vDSO.
	for name, code := range map[string]bool{"clock_gettime": true, "getrandom": false} {
		call, _ := u.Find(name)
		byVDSO := slices.ContainsFunc(call.Evidence, func(e usage.Evidence) bool {
			return e.Function == "__vdso_"+name && e.Note != ""
		})
		if !byVDSO || len(call.Evidence) > 1 != code || (call.Origin == usage.Code) != code {
			t.Errorf("%s: vDSO %t, want also code: %t; the evidence is %+v", name, byVDSO, code, call.Evidence)
		}
	}
	// Nothing in a program that only prints asks the vDSO for these.
	for _, name := range []string{"gettimeofday", "getcpu", "time", "clock_getres"} {
		if _, ok := u.Find(name); ok {
			t.Errorf("%s is in", name)
		}
	}
	if _, ok := u.Find("execve"); ok || len(u.Launcher) != 1 || u.Launcher[0] != "execve" {
		t.Errorf("hello-world makes execve only as its launcher: launcher %v, in the list: %t", u.Launcher, ok)
	}
	u = scanned(t, program(t, "execs", "plain"))
	call, ok := u.Find("execve")
	if !ok || call.Evidence[0].Chain[0].How != "root" {
		t.Errorf("a program that starts others makes execve, on a way from the root: %+v", call)
	}
}

// The same binary gives the same bytes, whatever the scheduler does.
func TestDeterministic(t *testing.T) {
	path := program(t, "numbers", "plain")
	var first []byte
	for i, procs := range []int{1, 2, 8} {
		old := runtime.GOMAXPROCS(procs)
		got, err := json.Marshal(scanned(t, path))
		runtime.GOMAXPROCS(old)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = got
		} else if !bytes.Equal(got, first) {
			t.Errorf("scan %d differs from the first:\n%s\n%s", i, first, got)
		}
	}
}

// goroot returns where the go command that builds the programs is.
func goroot(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
