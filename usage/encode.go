package usage

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Write writes usages as JSON, one after the other, as a Decoder reads them.
func Write(w io.Writer, usages ...*Usage) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	for _, u := range usages {
		versioned := *u
		versioned.Version = Version
		if err := enc.Encode(&versioned); err != nil {
			return err
		}
	}
	return nil
}

// WriteFile writes usages into a file, which takes its place when it is complete:
// whatever goes wrong, what was there before stays. What is there and is no
// regular file, such as /dev/stdout or a pipe, is written to as it is.
func WriteFile(path string, usages ...*Usage) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("write the usage to %s: %w", path, err)
		}
	}()
	mode := os.FileMode(0o666) // less the umask
	switch info, err := os.Stat(path); {
	case err == nil && !info.Mode().IsRegular():
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(Write(f, usages...), f.Close())
	case err == nil:
		mode = info.Mode().Perm()
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return err
		}
	}
	f, err := temporary(path, mode)
	if err != nil {
		return err
	}
	if err = errors.Join(Write(f, usages...), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// temporary makes a new file beside path. os.CreateTemp would give it permissions
// for its owner alone.
func temporary(path string, mode os.FileMode) (*os.File, error) {
	for try := 0; ; try++ {
		name := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s.%d-%d.tmp", filepath.Base(path), os.Getpid(), try))
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if !errors.Is(err, os.ErrExist) || try == 1000 {
			return f, err
		}
	}
}
