package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/gocurb/curb/internal/strace"
	"github.com/gocurb/curb/usage"
)

// lockDowns are where the small programs call curbLockDown: before this text, by
// the mode that they are built in so.
var lockDowns = map[string]map[string]string{
	"main":   {"hello": "fmt.Println(", "roundtrip": "run, address := client", "processes": "if code := os.Getenv(", "files": "root := os.TempDir()"},
	"locked": {"roundtrip": "server := &http.Server", "files": "for _, step := range"},
}

// locked reports whether the row's program locks itself down.
func (r *row) locked() bool { return lockDowns[r.mode] != nil }

// phase is the part of the program's life that is observed.
func (r *row) phase() usage.Phase {
	if r.locked() {
		return usage.Locked
	}
	return usage.Exec
}

// lockedRows are the small programs with lock-downs of their own, which "curb gen"
// makes.
func lockedRows() []row {
	var all []row
	for _, mode := range []string{"main", "locked"} {
		for _, p := range small {
			p = find(filepath.Base(p.pkg))
			if lockDowns[mode][p.name] != "" {
				all = append(all, row{program: p, toolchain: "local", arch: "amd64", mode: mode, ci: true, faults: true, wide: true})
			}
		}
	}
	return all
}

// buildLocked builds a small program that locks itself down.
func (b *bench) buildLocked(ctx context.Context, r row) (string, error) {
	binary := filepath.Join(b.cache, r.label())
	if alone() {
		return binary, nil // go might want a network
	}
	dir := filepath.Join(b.dir, "locked", r.label())
	source, err := os.ReadFile(filepath.Join(testdata, r.set, r.pkg, "main.go"))
	if err != nil {
		return "", err
	}
	before := lockDowns[r.mode][r.name]
	text := strings.Replace(string(source), before, "curbLockDown(); "+before, 1)
	if text == string(source) {
		return "", fmt.Errorf("build %s: %q is not in its source", r.label(), before)
	}
	sums, err := os.ReadFile("go.sum")
	if err != nil {
		return "", err
	}
	module := fmt.Sprintf("module example.com/%s\n\ngo 1.26\n\nrequire github.com/gocurb/curb v0.0.0\n\nreplace github.com/gocurb/curb => %s\n", r.name, b.root)
	err = errors.Join(os.MkdirAll(dir, 0o755),
		os.WriteFile(filepath.Join(dir, "main.go"), []byte(text), 0o644),
		os.WriteFile(filepath.Join(dir, "go.mod"), []byte(module), 0o644),
		os.WriteFile(filepath.Join(dir, "go.sum"), sums, 0o644))
	if err != nil {
		return "", err
	}
	child, err := b.build(ctx, heir)
	if err != nil {
		return "", err
	}
	gen := []string{b.curb, "gen", "--deny", "trap", "--arguments", "all", "."}
	if r.name == "processes" {
		gen = []string{b.curb, "gen", "--deny", "trap", "--arguments", "all", "--child", child, "."}
	}
	for _, argv := range [][]string{gen, {"go", "build", "-trimpath", "-o", binary, "."}} {
		cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=mod -buildvcs=false", "GOWORK=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", b.anonymous(fmt.Errorf("build %s: %s: %w\n%s", r.label(), cmd, err, out))
		}
	}
	return binary, nil
}

// heir is what a program that has locked itself down starts: it inherits that.
var heir = plain("hello")

// plain is a program as it is built by default.
func plain(name string) row {
	return row{program: find(name), toolchain: "local", arch: "amd64", mode: "plain"}
}

// denied reports whether a program was ended by a filter that traps.
func denied(got *strace.Result) bool {
	return got.Status() == 128+int(syscall.SIGSYS) || bytes.Contains(got.Stderr, []byte("SIGSYS: bad system call"))
}
