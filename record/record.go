package record

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/gocurb/curb/syscalls"
	"github.com/gocurb/curb/usage"
)

// A Method is a way to watch system calls.
type Method string

// The methods. The zero Method takes BPF where it can be had, else Ptrace.
const (
	BPF    Method = "bpf"
	Ptrace Method = "ptrace"
)

// Options say what is recorded.
type Options struct {
	Method Method
	// CallsOnly leaves out what is known at the end of a call: time, errors and
	// denials. By BPF that costs half.
	CallsOnly bool
	// Stacks takes the stack of every call.
	Stacks bool
	// PerProcess tells the processes of one program apart.
	PerProcess bool
	// Wanted says whether the program with that path is to be in the result. Nil
	// stands for all. It is called while the program runs.
	Wanted func(path string) bool

	oldKernel bool   // do as on a kernel that can do less, for tests
	places    uint32 // how many threads have a place, for tests; 0 is as many as can
}

// Hooks are what the launcher of a command does for its recorder.
type Hooks struct {
	// Hold is to be called with the child that becomes the command, which must not
	// execute it before Hold has returned without an error.
	Hold func(pid int) error
	// Reap, if not nil, waits for the command's end in the launcher's place, and
	// returns its exit code, or the signal that ended it. It calls stopped each time
	// that a signal stops the command. Nobody else may wait for the command.
	Reap func(stopped func(signal int)) (code, signal int, err error)
}

// A Target is what is joined: processes by their ids, or all that are in a control
// group.
type Target struct {
	PIDs []int
	// Cgroup is the path of a group's directory. Processes that move there later
	// are seen from their next exec on, if the group is of version 2; by ptrace
	// they are not.
	Cgroup string
}

// A Recorder watches one command, or what it has joined, once. Its methods are not
// for use by several goroutines at once.
type Recorder struct {
	options   Options
	tables    [entries]*syscalls.Table
	method    method
	why       string
	recording usage.Recording
	started   time.Time
	done      bool
}

// A method watches processes and sums up what they do.
type method interface {
	name() Method
	// hooks are for the launcher of a command.
	hooks() Hooks
	// join begins to watch running processes.
	join(Target) error
	// wait returns when nothing runs that is watched, or when the context ends.
	wait(context.Context) error
	// finish ends watching and returns what was seen.
	finish() (*tally, error)
	close() error
}

// New makes a recorder, which begins to watch with Run or Join. Close frees what it
// holds.
func New(o Options) (*Recorder, error) {
	tables, err := entryTables(runtime.GOARCH)
	if err != nil {
		return nil, err
	}
	m, why, err := newMethod(&o, tables)
	if err != nil {
		return nil, err
	}
	return &Recorder{options: o, tables: tables, method: m, why: why}, nil
}

// Method returns the method that is in use, and in a few words why it is.
func (r *Recorder) Method() (m Method, why string) { return r.method.name(), r.why }

// errUsed is for a second Run or Join.
var errUsed = errors.New("a Recorder records once")

// begin notes when and where.
func (r *Recorder) begin(command []string) error {
	if !r.started.IsZero() {
		return errUsed
	}
	r.started = time.Now()
	r.recording = newRecording(r.method.name(), r.started, command)
	return nil
}

// Run records a command and all that it starts. The launcher starts it, with the
// hooks, and returns when it has ended. Run returns when the last process has ended,
// or when the launcher has returned and then the context ends. An error is the
// launcher's, if it has one.
func (r *Recorder) Run(ctx context.Context, command []string, launch func(Hooks) error) error {
	if err := r.begin(command); err != nil {
		return err
	}
	if err := launch(r.method.hooks()); err != nil {
		return err
	}
	err := r.method.wait(ctx)
	r.recording.Duration = time.Since(r.started)
	return err
}

// Join records what the processes do, and what they start from now on, until the
// last of them has ended or the context ends.
func (r *Recorder) Join(ctx context.Context, t Target) error {
	if err := r.begin(nil); err != nil {
		return err
	}
	if err := r.method.join(t); err != nil {
		return err
	}
	err := r.method.wait(ctx)
	r.recording.Duration = time.Since(r.started)
	return err
}

// Usages ends the recording and returns what was seen: a usage for each program
// that ran and is wanted (or process, if they are told apart), the command first.
func (r *Recorder) Usages() ([]*usage.Usage, error) {
	if r.started.IsZero() || r.done {
		return nil, errors.New("there is nothing that was recorded")
	}
	r.done = true
	t, err := r.method.finish()
	if err != nil {
		return nil, fmt.Errorf("read what was recorded: %w", err)
	}
	r.recording.Lost = t.lost
	return r.usages(t), nil
}

// Close frees what the recorder holds.
func (r *Recorder) Close() error { return r.method.close() }
