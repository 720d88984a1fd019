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
	words := imageOf(t, path)
	roots, calls, addresses, data := 0, 0, 0, 0
	for _, s := range u.Syscalls {
		for _, e := range s.Evidence {
			for i, step := range e.Chain {
				switch {
				case i == 0 && step.How == "root":
					if step.Function != "_rt0_amd64_linux" {
						t.Errorf("%s: the root is %s, want the entry point", s.Name, step.Function)
					}
					roots++
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
				case step.How == "data":
					if !code.refersTo(e.Chain[i-1].Function, step.Via[0].Address, words) {
						t.Errorf("%s: %s does not refer to %+v", s.Name, e.Chain[i-1].Function, step.Via[0])
					}
					if last := step.Via[len(step.Via)-1]; !words.hold(last.Address, step.Function) {
						t.Errorf("%s: %+v does not hold %s", s.Name, last, step.Function)
					}
					data++
				default:
					t.Errorf("%s: step %d of the chain is by %q", s.Name, i, step.How)
				}
			}
			if s.Origin == usage.Code && len(e.Chain) == 0 && e.Note == "" {
				t.Errorf("%s: %s has no chain", s.Name, e.Function)
			}
		}
	}
	if roots < 20 || calls < 50 || addresses == 0 || data < 5 {
		t.Errorf("only %d roots, %d calls, %d addresses and %d steps through data were checked", roots, calls, addresses, data)
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
	named   = regexp.MustCompile(`(\S+) (?:.*?[ ,])??(\S+)\(SB\)`)
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
func (l listing) names(from, to string, words *image) bool {
	for _, r := range l[from] {
		if same(r.symbol, to) || same(words.functions[words.at(words.address(r))], to) {
			return true
		}
	}
	return false
}

// refersTo reports whether a function names an address, or one in the object
// there.
func (l listing) refersTo(from string, addr uint64, words *image) bool {
	const object = 1024
	for _, r := range l[from] {
		if to := words.address(r); to >= addr && to < addr+object {
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

// An image is what a binary's symbols and words say, as debug/elf reads them.
type image struct {
	t         *testing.T
	file      *elf.File
	functions map[uint64]string
	addresses map[string]uint64
}

func imageOf(t *testing.T, path string) *image {
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
	out := &image{t, f, map[uint64]string{}, map[string]uint64{}}
	for _, s := range all {
		out.addresses[s.Name] = s.Value
		if elf.ST_TYPE(s.Info) == elf.STT_FUNC {
			out.functions[s.Value] = plainName(s.Name)
		}
	}
	return out
}

// address returns the address to which a reference leads, 0 if it is not known.
func (m *image) address(r reference) uint64 {
	if r.addr != 0 {
		return r.addr
	}
	symbol, offset, _ := strings.Cut(r.symbol, "+")
	n, _ := strconv.ParseUint(offset, 0, 64) // none is 0
	if addr := m.addresses[symbol]; addr != 0 {
		return addr + n
	}
	return 0
}

// at returns the word at an address, 0 where there is none.
func (m *image) at(addr uint64) uint64 {
	var word [8]byte
	for _, s := range m.file.Sections {
		if s.Type == elf.SHT_PROGBITS && s.Flags&elf.SHF_ALLOC != 0 && addr >= s.Addr && addr+8 <= s.Addr+s.Size {
			if _, err := s.ReadAt(word[:], int64(addr-s.Addr)); err != nil {
				m.t.Fatal(err)
			}
		}
	}
	return m.file.ByteOrder.Uint64(word[:])
}

// hold reports whether the object at an address holds a function's address, or
// its offset from the text's start.
func (m *image) hold(addr uint64, function string) bool {
	const object = 1024
	text := m.addresses["runtime.text"]
	for at := addr; at < addr+object; at += 4 {
		word := m.at(at)
		for _, to := range []uint64{word, text + word&0xffffffff} {
			if name, ok := m.functions[to]; ok && same(name, function) {
				return true
			}
		}
	}
	return false
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

// A chain reads like a stack trace: every step has the line on which it goes on,
// in the function and in what was inlined there. A step through an interface
// says what makes it possible, with symbols and without.
func TestPlacesOfSteps(t *testing.T) {
	source, err := filepath.Abs("testdata/hello/main.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, way := range ways {
		call, _ := scanned(t, program(t, "hello", way.name)).Find("write")
		i := slices.IndexFunc(call.Evidence, func(e usage.Evidence) bool { return e.Function == "syscall.write" })
		if i < 0 {
			t.Fatalf("%s: syscall.write is not among those that make write", way.name)
		}
		e := call.Evidence[i]
		i = slices.IndexFunc(e.Chain, func(s usage.Step) bool { return s.Function == "main.main" })
		if i < 0 || i+1 == len(e.Chain) {
			t.Fatalf("%s: the chain does not go through main.main: %+v", way.name, e.Chain)
		}
		place := e.Chain[i].Place
		if len(place) != 2 || place[0].Function != "main.main" || place[0].Line != lineOf(t, source, "fmt.Println") ||
			place[1].Function != "fmt.Println" || place[1].Line != lineOf(t, filepath.Join(goroot(t), "src", "fmt", "print.go"), "Fprintln(os.Stdout") {
			t.Errorf("%s: main.main goes on at %+v, want its call of fmt.Println, and where that uses os.Stdout", way.name, place)
		}
		next := e.Chain[i+1]
		if next.Function != "os.(*File).Write" || next.How != "data" || len(next.Via) != 1 || next.Via[0].Kind != "itab" ||
			next.Via[0].Name != "*os.File,io.Writer" || next.Via[0].Address == 0 {
			t.Errorf("%s: the next step is %+v, want os.(*File).Write by the itab of *os.File for io.Writer", way.name, next)
		}
		last := e.Chain[len(e.Chain)-1].Place
		if last[len(last)-1] != e.Frame {
			t.Errorf("%s: the chain ends at %+v, and the call is made at %+v", way.name, last, e.Frame)
		}
	}
}

// The chain of whatever is reachable begins at the root, and the initialisers
// hang on the code that runs them. Only where the limits of variables are not known
// does what one holds count that no code reads, as package poll's accept.
func TestChainsBeginAtRoot(t *testing.T) {
	inits := 0
	for _, way := range ways {
		for _, name := range []string{"hello", "execs", "methods"} {
			u := scanned(t, program(t, name, way.name))
			checkChains(t, u, !way.stripped || name != "methods")
			for _, s := range u.Syscalls {
				for _, e := range s.Evidence {
					for i, step := range e.Chain {
						if step.Function != "os.init" || step.How != "data" {
							continue
						}
						inits++
						if e.Chain[i-1].Function != "runtime.main" || step.Via[0].Kind != "inits" {
							t.Errorf("%s, %s: os.init is reached from %s by %+v, want from runtime.main by the list of initialisers", name, way.name, e.Chain[i-1].Function, step.Via)
						}
					}
				}
			}
		}
	}
	if inits == 0 {
		t.Error("no chain goes through os.init")
	}
}

// checkChains checks that the chain of every place is complete: it begins at the
// root (if all are to), and each step has a line and says what holds it.
func checkChains(t *testing.T, u *usage.Usage, rooted bool) {
	t.Helper()
	for _, s := range u.Syscalls {
		for _, e := range s.Evidence {
			if e.Note == "" && (len(e.Chain) == 0 || rooted && e.Chain[0].How != "root") {
				t.Errorf("the chain of %s in %s does not begin at the root: %+v", s.Name, e.Function, e.Chain)
			}
			for i, step := range e.Chain {
				if len(step.Place) == 0 || step.Place[0].Function != step.Function {
					t.Errorf("%s: step %d of the chain to %s has no place in %s: %+v", s.Name, i, e.Function, step.Function, step.Place)
				}
				if i > 0 && (step.How == "data") != (len(step.Via) > 0) {
					t.Errorf("%s: step %d of the chain to %s is by %s, via %+v", s.Name, i, e.Function, step.How, step.Via)
				}
			}
		}
		if len(s.By) == 0 {
			t.Errorf("nobody brings %s in", s.Name)
		}
	}
}

// Who is responsible for a call: the package next to the standard library.
func TestBroughtIn(t *testing.T) {
	for _, tt := range []struct{ program, call, want string }{
		{"hello", "write", "main std"},
		{"hello", "mmap", "std"},
		{"hello", "restart_syscall", "std"},
		{"hello", "openat", "std"},
		{"execs", "execve", "main"},
		{"execs", "futex", "std"},
		{"numbers", "getpriority", "golang.org/x/sys/unix"},
		{"numbers", "shmdt", "main"},
	} {
		for _, way := range ways {
			call, ok := scanned(t, program(t, tt.program, way.name)).Find(tt.call)
			var got []string
			for _, by := range call.By {
				if by.Package == "dynamic loader" && strings.HasSuffix(way.name, "pie") {
					continue // all of its code counts
				}
				got = append(got, by.Package)
				if by.Module == "" {
					t.Errorf("%s, %s: no module for package %s", tt.program, way.name, by.Package)
				}
			}
			if !ok || strings.Join(got, " ") != tt.want {
				t.Errorf("%s, %s: %s is brought in by %v, want %s", tt.program, way.name, tt.call, got, tt.want)
			}
		}
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
