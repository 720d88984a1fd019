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
)

// debian is the set of programs that are taken from Debian's packages as they are:
// stripped, and linked with the C library.
const debian = "debian"

// unpackDebian returns the row's program out of its package, which apt brings into
// the cache. The package is not installed: no service of it is started. What
// libraries it needs, .ci/deps installs.
func (b *bench) unpackDebian(ctx context.Context, r row) (string, error) {
	dir := filepath.Join(b.cache, debian, r.module)
	binary := filepath.Join(dir, r.pkg)
	if _, err := os.Stat(binary); err == nil {
		return binary, nil
	}
	temp, err := os.MkdirTemp(b.cache, "package-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(temp)
	if err := b.in(ctx, temp, "apt-get", "download", "-q", r.module); err != nil {
		return "", fmt.Errorf("bring Debian's package %s (the lists of packages may be old: apt-get update): %w", r.module, err)
	}
	found, err := filepath.Glob(filepath.Join(temp, "*.deb"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("bring Debian's package %s: apt-get has left %q", r.module, found)
	}
	if err := b.in(ctx, temp, "dpkg-deb", "--raw-extract", found[0], "unpacked"); err != nil {
		return "", fmt.Errorf("unpack Debian's package %s: %w", r.module, err)
	}
	if err := errors.Join(os.MkdirAll(filepath.Dir(dir), 0o755), os.RemoveAll(dir), os.Rename(filepath.Join(temp, "unpacked"), dir)); err != nil {
		return "", err
	}
	if _, err := os.Stat(binary); err != nil {
		return "", fmt.Errorf("the Debian package %s has no %s", r.module, r.pkg)
	}
	return binary, nil
}

// in runs a command in a directory.
func (b *bench) in(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd, err, out)
	}
	return nil
}

// debianVersion returns the version of the package that a program is in.
func (b *bench) debianVersion(p program) (string, error) {
	control, err := os.ReadFile(filepath.Join(b.cache, debian, p.module, "DEBIAN", "control"))
	if err != nil {
		return "", err
	}
	for line := range bytes.Lines(control) {
		if version, ok := strings.CutPrefix(string(line), "Version:"); ok {
			return strings.TrimSpace(version), nil
		}
	}
	return "", fmt.Errorf("the Debian package %s does not say its version", p.module)
}
