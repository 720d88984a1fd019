package arm64

import (
	"debug/elf"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/gocurb/curb/internal/isa"
)

// TestBinaries compares all words of the text of Go programs with objdump, and
// has every address that ADRP begins completed: Go's assembler never leaves one.
func TestBinaries(t *testing.T) {
	t.Parallel()
	type build struct {
		pkg  string
		args []string
		env  string
	}
	builds := []build{{"cmd/gofmt", nil, "GOARM64=v8.0"}}
	if *long {
		builds = append(builds,
			build{"cmd/go", nil, "GOARM64=v9.0,lse,crypto"},
			build{"cmd/compile", []string{"-buildmode=pie"}, "GOARM64=v8.0"},
			build{"cmd/link", []string{"-gcflags=all=-N -l"}, "GOARM64=v8.1"})
	}
	for _, b := range builds {
		t.Run(b.pkg, func(t *testing.T) {
			file := goBuild(t, b.pkg, b.env, b.args...)
			c := newComparison()
			objdump(t, file, c.compare, "-d", "-j", ".text")
			c.report(t)
			text, addr := textOf(t, file)
			if c.known < len(text)/size*9/10 {
				t.Errorf("only %d of %d words are instructions", c.known, len(text)/size)
			}
			completed(t, text, addr)
		})
	}
}

// TestLibraries compares all words of the C library's code with objdump.
func TestLibraries(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"libc.so.6", "ld-linux-aarch64.so.1", "libgcc_s.so.1", "libresolv.so.2", "libm.so.6"} {
		file := filepath.Join("/usr/aarch64-linux-gnu/lib", name)
		if _, err := os.Stat(file); err != nil {
			t.Fatalf("Debian's libc6-arm64-cross and libgcc-s1-arm64-cross are needed: make deps installs them: %v", err)
		}
		c := newComparison()
		objdump(t, file, c.compare, "-d")
		c.report(t)
		if c.known < c.seen*99/100 {
			t.Errorf("%s: only %d of %d words are instructions", name, c.known, c.seen)
		}
	}
}

// completed asks that every ADRP be completed by what follows.
func completed(t *testing.T, text []byte, addr uint64) {
	t.Helper()
	var insts []isa.Inst
	count := 0
	for i := 0; i+size <= len(text); i += size {
		if binary.LittleEndian.Uint32(text[i:])&0x9f000000 != 0x90000000 {
			continue
		}
		var err error
		insts, err = Append(insts[:0], text[i:], addr+uint64(i))
		if err != nil || len(insts) < 2 || !insts[0].Src.Rip || !insts[1].Fused {
			t.Errorf("%#x: %s, %v", addr+uint64(i), format(insts), err)
		}
		count++
	}
	if count < 1000 {
		t.Errorf("there are only %d ADRP", count)
	}
}

// goBuild builds a program of the standard library for arm64.
func goBuild(t testing.TB, pkg, env string, args ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), filepath.Base(pkg))
	cmd := exec.Command("go", append(append([]string{"build", "-o", file}, args...), pkg)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=arm64", env)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build %s: %v\n%s", pkg, err, out)
	}
	return file
}

// textOf returns the code of an ELF file and its address.
func textOf(t testing.TB, file string) ([]byte, uint64) {
	t.Helper()
	f, err := elf.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := f.Section(".text")
	if s == nil {
		t.Fatalf("%s has no text", file)
	}
	text, err := s.Data()
	if err != nil {
		t.Fatal(err)
	}
	return text, s.Addr
}

// BenchmarkAppend decodes the text of gofmt.
func BenchmarkAppend(b *testing.B) {
	text, addr := textOf(b, goBuild(b, "cmd/gofmt", "GOARM64=v8.0"))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	insts := make([]isa.Inst, 0, 2*most)
	for b.Loop() {
		for i := 0; i < len(text); {
			var err error
			if insts, err = Append(insts[:0], text[i:], addr+uint64(i)); err != nil {
				i += size
				continue
			}
			for j := range insts {
				i += int(insts[j].Len)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(text)/size), "ns/instruction")
}
