package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/syscalls"
)

// A stage is what a program finds when it runs.
type stage struct {
	dir  string
	args []string
	// beside talks to the program while it runs, and reads all that it writes.
	beside func(io.Reader)
}

// stageFor prepares what the program of a group works with.
func stageFor(t *testing.T, name string) stage {
	s := stage{dir: t.TempDir(), beside: func(out io.Reader) { io.Copy(io.Discard, out) }}
	check(t, os.WriteFile(filepath.Join(s.dir, "file"), []byte("text"), 0o600))
	check(t, os.Symlink("file", filepath.Join(s.dir, "link")))
	check(t, os.Mkdir(filepath.Join(s.dir, "dir"), 0o700))
	check(t, os.WriteFile(filepath.Join(s.dir, "dir/inner"), []byte("text"), 0o600))
	switch name {
	case "NetworkClient":
		s.args = servers(t)
	case "NetworkServer":
		s.beside = func(out io.Reader) { client(t, out) }
	case "Terminal":
		s.args = []string{terminalPath(t)}
	}
	return s
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// servers gives the addresses of servers for TCP, UDP and HTTP, which end with
// the test.
func servers(t *testing.T) []string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			io.Copy(conn, conn)
			conn.Close()
		}
	}()
	u, err := net.ListenPacket("udp", "127.0.0.1:0")
	check(t, err)
	t.Cleanup(func() { u.Close() })
	go func() {
		b := make([]byte, 100)
		for {
			n, from, err := u.ReadFrom(b)
			if err != nil {
				return
			}
			u.WriteTo(b[:n], from)
		}
	}()
	web := httptest.NewServer(http.FileServerFS(os.DirFS(".")))
	t.Cleanup(web.Close)
	return []string{l.Addr().String(), u.LocalAddr().String(), web.Listener.Addr().String()}
}

// client uses the server whose addresses it reads.
func client(t *testing.T, out io.Reader) {
	var addrs [3]string
	next := func(i int) bool {
		_, err := fmt.Fscanln(out, &addrs[i])
		return err == nil // else the program has ended, and says how
	}
	if !next(0) {
		return
	}
	if conn, err := net.Dial("tcp", addrs[0]); err != nil {
		t.Error(err)
	} else {
		conn.Write([]byte("text"))
		conn.(*net.TCPConn).CloseWrite()
		if b, err := io.ReadAll(conn); err != nil || string(b) != "texttexttext" {
			t.Errorf("the server said %q, %v", b, err)
		}
		conn.Close()
	}
	if !next(1) {
		return
	}
	if conn, err := net.Dial("udp", addrs[1]); err != nil {
		t.Error(err)
	} else {
		for range 2 {
			conn.SetDeadline(time.Now().Add(10 * time.Second))
			conn.Write([]byte("text"))
			if _, err := conn.Read(make([]byte, 4)); err != nil {
				t.Error(err)
			}
		}
		conn.Close()
	}
	if !next(2) {
		return
	}
	for _, path := range []string{"/", "/end"} {
		resp, err := http.Get("http://" + addrs[2] + path)
		if err != nil {
			t.Error(err)
			return
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	http.DefaultClient.CloseIdleConnections()
	io.Copy(io.Discard, out)
}

// terminalPath gives the path of a terminal that is there until the test ends.
func terminalPath(t *testing.T) string {
	f, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	check(t, err)
	t.Cleanup(func() { f.Close() })
	check(t, unix.IoctlSetPointerInt(int(f.Fd()), unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(int(f.Fd()), unix.TIOCGPTN)
	check(t, err)
	return fmt.Sprintf("/dev/pts/%d", n)
}

// run runs a command on its stage, and gives what it says when it fails.
func (s stage) run(t *testing.T, env string, argv ...string) (stderr string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], append(argv[1:], s.args...)...)
	cmd.Dir, cmd.Env = s.dir, append(os.Environ(), env)
	cmd.Stdin = io.MultiReader(strings.NewReader("text\n")) // not a file, so that it is a pipe
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	s.beside(out)
	err = cmd.Wait()
	return errs.String(), err
}

// enforced has the programs that lock themselves down.
var enforced = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "mkgroups-test-")
	if err != nil {
		return "", err
	}
	return dir, build(context.Background(), "testdata", dir, runtime.GOARCH, "-tags=enforce")
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, _ := enforced(); dir != "" {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// others are the groups that a program needs besides Runtime and its own.
var others = map[string]string{
	"Processes": "Startup", // its child is a Go program
}

// unnoticed are the groups whose program on this kernel makes no call beyond
// Runtime's.
const unnoticed = "Runtime Startup Random"

// TestPrograms runs each program under its groups, where any other call would
// end it, and once more without its own group, which must end it.
func TestPrograms(t *testing.T) {
	if syscalls.Native() == nil {
		t.Skipf("there is no table of system calls for %s", runtime.GOARCH)
	}
	dir, err := enforced()
	check(t, err)
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(dir, strings.ToLower(name))
			groups := "CURB_GROUPS=Runtime " + others[name]
			if stderr, err := stageFor(t, name).run(t, groups+" "+name, path); err != nil {
				t.Errorf("%v\n%s", err, stderr)
			}
			if has(unnoticed, name) {
				return
			}
			if stderr, err := stageFor(t, name).run(t, groups, path); err == nil || !strings.Contains(stderr, "SIGSYS: bad system call") {
				t.Errorf("without its group the program ends with %v\n%s", err, stderr)
			}
		})
	}
}
