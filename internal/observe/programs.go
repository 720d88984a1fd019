package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// A program is one whose real calls are held against what the scan predicts.
type program struct {
	name   string
	binary string
	runs   []run
}

// A run is one way to run a program, and the exit code that it must have.
type run struct {
	args []string
	exit int
}

// modes are the environments that every run is repeated under.
var modes = [][]string{nil, {"GOMAXPROCS=1"}, {"GOGC=5"}}

// programs builds what is to be observed in the directory dir. It runs in the
// root of the repository.
func programs(ctx context.Context, dir string) ([]program, error) {
	goroot, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("ask go where it is: %w", err)
	}
	bin := func(parts ...string) string {
		return filepath.Join(append([]string{strings.TrimSpace(string(goroot))}, parts...)...)
	}
	built := map[string]string{
		"hello":      "./internal/observe/testdata/hello",
		"roundtrip":  "./internal/observe/testdata/roundtrip",
		"changediff": "./examples/changediff",
	}
	for name, pkg := range built {
		cmd := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(dir, name), pkg)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("build %s: %w\n%s", pkg, err, out)
		}
	}
	broken := filepath.Join(dir, "broken.go")
	if err := os.WriteFile(broken, []byte("package broken\nfunc {\n"), 0o644); err != nil {
		return nil, err
	}
	fresh := filepath.Join(dir, "fresh.go") // no cache holds it
	if err := os.WriteFile(fresh, fmt.Appendf(nil, "package main\n\nfunc main() { println(%q) }\n", dir), 0o644); err != nil {
		return nil, err
	}
	changes := "examples/changediff/testdata/"
	tool := func(name string) string { return bin("pkg", "tool", runtime.GOOS+"_"+runtime.GOARCH, name) }
	return []program{
		{"hello", filepath.Join(dir, "hello"), []run{{}}},
		{"roundtrip", filepath.Join(dir, "roundtrip"), []run{{}}},
		{"changediff", filepath.Join(dir, "changediff"), []run{
			{args: []string{changes + "source.changes", changes + "target.changes"}},
			{args: []string{changes + "source.changes", filepath.Join(dir, "missing")}, exit: 1},
			{exit: 2},
		}},
		{"gofmt", bin("bin", "gofmt"), []run{
			{args: []string{"-l", "."}},
			{args: []string{"-d", "scan"}},
			{args: []string{"-l", broken}, exit: 2},
			{args: []string{filepath.Join(dir, "missing.go")}, exit: 2},
		}},
		{"go vet", bin("bin", "go"), []run{
			{args: []string{"vet", "./usage"}},
			{args: []string{"vet", "./missing"}, exit: 1},
		}},
		{"go build", bin("bin", "go"), []run{
			{args: []string{"build", "-o", filepath.Join(dir, "again"), fresh}},
			{args: []string{"build", broken}, exit: 1},
		}},
		{"vet", tool("vet"), []run{{args: []string{"-V=full"}}, {args: []string{"help"}}}},
	}, nil
}
