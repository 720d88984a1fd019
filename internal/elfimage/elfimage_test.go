package elfimage_test

import (
	"bytes"
	"debug/elf"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gocurb/curb/internal/elfimage"
)

// libc returns the C library that this system's programs are linked with.
func libc(t testing.TB) string {
	t.Helper()
	found, err := filepath.Glob("/lib/*-linux-gnu/libc.so.6")
	if err != nil || len(found) == 0 {
		t.Fatal("the GNU C library is needed: make deps installs it")
	}
	return found[0]
}

func TestLibrary(t *testing.T) {
	path := libc(t)
	im, err := elfimage.Open(path, path)
	if err != nil {
		t.Fatal(err)
	}
	if im.Name != "libc.so.6" || len(im.BuildID()) != 40 || len(im.Funcs) < 1000 || len(im.Relocs) < 1000 {
		t.Errorf("%s: %s, build ID %q, %d functions, %d relocations", path, im.Name, im.BuildID(), len(im.Funcs), len(im.Relocs))
	}
	for i := 1; i < len(im.Funcs); i++ {
		if im.Funcs[i].Start < im.Funcs[i-1].End {
			t.Fatalf("functions overlap at %#x", im.Funcs[i].Start)
		}
	}
	found := im.Find("getaddrinfo", "")
	if len(found) != 1 {
		t.Fatalf("getaddrinfo: %v", found)
	}
	if fn := im.FuncAt(found[0].Addr); fn < 0 || im.Funcs[fn].Name() != "getaddrinfo" {
		t.Errorf("getaddrinfo, at %#x, is in no function of that name", found[0].Addr)
	}
	if got := im.Find("getaddrinfo", "NO_SUCH_VERSION"); len(got) != 0 {
		t.Errorf("a version that there is not: %v", got)
	}
}

// A relocation that is not known, such as one of code, may lead anywhere.
func TestUnknownRelocation(t *testing.T) {
	content, err := os.ReadFile(libc(t))
	if err != nil {
		t.Fatal(err)
	}
	f, err := elf.NewFile(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	content[f.Section(".rela.dyn").Offset+8] = byte(elf.R_X86_64_PC32)
	if _, err := elfimage.Read(content, "libc.so.6"); err == nil || !strings.Contains(err.Error(), "of a type that is not known") {
		t.Errorf("the error is %v", err)
	}
}

// A library is found where links lead to below another root, and not outside of it.
func TestRoot(t *testing.T) {
	root := t.TempDir()
	content, err := os.ReadFile(libc(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(root, "usr/lib64"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/usr/lib64", filepath.Join(root, "lib64")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "usr/lib64/libc.so.6"), content, 0o644); err != nil {
		t.Fatal(err)
	}
	exe, err := elfimage.Read(content, "/bin/program")
	if err != nil {
		t.Fatal(err)
	}
	l := elfimage.NewLoader(root, exe)
	im, err := l.Load("libc.so.6", exe)
	if err != nil {
		t.Fatal(err)
	}
	if want := "/lib64/libc.so.6"; im.Path != want {
		t.Errorf("it is at %s, want %s", im.Path, want)
	}
	if err := l.LoadAll(); err == nil {
		t.Error("what libc.so.6 needs was found outside of the root")
	}
}

func FuzzRead(f *testing.F) {
	content, err := os.ReadFile(libc(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(0, []byte{})
	f.Add(0x20, []byte{0xff, 0xff, 0xff, 0xff})
	f.Add(0x38, []byte{0xff, 0xff})
	f.Add(0x60, bytes.Repeat([]byte{0xff}, 64))
	f.Fuzz(func(t *testing.T, at int, patch []byte) {
		b := bytes.Clone(content)
		if at >= 0 && at < len(b) {
			copy(b[at:], patch)
		}
		if im, err := elfimage.Read(b, "/lib/fuzzed.so"); err == nil {
			im.BuildID()
			im.Find("getaddrinfo", "")
		}
	})
}
