// Files and directories made, written, changed, moved and removed.
package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/gocurb/curb/internal/mkgroups/testdata/lockdown"
)

func main() {
	lockdown.Enforce()
	dir, err := os.MkdirTemp(".", "made")
	check(err)
	path := filepath.Join(dir, "file")
	write(path)
	change(path, dir)
	copies(path, filepath.Join(dir, "copy"))
	locks(path)
	inRoot(dir)
	check(filepath.WalkDir(".", func(string, fs.DirEntry, error) error { return nil }))
	check(os.CopyFS(filepath.Join(dir, "tree"), os.DirFS("dir")))
	check(os.MkdirAll(filepath.Join(dir, "a/b"), 0o700))
	check(os.Remove(filepath.Join(dir, "a/b")))
	check(os.RemoveAll(dir))
	here, err := os.Getwd()
	check(err)
	check(os.Chdir(here))
}

func write(path string) {
	f, err := os.Create(path)
	check(err)
	defer f.Close()
	_, err = f.WriteString("text")
	check(err)
	_, err = f.WriteAt([]byte("T"), 0)
	check(err)
	check(f.Sync())
	check(f.Truncate(3))
	check(f.Chmod(0o600))
	check(f.Chown(os.Getuid(), os.Getgid()))
	_, err = f.Stat()
	check(err)
	temp, err := os.CreateTemp(filepath.Dir(path), "temp")
	check(err)
	check(temp.Close())
	more, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY|os.O_SYNC, 0)
	check(err)
	_, err = more.Write([]byte("more"))
	check(err)
	check(more.Close())
	check(os.WriteFile(path, []byte("text"), 0o600))
}

func change(path, dir string) {
	check(os.Chmod(path, 0o640))
	check(os.Chown(path, os.Getuid(), os.Getgid()))
	check(os.Lchown(path, os.Getuid(), os.Getgid()))
	check(os.Chtimes(path, time.Now(), time.Now()))
	check(os.Truncate(path, 2))
	check(os.Link(path, path+"2"))
	check(os.Symlink("file", filepath.Join(dir, "link")))
	_, err := os.Readlink(filepath.Join(dir, "link"))
	check(err)
	check(os.Rename(path+"2", path+"3"))
	check(os.Remove(path + "3"))
	check(os.Mkdir(filepath.Join(dir, "inner"), 0o700))
	syscall.Umask(syscall.Umask(0o22))
	check(syscall.Access(path, 4))
}

// copies hands the work to the kernel where that can do it.
func copies(from, to string) {
	src, err := os.Open(from)
	check(err)
	defer src.Close()
	dst, err := os.Create(to)
	check(err)
	defer dst.Close()
	_, err = io.Copy(dst, src)
	check(err)
	_, err = io.Copy(dst, os.Stdin) // a pipe
	check(err)
	check(syscall.Fdatasync(int(dst.Fd())))
	if err := syscall.Fallocate(int(dst.Fd()), 0, 0, 10); err != nil && !errors.Is(err, syscall.ENOTSUP) {
		panic(err)
	}
	var st syscall.Statfs_t
	check(syscall.Statfs(to, &st))
	check(syscall.Fstatfs(int(dst.Fd()), &st))
}

func locks(path string) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	check(err)
	defer f.Close()
	check(syscall.Flock(int(f.Fd()), syscall.LOCK_EX))
	check(syscall.Flock(int(f.Fd()), syscall.LOCK_UN))
	lock := syscall.Flock_t{Type: syscall.F_WRLCK}
	check(syscall.FcntlFlock(f.Fd(), syscall.F_SETLK, &lock))
}

func inRoot(dir string) {
	root, err := os.OpenRoot(dir)
	check(err)
	defer root.Close()
	check(root.MkdirAll("root/deep", 0o700))
	check(root.WriteFile("root/file", []byte("text"), 0o600))
	check(root.Chmod("root/file", 0o640))
	check(root.Chown("root/file", os.Getuid(), os.Getgid()))
	check(root.Lchown("root/file", os.Getuid(), os.Getgid()))
	check(root.Chtimes("root/file", time.Now(), time.Now()))
	check(root.Link("root/file", "root/file2"))
	check(root.Symlink("file", "root/link"))
	check(root.Rename("root/file2", "root/file3"))
	check(root.Remove("root/file3"))
	check(root.RemoveAll("root"))
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
