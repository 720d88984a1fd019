package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// testdata is where the modules are that pin the programs, below the root of
// the repository.
const testdata = "internal/corpus/testdata"

// repository is the set of what is curb's own: go alone knows when that has
// to be built again.
const repository = "."

// build returns the row's binary, from the cache if it is there.
func (b *bench) build(ctx context.Context, r row) (string, error) {
	if r.locked() {
		return b.buildLocked(ctx, r)
	}
	if r.set == debian {
		return b.unpackDebian(ctx, r)
	}
	binary := filepath.Join(b.cache, r.label())
	flags := "-trimpath -buildvcs=false"
	if strings.HasPrefix(r.toolchain, "go1.17.") {
		flags = "-trimpath" // it does not know the other one
	}
	env := []string{"CGO_ENABLED=0", "GOOS=linux", "GOARCH=" + r.arch, "GOTOOLCHAIN=" + r.toolchain, "GOFLAGS=" + flags, "GOWORK=off"}
	args := append([]string{"build", "-o", binary + ".new"}, buildModes[r.mode]...)
	if m, ok := cModes[r.mode]; ok {
		env, args = append(env, m.env(r.arch)...), append(args, m.flags...)
	}
	if r.arch == "arm64" && r.mode == "pie" { // Go's linker takes musl's loader where it is the only one for arm64
		args = append(args, "-ldflags=-I /lib/ld-linux-aarch64.so.1")
	}
	args = append(args, r.pkg)

	var dir string
	key := fmt.Sprintf("%q %q %q", b.goVersion, env, args)
	if r.set != "" && r.set != repository {
		dir = filepath.Join(testdata, r.set)
		sum, err := fingerprint(os.DirFS(dir))
		if err != nil {
			return "", fmt.Errorf("build %s: %w", r.label(), err)
		}
		key += sum
	}
	if had, err := os.ReadFile(binary + ".key"); err == nil && string(had) == key && r.set != repository {
		if _, err := os.Stat(binary); err == nil {
			return binary, nil
		}
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", r.label(), err, out)
	}
	if err := errors.Join(os.Rename(binary+".new", binary), os.WriteFile(binary+".key", []byte(key), 0o644)); err != nil {
		return "", fmt.Errorf("build %s: %w", r.label(), err)
	}
	return binary, nil
}

// fingerprint tells sources apart.
func fingerprint(source fs.FS) (string, error) {
	hash := sha256.New()
	err := fs.WalkDir(source, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(source, name)
		fmt.Fprintf(hash, "%q %x\n", name, sha256.Sum256(text))
		return err
	})
	return fmt.Sprintf("%x", hash.Sum(nil)), err
}

// versions returns the version of the module that a program is from, and of
// the Go release that built its binary, as the binary has them.
func (b *bench) versions(p program, binary string) (module, toolchain string, err error) {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return "", "", fmt.Errorf("read which versions are in %s: %w", filepath.Base(binary), err)
	}
	toolchain, _, _ = strings.Cut(strings.TrimPrefix(info.GoVersion, "go"), " ")
	switch p.set {
	case "":
		return toolchain, toolchain, nil
	case debian:
		module, err = b.debianVersion(p)
		return module, toolchain, err
	}
	for _, dep := range append(info.Deps, &info.Main) {
		if dep.Path == p.module || dep.Path == info.Main.Path && p.module == "" && dep.Version != "(devel)" {
			return cmp.Or(dep.Version, "-"), toolchain, nil
		}
	}
	return "-", toolchain, nil // of this repository
}
