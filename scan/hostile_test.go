package scan_test

import (
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gocurb/curb/internal/gobin"
	"github.com/gocurb/curb/scan"
)

// TestDamagedBinaries changes bytes where most depends on them: a scan ends
// with an error or a result, and never with a panic.
func TestDamagedBinaries(t *testing.T) {
	rounds := 150
	if testing.Short() {
		rounds = 20
	}
	whole, err := os.ReadFile(portable(t, "", "amd64", "stripped"))
	if err != nil {
		t.Fatal(err)
	}
	places := places(t, whole)
	path := filepath.Join(t.TempDir(), "damaged")
	random := rand.New(rand.NewPCG(1, 2))
	refused := 0
	for round := range rounds {
		data := append([]byte(nil), whole...)
		var damage strings.Builder
		for range 1 + random.IntN(3) {
			p := places[random.IntN(len(places))]
			at := p.start + random.IntN(p.size)
			switch value := byte(random.Uint32()); random.IntN(3) {
			case 0:
				data[at] ^= 1 << (value & 7)
			case 1:
				data[at] = value
			case 2: // a whole word of extreme values
				for i := at &^ 7; i < at&^7+8 && i < len(data); i++ {
					data[i] = []byte{0, 0x7f, 0x80, 0xff}[value&3]
				}
			}
			damage.WriteString(fmt.Sprintf(" %s at %d", p.name, at))
		}
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		func() {
			defer func() {
				if r := recover(); r != nil {
					t.Errorf("round %d,%s: %v", round, damage.String(), r)
				}
			}()
			if u, err := scan.File(path, scan.Options{}); err == nil {
				if len(u.Names()) == 0 {
					t.Errorf("round %d,%s: a result without a single call", round, damage.String())
				}
			} else if refused++; !errors.Is(err, gobin.ErrNotGo) {
				t.Errorf("round %d,%s: %v does not wrap ErrNotGo", round, damage.String(), err)
			}
		}()
	}
	if refused == 0 || refused == rounds {
		t.Errorf("%d of %d damaged files were refused", refused, rounds)
	}
}

// A place is a part of a file.
type place struct {
	name        string
	start, size int
}

// places returns the parts of a binary that say where everything else is.
func places(t testing.TB, data []byte) []place {
	t.Helper()
	path := filepath.Join(t.TempDir(), "whole")
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	g, err := gobin.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	all := []place{{"header", 0, 64}, {"segment table", 64, 56 * len(f.Progs)}, {"section table", len(data) - 64, 64}}
	for _, s := range f.Sections {
		switch s.Name {
		case ".gopclntab":
			all = append(all, place{"line table's header", int(s.Offset), 72}, place{"line table", int(s.Offset), int(s.FileSize)})
		case ".text", ".rodata", ".noptrdata", ".data", ".data.rel.ro", ".itablink", ".typelink", ".go.buildinfo":
			all = append(all, place{s.Name, int(s.Offset), int(s.FileSize)})
		}
	}
	for _, p := range f.Progs {
		if g.Module.Addr >= p.Vaddr && g.Module.Addr < p.Vaddr+p.Filesz {
			all = append(all, place{"module data", int(g.Module.Addr - p.Vaddr + p.Off), 56 * 8})
		}
	}
	return all
}

func TestFileRefuses(t *testing.T) {
	for _, path := range []string{"scan.go", "testdata", "/bin/ls"} {
		if u, err := scan.File(path, scan.Options{}); u != nil || !errors.Is(err, gobin.ErrNotGo) {
			t.Errorf("File(%q): %v, want ErrNotGo", path, err)
		}
	}
	if _, err := scan.File("missing", scan.Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("File of a missing file: %v", err)
	}
}

// BenchmarkFile scans the go command; the rate is of its text.
func BenchmarkFile(b *testing.B) {
	path := buildOnce(b, "go", ".", nil, "cmd/go")
	f, err := elf.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	text := int64(f.Section(".text").Size)
	f.Close()
	b.SetBytes(text)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := scan.File(path, scan.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
