// Package target turns what a user names, a binary or a Go package, into a
// binary on disk.
package target

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A Target is a binary that is ready to be read.
type Target struct {
	Binary string // its path
	// Package is the pattern that it was built from, "" for a binary.
	Package string
	dir     string // temporary, to be removed
}

// Build says how packages are built.
type Build struct {
	Flags []string // for go build: -tags, -ldflags, …
	Env   []string // added to the environment: GOARCH=…
	Dir   string   // where the go command runs, "" for the current directory
}

// Resolve returns the binary that arg names: the path of a file, or a Go
// package pattern that stands for one main package, which is built. Close
// removes what was built.
func Resolve(ctx context.Context, arg string, b Build) (*Target, error) {
	info, err := os.Stat(arg)
	if err == nil && !info.IsDir() && !strings.HasSuffix(arg, ".go") {
		return &Target{Binary: arg}, nil
	} else if err == nil && info.IsDir() && b.Dir == "" && filepath.IsLocal(arg) && arg[0] != '.' {
		arg = "./" + arg // a directory that is there, not an import path
	} else if errors.Is(err, fs.ErrNotExist) && !isPattern(arg) {
		return nil, fmt.Errorf("%s: there is no such file (a Go package is named by a path that starts with ./, or by its import path)", arg)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return build(ctx, arg, b)
}

// isPattern reports whether the name of nothing that exists can be a package's.
func isPattern(arg string) bool {
	if strings.HasPrefix(arg, "./") || strings.HasPrefix(arg, "../") || filepath.IsAbs(arg) {
		return false // would be a directory that exists
	}
	return strings.Contains(arg, "/") || strings.Contains(arg, "@")
}

func build(ctx context.Context, pattern string, b Build) (*Target, error) {
	dir, err := os.MkdirTemp("", "curb-build-")
	if err != nil {
		return nil, fmt.Errorf("make a directory to build %s in: %w", pattern, err)
	}
	t := &Target{Package: pattern, dir: dir, Binary: filepath.Join(dir, binaryName(pattern))}
	args := append([]string{"build", "-o", t.Binary}, b.Flags...)
	cmd := exec.CommandContext(ctx, "go", append(args, "--", pattern)...)
	cmd.Dir = b.Dir
	cmd.Env = append(os.Environ(), b.Env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Close()
		if errors.Is(err, exec.ErrNotFound) {
			return nil, fmt.Errorf("build %s: the go command is not in PATH", pattern)
		}
		return nil, fmt.Errorf("build %s: %w\n%s", pattern, err, bytes.TrimSpace(out.Bytes()))
	}
	info, err := os.Stat(t.Binary)
	if err != nil || !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
		t.Close()
		return nil, fmt.Errorf("build %s: it is not a program (package main), so there is nothing to look at", pattern)
	}
	return t, nil
}

// binaryName returns the name that the go command would give the binary.
func binaryName(pattern string) string {
	abs := strings.TrimSuffix(pattern, ".go")
	if strings.HasPrefix(pattern, ".") {
		if p, err := filepath.Abs(pattern); err == nil {
			abs = p
		}
	}
	name, _, _ := strings.Cut(filepath.Base(abs), "@")
	if name == "" || name == "." || name == "/" || name == "..." {
		return "program"
	}
	return name
}

// Close removes what was built for the target. It may be called twice.
func (t *Target) Close() error {
	if t.dir == "" {
		return nil
	}
	dir := t.dir
	t.dir = ""
	return os.RemoveAll(dir)
}
