package elfimage_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gocurb/curb/internal/elfimage"
)

// A reference is bound to what the loader binds it to: the version that it asks for,
// or without one the oldest, which no code gets otherwise.
func TestVersions(t *testing.T) {
	if _, err := os.Stat(loader); err != nil {
		t.Fatal("the GNU C library is needed: make deps installs it")
	}
	dir := t.TempDir()
	for name, content := range map[string]string{
		"lib.c": `int one(void) { return 1; } int two(void) { return 2; } int three(void) { return 3; }
			__asm__(".symver one,f@V1"); __asm__(".symver two,f@V2"); __asm__(".symver three,f@@V3");`,
		"lib.map":   "V1 { global: f; local: *; }; V2 { f; } V1; V3 { f; } V2;",
		"plain.c":   "int f(void) { return 0; }",
		"newest.c":  "int f(void); int main(void) { return f(); }",
		"second.c":  `int f(void); __asm__(".symver f,f@V2"); int main(void) { return f(); }`,
		"unknown.c": "int f(void); int main(void) { return f(); }",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	gcc := func(args ...string) {
		t.Helper()
		cmd := exec.Command("gcc", args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", cmd, err, out)
		}
	}
	gcc("-shared", "-fPIC", "-Wl,-soname,lib.so,--version-script,lib.map", "-o", "lib.so", "lib.c")
	gcc("-shared", "-fPIC", "-Wl,-soname,lib.so", "-o", "plain.so", "plain.c") // knows of no versions
	for name, with := range map[string]string{"newest": "./lib.so", "second": "./lib.so", "unknown": "./plain.so"} {
		gcc("-o", name, name+".c", with, "-Wl,-rpath,$ORIGIN")
		path := filepath.Join(dir, name)
		var exit *exec.ExitError
		if err := exec.Command(path).Run(); !errors.As(err, &exit) {
			t.Fatalf("%s: %v", name, err)
		}
		exe, err := elfimage.Open(path, path)
		if err != nil {
			t.Fatal(err)
		}
		lib, err := elfimage.NewLoader("", exe).Load("lib.so", exe)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(exe.Symbols, func(s elfimage.Symbol) bool { return s.Name == "f" })
		found := lib.Find("f", exe.Symbols[i].Version)
		want := fmt.Sprintf("V%d", exit.ExitCode())
		if !slices.ContainsFunc(found, func(s elfimage.Symbol) bool { return s.Version == want }) || name != "unknown" && len(found) != 1 {
			t.Errorf("%s gets %s, and %v are found", name, want, found)
		}
	}
}
