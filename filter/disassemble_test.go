package filter

import (
	"errors"
	"strings"
	"testing"

	"github.com/gocurb/curb/syscalls"
)

// foreign has every kind of instruction that seccomp permits.
var foreign = Program{
	{0x20, 0, 0, 4},
	{0x15, 0, 1, 0xc00000b7},
	{0x05, 0, 0, 0},
	{0x20, 0, 0, 0},
	{0x35, 1, 0, 56},
	{0x25, 0, 0, 0xffffffff},
	{0x20, 0, 0, 8},
	{0x20, 0, 0, 12},
	{0x20, 0, 0, 20},
	{0x15, 0, 0, 5},
	{0x54, 0, 0, 0xff},
	{0x15, 0, 0, 56},
	{0x00, 0, 0, 3},
	{0x01, 0, 0, 3},
	{0x02, 0, 0, 15},
	{0x03, 0, 0, 0},
	{0x60, 0, 0, 15},
	{0x61, 0, 0, 0},
	{0x80, 0, 0, 0},
	{0x81, 0, 0, 0},
	{0x04, 0, 0, 1},
	{0x1c, 0, 0, 0},
	{0x24, 0, 0, 2},
	{0x34, 0, 0, 2},
	{0x44, 0, 0, 2},
	{0x5c, 0, 0, 0},
	{0x64, 0, 0, 31},
	{0x7c, 0, 0, 0},
	{0x84, 0, 0, 0},
	{0xa4, 0, 0, 9},
	{0x07, 0, 0, 0},
	{0x87, 0, 0, 0},
	{0x1d, 0, 0, 0},
	{0x4d, 0, 0, 0},
	{0x06, 0, 0, 0x7ff00009},
	{0x16, 0, 0, 0},
}

// TestNamesOfOneArchitecture: number 3 is another call on each.
func TestNamesOfOneArchitecture(t *testing.T) {
	p := Policy{Default: Errno(1), Rules: []Rule{{"read", nil, Allow}, {"close", nil, Allow}}}
	tables := []*syscalls.Table{syscalls.AMD64, syscalls.I386}
	prog := compileFor(t, Compiler{Tables: tables}, p)
	for i, table := range tables {
		own, other := listing(prog, table), listing(prog, tables[1-i])
		if !strings.Contains(own, "#3 (close)") && !strings.Contains(own, "#3 (read)") {
			t.Errorf("no name of %s:\n%s", table.Arch, own)
		}
		for at, line := range strings.Split(own, "\n") {
			a, b := strings.Contains(line, "("), strings.Contains(strings.Split(other, "\n")[at], "(")
			if a && b && !strings.Contains(line, "ret errno") && !strings.Contains(line, "(amd64)") && !strings.Contains(line, "(386)") {
				t.Errorf("a number has a name of each: %s", line)
			}
		}
	}
}

func TestDisassembleForeign(t *testing.T) {
	if err := foreign.Validate(); err != nil {
		t.Fatal(err)
	}
	want := `ld [4]      ; architecture
jeq #0xc00000b7 (arm64) ? 2 : 3
ja 3
ld [0]      ; system call number
jge #56 (openat) ? 6 : 5
jgt #0xffffffff ? 6 : 6
ld [8]      ; instruction pointer, low half
ld [12]     ; instruction pointer, high half
ld [20]     ; argument 0, high half
jeq #5 ? 10 : 10
and #0xff
jeq #0x38 ? 12 : 12
ld #0x3
ldx #0x3
st M[15]
stx M[0]
ld M[15]
ldx M[0]
ld len
ldx len
add #0x1
sub x
mul #0x2
div #0x2
or #0x2
and x
lsh #0x1f
rsh x
neg
xor #0x9
tax
txa
jeq x ? 33 : 33
jset x ? 34 : 34
ret trace(9)
ret a`
	if got := strings.Join(foreign.Lines(syscalls.ARM64), "\n"); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// TestDisassembleNamesOnlyNumbers: an argument that is compared with the number
// of a call is not that call.
func TestDisassembleNamesOnlyNumbers(t *testing.T) {
	p := Program{
		{0x20, 0, 0, 16},
		{0x15, 1, 0, 57},
		{0x20, 0, 0, 0},
		{0x15, 0, 0, 57}, // after the argument or the number
		{0x20, 0, 0, 0},
		{0x15, 0, 0, 57},
		{0x06, 0, 0, 0},
	}
	lines := p.Lines(syscalls.AMD64)
	for i, want := range map[int]string{1: "jeq #0x39 ? 3 : 2", 3: "jeq #0x39 ? 4 : 4", 5: "jeq #57 (fork) ? 6 : 6"} {
		if lines[i] != want {
			t.Errorf("line %d is %q, want %q", i, lines[i], want)
		}
	}
}

// TestDisassembleInvalid: the listing of what the kernel refuses is what one
// looks at to see why.
func TestDisassembleInvalid(t *testing.T) {
	p := Program{{0x15, 200, 3, 5}, {0x28, 0, 0, 2}, {0xffff, 1, 2, 3}, {0x05, 0, 0, 0xffffffff}}
	want := []string{"jeq #5 ? 201 : 4", "not permitted by seccomp", "not permitted by seccomp", "ja 4294967299"}
	for i, line := range p.Lines(nil) {
		if line != want[i] {
			t.Errorf("line %d is %q, want %q", i, line, want[i])
		}
	}
	if got := (Program{}).String(); got != "" {
		t.Errorf("the listing of no program is %q", got)
	}
}

func TestDisassembleByteOrder(t *testing.T) {
	p := Program{{0x20, 0, 0, 24}, {0x20, 0, 0, 28}, {0x06, 0, 0, 0}}
	big := *syscalls.AMD64
	big.BigEndian = true
	for _, test := range []struct {
		table *syscalls.Table
		want  [2]string
	}{
		{syscalls.AMD64, [2]string{"low", "high"}},
		{&big, [2]string{"high", "low"}},
		{nil, [2]string{"first", "second"}},
	} {
		lines := p.Lines(test.table)
		for i, half := range test.want {
			if want := "; argument 1, " + half + " half"; !strings.HasSuffix(lines[i], want) {
				t.Errorf("%q does not end in %q", lines[i], want)
			}
		}
	}
}

type fullDisk struct{}

var errFull = errors.New("the disk is full")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestDisassembleToNowhere(t *testing.T) {
	if err := foreign.Disassemble(fullDisk{}, nil); !errors.Is(err, errFull) {
		t.Errorf("the error is %v", err)
	}
}
