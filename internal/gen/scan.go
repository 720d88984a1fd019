package gen

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/gocurb/curb/internal/target"
	"github.com/gocurb/curb/scan"
	"github.com/gocurb/curb/usage"
)

// stub stands in for the lock-down in the build that is looked at; see the
// package comment. Its call must not be inlined: it is the lock-down point.
const stub = `package main

import "runtime"

//go:noinline
func curbLockDown() {
	runtime.LockOSThread()
	runtime.UnlockOSThread()
}
`

// A Scanner reads a binary: it is scan.File, or one that remembers.
type Scanner func(binary string, phase usage.Phase) (*usage.Usage, error)

// Scan builds the package without its lock-down, and says what the program can
// ask of the kernel once it is locked down. Where no code that can run calls the
// lock-down, the usage is that from main.main on, and has no LockDown.
func (p *Package) Scan(ctx context.Context, scanner Scanner) (*usage.Usage, error) {
	return p.scanWith(ctx, p.stubbed(), func(binary string) (*usage.Usage, error) {
		u, err := scanner(binary, usage.Locked)
		if errors.Is(err, scan.ErrNoLockDown) {
			return scanner(binary, usage.Main)
		}
		return u, err
	})
}

// stubbed replaces the lock-down by the stub.
func (p *Package) stubbed() map[string][]byte {
	return map[string][]byte{
		filepath.Join(p.Dir, lockDownFile(p.build.arch)): []byte(stub),
		filepath.Join(p.Dir, otherFile):                  nil,
		filepath.Join(p.Dir, mismatchFile):               nil,
	}
}

// scanWith builds the package with some files replaced, those with nil left out, and
// has the program looked at.
func (p *Package) scanWith(ctx context.Context, replace map[string][]byte, look func(binary string) (*usage.Usage, error)) (*usage.Usage, error) {
	overlay, clean, err := p.overlay(replace)
	if err != nil {
		return nil, err
	}
	defer clean()
	how := p.setup
	how.Flags = append(slices.Clone(how.Flags), overlay)
	t, err := target.Resolve(ctx, p.Dir, how) // an import path can be the name of a file, too
	if err != nil {
		return nil, err
	}
	defer t.Close()
	u, err := look(t.Binary)
	if err != nil {
		return nil, err
	}
	u.Binary = p.ImportPath
	return u, nil
}

// overlay gives the flag for the go command that replaces files, and a function that
// removes what is behind it.
func (p *Package) overlay(replace map[string][]byte) (flag string, clean func(), err error) {
	dir, err := os.MkdirTemp("", "curb-gen-")
	if err != nil {
		return "", nil, fmt.Errorf("make a directory for the build of %s: %w", p.ImportPath, err)
	}
	clean = func() { os.RemoveAll(dir) }
	defer func() {
		if err != nil {
			clean()
			err = fmt.Errorf("prepare the build of %s: %w", p.ImportPath, err)
		}
	}()
	files := map[string]string{}
	for name, text := range replace {
		if text == nil {
			files[name] = "" // not there
			continue
		}
		files[name] = filepath.Join(dir, filepath.Base(name))
		if err := os.WriteFile(files[name], text, 0o600); err != nil {
			return "", nil, err
		}
	}
	data, err := json.Marshal(map[string]any{"Replace": files})
	if err != nil {
		return "", nil, err
	}
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, data, 0o600); err != nil {
		return "", nil, err
	}
	return "-overlay=" + list, clean, nil
}
