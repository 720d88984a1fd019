//go:build linux && (amd64 || arm64)

package launch

import (
	"fmt"
	"math/bits"
	"os"
	"path/filepath"
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
	check := checkExecutable
	if c.Unfiltered {
		check = checkFile // the kernel knows more kinds of programs
	}
	if err := check(c.file()); err != nil {
		return err
	}
	if !c.Unfiltered {
		if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
			return fmt.Errorf("make curb not dumpable: %w", err)
		}
	}
	lowerFileLimit()

	next, release, err := newPlan(c)
	if err != nil {
		return err
	}
	defer release()
	next.bound = true
	if p.pid, err = next.run(c.Hold); err != nil {
		return err
	}
	go p.forwardAll()
	return nil
}

// file is where the program's file is for this process.
func (c *Cmd) file() string {
	if filepath.IsAbs(c.Path) {
		return c.Path
	}
	return filepath.Join(c.Dir, c.Path)
}

// newPlan makes everything ready. What it takes for that, release gives back.
func newPlan(c *Cmd) (next *plan, release func(), err error) {
	var memory areas
	var files []int
	free := func() {
		memory.free()
		for _, fd := range files {
			unix.Close(fd)
		}
	}
	defer func() {
		if err != nil {
			free()
		}
	}()
	next = &plan{ignored: ignoredAtStart, parent: os.Getpid(), flags: uintptr(c.Flags), fds: [3]int{-1, -1, -1}, gate: [2]int{-1, -1}}
	if !c.Unfiltered {
		if next.door, err = newDoor(c.Filter); err != nil {
			return nil, nil, err
		}
	}
	if err := next.place(&memory, c); err != nil {
		return nil, nil, err
	}
	for i, file := range []*os.File{c.Stdin, c.Stdout, c.Stderr} {
		if file == nil {
			continue
		}
		// Above 2, so that the child cannot overwrite one before it has used it.
		fd, err := unix.FcntlInt(file.Fd(), unix.F_DUPFD_CLOEXEC, 3)
		if err != nil {
			return nil, nil, fmt.Errorf("duplicate %s: %w", file.Name(), err)
		}
		files = append(files, fd)
		next.fds[i] = fd
	}
	return next, free, nil
}

// run forks, and waits until the child has become the program.
func (p *plan) run(hold func(pid int) error) (pid int, err error) {
	if hold != nil {
		if err := unix.Pipe2(p.gate[:], unix.O_CLOEXEC); err != nil {
			return 0, fmt.Errorf("make a pipe: %w", err)
		}
		defer unix.Close(p.gate[1])
		defer unix.Close(p.gate[0])
	}
	// The child has the write end until its exec, which closes it, or its death.
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil {
		return 0, fmt.Errorf("make a pipe: %w", err)
	}
	defer unix.Close(pipe[0])

	pid, errno := p.forkLocked()
	unix.Close(pipe[1])
	if errno != 0 {
		return 0, fmt.Errorf("fork: %w", errno)
	}

	if hold != nil {
		if err := hold(pid); err != nil {
			unix.Kill(pid, unix.SIGKILL)
			waitFor(pid)
			return 0, err
		}
		unix.Write(p.gate[1], p.pass[:])
	}
	var none [1]byte
	for {
		if _, err := unix.Read(pipe[0], none[:]); err != unix.EINTR {
			break
		}
	}
	runtime.KeepAlive(p)
	if p.outcome.step == stepNone {
		return pid, nil
	}
	waitFor(pid)
	return 0, p.outcome.err()
}

func (p *plan) forkLocked() (pid int, errno syscall.Errno) {
	// Whoever opens a descriptor and then makes it close-on-exec does so under
	// this lock, so that no child inherits it.
	syscall.ForkLock.Lock()
	defer syscall.ForkLock.Unlock()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return p.fork()
}

// waitFor reaps a child.
func waitFor(pid int) {
	for {
		if _, err := unix.Wait4(pid, nil, 0, nil); err != unix.EINTR {
			return
		}
	}
}

// err says why the child did not become the program.
func (o *outcome) err() error {
	if o.step == stepFilter && o.errno == unix.EBUSY {
		return fmt.Errorf("%s: %w: a filter that is in force for this process already has a listener, and there can be one only", doing[stepFilter], o.errno)
	}
	if what := doing[o.step]; what != "" {
		return fmt.Errorf("%s: %w", what, o.errno)
	}
	return o.errno
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
	p.outcome.listener = -1
	// New mappings come from near the end of the address space, so the highest
	// bit of one tells its size.
	pageMask := uintptr(os.Getpagesize() - 1)
	p.addresses = (1<<bits.Len(uint(uintptr(unsafe.Pointer(p.outcome)))) - 1) &^ pageMask

	path, err := memory.strings([]string{c.Path})
	if err != nil {
		return fmt.Errorf("its path %w", err)
	}
	p.blocks[0] = blockOf(path)
	if c.Dir != "" {
		directory, err := memory.strings([]string{c.Dir})
		if err != nil {
			return fmt.Errorf("the path of its directory %w", err)
		}
		p.directory = blockOf(directory).address
	}
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
	if p.door == nil {
		return nil
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
