// Files and directories, looked at in all ways that change nothing.
package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gocurb/curb/internal/mkgroups/testdata/lockdown"
)

func main() {
	lockdown.Enforce()
	read("file")
	_, err := os.ReadFile("missing")
	if !os.IsNotExist(err) {
		panic(err)
	}
	_, err = os.Stat("file")
	check(err)
	_, err = os.Lstat("link")
	check(err)
	_, err = os.Readlink("link")
	check(err)
	_, err = filepath.EvalSymlinks("link")
	check(err)
	_, err = filepath.Abs("file")
	check(err)
	_, err = filepath.Glob("*")
	check(err)
	_, err = os.ReadDir(".")
	check(err)
	check(filepath.WalkDir(".", func(string, fs.DirEntry, error) error { return nil }))
	check(filepath.Walk(".", func(string, fs.FileInfo, error) error { return nil }))
	check(fs.WalkDir(os.DirFS("."), ".", func(string, fs.DirEntry, error) error { return nil }))
	_, err = os.Getwd()
	check(err)
	inRoot()
}

func read(name string) {
	f, err := os.Open(name)
	check(err)
	defer f.Close()
	_, err = f.Stat()
	check(err)
	_, err = f.ReadAt(make([]byte, 1), 1)
	check(err)
	_, err = f.Seek(0, io.SeekStart)
	check(err)
	_, err = io.Copy(io.Discard, f)
	check(err)
	dir, err := os.Open(".")
	check(err)
	defer dir.Close()
	_, err = dir.Readdirnames(-1)
	check(err)
}

// inRoot does the same by way of os.Root, which opens directory by directory.
func inRoot() {
	root, err := os.OpenRoot(".")
	check(err)
	defer root.Close()
	_, err = root.ReadFile("dir/inner")
	check(err)
	_, err = root.Stat("link")
	check(err)
	_, err = root.Lstat("link")
	check(err)
	_, err = root.Readlink("link")
	check(err)
	sub, err := root.OpenRoot("dir")
	check(err)
	check(sub.Close())
	check(fs.WalkDir(root.FS(), ".", func(string, fs.DirEntry, error) error { return nil }))
}

func check(err error) {
	if err != nil {
		panic(fmt.Sprintf("%v", err))
	}
}
