package notify

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gocurb/curb"
	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/internal/launch"
	"github.com/gocurb/curb/internal/seccomp"
)

// A Command is a program to be started under supervision. Its fields are those of
// os/exec.Cmd, as far as they are here.
type Command struct {
	// Path is the program's file. It is taken as it is, without a search in PATH.
	// A relative one begins at Dir.
	Path string
	// Args are the program's arguments, beginning with the name that it is called
	// by. None at all stands for Path alone.
	Args []string
	// Env is the program's environment. Nil stands for that of this process.
	Env []string
	// Dir is the program's working directory. Empty stands for that of this
	// process.
	Dir string
	// Stdin, Stdout and Stderr are the program's first three descriptors. Nil
	// stands for that of this process.
	Stdin, Stdout, Stderr *os.File
}

// Start starts a program under a policy, from its first instruction on, and
// returns the listener by which this process supervises it. The program's own
// exec passes whatever the policy says of execve. The caller waits for the
// process, as for any child, and closes the listener.
//
// The program is under the policy alone and has no_new_privs set. It inherits the
// descriptors that are not close-on-exec, and the limit on open files that Go has
// raised for this process. If this process ends the program goes on, with ENOSYS
// for what it asks.
//
// [curb.Policy.BestEffort] changes nothing here: without a supervisor the program
// is not started. Where that is for want of kernel or architecture the error wraps
// [errors.ErrUnsupported].
func Start(c Command, policy curb.Policy) (*Listener, *os.Process, error) {
	if c.Path == "" {
		return nil, nil, errors.New("notify: there is no path of the program to start")
	}
	compiled, err := policy.Filter()
	if err != nil {
		return nil, nil, err
	}
	cmd := launch.Cmd{
		Path: c.Path, Args: c.Args, Env: c.Env, Dir: c.Dir,
		Stdin: c.Stdin, Stdout: c.Stdout, Stderr: c.Stderr,
		Filter: filter.Unpack(compiled.Program),
		Flags:  seccomp.FlagsOf(compiled.LogDenials, compiled.AllowSpeculation),
	}
	program, fd, err := cmd.StartSupervised()
	if errors.Is(err, fs.ErrNotExist) && filepath.Base(c.Path) == c.Path {
		err = fmt.Errorf("%w: names are not searched in PATH, which is what exec.LookPath does", err)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("notify: %w", err)
	}
	l, err := newListener(fd)
	if err != nil {
		program.Kill()
		program.Wait()
		return nil, nil, fmt.Errorf("notify: supervise %s: %w", c.Path, err)
	}
	return l, program, nil
}
