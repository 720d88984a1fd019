package gen

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A file is one that is to be written.
type file struct {
	name string
	data []byte
}

// write puts those files into a directory that are not there as they are, and
// returns their names. All are written out under other names before the first
// takes its place, so that a full disk leaves everything as it was.
func write(dir string, files []file) (changed []string, err error) {
	staged := make(map[string]string) // temporary name to final one
	defer func() {
		for temporary := range staged {
			os.Remove(temporary)
		}
		if err != nil {
			err = fmt.Errorf("write the lock-down into %s: %w", dir, err)
		}
	}()
	var order []string
	for _, f := range files {
		name := filepath.Join(dir, f.name)
		if old, err := os.ReadFile(name); err == nil && bytes.Equal(old, f.data) {
			continue
		} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		temporary, err := stage(dir, f)
		if err != nil {
			return nil, err
		}
		staged[temporary] = name
		order = append(order, temporary)
	}
	for _, temporary := range order {
		if err := os.Rename(temporary, staged[temporary]); err != nil {
			return nil, err
		}
		changed = append(changed, filepath.Base(staged[temporary]))
		delete(staged, temporary)
	}
	return changed, nil
}

// stage writes a file under a temporary name, which the go command ignores.
func stage(dir string, f file) (temporary string, err error) {
	t, err := os.CreateTemp(dir, "."+f.name+".*.tmp")
	if err != nil {
		return "", err
	}
	_, err = t.Write(f.data)
	err = errors.Join(err, t.Chmod(0o644), t.Close())
	if err != nil {
		os.Remove(t.Name())
		return "", err
	}
	return t.Name(), nil
}
