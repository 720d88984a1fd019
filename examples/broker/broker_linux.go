package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/notify"
)

// A broker opens files in some directories.
type broker struct{ roots []root }

// A root is a directory that files may be opened in.
type root struct {
	path string
	dir  *os.File
}

// allow adds a directory.
func (b *broker) allow(path string) error {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	dir, err := os.OpenFile(absolute, unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	b.roots = append(b.roots, root{absolute, dir})
	return nil
}

// serve answers requests until there can be none any more, or until the context is
// done, which is its error then. All that it has begun has ended when it returns.
func (b *broker) serve(ctx context.Context, l *notify.Listener) error {
	var answers sync.WaitGroup
	defer answers.Wait()
	for {
		r, err := l.Receive(ctx)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		answers.Go(func() {
			// A request that is gone needs no answer.
			if err := b.answer(r); err != nil && !errors.Is(err, notify.ErrGone) {
				fmt.Fprintln(os.Stderr, "broker:", err)
			}
		})
	}
}

// answer answers with the file, or with the reason why there is none.
func (b *broker) answer(r *notify.Request) error {
	w, err := read(r)
	if errors.Is(err, notify.ErrGone) {
		return err
	}
	if err == nil {
		var file *os.File
		if file, err = b.open(w); err == nil {
			defer file.Close()
			_, err = r.ReturnFile(file, w.flags&unix.O_CLOEXEC)
		}
	}
	if err == nil || errors.Is(err, notify.ErrGone) {
		return err
	}
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return errors.Join(err, r.Fail(unix.EIO))
	}
	return r.Fail(errno)
}

// A wish is what a call asks for.
type wish struct {
	path  string // from the root of the file system on
	flags int
}

// read reads what a request asks for. What is in pointers it reads once.
func read(r *notify.Request) (wish, error) {
	args := r.Call.Args
	directory, path, flags := int32(args[0]), args[1], args[2]
	switch r.Syscall() {
	case "open":
		directory, path, flags = unix.AT_FDCWD, args[0], args[1]
	case "openat2":
		var how [24]byte // struct open_how: flags, mode, resolve
		if args[3] != uint64(len(how)) {
			return wish{}, unix.E2BIG // of a kernel that knows more than this does
		}
		if err := r.Read(args[2], how[:]); err != nil {
			return wish{}, err
		}
		if flags = binary.NativeEndian.Uint64(how[:]); binary.NativeEndian.Uint64(how[16:]) != 0 {
			return wish{}, unix.EINVAL // of a kernel that knows no way to resolve names
		}
	}
	name, err := r.ReadString(path, unix.PathMax-1)
	if err != nil {
		return wish{}, err
	}
	w := wish{path: name, flags: int(int32(flags))}
	if strings.HasPrefix(name, "/") {
		return w, nil
	}
	if name == "" {
		return w, unix.ENOENT
	}
	link := "cwd"
	if directory != unix.AT_FDCWD {
		link = fmt.Sprintf("fd/%d", directory)
	}
	base, err := os.Readlink(fmt.Sprintf("/proc/%d/%s", r.TID, link))
	if gone := r.Valid(); gone != nil {
		return w, gone
	}
	if err != nil {
		return w, unix.EBADF
	}
	w.path = base + "/" + name // which does not take ".." for a name before it
	return w, nil
}

// open opens the file if it is in a directory that is allowed.
func (b *broker) open(w wish) (*os.File, error) {
	const harmless = unix.O_CLOEXEC | unix.O_DIRECTORY | unix.O_LARGEFILE | unix.O_NOCTTY | unix.O_NOFOLLOW | unix.O_NONBLOCK
	const largeFile = 0o100000 // which programs give in vain on 64-bit systems
	if w.flags&^(harmless|largeFile) != unix.O_RDONLY {
		return nil, unix.EACCES
	}
	for _, root := range b.roots {
		name, within := strings.CutPrefix(w.path, strings.TrimSuffix(root.path, "/")+"/")
		if w.path == root.path {
			name, within = ".", true
		}
		if within {
			return root.open(strings.TrimLeft(name, "/"), w.flags)
		}
	}
	return nil, unix.EACCES
}

// open opens a file in the directory, which no name leads out of.
func (t root) open(name string, flags int) (*os.File, error) {
	if name == "" {
		name = "."
	}
	how := unix.OpenHow{
		// That does not wait for the other end of a pipe.
		Flags:   uint64(flags&(unix.O_DIRECTORY|unix.O_NOFOLLOW) | unix.O_CLOEXEC | unix.O_NOCTTY | unix.O_NONBLOCK),
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_MAGICLINKS,
	}
	fd, err := unix.Openat2(int(t.dir.Fd()), name, &how)
	for range 100 {
		// Somebody renamed something meanwhile, or a signal came.
		if err != unix.EAGAIN && err != unix.EINTR {
			break
		}
		fd, err = unix.Openat2(int(t.dir.Fd()), name, &how)
	}
	switch err {
	case nil:
	case unix.EXDEV:
		return nil, unix.EACCES // it leads out of the directory
	default:
		return nil, err
	}
	return readable(os.NewFile(uintptr(fd), filepath.Join(t.path, name)), flags)
}

// readable refuses what is neither file nor directory, and has the file wait, or
// not, as its flags say.
func readable(file *os.File, flags int) (*os.File, error) {
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		err = unix.EACCES
	}
	if err == nil {
		_, err = unix.FcntlInt(file.Fd(), unix.F_SETFL, flags&unix.O_NONBLOCK)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}
