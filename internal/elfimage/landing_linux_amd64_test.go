package elfimage_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gocurb/curb/internal/elfimage"
)

const catching = `
extern "C" void risky(int), saved(int);
extern "C" void none(int x) { risky(x); saved(x); }
extern "C" void two(int x) {
	try { risky(x); } catch (int) { saved(1); }
	try { risky(x + 1); } catch (...) { saved(2); }
}
`

// Landing pads are where control comes to after a throw: behind the calls, and only
// in functions that catch something.
func TestLandings(t *testing.T) {
	dir := t.TempDir()
	source, lib := filepath.Join(dir, "catch.cc"), filepath.Join(dir, "libcatch.so")
	if err := os.WriteFile(source, []byte(catching), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("g++", "-O2", "-fcf-protection=none", "-shared", "-fPIC", "-o", lib, source).CombinedOutput(); err != nil {
		t.Fatalf("g++: %v\n%s", err, out)
	}
	content, err := os.ReadFile(lib)
	if err != nil {
		t.Fatal(err)
	}
	pads, ok := landings(t, content, "two")
	if !ok || len(pads) < 2 {
		t.Errorf("the landing pads of a function that catches twice are %#x, %v", pads, ok)
	}
	if pads, ok := landings(t, content, "none"); !ok || len(pads) != 0 {
		t.Errorf("the landing pads of a function that catches nothing are %#x, %v", pads, ok)
	}
	// A pad begins with saving the exception, which is in RAX, or what kind it is, in RDX.
	for _, pc := range pads {
		im, _ := elfimage.Read(content, lib)
		if b := im.Bytes(pc, 3); b[0] != 0x48 && b[0] != 0x49 || b[1] != 0x89 && b[1] != 0x83 {
			t.Errorf("the code at %#x, % x, is not what takes an exception", pc, b)
		}
	}
	// A table that runs out of the file is said to be unreadable.
	form := []byte{0xff, 0x9b}
	table := slices.Index(content, 0) // replaced below
	for at := bytes.Index(content, form); at >= 0 && at < len(content); at++ {
		if bytes.HasPrefix(content[at:], form) && content[at+3] == 1 { // no base, types, then call sites as LEB128
			table = at
			break
		}
	}
	broken := slices.Clone(content)
	broken[table+3] = 0x07 // a form that there is not
	if _, ok := landings(t, broken, "two"); ok {
		t.Error("a damaged table of landing pads is taken for a good one")
	}
	binary.LittleEndian.PutUint16(broken[table+3:], 0xffff)
	landings(t, broken, "two") // does not panic
}

func landings(t *testing.T, content []byte, function string) ([]uint64, bool) {
	t.Helper()
	im, err := elfimage.Read(content, "libcatch.so")
	if err != nil {
		t.Fatal(err)
	}
	return im.Landings(im.FuncAt(im.Find(function, "")[0].Addr))
}
