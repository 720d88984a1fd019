package launch

import (
	"fmt"
	"os"

	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/internal/seccomp"
)

// A Cmd is a program to be run under a filter. It can be started once, and is
// not for use by several goroutines at once.
type Cmd struct {
	// Path is the program's file. It is taken as it is, without a search in PATH.
	Path string
	// Args are the program's arguments, beginning with the name that it is called
	// by. None at all stands for Path alone.
	Args []string
	// Env is the program's environment. Nil stands for that of this process.
	Env []string
	// Dir is the program's working directory, which a relative Path begins at.
	// Empty stands for that of this process.
	Dir string
	// Stdin, Stdout and Stderr are the program's first three descriptors. Nil
	// stands for that of this process. Descriptors above these that are not
	// close-on-exec are inherited too: those that this process was started with.
	Stdin, Stdout, Stderr *os.File
	// Filter is what the program falls under, compiled for this machine's
	// architecture.
	Filter filter.Program
	// Unfiltered means that there is no filter. Then the program may gain
	// privileges as it executes (no_new_privs is not set), this process stays
	// dumpable, and the file may be of any kind that the kernel executes.
	Unfiltered bool
	// Hold, if not nil, is called before the child executes the program, or loads
	// its filter: it does not until Hold has returned. An error from Hold ends the
	// child and is Start's.
	Hold func(pid int) error
	// Reap, if not nil, waits for the program's end in place of this package, and
	// calls stopped each time that a signal stops the program: it is for a tracer,
	// whose waiting is of another kind.
	Reap func(stopped func(signal int)) (Status, error)
	// Flags are what the filter is loaded with. They name neither threads nor a
	// listener, which both come with how the program is started.
	Flags seccomp.Flags
	// Cleanup, if not nil, is called once, when the program has ended or could
	// not be started. Until it has returned, signals do not end this process.
	Cleanup func()

	process *process
}

// Status is how a program ended.
type Status struct {
	Code   int // the exit code, if no signal ended it
	Signal int // the signal that ended it, or 0
}

// Run starts the program and waits for its end.
func (c *Cmd) Run() (Status, error) {
	if err := c.Start(); err != nil {
		return Status{}, err
	}
	return c.Wait()
}

// Start starts the program and returns when it has taken the child's place. If
// that fails the error says why, and Cleanup has been called.
//
// Start makes this process not dumpable (PR_SET_DUMPABLE), unless the program is
// Unfiltered, and sets its soft limit on open files back to what it was before Go's runtime raised it. On
// systems other than Linux on amd64 and arm64 it returns an error that wraps
// [errors.ErrUnsupported].
func (c *Cmd) Start() error {
	if c.process != nil {
		return c.started()
	}
	p := newProcess()
	if err := p.start(c); err != nil {
		c.end(p)
		return fmt.Errorf("cannot start %s: %w", c.Path, err)
	}
	c.process = p
	return nil
}

// StartSupervised starts the program with a filter that has a listener, and returns
// the process, which the caller waits for, and the listener's file descriptor,
// which is close-on-exec. Of this process it changes nothing, and it passes no
// signals on: the program is a child as any other, and does not die with this
// process. Cleanup is not called, and Wait not to be.
//
// It works where Start does.
func (c *Cmd) StartSupervised() (program *os.Process, listener int, err error) {
	if c.process != nil {
		return nil, -1, c.started()
	}
	program, listener, err = c.supervised()
	if err != nil {
		return nil, -1, fmt.Errorf("cannot start %s: %w", c.Path, err)
	}
	return program, listener, nil
}

func (c *Cmd) started() error { return fmt.Errorf("cannot start %s: it was started already", c.Path) }

// Wait waits for the program's end, passes signals on to it meanwhile, and calls
// Cleanup. When the program stops, so does this process.
func (c *Cmd) Wait() (Status, error) {
	if c.process == nil {
		return Status{}, fmt.Errorf("cannot wait for %s: it was not started", c.Path)
	}
	wait := c.process.wait
	if c.Reap != nil {
		wait = func() (Status, error) { return c.process.leaveTo(c.Reap) }
	}
	status, err := wait()
	c.end(c.process)
	if err != nil {
		return Status{}, fmt.Errorf("cannot wait for %s: %w", c.Path, err)
	}
	return status, nil
}

// end cleans up while signals are still caught.
func (c *Cmd) end(p *process) {
	if c.Cleanup != nil {
		c.Cleanup()
	}
	p.release()
}
