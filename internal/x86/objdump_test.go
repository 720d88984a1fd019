package x86

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// A listed is one line of objdump's output.
type listed struct {
	addr uint64
	len  int // up to the next line
	text string
}

// objdump runs objdump and calls f for every instruction that it lists. The
// last one before a gap has the length that its own bytes have.
func objdump(t testing.TB, f func(listed), args ...string) {
	t.Helper()
	if _, err := exec.LookPath("objdump"); errors.Is(err, exec.ErrNotFound) {
		t.Skip("objdump is missing: install binutils, as make test does")
	}
	cmd := exec.Command("objdump", append([]string{"-w", "-M", "intel"}, args...)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	n, err := parseListing(out, f)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("objdump %v: %v", args, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if n == 0 {
		t.Fatalf("objdump %v listed no instruction", args)
	}
}

// parseListing reads lines of the form "address:\tbytes\ttext".
func parseListing(r io.Reader, f func(listed)) (n int, err error) {
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		line := s.Bytes()
		colon := bytes.IndexByte(line, ':')
		if colon < 0 || colon+1 >= len(line) || line[colon+1] != '\t' {
			continue
		}
		addr, err := strconv.ParseUint(string(bytes.TrimSpace(line[:colon])), 16, 64)
		if err != nil {
			return n, fmt.Errorf("objdump's line %q: %w", line, err)
		}
		code, text, _ := bytes.Cut(line[colon+2:], []byte{'\t'})
		f(listed{addr, (len(bytes.TrimSpace(code)) + 1) / 3, string(bytes.TrimSpace(text))})
		n++
	}
	return n, s.Err()
}

// slot is the room that an encoding gets in a blob: it is followed by 66
// bytes up to a NOP, which any decoder that goes astray ends up at.
const slot = 32

// A blob is a file of encodings for objdump.
type blob struct{ code []byte }

func (b *blob) add(parts ...[]byte) {
	start := len(b.code)
	for _, p := range parts {
		b.code = append(b.code, p...)
	}
	for len(b.code) < start+slot-1 {
		b.code = append(b.code, 0x66)
	}
	b.code = append(b.code, 0x90)
}

// list calls f with what objdump makes of every slot.
func (b *blob) list(t *testing.T, f func(code []byte, l listed)) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "blob")
	if err := os.WriteFile(name, b.code, 0o600); err != nil {
		t.Fatal(err)
	}
	seen := 0
	objdump(t, func(l listed) {
		if l.addr%slot == 0 {
			seen++
			f(b.code[l.addr:l.addr+slot], l)
		}
	}, "-D", "-b", "binary", "-m", "i386:x86-64", name)
	if want := len(b.code) / slot; seen != want {
		t.Errorf("objdump was in step at %d of %d slots", seen, want)
	}
}
