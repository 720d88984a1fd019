package target

import (
	"debug/buildinfo"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// module writes a module with programs, a library and broken code, makes it
// the current directory, and gives the test a temporary directory of its own,
// which it returns.
func module(t *testing.T) (temporary string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":            "module example.com/several\n\ngo 1.20\n",
		"cmd/hello/main.go": "package main\n\nvar version string\n\nfunc main() { println(\"hello\", version) }\n",
		"cmd/other/main.go": "package main\n\nfunc main() {}\n",
		"cmd/tagged/on.go":  "//go:build on\n\npackage main\n\nfunc main() {}\n",
		"library/lib.go":    "package library\n",
		"broken/main.go":    "package main\n\nfunc main() { undefinedThing() }\n",
		"single.go":         "package main\n\nfunc main() {}\n",
		"empty/README":      "nothing to build\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	t.Setenv("GOFLAGS", "")
	t.Setenv("GOWORK", "off")
	t.Setenv("CGO_ENABLED", "0")
	temporary = t.TempDir()
	t.Setenv("TMPDIR", temporary)
	return temporary
}

// entries returns what is in a directory.
func entries(t *testing.T, dir string) []string {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range all {
		names = append(names, e.Name())
	}
	return names
}

func TestResolvePackages(t *testing.T) {
	temporary := module(t)
	absolute, err := filepath.Abs("cmd/hello")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		arg, name string
		build     Build
	}{
		{arg: "./cmd/hello", name: "hello"},
		{arg: "./cmd/hello/", name: "hello"},
		{arg: "cmd/hello", name: "hello"}, // a directory, though it reads as an import path
		{arg: absolute, name: "hello"},
		{arg: "example.com/several/cmd/hello", name: "hello"},
		{arg: "single.go", name: "single"},
		{arg: "./cmd/tagged", name: "tagged", build: Build{Flags: []string{"-tags=on"}}},
	} {
		got, err := Resolve(t.Context(), tt.arg, tt.build)
		if err != nil {
			t.Errorf("Resolve(%q): %v", tt.arg, err)
			continue
		}
		if !strings.HasSuffix(got.Package, tt.arg) || filepath.Base(got.Binary) != tt.name {
			t.Errorf("Resolve(%q) = package %q, binary %q, want a binary called %s", tt.arg, got.Package, got.Binary, tt.name)
		}
		if _, err := buildinfo.ReadFile(got.Binary); err != nil {
			t.Errorf("Resolve(%q): not a Go binary: %v", tt.arg, err)
		}
		for range 2 {
			if err := got.Close(); err != nil {
				t.Errorf("close %s: %v", tt.arg, err)
			}
		}
		if _, err := os.Stat(got.Binary); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Resolve(%q): its binary is there after Close: %v", tt.arg, err)
		}
	}
	if left := entries(t, temporary); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestBuildSettings(t *testing.T) {
	module(t)
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	got, err := Resolve(t.Context(), "example.com/several/cmd/hello", Build{
		Dir: dir, Env: []string{"GOARCH=arm64"}, Flags: []string{"-trimpath", "-ldflags=-X main.version=2"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer got.Close()
	info, err := buildinfo.ReadFile(got.Binary)
	if err != nil {
		t.Fatal(err)
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	if settings["GOARCH"] != "arm64" || settings["-trimpath"] != "true" {
		t.Errorf("it was built with %v, want GOARCH=arm64 and -trimpath", settings)
	}
}

// A file is taken as it is, and never removed.
func TestResolveFile(t *testing.T) {
	temporary := module(t)
	path := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(path, []byte("anything"), 0o666); err != nil {
		t.Fatal(err)
	}
	got, err := Resolve(t.Context(), path, Build{})
	if err != nil {
		t.Fatal(err)
	}
	if got.Binary != path || got.Package != "" {
		t.Errorf("Resolve(%q) = %+v", path, got)
	}
	if err := got.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("closing removed a file that it did not make: %v", err)
	}
	if left := entries(t, temporary); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestResolveRefuses(t *testing.T) {
	temporary := module(t)
	for _, tt := range []struct {
		arg  string
		want []string // all of them
	}{
		{"./missing", []string{"./missing", "no such file"}},
		{"missing", []string{"missing", "no such file", "./"}},
		{"missing.go", []string{"missing.go", "no such file"}},
		{"example.com/several/missing", []string{"example.com/several/missing"}},
		{"./empty", []string{"./empty", "no Go files"}},
		{"./broken", []string{"./broken", "main.go:3", "undefinedThing"}},
		{"./library", []string{"./library", "not a program"}},
		{"./cmd/tagged", []string{"./cmd/tagged", "build constraints exclude all Go files"}},
		{"./cmd/...", []string{"./cmd/..."}},
		{"", []string{"no such file"}},
	} {
		got, err := Resolve(t.Context(), tt.arg, Build{})
		if err == nil {
			t.Errorf("Resolve(%q) = %+v, want an error", tt.arg, got)
			got.Close()
			continue
		}
		missing := slices.DeleteFunc(tt.want, func(s string) bool { return strings.Contains(err.Error(), s) })
		if len(missing) > 0 {
			t.Errorf("Resolve(%q): error %q does not say %q", tt.arg, err, missing)
		}
	}
	if left := entries(t, temporary); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestResolveWithoutGo(t *testing.T) {
	temporary := module(t)
	t.Setenv("PATH", t.TempDir())
	_, err := Resolve(t.Context(), "./cmd/hello", Build{})
	if err == nil || !strings.Contains(err.Error(), "go command is not in PATH") {
		t.Errorf("error %v, want one that says that the go command is missing", err)
	}
	if left := entries(t, temporary); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
