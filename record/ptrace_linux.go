//go:build linux && (amd64 || arm64)

package record

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/syscalls"
)

// A tracer is the method that stops every call: ptrace(2). One thread of this
// process is the tracer of all that is watched, and runs loop: the kernel takes
// requests from no other.
type tracer struct {
	*counter
	command  int // the process whose end Reap waits for
	requests chan func()
	changed  chan os.Signal // SIGCHLD
	detach   bool

	commandChanged chan unix.WaitStatus // stops, and the end
	idle           chan struct{}        // closed when nothing is watched any more
	failed         error                // read once idle is closed

	tracees   map[int]*tracee
	early     map[int]*tracee // those that stopped before their parent's event came
	processes map[int]*process
	born      int // how many processes there were
}

// A tracee is a watched thread.
type tracee struct {
	id      int
	process *process // nil until it is known
	current *inCall  // nil if it is in no call
	last    *inCall  // the one that ended last, and is not counted yet
	filters loaded
}

// A process is a watched process.
type process struct {
	id, number int // the number is its own for ever
	threads    int
	running    *image
	code       codeRange
}

func newTracer(o *Options, tables [entries]*syscalls.Table) *tracer {
	return &tracer{
		counter:  newCounter(o, tables),
		requests: make(chan func()), changed: make(chan os.Signal, 1),
		commandChanged: make(chan unix.WaitStatus, 1), idle: make(chan struct{}),
		tracees: map[int]*tracee{}, early: map[int]*tracee{}, processes: map[int]*process{},
	}
}

func (t *tracer) name() Method { return Ptrace }

func (t *tracer) hooks() Hooks {
	return Hooks{
		Hold: func(pid int) error {
			t.command = pid
			return t.start([]int{pid}, t.launcherImage())
		},
		Reap: t.reap,
	}
}

func (t *tracer) reap(stopped func(signal int)) (code, signal int, err error) {
	for {
		var status unix.WaitStatus
		select {
		case status = <-t.commandChanged:
		case <-t.idle:
			select {
			case status = <-t.commandChanged:
			default:
				return 0, 0, errors.Join(errors.New("somebody else has waited for its end"), t.failed)
			}
		}
		switch {
		case status.Stopped():
			stopped(int(status.StopSignal()))
		case status.Signaled():
			return 0, int(status.Signal()), nil
		default:
			return status.ExitStatus(), 0, nil
		}
	}
}

func (t *tracer) join(target Target) error {
	pids, err := target.processes()
	if err != nil {
		return err
	}
	if len(pids) == 0 {
		return fmt.Errorf("no process is in the control group %s: by ptrace only those that are there now can be joined", target.Cgroup)
	}
	return t.start(pids, nil)
}

// start begins to trace processes, of which the image is known or nil.
func (t *tracer) start(pids []int, running *image) error {
	signal.Notify(t.changed, unix.SIGCHLD)
	begun := make(chan error)
	go func() {
		// It stays the tracer, and ends with the goroutine.
		runtime.LockOSThread()
		err := t.seizeAll(pids, running)
		if err != nil {
			t.leaveAll()
		} else {
			begun <- nil
		}
		for len(t.tracees) > 0 {
			t.await()
		}
		close(t.idle)
		if err != nil {
			begun <- err
		}
	}()
	return <-begun
}

func (t *tracer) seizeAll(pids []int, running *image) error {
	for _, pid := range pids {
		err := t.seizeProcess(pid, running)
		// Processes of a group may have ended meanwhile.
		if err != nil && (len(pids) == 1 || !errors.Is(err, unix.ESRCH)) {
			return err
		}
	}
	return nil
}

// seizeProcess seizes all threads of a process: those that they make meanwhile,
// too, until there are no new ones.
func (t *tracer) seizeProcess(pid int, running *image) error {
	for {
		entries, err := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/task")
		if err != nil {
			return fmt.Errorf("trace process %d: %w", pid, unix.ESRCH)
		}
		fresh := false
		for _, entry := range entries {
			id, err := strconv.Atoi(entry.Name())
			if err != nil || t.tracees[id] != nil {
				continue
			}
			err = seize(id)
			if err == unix.ESRCH {
				continue
			}
			if err == unix.EPERM && tracerOf(id) == unix.Gettid() {
				continue // a thread that the kernel has handed over; its stop will tell of it
			}
			if err != nil {
				return fmt.Errorf("trace process %d: %w%s", pid, err, explainSeize(id))
			}
			if running == nil {
				running = t.imageOf(pid, t.born+1, parentOf(pid), true)
			}
			e := &tracee{id: id}
			t.tracees[id] = e
			t.belongs(e, pid, running)
			fresh = true
		}
		if !fresh {
			return nil
		}
	}
}

// seize begins to trace a thread, which stops before it goes on in its program. The
// watched processes do not die with this one (PTRACE_O_EXITKILL): what would run
// without a recorder goes on without it.
func seize(id int) error {
	const options = unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_TRACEFORK | unix.PTRACE_O_TRACEVFORK | unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_TRACEEXEC
	if _, _, errno := unix.RawSyscall6(unix.SYS_PTRACE, unix.PTRACE_SEIZE, uintptr(id), 0, options, 0, 0); errno != 0 {
		return errno
	}
	return unix.PtraceInterrupt(id)
}

// explainSeize says why a thread cannot be traced.
func explainSeize(id int) string {
	if tracer := tracerOf(id); tracer != 0 {
		return fmt.Sprintf(": process %d traces it, and there can be one tracer only", tracer)
	}
	scope, _ := os.ReadFile("/proc/sys/kernel/yama/ptrace_scope")
	if len(scope) > 0 && scope[0] != '0' {
		return ": /proc/sys/kernel/yama/ptrace_scope is not 0, so that only root may join what runs already"
	}
	return ": only root may trace the processes of others, and those whose user has changed"
}

// belongs puts a thread into its process.
func (t *tracer) belongs(e *tracee, pid int, running *image) {
	p := t.processes[pid]
	if p == nil {
		t.born++
		p = &process{id: pid, number: t.born, running: running}
		t.processes[pid] = p
	}
	p.threads++
	e.process = p
}

// await handles what has happened, or waits until something does.
func (t *tracer) await() {
	// A call is often followed by the next within microseconds: going to sleep
	// and being woken by a signal takes longer than to look again.
	const looks = 50
	for range looks {
		var status unix.WaitStatus
		// Not for the children of other threads, which are those of this process.
		id, err := unix.Wait4(-1, &status, unix.WNOHANG|unix.WALL|unix.WNOTHREAD, nil)
		if err == nil && id > 0 {
			t.happened(id, status)
			return
		}
		if err == unix.ECHILD {
			clear(t.tracees) // somebody else has waited for them
			return
		}
	}
	select {
	case <-t.changed:
	case request := <-t.requests:
		request()
	}
}

// leave stops watching a thread that is stopped.
func (t *tracer) leave(e *tracee, sig int) {
	unix.RawSyscall6(unix.SYS_PTRACE, unix.PTRACE_DETACH, uintptr(e.id), 0, uintptr(sig), 0, 0)
	t.ended(e, false)
}

// leaveAll has every thread stop, and be left then.
func (t *tracer) leaveAll() {
	t.detach = true
	for id, e := range t.tracees {
		if t.early[id] == nil {
			unix.PtraceInterrupt(id)
		} else {
			t.leave(e, 0)
		}
	}
}

func (t *tracer) wait(ctx context.Context) error {
	select {
	case <-t.idle:
		return t.failed
	case <-ctx.Done():
		return nil
	}
}

// release ends tracing: what is still running goes on by itself.
func (t *tracer) release() {
	for {
		select {
		case <-t.idle:
			signal.Stop(t.changed)
			return
		case t.requests <- t.leaveAll:
			<-t.idle
		}
	}
}

func (t *tracer) finish() (*tally, error) {
	t.release()
	return t.tally(), nil
}

func (t *tracer) close() error {
	if t.begun() {
		t.release()
	}
	t.closePrograms()
	return nil
}
