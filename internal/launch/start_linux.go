//go:build linux && (amd64 || arm64)

package launch

import (
	"fmt"
	"math/bits"
	"os"
	"runtime"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// newProcess begins to catch the signals that will be passed on.
func newProcess() *process {
	return &process{signals: notify()}
}

// start makes everything ready, and forks.
func (p *process) start(c *Cmd) error {
	if err := checkExecutable(c.Path); err != nil {
		return err
	}
	door, err := newDoor(c.Filter)
	if err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("make curb not dumpable: %w", err)
	}
	lowerFileLimit()

	var memory areas
	defer memory.free()
	next := &plan{door: door, ignored: ignoredAtStart, parent: os.Getpid(), fds: [3]int{-1, -1, -1}}
	if err := next.place(&memory, c); err != nil {
		return err
	}
	for i, file := range []*os.File{c.Stdin, c.Stdout, c.Stderr} {
		if file == nil {
			continue
		}
		// Above 2, so that the child cannot overwrite one before it has used it.
		fd, err := unix.FcntlInt(file.Fd(), unix.F_DUPFD_CLOEXEC, 3)
		if err != nil {
			return fmt.Errorf("duplicate %s: %w", file.Name(), err)
		}
		defer unix.Close(fd)
		next.fds[i] = fd
	}
	if p.pid, err = next.run(); err != nil {
		return err
	}
	go p.forwardAll()
	return nil
}

// run forks, and waits until the child has become the program.
func (p *plan) run() (pid int, err error) {
	// The child has the write end until its exec, which closes it, or its death.
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil {
		return 0, fmt.Errorf("make a pipe: %w", err)
	}
	defer unix.Close(pipe[0])

	// Whoever opens a descriptor and then makes it close-on-exec does so under
	// this lock, so that no child inherits it.
	syscall.ForkLock.Lock()
	runtime.LockOSThread()
	pid, errno := p.fork()
	runtime.UnlockOSThread()
	syscall.ForkLock.Unlock()
	unix.Close(pipe[1])
	runtime.KeepAlive(p)
	if errno != 0 {
		return 0, fmt.Errorf("fork: %w", errno)
	}

	var none [1]byte
	for {
		if _, err := unix.Read(pipe[0], none[:]); err != unix.EINTR {
			break
		}
	}
	if p.outcome.step == stepNone {
		return pid, nil
	}
	for {
		if _, err := unix.Wait4(pid, nil, 0, nil); err != unix.EINTR {
			break
		}
	}
	if what := doing[p.outcome.step]; what != "" {
		return 0, fmt.Errorf("%s: %w", what, p.outcome.errno)
	}
	return 0, p.outcome.errno
}

// place lays out in memory what the child needs.
func (p *plan) place(memory *areas, c *Cmd) error {
	args, env := c.Args, c.Env
	if len(args) == 0 {
		args = []string{c.Path}
	}
	if env == nil {
		env = os.Environ()
	}
	shared, err := memory.get(int(unsafe.Sizeof(outcome{})), unix.MAP_SHARED)
	if err != nil {
		return err
	}
	p.outcome = (*outcome)(unsafe.Pointer(&shared[0]))
	// New mappings come from near the end of the address space, so the highest
	// bit of one tells its size.
	pageMask := uintptr(os.Getpagesize() - 1)
	p.addresses = (1<<bits.Len(uint(uintptr(unsafe.Pointer(p.outcome)))) - 1) &^ pageMask

	path, err := memory.strings([]string{c.Path})
	if err != nil {
		return fmt.Errorf("its path %w", err)
	}
	p.blocks[0] = blockOf(path)
	for i, list := range [][]string{args, env} {
		what := [...]string{"an argument", "an environment variable"}[i]
		text, err := memory.strings(list)
		if err != nil {
			return fmt.Errorf("%s %w", what, err)
		}
		vector, err := memory.vector(list, text)
		if err != nil {
			return err
		}
		p.blocks[i+1] = blockOf(vector)
	}
	p.program = unix.SockFprog{
		Len:    uint16(len(p.door.program)),
		Filter: (*unix.SockFilter)(unsafe.Pointer(&p.door.program[0])),
	}
	return nil
}

// lowerFileLimit undoes what package syscall does to this process when it
// starts: it raises the soft limit on open files, which programs that use
// select(2) cannot live with. Only syscall.Exec knows the old limit, and sets it
// before it tries; so it gets something that it cannot execute.
var lowerFileLimit = sync.OnceFunc(func() { syscall.Exec("", nil, nil) })
