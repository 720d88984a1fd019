// Files makes, walks, changes and removes files in every way that package os
// has, in a directory of its own below the one that its argument names.
package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	root := os.TempDir()
	if len(os.Args) > 1 {
		root = os.Args[1]
	}
	dir, err := os.MkdirTemp(root, "files-")
	if err == nil {
		err = work(dir)
	}
	if e := os.RemoveAll(dir); err == nil {
		err = e
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "files:", err)
		os.Exit(1)
	}
}

func work(dir string) error {
	for _, step := range []func(string) error{create, change, link, copying, devices, walk, fail} {
		if err := step(dir); err != nil {
			return err
		}
	}
	return nil
}

func create(dir string) error {
	for i := 0; i < 20; i++ {
		sub := filepath.Join(dir, fmt.Sprint("sub", i), "deep")
		if err := os.MkdirAll(sub, 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(sub, "file"), make([]byte, i<<12), 0o644); err != nil {
			return err
		}
	}
	temp, err := os.CreateTemp(dir, "*.tmp")
	if err != nil {
		return err
	}
	return temp.Close()
}

func change(dir string) error {
	f, err := os.OpenFile(filepath.Join(dir, "changed"), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	buf := make([]byte, 100)
	for _, err := range []error{
		second(f.WriteString("some text")),
		second(f.WriteAt([]byte("more"), 4096)),
		second(f.ReadAt(buf, 0)),
		third(f.Seek(10, io.SeekStart)),
		second(f.Read(buf)),
		f.Truncate(5000), f.Sync(), f.Chmod(0o640), f.Chown(os.Getuid(), os.Getgid()),
		f.SetDeadline(time.Now()), // not possible for a file
		os.Chmod(f.Name(), 0o600), os.Chown(f.Name(), os.Getuid(), os.Getgid()), os.Lchown(f.Name(), -1, -1),
		os.Chtimes(f.Name(), time.Now(), time.Unix(1, 0)), os.Truncate(f.Name(), 10),
	} {
		if err != nil && !errors.Is(err, os.ErrNoDeadline) {
			return err
		}
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	mapped, err := syscall.Mmap(int(f.Fd()), 0, 10, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return err
	}
	return syscall.Munmap(mapped)
}

func second(_ int, err error) error  { return err }
func third(_ int64, err error) error { return err }

func link(dir string) error {
	file := filepath.Join(dir, "changed")
	if err := os.Link(file, file+".hard"); err != nil {
		return err
	}
	if err := os.Symlink("changed", file+".soft"); err != nil {
		return err
	}
	if _, err := os.Readlink(file + ".soft"); err != nil {
		return err
	}
	if _, err := filepath.EvalSymlinks(file + ".soft"); err != nil {
		return err
	}
	if err := os.Rename(file+".hard", file+".renamed"); err != nil {
		return err
	}
	return os.Remove(file + ".renamed")
}

// copying moves bytes between files and pipes, which the kernel can do alone.
func copying(dir string) error {
	from, err := os.Open(filepath.Join(dir, "sub19", "deep", "file"))
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.Create(filepath.Join(dir, "copy"))
	if err != nil {
		return err
	}
	defer to.Close()
	if _, err := io.Copy(to, from); err != nil {
		return err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	go func() {
		from.Seek(0, io.SeekStart)
		io.Copy(w, from)
		w.Close()
	}()
	if _, err := io.Copy(to, r); err != nil {
		return err
	}
	return r.Close()
}

// devices opens what is no file.
func devices(dir string) error {
	if _, err := os.ReadFile("/proc/self/status"); err != nil {
		return err
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		return err
	}
	both, err := os.OpenFile(fifo, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer both.Close()
	both.SetReadDeadline(time.Now().Add(5 * time.Millisecond))
	if _, err := both.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("a read that nobody answers: %v", err)
	}
	return nil
}

func walk(dir string) error {
	home, err := os.Getwd()
	if err != nil {
		return err
	}
	if err := os.Chdir(dir); err != nil {
		return err
	}
	count, size := 0, int64(0)
	err = fs.WalkDir(os.DirFS("."), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().IsRegular() {
			size += info.Size()
		}
		count++
		return err
	})
	if err != nil {
		return err
	}
	fmt.Println(count, size)
	return os.Chdir(home)
}

// fail does what cannot be done.
func fail(dir string) error {
	missing := filepath.Join(dir, "missing")
	_, openErr := os.Open(missing)
	_, statErr := os.Stat(missing)
	_, linkErr := os.Lstat(missing)
	for _, err := range []error{openErr, statErr, linkErr, os.Remove(missing), os.Mkdir(dir, 0o755), os.Chdir(missing), os.Remove(dir), os.Rename(missing, dir)} {
		if err == nil {
			return fmt.Errorf("what cannot be done was done")
		}
	}
	return nil
}
