//go:build amd64 || arm64

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/internal/seccomp/subprocess"
	"github.com/gocurb/curb/notify"
)

func TestMain(m *testing.M) {
	subprocess.Main(m, map[string]func(){"open": openFiles, "open for ever": openForEver, "escape": escape, "deceive": deceive})
}

// tree makes a directory to be allowed, beside one that is not.
func tree(t *testing.T) (public, private string) {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	public, private = filepath.Join(dir, "public"), filepath.Join(dir, "private")
	for _, err := range []error{
		os.MkdirAll(filepath.Join(public, "below"), 0o755),
		os.Mkdir(private, 0o755),
		os.Mkdir(public+"ly", 0o755),
		os.WriteFile(filepath.Join(public, "file"), []byte("public"), 0o644),
		os.WriteFile(filepath.Join(public, "below", "deep"), []byte("deep"), 0o644),
		os.WriteFile(filepath.Join(private, "file"), []byte("private"), 0o644),
		os.WriteFile(filepath.Join(public+"ly", "file"), []byte("next to it"), 0o644),
		os.Symlink("file", filepath.Join(public, "inside")),
		os.Symlink("../private/file", filepath.Join(public, "outside")),
		os.Symlink(private, filepath.Join(public, "elsewhere")),
		os.Symlink("../../private", filepath.Join(public, "below", "up")),
		unix.Mkfifo(filepath.Join(public, "pipe"), 0o644),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return public, private
}

// libraries are the directories that a program with a dynamic loader needs, as the
// parts are when they are built with cgo or the race detector.
func libraries() (dirs []string) {
	for _, dir := range []string{"/lib", "/lib64", "/usr/lib"} {
		if _, err := os.Stat(dir); err == nil {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

func allowing(t *testing.T, dirs ...string) *broker {
	t.Helper()
	b := new(broker)
	for _, dir := range append(dirs, libraries()...) {
		if err := b.allow(dir); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		for _, root := range b.roots {
			root.dir.Close()
		}
	})
	return b
}

// part is a part of the test as a program, with a file for what it writes.
func part(t *testing.T, name string, args ...string) (notify.Command, *os.File) {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { out.Close() })
	return notify.Command{
		Path: executable, Args: append([]string{executable}, args...), Env: subprocess.Environment(name),
		Stdout: out,
	}, out
}

// written gives what was written to a file.
func written(t *testing.T, out *os.File) string {
	t.Helper()
	text, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// openFiles opens files in several ways and writes what is in them, or the error.
func openFiles() {
	for _, arg := range subprocess.Args() {
		way, path, _ := strings.Cut(arg, ":")
		file, err := open(way, path)
		if err != nil {
			fmt.Println(arg, err)
			continue
		}
		if entries, err := file.ReadDir(-1); err == nil {
			fmt.Println(arg, "has", len(entries), "entries")
			continue
		}
		content, err := io.ReadAll(file)
		fmt.Println(arg, string(content), err)
	}
}

func open(way, path string) (*os.File, error) {
	name, err := unix.BytePtrFromString(path)
	if err != nil {
		return nil, err
	}
	at := unix.AT_FDCWD
	var fd int
	switch way {
	case "write":
		return os.OpenFile(path, os.O_WRONLY, 0)
	case "create":
		return os.Create(path)
	case "openat2":
		fd, err = unix.Openat2(at, path, &unix.OpenHow{Flags: unix.O_RDONLY | unix.O_CLOEXEC})
	case "beneath":
		fd, err = unix.Openat2(at, path, &unix.OpenHow{Resolve: unix.RESOLVE_BENEATH})
	case "nofollow":
		fd, err = unix.Openat(at, path, unix.O_NOFOLLOW, 0)
	case "below": // relative to a directory that is open
		dir, name, _ := strings.Cut(path, "|")
		directory, err := os.Open(dir)
		if err != nil {
			return nil, err
		}
		if fd, err = unix.Openat(int(directory.Fd()), name, 0, 0); err != nil {
			return nil, err
		}
	case "bad address":
		_, _, errno := syscall.Syscall(unix.SYS_OPENAT, uintptr(at), uintptr(unsafe.Pointer(name))|1<<46, 0)
		return nil, errno
	default:
		fd, err = unix.Openat(at, path, unix.O_RDONLY, 0)
	}
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), path), nil
}

func TestBroker(t *testing.T) {
	public, private := tree(t)
	tests := []struct{ what, want string }{
		{"openat:" + public + "/file", "public <nil>"},
		{"openat2:" + public + "/below/deep", "deep <nil>"},
		{"openat:" + public + "//below/../file", "public <nil>"},
		{"openat:file", "public <nil>"},
		{"openat:below/../inside", "public <nil>"},
		{"below:" + public + "/below|deep", "deep <nil>"},
		{"below:below|../file", "public <nil>"},
		{"openat:" + public, "has 6 entries"},
		{"openat:" + public + "/", "has 6 entries"},
		{"openat:.", "has 6 entries"},
		{"openat:" + public + "/missing", "no such file or directory"},
		{"openat:", "no such file or directory"},
		{"nofollow:inside", "too many levels of symbolic links"},
		{"bad address:file", "bad address"},
		{"openat:" + strings.Repeat("long/", 1000), "file name too long"},
		{"beneath:file", "invalid argument"},
	}
	for _, what := range []string{
		"openat:" + private + "/file", "openat2:" + private + "/file", "openat:/etc/passwd", "openat:/", "openat:" + public + "ly/file",
		"openat:" + public + "/../private/file", "openat:../private/file", "openat:" + public + "/below/../../private/file",
		"openat:outside", "openat:elsewhere/file", "openat:below/up/file", "openat2:outside",
		"below:below|up/file", "below:below|../../private/file", "openat:/proc/self/root" + public + "/file",
		"openat:pipe", "write:file", "write:" + public + "/file", "create:new", "create:" + public + "/new",
	} {
		tests = append(tests, struct{ what, want string }{what, "permission denied"})
	}
	var args []string
	for _, test := range tests {
		args = append(args, test.what)
	}
	c, out := part(t, "open", args...)
	c.Dir = public
	state, err := allowing(t, public).run(t.Context(), c)
	if err != nil || !state.Success() {
		t.Fatalf("%v, %v\n%s", state, err, written(t, out))
	}
	lines := strings.Split(written(t, out), "\n")
	if len(lines) != len(tests)+1 {
		t.Fatalf("the program says\n%s", written(t, out))
	}
	for i, test := range tests {
		if rest, found := strings.CutPrefix(lines[i], test.what+" "); !found || !strings.HasSuffix(rest, test.want) {
			t.Errorf("%s gets %q, want %q", test.what, lines[i], test.want)
		}
	}
	if _, err := os.Stat(public + "/new"); err == nil {
		t.Error("a file was created")
	}
}

// escape tries the ways to a file that are not by open.
func escape() {
	dir := unix.AT_FDCWD
	name := []byte("/etc/passwd\x00")
	path := uintptr(unsafe.Pointer(&name[0]))
	for what, args := range map[string][4]uintptr{
		"execve":            {unix.SYS_EXECVE, path},
		"execveat":          {unix.SYS_EXECVEAT, uintptr(dir), path},
		"open_by_handle_at": {unix.SYS_OPEN_BY_HANDLE_AT, uintptr(dir), path},
		"io_uring_setup":    {unix.SYS_IO_URING_SETUP, 8, path},
		"socket":            {unix.SYS_SOCKET, unix.AF_UNIX, unix.SOCK_STREAM},
		"mknodat":           {unix.SYS_MKNODAT, uintptr(dir), path},
		"unlinkat":          {unix.SYS_UNLINKAT, uintptr(dir), path},
		"pidfd_getfd":       {unix.SYS_PIDFD_GETFD, 3, 4},
		"ptrace":            {unix.SYS_PTRACE, unix.PTRACE_ATTACH, 1},
		"process_vm_readv":  {unix.SYS_PROCESS_VM_READV, 1},
	} {
		if _, _, errno := syscall.Syscall(args[0], args[1], args[2], args[3]); errno != syscall.EPERM && errno != syscall.ENOSYS {
			subprocess.Fatal(what, "gets", errno)
		}
	}
	fmt.Println("locked in")
}

func TestNoOtherWay(t *testing.T) {
	c, out := part(t, "escape")
	state, err := allowing(t).run(t.Context(), c)
	if err != nil || !state.Success() || written(t, out) != "locked in\n" {
		t.Errorf("%v, %v\n%s", state, err, written(t, out))
	}
}

// deceive changes the path while the supervisor looks at it.
func deceive() {
	const times = 3000
	allowed, forbidden := subprocess.Args()[0]+"\x00", subprocess.Args()[1]+"\x00"
	if len(allowed) != len(forbidden) {
		subprocess.Fatal("the paths must have the same length")
	}
	path := []byte(allowed)
	var stop atomic.Bool
	go func() {
		for !stop.Load() {
			copy(path, forbidden)
			copy(path, allowed)
		}
	}()
	opened, refused := 0, 0
	cwd := unix.AT_FDCWD
	for i := 0; i < times || opened == 0 || refused == 0; i++ {
		fd, _, errno := syscall.Syscall(unix.SYS_OPENAT, uintptr(cwd), uintptr(unsafe.Pointer(&path[0])), 0)
		if errno != 0 {
			refused++ // for the path, or one that is half the one and half the other
			continue
		}
		opened++
		content := make([]byte, 10)
		n, err := unix.Read(int(fd), content)
		if string(content[:n]) != "public" || err != nil {
			subprocess.Fatal("got", string(content[:n]), err)
		}
		unix.Close(int(fd))
	}
	stop.Store(true)
	fmt.Println(opened > 0, refused > 0)
}

// TestDeceived: what is opened is what was looked at.
func TestDeceived(t *testing.T) {
	public, private := tree(t)
	c, out := part(t, "deceive", public+"//file", private+"/file")
	state, err := allowing(t, public).run(t.Context(), c)
	if err != nil || !state.Success() {
		t.Fatalf("%v, %v\n%s", state, err, written(t, out))
	}
	if got := written(t, out); got != "true true\n" {
		t.Errorf("opened and refused: %s, want both", got)
	}
}

// openForEver opens a file in many threads, again and again, until that fails in
// another way than the two that a broker answers with.
func openForEver() {
	path := subprocess.Args()[0]
	ended := make(chan error)
	for range 20 {
		go func() {
			runtime.LockOSThread()
			for {
				fd, err := unix.Open(path, unix.O_CLOEXEC, 0)
				if err != nil {
					ended <- err
					return
				}
				unix.Close(fd)
			}
		}()
	}
	os.Stdout.WriteString("started\n")
	for range 20 {
		fmt.Println(<-ended)
	}
}

// startForEver starts openForEver.
func startForEver(t *testing.T) (*notify.Listener, *os.Process, *os.File, string) {
	public, _ := tree(t)
	c, out := part(t, "open for ever", public+"/file")
	l, program, err := notify.Start(c, policy)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		program.Kill()
		program.Wait()
		l.Close()
	})
	return l, program, out, public
}

func waitUntilStarted(t *testing.T, out *os.File) {
	t.Helper()
	for range 1000 {
		if strings.Contains(written(t, out), "started") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("the program does not start")
}

// TestKilledInTheMidst: a program that is killed while requests of many threads are
// looked at leaves nothing behind.
func TestKilledInTheMidst(t *testing.T) {
	l, program, out, public := startForEver(t)
	b := allowing(t, public)
	before, files := runtime.NumGoroutine(), openDescriptors(t)
	served := make(chan error)
	go func() { served <- b.serve(t.Context(), l) }()
	waitUntilStarted(t, out)
	if err := program.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := <-served; err != nil {
		t.Errorf("after the program's end: %v", err)
	}
	for range 500 {
		if runtime.NumGoroutine() <= before && openDescriptors(t) <= files {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("there were %d goroutines and %d descriptors, and are %d and %d", before, files, runtime.NumGoroutine(), openDescriptors(t))
}

func openDescriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// TestCancelled: when the supervisor stops, the program goes on, and can open
// nothing any more.
func TestCancelled(t *testing.T) {
	l, program, out, public := startForEver(t)
	b := allowing(t, public)
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error)
	go func() { served <- b.serve(ctx, l) }()
	waitUntilStarted(t, out)
	cancel()
	if err := <-served; err != context.Canceled {
		t.Errorf("cancelled: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	state, err := program.Wait()
	if err != nil || !state.Success() {
		t.Errorf("the program ends with %v, %v", state, err)
	}
	if got := strings.Count(written(t, out), "function not implemented"); got != 20 {
		t.Errorf("%d threads got ENOSYS, want 20:\n%s", got, written(t, out))
	}
}

// TestCommand: the whole command, with a program of the system's that has a dynamic
// loader.
func TestCommand(t *testing.T) {
	cat, err := exec.LookPath("cat")
	if err != nil {
		t.Skip("needs cat")
	}
	public, private := tree(t)
	command := filepath.Join(t.TempDir(), "broker")
	if out, err := exec.Command("go", "build", "-o", command, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	args := []string{"-allow", public, "-allow", "/etc"}
	for _, dir := range libraries() {
		args = append(args, "-allow", dir)
	}
	run := func(file string) (stdout, stderr string, code int) {
		var out, errs bytes.Buffer
		cmd := exec.Command(command, append(args, "--", cat, file)...)
		cmd.Stdout, cmd.Stderr = &out, &errs
		cmd.Run()
		return out.String(), errs.String(), cmd.ProcessState.ExitCode()
	}
	if out, errs, code := run(public + "/file"); out != "public" || errs != "" || code != 0 {
		t.Errorf("an allowed file: %q, %q, exit status %d", out, errs, code)
	}
	if out, errs, code := run(private + "/file"); out != "" || !strings.Contains(errs, "ermission denied") || code != 1 {
		t.Errorf("another file: %q, %q, exit status %d", out, errs, code)
	}
	if out, err := exec.Command(command, "-allow", private+"/none", cat).CombinedOutput(); err == nil || !strings.Contains(string(out), "no such file or directory") {
		t.Errorf("a directory that is not there: %s, %v", out, err)
	}
}
