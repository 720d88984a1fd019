package gobin

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	source, err := os.ReadFile("testdata/probe/main.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		path, want string
	}{
		{write("text", string(source)), "does not start with an ELF header"},
		{write("empty", ""), "does not start with an ELF header"},
		{write("magic", "\x7fELF"), "damaged or truncated"},
		{dir, "not a regular file"},
		{"/dev/null", "not a regular file"},
		{"/bin/ls", "no Go line table"},
		{build(t, variant{env: "GOOS=windows"}), "does not start with an ELF header"},
		{build(t, variant{env: "GOARCH=arm64"}), "only amd64 is supported"},
		{object(t), "not a program"},
	} {
		f, err := Open(tt.path)
		if f != nil || !errors.Is(err, ErrNotGo) || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), tt.path) {
			t.Errorf("Open(%q): error %v, want ErrNotGo with the path and %q", tt.path, err, tt.want)
		}
	}
	missing := filepath.Join(dir, "missing")
	if _, err := Open(missing); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), missing) {
		t.Errorf("Open of a missing file: %v", err)
	}
}

// object returns the probe with a header that calls it an object file.
func object(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(build(t, variant{}))
	if err != nil {
		t.Fatal(err)
	}
	data[16] = 1 // ET_REL
	path := filepath.Join(t.TempDir(), "program.o")
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// A file that ends too early is an error or can be used; it never panics.
func TestTruncated(t *testing.T) {
	whole, err := os.ReadFile(build(t, variant{flags: stripped}))
	if err != nil {
		t.Fatal(err)
	}
	lengths := []int{0, 1, 4, 16, 63, 64, 65, 120, 1000}
	const steps = 60
	for i := 1; i < steps; i++ {
		lengths = append(lengths, len(whole)*i/steps)
	}
	lengths = append(lengths, len(whole)-1)
	path := filepath.Join(t.TempDir(), "truncated")
	refused := 0
	for _, n := range lengths {
		if err := os.WriteFile(path, whole[:n], 0o666); err != nil {
			t.Fatal(err)
		}
		if f, err := Open(path); err == nil {
			use(f)
			f.Close()
		} else if refused++; !errors.Is(err, ErrNotGo) {
			t.Errorf("%d of %d bytes: %v does not wrap ErrNotGo", n, len(whole), err)
		}
	}
	if refused < len(lengths)/2 {
		t.Errorf("only %d of %d truncated files were refused", refused, len(lengths))
	}
}

// use asks for everything that a file says about its functions.
func use(f *File) {
	for i := range f.Funcs {
		fn := &f.Funcs[i]
		f.Name(fn)
		f.ArgsSize(fn)
		f.DeferReturn(fn)
		f.SetsSP(fn)
		f.Position(fn, fn.Entry)
		f.Position(fn, fn.End-1)
		frames := f.Frames(fn)
		code := f.Code(fn)
		for off := 0; off < len(code); off += 7 {
			frames.At(fn.Entry + uint64(off))
		}
		if f.FuncAt(fn.Entry) != i {
			panic("FuncAt does not find a function by its entry")
		}
	}
	for _, addr := range f.Pointers() {
		f.SymbolAt(addr)
		f.Initial(addr, 8)
		f.ReadOnly(addr)
	}
	for _, r := range f.Executable() {
		f.Bytes(r.Start, r.End-r.Start)
	}
}

// FuzzOpen writes a patch over a binary and reads what comes of it.
func FuzzOpen(f *testing.F) {
	whole, err := os.ReadFile(build(f, variant{flags: stripped}))
	if err != nil {
		f.Fatal(err)
	}
	g, err := Open(build(f, variant{flags: stripped}))
	if err != nil {
		f.Fatal(err)
	}
	defer g.Close()
	// The places whose bytes everything depends on, as offsets in the file.
	for _, part := range []struct {
		name string
		at   uint64
	}{
		{"header", 0},
		{"segments", 64},
		{"line table", offset(f, g, g.pcln.addr)},
		{"functions", offset(f, g, g.pcln.addr) + uint64(len(g.pcln.bytes)-len(g.pcln.funcs))},
		{"values", offset(f, g, g.pcln.addr) + uint64(len(g.pcln.bytes)-len(g.pcln.pctab))},
		{"module data", offset(f, g, g.Module.Addr)},
		{"sections", uint64(len(whole)) - 64},
	} {
		f.Add(uint32(part.at), []byte{0})
		f.Add(uint32(part.at+24), []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f})
	}
	f.Fuzz(func(t *testing.T, at uint32, patch []byte) {
		data := append([]byte(nil), whole...)
		if int(at) >= len(data) {
			return
		}
		copy(data[at:], patch)
		file := &File{data: data}
		if err := file.load(); err != nil {
			if !errors.Is(err, ErrNotGo) {
				t.Errorf("%v does not wrap ErrNotGo", err)
			}
			return
		}
		use(file)
	})
}

// offset returns where in the file the byte at an address is.
func offset(t testing.TB, f *File, addr uint64) uint64 {
	t.Helper()
	for _, p := range f.elf.Progs {
		if addr >= p.Vaddr && addr-p.Vaddr < p.Filesz {
			return p.Off + addr - p.Vaddr
		}
	}
	t.Fatalf("%#x is not in the file", addr)
	return 0
}

// A record of a function that lies behind the table's end is refused.
func TestRecordOutside(t *testing.T) {
	path := build(t, variant{flags: stripped})
	g := open(t, variant{flags: stripped})
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	functions := offset(t, g, g.pcln.addr) + uint64(len(g.pcln.bytes)-len(g.pcln.funcs))
	for _, at := range []uint32{1 << 31, uint32(len(g.pcln.funcs)) - 8, ^uint32(0)} {
		g.Order.PutUint32(data[functions+4:], at)
		if err := (&File{data: data}).load(); !errors.Is(err, ErrNotGo) || !strings.Contains(err.Error(), "damaged line table") {
			t.Errorf("a record at %#x: error %v", at, err)
		}
	}
}
