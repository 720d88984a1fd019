package strace

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A terminal is one with a user who types.
type terminal struct {
	master, slave *os.File
	shown         atomic.Int64 // bytes
	done          chan struct{}
}

// newTerminal makes a terminal of the usual size. Each of the keys is typed once the
// program has shown something, and then been silent, or after two seconds.
func newTerminal(keys []string) (*terminal, error) {
	fail := func(err error) (*terminal, error) { return nil, fmt.Errorf("make a terminal: %w", err) }
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return fail(err)
	}
	var n int
	conn, err := master.SyscallConn() // master.Fd would make reads that Close cannot end
	if err == nil {
		var failed error
		err = conn.Control(func(fd uintptr) { n, failed = prepare(int(fd)) })
		err = errors.Join(err, failed)
	}
	if err != nil {
		master.Close()
		return fail(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		master.Close()
		return fail(err)
	}
	t := &terminal{master: master, slave: slave, done: make(chan struct{})}
	go t.show()
	go t.typeIn(keys)
	return t, nil
}

// give makes the terminal that of a command.
func (t *terminal) give(cmd *exec.Cmd) {
	cmd.Stderr = t.slave
	if cmd.Stdin == nil {
		cmd.Stdin = t.slave
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 2}
}

// prepare unlocks the terminal behind a master's descriptor, and returns its number.
func prepare(fd int) (n int, err error) {
	if n, err = unix.IoctlGetInt(fd, unix.TIOCGPTN); err != nil {
		return 0, err
	}
	if err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		return 0, err
	}
	return n, unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80})
}

// show takes what the program shows.
func (t *terminal) show() {
	defer close(t.done)
	var b [4096]byte
	for {
		n, err := t.master.Read(b[:])
		t.shown.Add(int64(n))
		if err != nil {
			return // nobody has the terminal open any more
		}
	}
}

// typeIn types the keys, and the last one again until the program has ended: it may
// not have been listening yet.
func (t *terminal) typeIn(keys []string) {
	const silence, patience = 200 * time.Millisecond, time.Second
	for _, k := range keys {
		before := int64(-1)
		for waits := 0; waits < 10 && (before <= 0 || before != t.shown.Load()); waits++ {
			before = t.shown.Load()
			if !t.wait(silence) {
				return
			}
		}
		t.master.WriteString(k) // if it fails, show ends
	}
	for t.wait(patience) {
		t.master.WriteString(keys[len(keys)-1])
	}
}

// wait reports whether the program still had its terminal after a while.
func (t *terminal) wait(d time.Duration) bool {
	select {
	case <-t.done:
		return false
	case <-time.After(d):
		return true
	}
}

// close takes the terminal away.
func (t *terminal) close() {
	t.slave.Close()
	t.master.Close()
	<-t.done
}
