package arm64

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gocurb/curb/internal/isa"
)

// TestObjdump compares random words with objdump: which are instructions, which
// general registers they write, where branches and addresses lead.
func TestObjdump(t *testing.T) {
	t.Parallel()
	n := 200_000
	if *long {
		n = 4_000_000
	}
	random := rand.New(rand.NewPCG(3, 4))
	var code []byte
	for _, l := range readInstructions(t) {
		code = append(code, l.code...)
	}
	for len(code) < n*size {
		w := random.Uint32()
		if class := w >> 25 & 15; class < 4 && class != 2 {
			continue // reserved, SME
		}
		switch random.IntN(6) {
		case 0:
			w |= 31<<16 | 31<<10
		case 1:
			w |= 31
		case 2:
			w &^= 0xfc00
		case 3:
			w |= 31 << 5
		}
		code = append(code, words(w)...)
	}
	name := filepath.Join(t.TempDir(), "words")
	if err := os.WriteFile(name, code, 0o600); err != nil {
		t.Fatal(err)
	}
	c := newComparison()
	objdump(t, name, c.compare, "-D", "-b", "binary", "-m", "aarch64", "--adjust-vma="+strconv.Itoa(pc))
	c.report(t)
	if c.seen < n || c.known < n/4 {
		t.Errorf("objdump listed %d of %d words, %d of them known", c.seen, n, c.known)
	}
}

// objdump calls f for every word that objdump lists.
func objdump(t testing.TB, file string, f func(addr uint64, word uint32, text string), args ...string) {
	t.Helper()
	const tool = "aarch64-linux-gnu-objdump"
	if _, err := exec.LookPath(tool); errors.Is(err, exec.ErrNotFound) {
		t.Skipf("%s is missing: install binutils-aarch64-linux-gnu, as make test does", tool)
	}
	cmd := exec.Command(tool, append(args, "-z", "-M", "no-aliases", file)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		part := strings.SplitN(lines.Text(), "\t", 3)
		if len(part) < 3 {
			continue
		}
		addr, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(part[0]), ":"), 16, 64)
		if err != nil {
			t.Fatalf("objdump's line %q: %v", lines.Text(), err)
		}
		w, err := strconv.ParseUint(strings.TrimSpace(part[1]), 16, 32)
		if err != nil {
			t.Fatalf("objdump's line %q: %v", lines.Text(), err)
		}
		f(addr, uint32(w), part[2])
	}
	if err := errors.Join(lines.Err(), cmd.Wait()); err != nil {
		t.Fatalf("%s %v: %v", tool, args, err)
	}
}

// A comparison collects differences by mnemonic.
type comparison struct {
	seen, known int
	failed      map[string]int
	first       map[string]string
	insts       []isa.Inst
}

func newComparison() *comparison {
	return &comparison{failed: map[string]int{}, first: map[string]string{}}
}

func (c *comparison) report(t *testing.T) {
	t.Helper()
	for name, n := range c.failed {
		t.Errorf("%s (%d times): %s", name, n, c.first[name])
	}
	t.Logf("%d words compared, %d known", c.seen, c.known)
}

// compare decodes one word by itself and compares with objdump's text for it.
func (c *comparison) compare(addr uint64, word uint32, text string) {
	c.seen++
	text, _, _ = strings.Cut(text, "//")
	mnemonic, rest, _ := strings.Cut(strings.ReplaceAll(text, "\t", " "), " ")
	var err error
	c.insts, err = Append(c.insts[:0], words(word), addr)
	problem := ""
	switch exists := mnemonic != ".inst" && !strings.Contains(text, "undefined"); {
	case word>>25&15 == 2: // SVE: what may be written is more than what is
		if exists && err == nil {
			c.known++
			problem = notWritten(c.insts[0].Writes, operands(rest))
		}
	case exists && err != nil:
		if !beyond(word) {
			problem = err.Error()
		}
	case !exists && err == nil:
		if !lenient(word) {
			problem = "is known"
		}
	case exists:
		c.known++
		problem = c.describe(mnemonic, operands(rest), text)
	}
	if problem != "" {
		if c.failed[mnemonic]++; c.failed[mnemonic] == 1 {
			c.first[mnemonic] = fmt.Sprintf("%08x: %s: %s: %s", word, text, problem, format(c.insts))
		}
	}
}

// notWritten says what is wrong if the first operand is a general register that is
// not in a set.
func notWritten(set isa.RegSet, operands []string) string {
	if len(operands) == 0 {
		return ""
	}
	first := operands[0]
	n, err := strconv.Atoi(strings.TrimLeft(first, "xw"))
	switch {
	case first == "sp":
		n = int(SP)
	case err != nil || strings.TrimLeft(first, "xw") == first:
		return ""
	}
	if set>>n&1 == 0 {
		return first + " is not in Writes"
	}
	return ""
}

// beyond has what objdump knows and Append does not.
func beyond(w uint32) bool {
	switch {
	case w>>25&15 < 4: // SME
		return true
	case w&0xfffff01f == 0xd503201f: // hints without a meaning
		return true
	case w&0xffc00000 == 0xd5000000 && w>>19&3 == 0: // system registers that cannot be
		return true
	case w&0xffe0001f == 0xd4600000: // TCANCEL, withdrawn
		return true
	case w&0xfffffe00 == 0xd5233000: // TSTART, TTEST, withdrawn
		return true
	case w&0x9f20fc00 == 0x0e20ec00, w&0x9f20fc00 == 0x0e20cc00: // FMLAL and its like, of sizes that do not exist
		return true
	case w&0xffe0fc00 == 0xf8209000 || w&0xffe0fc00 == 0xf820b000 || w&0xffe0fc00 == 0xf820a000 || w&0xfffffc00 == 0xf83fd000: // ST64B, LD64B of an odd register
		return true
	}
	return false
}

// lenient has what Append knows and objdump does not: instructions with bits
// that should be set and are not.
func lenient(w uint32) bool {
	switch {
	case w == goUndef, w>>16 == 0:
		return true
	case w&0x3f000000 == 0x08000000: // LDAR, STLR, LDXR, …
		return true
	case w&0xfe400000 == 0x68400000: // LDPSW of twice the same register
		return true
	}
	return false
}

// operands splits the operands at the commas outside of brackets.
func operands(s string) []string {
	var out []string
	depth, from := 0, 0
	for i, c := range s {
		switch c {
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		case ',':
			if depth == 0 {
				out = append(out, strings.TrimSpace(s[from:i]))
				from = i + 1
			}
		}
	}
	return append(out, strings.TrimSpace(s[from:]))
}

// describe compares what was decoded with the text.
func (c *comparison) describe(mnemonic string, args []string, text string) string {
	var got isa.RegSet
	for i := range c.insts {
		got |= c.insts[i].Writes
	}
	last := &c.insts[len(c.insts)-1]
	unchanged := got == 0 && len(args) > 2 && (last.Op == isa.Nop || last.Op == isa.Test) && slices.Contains(args[1:], args[0])
	if want := writesOf(mnemonic, args); got != want && !unchanged {
		return fmt.Sprintf("Writes is %#x, want %#x", got, want)
	}
	_, at, _ := strings.Cut(args[len(args)-1], "0x")
	at, _, _ = strings.Cut(at, " ")
	addr, err := strconv.ParseUint(at, 16, 64)
	if err != nil {
		addr, err = strconv.ParseUint(strings.Fields(args[len(args)-1] + " x")[0], 16, 64)
	}
	switch last.Op {
	case isa.Jump, isa.Call, isa.CondJump:
		if err != nil || addr != last.Target {
			return fmt.Sprintf("Target is %#x in %q", last.Target, text)
		}
	}
	if last.Src.Rip && (err != nil || int64(addr) != last.Src.Imm) {
		return fmt.Sprintf("the address is %#x in %q", last.Src.Imm, text)
	}
	return ""
}

// numberOf returns the number of a general register that is not the zero
// register.
func numberOf(name string) (n uint, ok bool) {
	switch name {
	case "sp", "wsp":
		return 31, true
	}
	if len(name) < 2 || name[0] != 'x' && name[0] != 'w' {
		return 0, false
	}
	v, err := strconv.ParseUint(name[1:], 10, 8)
	return uint(v), err == nil
}

// writesOf says which registers an instruction writes, by its text: the first
// operand, with exceptions.
func writesOf(mnemonic string, args []string) (set isa.RegSet) {
	write := func(name string) {
		if n, ok := numberOf(name); ok {
			set |= 1 << n
		}
	}
	for i, a := range args {
		if !strings.HasPrefix(a, "[") {
			continue
		}
		base, _, _ := strings.Cut(strings.Trim(a, "[]!"), ",")
		if strings.HasSuffix(a, "!") || i+1 < len(args) { // pre-index, post-index
			write(base)
		}
	}
	has := func(prefixes ...string) bool {
		return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(mnemonic, p) })
	}
	switch {
	case has("cpy", "set") && len(args) == 3 && strings.HasSuffix(args[0], "!"):
		for _, a := range args {
			if name, bang := strings.CutSuffix(a, "!"); bang {
				write(strings.Trim(name, "[]"))
			}
		}
	case mnemonic == "bl", has("blr"):
		set |= 1 << X30
	case has("stxr", "stlxr", "stxp", "stlxp", "st64bv"):
		write(args[0])
	case has("casp"):
		write(args[0])
		write(args[1])
	case has("cas"):
		write(args[0])
	case has("ldadd", "ldclr", "ldeor", "ldset", "ldsmax", "ldsmin", "ldumax", "ldumin", "swp"):
		write(args[1])
	case has("ldp", "ldnp", "ldxp", "ldaxp"):
		write(args[0])
		write(args[1])
	case has("ld64b"):
		n, _ := numberOf(args[0])
		set |= 0xff << n
	case mnemonic == "svc":
		set |= 1 << X0
	case mnemonic == "hint", has("xpaclri", "paci", "auti") && args[0] == "":
		set |= hinted(mnemonic, args[0])
	case has("st", "b", "cbz", "cbnz", "tbz", "tbnz", "ret", "msr", "sys", "prf", "ccm", "rmif", "setf") && !has("bic", "bfm", "sysl"):
	default:
		write(args[0])
	}
	return set
}

// hinted is what a hint writes.
func hinted(mnemonic, number string) isa.RegSet {
	switch n, _ := strconv.ParseUint(strings.TrimPrefix(number, "#0x"), 16, 8); {
	case mnemonic == "hint" && (n == 7 || n >= 24 && n <= 31), mnemonic == "xpaclri", strings.HasSuffix(mnemonic, "z"), strings.HasSuffix(mnemonic, "sp"):
		return 1 << X30
	case mnemonic == "hint" && (n == 8 || n == 10 || n == 12 || n == 14), strings.HasSuffix(mnemonic, "1716"):
		return 1 << X17
	case mnemonic == "hint" && n == 40:
		return 1 << X16
	}
	return 0
}

// TestWritesOf tests that the reading of objdump's text has an opinion.
func TestWritesOf(t *testing.T) {
	for _, test := range []struct {
		text string
		want isa.RegSet
	}{
		{"add x1, x2, x3", 1 << 1},
		{"str x1, [x2, #8]!", 1 << 2},
		{"ldp x1, x2, [sp], #16", 1<<1 | 1<<2 | 1<<31},
		{"stxr w1, x2, [x3]", 1 << 1},
		{"ldaddal x1, xzr, [x3]", 0},
		{"blr x3", 1 << 30},
		{"b.eq 0x1000", 0},
		{"bic x1, x2, x3", 1 << 1},
	} {
		mnemonic, rest, _ := strings.Cut(test.text, " ")
		if got := writesOf(mnemonic, operands(rest)); got != test.want {
			t.Errorf("%s: %#x, want %#x", test.text, got, test.want)
		}
	}
}
