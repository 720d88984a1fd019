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
		{build(t, variant{env: "GOOS=freebsd"}), "another system"},
		{build(t, variant{env: "GOOS=openbsd"}), "another system"},
		{build(t, variant{env: "GOARCH=386"}), "EM_386, and only amd64 and arm64"},
		{build(t, variant{env: "GOARCH=s390x"}), "EM_S390, and only amd64 and arm64"},
		{build(t, variant{env: "GOOS=windows"}), "does not start with an ELF header"},
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
			use(t, f, 1)
			f.Close()
		} else if refused++; !errors.Is(err, ErrNotGo) {
			t.Errorf("%d of %d bytes: %v does not wrap ErrNotGo", n, len(whole), err)
		}
	}
	if refused < len(lengths)/2 {
		t.Errorf("only %d of %d truncated files were refused", refused, len(lengths))
	}
}

// A record of a function that lies behind the table's end is refused.
func TestRecordOutside(t *testing.T) {
	path := build(t, variant{flags: stripped})
	g := open(t, variant{flags: stripped})
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	functions := fileOffset(t, g, g.partAddr("functions"))
	for _, at := range []uint32{1 << 31, uint32(len(g.pcln.funcs)) - 8, ^uint32(0)} {
		g.Order.PutUint32(data[functions+4:], at)
		if err := load(data); !errors.Is(err, ErrNotGo) || !strings.Contains(err.Error(), "damaged line table") {
			t.Errorf("a record at %#x: error %v", at, err)
		}
	}
}
