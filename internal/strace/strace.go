// Package strace runs programs under strace, or under the tracing that qemu-user
// has for programs of other architectures, and says which system calls their
// own code made: what the static analysis is held against.
package strace

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A Run is one run of a program.
type Run struct {
	Path  string
	Args  []string
	Env   []string // the whole environment, nil for this process's own
	Dir   string
	Stdin io.Reader
	// Keys are typed on the program's controlling terminal, which is where it
	// writes its errors, too, and reads from if there is no Stdin: one after the other,
	// and the last one until the program ends. Without any it has no terminal.
	Keys []string
	// Strace holds further arguments for strace itself, such as
	// "-e", "inject=clone3:error=ENOSYS".
	Strace []string
	// Under is a command line that becomes the tracer, or the program where it is not
	// traced, such as "prlimit", "--nofile=20", "--".
	Under []string
	// Locked has Trace count only what is called once the program has closed system
	// calls to itself.
	Locked bool
	// During, if set, is called once the program has been started, with its
	// process; its context ends when the program has ended. If it fails, the
	// program is ended, and its error is the run's.
	During func(context.Context, *os.Process) error
}

// A Result is what a run did.
type Result struct {
	Calls  map[string]int // by name, of the program's own code; nil if it was not traced
	Stdout []byte
	Stderr []byte
	State  *os.ProcessState // as the program ended
}

// Status returns the exit code, or 128 and the number of the signal that ended
// the program, as a shell does.
func (r *Result) Status() int {
	if w, ok := r.State.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return 128 + int(w.Signal())
	}
	return r.State.ExitCode()
}

// Tail returns the last lines of texts, for error messages.
func Tail(texts ...[]byte) string {
	lines := bytes.Split(bytes.TrimSpace(bytes.Join(texts, []byte("\n"))), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-5):], []byte("\n")))
}

// Trace runs the program to its end and counts its calls. The launcher's
// execve is not among them; nor is what other programs do that it starts, but
// what its children do until they become another program is. When ctx ends,
// the program is killed: the result holds what it did until then.
func (r Run) Trace(ctx context.Context) (*Result, error) {
	parse := Parse
	if r.Locked {
		parse = ParseLocked
	}
	return r.traced(ctx, parse, func(log string) []string {
		// What calls point to is of no use, but for clone3's flags.
		args := []string{"strace", "-f", "-qq", "-s", "0", "-e", "verbose=clone3", "-o", log}
		return append(append(args, r.Strace...), "--", r.Path)
	}, tracee)
}

// Untraced runs the program under a command, such as "curb run", that ends as
// the program does and passes signals on.
func (r Run) Untraced(ctx context.Context, under ...string) (*Result, error) {
	return r.run(ctx, append(under, r.Path), itself)
}

// traced runs the program under the tracer that command returns the command
// line of, given the file to write to, and reads that.
func (r Run) traced(ctx context.Context, parse func(io.Reader) (map[string]int, error),
	command func(log string) []string, find func(ctx context.Context, tracer *os.Process, log string) (*os.Process, error)) (*Result, error) {
	dir, err := os.MkdirTemp("", "curb-strace-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	log := filepath.Join(dir, "log")
	got, err := r.run(ctx, command(log), func(ctx context.Context, p *os.Process) (*os.Process, error) { return find(ctx, p, log) })
	if err != nil {
		return nil, err
	}
	file, err := os.Open(log)
	if err != nil {
		return nil, fmt.Errorf("run %s under a tracer: %w\n%s", r.Path, err, got.Stderr)
	}
	defer file.Close()
	if got.Calls, err = parse(file); err != nil {
		return nil, fmt.Errorf("read what was traced of %s: %w", r.Path, err)
	}
	return got, nil
}

// run starts a command line that ends in the program, in a process group of
// its own, and waits for its end. Nothing that it started stays behind.
func (r Run) run(ctx context.Context, argv []string, find func(context.Context, *os.Process) (*os.Process, error)) (*Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var out, errs bytes.Buffer
	if len(r.Under) > 0 { // it would look for the tracer where the program's own PATH says
		tracer, err := exec.LookPath(argv[0])
		if err != nil {
			return nil, err
		}
		argv = append([]string{tracer}, argv[1:]...)
	}
	argv = slices.Concat(r.Under, argv, r.Args)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = r.Dir, r.Env, r.Stdin, &out, &errs
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if len(r.Keys) > 0 {
		t, err := newTerminal(r.Keys)
		if err != nil {
			return nil, err
		}
		defer t.close()
		t.give(cmd)
	}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 2 * time.Second // for pipes that a child of its own holds
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("run %s: %w", r.Path, err)
	}
	defer syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	during := r.accompany(ctx, cancel, func() (*os.Process, error) { return find(ctx, cmd.Process) })
	err := cmd.Wait()
	cancel()
	failed := <-during
	if cmd.ProcessState == nil {
		return nil, fmt.Errorf("run %s: %w", r.Path, err)
	}
	if failed != nil {
		return nil, fmt.Errorf("%w; it had written:\n%s", failed, Tail(out.Bytes(), errs.Bytes()))
	}
	return &Result{Stdout: out.Bytes(), Stderr: errs.Bytes(), State: cmd.ProcessState}, nil
}

// accompany calls During, and ends the program if that fails.
func (r Run) accompany(ctx context.Context, cancel func(), find func() (*os.Process, error)) <-chan error {
	done := make(chan error, 1)
	if r.During == nil {
		done <- nil
		return done
	}
	go func() {
		p, err := find()
		if err == nil {
			err = r.During(ctx, p)
			p.Release()
		}
		if errors.Is(err, context.Canceled) {
			err = nil // the program has ended, which its caller sees
		}
		if err != nil {
			cancel()
		}
		done <- err
	}()
	return done
}

// itself is for commands that are the program, or stand for it.
func itself(_ context.Context, p *os.Process) (*os.Process, error) {
	return os.FindProcess(p.Pid) // of its own: the other one is waited for
}

// tracee finds the process that strace traces: the first that it writes of.
func tracee(ctx context.Context, _ *os.Process, log string) (*os.Process, error) {
	first, err := begun(ctx, log)
	if err != nil {
		return nil, err
	}
	pid, err := strconv.Atoi(first)
	if err != nil {
		return nil, fmt.Errorf("strace wrote %q where a process's number was expected", first)
	}
	return os.FindProcess(pid)
}

// begun waits until a tracer has begun to write, and returns the first word.
func begun(ctx context.Context, log string) (string, error) {
	for {
		text, err := os.ReadFile(log)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
		if first, _, ok := strings.Cut(string(text), " "); ok {
			return first, nil
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(2 * time.Millisecond):
		}
	}
}
