package elfimage

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// A tree is the system below a directory, with where its paths were found to lead: the
// same few directories are asked for again and again.
type tree struct {
	root  string // "" or "/" is this machine's
	seen  map[string]place
	links int // that have been followed on the way to what is asked for
}

// A place is where a path leads, or why it leads nowhere.
type place struct {
	path string
	err  error
}

// Resolve returns where a path of the system below root is, with its symbolic
// links followed there.
func Resolve(root, name string) (string, error) {
	t := tree{root: root, seen: map[string]place{}}
	return t.resolve(name)
}

// resolve returns where a path of the system is on this machine.
func (t *tree) resolve(name string) (string, error) {
	t.links = 0
	at, err := t.follow(name)
	return filepath.Join(t.root, "/", at), err
}

// isDir reports whether a path leads to a directory.
func (t *tree) isDir(name string) bool {
	full, err := t.resolve(name)
	if err != nil {
		return false
	}
	info, err := os.Stat(full)
	return err == nil && info.IsDir()
}

// follow returns where a path leads in the system.
func (t *tree) follow(name string) (string, error) {
	if name == "" || name == "/" {
		return "/", nil
	}
	if at, ok := t.seen[name]; ok {
		return at.path, at.err
	}
	i := strings.LastIndexByte(name, '/')
	dir, err := t.follow(name[:max(i, 0)])
	var at string
	if err == nil {
		at, err = t.step(dir, name[i+1:], name)
	}
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		t.seen[name] = place{at, err}
	}
	return at, err
}

// step returns where the last part of a path leads, from a directory that was reached
// without links, so that ".." leads to what is above it.
func (t *tree) step(dir, last, name string) (string, error) {
	next := path.Join(dir, last)
	on := filepath.Join(t.root, "/", next)
	info, err := os.Lstat(on)
	if err != nil {
		return "", err
	}
	if info.Mode()&fs.ModeSymlink == 0 {
		return next, nil
	}
	const most = 40 // as the kernel has it (MAXSYMLINKS)
	if t.links++; t.links > most {
		return "", fmt.Errorf("%s: too many symbolic links", name)
	}
	to, err := os.Readlink(on)
	if err != nil {
		return "", err
	}
	if !path.IsAbs(to) {
		to = dir + "/" + to
	}
	return t.follow(to)
}
