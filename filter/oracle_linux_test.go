package filter

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/gocurb/curb/syscalls"
)

// A libseccomp compiles policies by the C library of that name: a program that
// is built for the test and asked by pipes.
type libseccomp struct {
	t   testing.TB
	in  *bufio.Writer
	out *bufio.Reader
	// numbers remembers which numbers it knows names by.
	numbers map[string]int32
}

// startLibseccomp builds the program and starts it. It ends with the test.
func startLibseccomp(t testing.TB) *libseccomp {
	t.Helper()
	compiler, err := exec.LookPath("gcc")
	if err != nil {
		t.Skip("needs gcc")
	}
	program := filepath.Join(t.TempDir(), "libseccomp")
	if out, err := exec.Command(compiler, "-O2", "-o", program, "testdata/libseccomp.c", "-lseccomp").CombinedOutput(); err != nil {
		if _, noHeader := exec.Command(compiler, "-E", "-include", "seccomp.h", "-x", "c", "/dev/null").Output(); noHeader != nil {
			t.Skip("needs libseccomp's headers (Debian: libseccomp-dev)")
		}
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(program)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close() // which ends it
		if err := cmd.Wait(); err != nil {
			t.Errorf("libseccomp's program: %v", err)
		}
	})
	l := &libseccomp{t, bufio.NewWriter(stdin), bufio.NewReader(stdout), make(map[string]int32)}
	l.in.WriteByte('V')
	t.Logf("libseccomp %d.%d.%d", l.get(), l.get(), l.get())
	return l
}

func (l *libseccomp) put(numbers ...uint32) {
	for _, n := range numbers {
		if err := binary.Write(l.in, binary.NativeEndian, n); err != nil {
			l.t.Fatal(err)
		}
	}
}

func (l *libseccomp) putName(name string) {
	l.put(uint32(len(name)))
	l.in.WriteString(name)
}

func (l *libseccomp) get() uint32 {
	l.t.Helper()
	if err := l.in.Flush(); err != nil {
		l.t.Fatal(err)
	}
	var b [4]byte
	if _, err := io.ReadFull(l.out, b[:]); err != nil {
		l.t.Fatalf("libseccomp's program: %v", err)
	}
	return binary.NativeEndian.Uint32(b[:])
}

// archToken is what libseccomp calls an architecture: mostly the kernel's number
// of it, but x32 has one of its own.
func archToken(t *syscalls.Table) uint32 {
	if t.Arch == "x32" {
		return 62 | auditLittleEndian // EM_X86_64, of 32 bits
	}
	return t.AuditArch
}

// number gives the number that libseccomp knows a call by, negative for none.
func (l *libseccomp) number(t *syscalls.Table, name string) int32 {
	key := t.Arch + " " + name
	nr, found := l.numbers[key]
	if !found {
		l.in.WriteByte('N')
		l.put(archToken(t))
		l.putName(name)
		nr = int32(l.get())
		l.numbers[key] = nr
	}
	return nr
}

// A scmpRule is a rule as libseccomp takes it.
type scmpRule struct {
	action Action
	name   string // or a number after a hash
	cmps   []scmpCmp
}

// A scmpCmp is a comparison of libseccomp: op is its enum scmp_compare.
type scmpCmp struct {
	arg, op uint32
	a, b    uint64
}

const (
	cmpNotEqual = 1 + iota
	cmpLess
	cmpLessOrEqual
	cmpEqual
	cmpGreaterOrEqual
	cmpGreater
	cmpMasked // arg & a == b
)

// compile gives libseccomp's program. The error says which rule it does not take.
func (l *libseccomp) compile(tables []*syscalls.Table, optimise uint32, byDefault, foreign Action, rules []scmpRule) (Program, error) {
	l.in.WriteByte('C')
	l.put(optimise, byDefault.Return(), foreign.Return(), uint32(len(tables)))
	for _, t := range tables {
		l.put(archToken(t))
	}
	l.put(uint32(len(rules)))
	for _, r := range rules {
		l.put(r.action.Return())
		l.putName(r.name)
		l.put(uint32(len(r.cmps)))
		for _, c := range r.cmps {
			l.put(c.arg, c.op, uint32(c.a), uint32(c.a>>32), uint32(c.b), uint32(c.b>>32))
		}
	}
	errno, rule, size := int32(l.get()), int32(l.get()), l.get()
	if errno != 0 {
		which := "the policy"
		if rule >= 0 {
			which = fmt.Sprintf("rule %+v", rules[rule])
		}
		return nil, fmt.Errorf("libseccomp does not take %s: %w", which, syscall.Errno(-errno))
	}
	b := make([]byte, size)
	if _, err := io.ReadFull(l.out, b); err != nil {
		l.t.Fatal(err)
	}
	if !tables[0].BigEndian {
		return Parse(b, binary.LittleEndian)
	}
	prog, err := Parse(b, binary.BigEndian)
	for i := range prog {
		prog[i].swapReturn()
	}
	return prog, err
}

// swapReturn mends what libseccomp 2.5 does on a little-endian machine for a
// big-endian architecture: it swaps the bytes of some of the actions twice. On
// such a machine itself there is nothing to swap.
func (ins *Instruction) swapReturn() {
	if ins.Code == returnK && !slices.Contains(scmpActions, ActionOf(ins.K)) {
		ins.K = bits.ReverseBytes32(ins.K)
	}
}
