package gen

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/gocurb/curb/internal/target"
	"github.com/gocurb/curb/usage"
)

// stub stands in for the lock-down in the build that is looked at; see the
// package comment.
const stub = `package main

import "runtime"

func curbLockDown() {
	runtime.LockOSThread()
	runtime.UnlockOSThread()
}
`

// Scan builds the package without its lock-down, and says what the program can
// ask of the kernel. What reads the binary is given: scan.File, or one that
// remembers.
func (p *Package) Scan(ctx context.Context, scan func(binary string) (*usage.Usage, error)) (*usage.Usage, error) {
	overlay, clean, err := p.overlay()
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
	u, err := scan(t.Binary)
	if err != nil {
		return nil, err
	}
	u.Binary = p.ImportPath
	u.DropLoader() // the lock-down comes later
	return u, nil
}

// overlay gives the flag for the go command that replaces the lock-down by the
// stub, and a function that removes the files behind it.
func (p *Package) overlay() (flag string, clean func(), err error) {
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
	source := filepath.Join(dir, "stub.go")
	if err := os.WriteFile(source, []byte(stub), 0o600); err != nil {
		return "", nil, err
	}
	data, err := json.Marshal(map[string]any{"Replace": map[string]string{
		filepath.Join(p.Dir, lockDownFile(p.build.arch)): source,
		filepath.Join(p.Dir, otherFile):                  "", // not there
		filepath.Join(p.Dir, mismatchFile):               "",
	}})
	if err != nil {
		return "", nil, err
	}
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, data, 0o600); err != nil {
		return "", nil, err
	}
	return "-overlay=" + list, clean, nil
}
