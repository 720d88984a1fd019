package filter

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/bpf"

	"github.com/gocurb/curb/syscalls"
)

func TestBytes(t *testing.T) {
	p := Program{{0x20, 0, 0, 4}, {0x15, 1, 2, 0xc000003e}, {0x06, 0, 0, 0x7fff0000}}
	little := "\x20\x00\x00\x00\x04\x00\x00\x00" + "\x15\x00\x01\x02\x3e\x00\x00\xc0" + "\x06\x00\x00\x00\x00\x00\xff\x7f"
	big := "\x00\x20\x00\x00\x00\x00\x00\x04" + "\x00\x15\x01\x02\xc0\x00\x00\x3e" + "\x00\x06\x00\x00\x7f\xff\x00\x00"
	for _, test := range []struct {
		order binary.ByteOrder
		want  string
	}{{binary.LittleEndian, little}, {binary.BigEndian, big}} {
		got := p.Bytes(test.order)
		if !bytes.Equal(got, []byte(test.want)) {
			t.Errorf("%v: got %x, want %x", test.order, got, test.want)
		}
		back, err := Parse(got, test.order)
		if err != nil || !slices.Equal(back, p) {
			t.Errorf("%v: read back: %v, %v", test.order, back, err)
		}
	}
	if back := Unpack(p.Packed()); !slices.Equal(back, p) {
		t.Errorf("packed and unpacked: %v", back)
	}
	for _, bad := range []string{"", "1234567", "123456789"} {
		if p, err := Parse([]byte(bad), binary.LittleEndian); err == nil {
			t.Errorf("%d bytes are %v", len(bad), p)
		}
	}
}

func TestValidate(t *testing.T) {
	ret := Instruction{0x06, 0, 0, 0}
	tests := []struct {
		name string
		p    Program
		want string // "" for a program that is valid
	}{
		{"one return", Program{ret}, ""},
		{"the longest", slices.Repeat(Program{ret}, 4096), ""},
		{"nothing", Program{}, "a filter has 1 to 4096 instructions, and this one has 0"},
		{"too long", slices.Repeat(Program{ret}, 4097), "a filter has 1 to 4096 instructions, and this one has 4097"},
		{"no return at the end", Program{ret, {0x20, 0, 0, 0}}, "instruction 1 (code 0x20): the last one does not return"},
		{"a byte", Program{{0x30, 0, 0, 0}, ret}, "instruction 0 (code 0x30, k 0x0): seccomp does not permit this code"},
		{"a modulus", Program{{0x94, 0, 0, 3}, ret}, "instruction 0 (code 0x94, k 0x3): seccomp does not permit this code"},
		{"a jump on nothing", Program{{0x0d, 0, 0, 0}, ret}, "instruction 0 (code 0x0d, k 0x0): seccomp does not permit this code"},
		{"a word that is not aligned", Program{{0x20, 0, 0, 2}, ret}, "instruction 0 (code 0x20, k 0x2): there is no word at 2 of 64"},
		{"a word beyond the data", Program{{0x20, 0, 0, 64}, ret}, "instruction 0 (code 0x20, k 0x40): there is no word at 64 of 64"},
		{"the last word", Program{{0x20, 0, 0, 60}, ret}, ""},
		{"a jump beyond the end", Program{{0x05, 0, 0, 1}, ret}, "instruction 0 (code 0x05, k 0x1): jump beyond the end"},
		{"a jump around", Program{{0x05, 0, 0, 0xffffffff}, ret}, "instruction 0 (code 0x05, k 0xffffffff): jump beyond the end"},
		{"a branch beyond the end", Program{{0x15, 0, 1, 0}, ret}, "instruction 0 (code 0x15, k 0x0): jump beyond the end"},
		{"division by 0", Program{{0x34, 0, 0, 0}, ret}, "instruction 0 (code 0x34, k 0x0): division by 0"},
		{"a wide shift", Program{{0x74, 0, 0, 32}, ret}, "instruction 0 (code 0x74, k 0x20): shift by more than 31"},
		{"memory that is not there", Program{{0x02, 0, 0, 16}, ret}, "instruction 0 (code 0x02, k 0x10): there is no memory 16"},
		{"memory before it is written", Program{{0x60, 0, 0, 1}, ret}, "instruction 0 reads memory 1, which was not written"},
		{"memory after it is written", Program{{0x02, 0, 0, 1}, {0x60, 0, 0, 1}, ret}, ""},
		{"memory written on one way only", Program{{0x15, 1, 0, 0}, {0x02, 0, 0, 1}, {0x60, 0, 0, 1}, ret}, "instruction 2 reads memory 1, which was not written"},
	}
	for _, test := range tests {
		err := test.p.Validate()
		if got := errorText(err); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// codes are what seccomp permits.
var codes = func() []uint16 {
	var list []uint16
	for _, ins := range foreign {
		list = append(list, ins.Code)
	}
	return append(list, 0x14, 0x0c, 0x2c, 0x3c, 0x4c, 0x6c, 0x74, 0xac, 0x2d, 0x3d, 0x45)
}()

// program chooses a program of permitted instructions, most of them harmless.
func (c *chooser) program() Program {
	n := 2 + c.below(30)
	p := make(Program, n)
	for i := range p {
		rest := n - i - 1
		ins := &p[i]
		ins.Code = codes[c.below(len(codes))]
		ins.K = uint32(c.value())
		switch {
		case rest == 0:
			ins.Code = pick[uint16](c, returnK, returnA)
		case ins.Code == loadWord:
			ins.K = uint32(c.below(16)) * 4
		case ins.Code == classJmp|jumpAlways:
			ins.K = uint32(c.below(rest))
		case ins.Code&classMask == classJmp:
			ins.Jt, ins.Jf = uint8(c.below(rest)), uint8(c.below(rest))
		case memorySlot(ins.Code):
			ins.K = uint32(c.below(3))
		case ins.Code == 0x64 || ins.Code == 0x74:
			ins.K = uint32(c.below(32))
		}
		if c.below(40) == 0 { // and now and then something else
			ins.K ^= 1 << c.below(32)
			ins.Jt ^= uint8(c.below(256))
			ins.Code ^= 1 << c.below(16)
		}
	}
	return p
}

// runsTheSame reports whether x/net/bpf runs the program as the kernel does. It
// has no negation, its shifts by more than 31 give 0, and it takes "ldx len" for
// "ld len".
func runsTheSame(p Program) bool {
	return !slices.ContainsFunc(p, func(ins Instruction) bool {
		return ins.Code == 0x84 || ins.Code == 0x81 || ins.Code == 0x6c || ins.Code == 0x7c
	})
}

// checkProgram runs any program: Run must agree with x/net/bpf where that runs it
// as well, and must not fail where Validate does not. It reports whether the
// program is valid, and whether it was compared.
func checkProgram(t testing.TB, c *chooser) (valid, compared bool) {
	p := c.program()
	p.Lines(syscalls.AMD64)
	d := Data{Nr: uint32(c.value()), Arch: syscalls.AMD64.AuditArch, IP: c.value(), Args: [6]uint64{c.value(), c.value(), c.value(), c.value(), c.value(), c.value()}}
	got, err := p.Run(d)
	if p.Validate() != nil {
		return false, false
	}
	if err != nil {
		t.Fatalf("%v\n%v", err, p)
	}
	p.contents()
	if !runsTheSame(p) {
		return true, false
	}
	if want := newMachine(t, p).run(t, d, false); got != want {
		t.Fatalf("%+v gets %v, by x/net/bpf %v\n%v", d, got, want, p)
	}
	return true, true
}

func TestRunAnything(t *testing.T) {
	const programs = 50000
	valids, compared := 0, 0
	for seed := range programs {
		valid, same := checkProgram(t, &chooser{randomBytes(rand.New(rand.NewPCG(uint64(seed), 5)), 600)})
		if valid {
			valids++
		}
		if same {
			compared++
		}
	}
	t.Logf("of %d programs %d were valid and %d compared", programs, valids, compared)
	if compared < programs/20 || valids > programs*19/20 {
		t.Errorf("of %d programs %d were valid and %d compared: the generator is lopsided", programs, valids, compared)
	}
}

func FuzzRun(f *testing.F) {
	for seed := range 8 {
		f.Add(randomBytes(rand.New(rand.NewPCG(uint64(seed), 6)), 300))
	}
	f.Fuzz(func(t *testing.T, choices []byte) { checkProgram(t, &chooser{choices}) })
}

// FuzzParse reads bytes as a program: whatever they are, it can be shown and
// run, and the parts of x/net/bpf that it shares nothing with agree on whether
// a valid program can be decoded.
func FuzzParse(f *testing.F) {
	f.Add(foreign.Bytes(binary.LittleEndian))
	f.Add(slices.Repeat([]byte{0x06, 0, 0, 0, 0, 0, 0, 0}, 3))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Parse(b, binary.LittleEndian)
		if err != nil {
			return
		}
		if got := p.Bytes(binary.LittleEndian); !bytes.Equal(got, b) {
			t.Fatalf("%x becomes %x", b, got)
		}
		if n := strings.Count(p.String(), "\n"); n != len(p) {
			t.Fatalf("%d instructions on %d lines", len(p), n)
		}
		_, runErr := p.Run(Data{})
		if p.Validate() != nil {
			return
		}
		if runErr != nil {
			t.Fatal(runErr)
		}
		raw := make([]bpf.RawInstruction, len(p))
		for i, ins := range p {
			raw[i] = bpf.RawInstruction{Op: ins.Code, Jt: ins.Jt, Jf: ins.Jf, K: ins.K}
		}
		if _, all := bpf.Disassemble(raw); !all {
			t.Fatalf("x/net/bpf cannot decode:\n%v", p)
		}
	})
}

// TestDivisionByZero: the kernel ends the program with 0 then.
func TestDivisionByZero(t *testing.T) {
	p := Program{{0x01, 0, 0, 0}, {0x00, 0, 0, 6}, {0x3c, 0, 0, 0}, {0x06, 0, 0, 0x7fff0000}}
	if got, err := p.Run(Data{}); err != nil || got != KillThread {
		t.Errorf("got %v, %v; want kill_thread", got, err)
	}
}

func TestRunRefuses(t *testing.T) {
	for _, p := range []Program{
		{}, {{0x20, 0, 0, 0}}, {{0x20, 0, 0, 64}, {0x06, 0, 0, 0}}, {{0x05, 0, 0, 0xfffffffe}, {0x06, 0, 0, 0}},
		{{0x15, 5, 5, 0}, {0x06, 0, 0, 0}}, {{0xb1, 0, 0, 0}, {0x06, 0, 0, 0}}, {{0x34, 0, 0, 0}, {0x06, 0, 0, 0}},
	} {
		if got, err := p.Run(Data{}); err == nil || got != 0 {
			t.Errorf("the result is %v, %v for:\n%v", got, err, p)
		}
	}
}
