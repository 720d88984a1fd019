//go:build linux && (amd64 || arm64)

package record

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/syscalls"
)

// A tracer is the method that stops every call: ptrace(2). One thread of this
// process is the tracer of all that is watched, and runs loop.
type tracer struct {
	*counter
	exitKill bool // the watched processes die with this one
	command  int  // the process whose end Reap waits for

	requests chan func()
	changed  chan os.Signal // SIGCHLD
	idle     chan struct{}  // closed when nothing is watched any more
	detach   bool

	commandEnded chan struct{} // closed when status is set
	status       unix.WaitStatus

	tracees   map[int]*tracee
	processes map[int]*process
}

// A tracee is a watched thread.
type tracee struct {
	id      int
	process *process // nil until its parent's event has come
	stopped bool     // and waits for that
	current *inCall  // nil if it is in no call
	last    *inCall  // the one that ended last
}

// A process is a watched process.
type process struct {
	id      int
	threads int
	running *image
	code    codeRange
}

func newTracer(o *Options, tables [entries]*syscalls.Table) *tracer {
	t := &tracer{
		counter:  newCounter(o, tables),
		requests: make(chan func()), changed: make(chan os.Signal, 1),
		commandEnded: make(chan struct{}), idle: make(chan struct{}),
		tracees: map[int]*tracee{}, processes: map[int]*process{},
	}
	return t
}

func (t *tracer) name() Method { return Ptrace }

func (t *tracer) hooks() Hooks {
	return Hooks{
		Hold: func(pid int) error {
			t.command, t.exitKill = pid, true
			return t.start([]int{pid}, t.launcherImage())
		},
		Reap: func() (code, signal int, err error) {
			<-t.commandEnded
			if t.status.Signaled() {
				return 0, int(t.status.Signal()), nil
			}
			return t.status.ExitStatus(), 0, nil
		},
	}
}

func (t *tracer) join(target Target) error {
	pids, err := target.processes()
	if err != nil {
		return err
	}
	return t.start(pids, nil)
}

// start begins to trace processes, of which image is known or nil, and returns
// when all their threads have stopped once and gone on.
func (t *tracer) start(pids []int, running *image) error {
	signal.Notify(t.changed, unix.SIGCHLD)
	begun := make(chan error)
	go func() {
		// The thread is the tracer; it ends with the goroutine.
		runtime.LockOSThread()
		err := t.seizeAll(pids, running)
		begun <- err
		if err == nil {
			t.loop()
		}
		close(t.idle)
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
	for t.unsettled() {
		t.await(nil)
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
		for _, e := range entries {
			id, err := strconv.Atoi(e.Name())
			if err != nil || t.tracees[id] != nil {
				continue
			}
			err = t.seize(id)
			if err == unix.ESRCH {
				continue
			}
			if err != nil {
				return fmt.Errorf("trace process %d: %w (only one's own processes can be traced, and each by one tracer)", pid, err)
			}
			if running == nil {
				running = t.imageOf(pid, 0, true)
			}
			t.belongs(t.tracee(id), pid, running)
			fresh = true
		}
		if !fresh {
			return nil
		}
	}
}

func (t *tracer) seize(id int) error {
	options := unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_TRACEFORK | unix.PTRACE_O_TRACEVFORK | unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_TRACEEXEC
	if t.exitKill {
		options |= unix.PTRACE_O_EXITKILL
	}
	if _, _, errno := unix.RawSyscall6(unix.SYS_PTRACE, unix.PTRACE_SEIZE, uintptr(id), 0, uintptr(options), 0, 0); errno != 0 {
		return errno
	}
	if err := unix.PtraceInterrupt(id); err != nil {
		return err
	}
	t.tracee(id).stopped = false
	t.settling[id] = true
	return nil
}

// tracee returns a thread, which may be new.
func (t *tracer) tracee(id int) *tracee {
	e := t.tracees[id]
	if e == nil {
		e = &tracee{id: id}
		t.tracees[id] = e
	}
	return e
}

// belongs puts a thread into its process.
func (t *tracer) belongs(e *tracee, pid int, running *image) {
	p := t.processes[pid]
	if p == nil {
		p = &process{id: pid, running: running}
		t.processes[pid] = p
	}
	p.threads++
	e.process = p
}

// unsettled reports whether threads that were seized have not stopped yet.
func (t *tracer) unsettled() bool { return len(t.settling) > 0 }

// loop goes on until nothing is watched.
func (t *tracer) loop() {
	for len(t.tracees) > 0 {
		t.await(t.requests)
	}
}

// await handles what has happened, or waits until something does.
func (t *tracer) await(requests chan func()) {
	// A call is often followed by the next within microseconds: going to sleep
	// and being woken by a signal takes longer than to look again.
	const looks = 50
	for range looks {
		var status unix.WaitStatus
		id, err := unix.Wait4(-1, &status, unix.WNOHANG|unix.WALL, nil)
		if err == nil && id > 0 {
			t.happened(id, status)
			return
		}
		if err == unix.ECHILD {
			clear(t.tracees)
			clear(t.settling)
			return
		}
	}
	select {
	case <-t.changed:
	case request := <-requests:
		request()
	}
}

// happened handles what wait4 tells of a thread.
func (t *tracer) happened(id int, status unix.WaitStatus) {
	delete(t.settling, id)
	if !status.Stopped() {
		t.gone(id, status)
		return
	}
	e := t.tracee(id)
	event := int(status>>16) & 0xff
	sig := status.StopSignal()
	switch {
	case event == unix.PTRACE_EVENT_EXEC:
		e = t.executed(e)
	case event == unix.PTRACE_EVENT_FORK, event == unix.PTRACE_EVENT_VFORK, event == unix.PTRACE_EVENT_CLONE:
		t.forked(e)
	}
	if e.process == nil {
		e.stopped = true // until its parent's event tells whose it is
		return
	}
	t.goOn(e, event, sig)
}

// goOn lets a stopped thread go on. What stopped it decides how.
func (t *tracer) goOn(e *tracee, event int, sig unix.Signal) {
	deliver := 0
	switch {
	case sig == unix.SIGTRAP|0x80:
		t.callStop(e)
	case event == unix.PTRACE_EVENT_STOP && isStop(sig) && !t.detach:
		// The process is stopped, and stays so until SIGCONT.
		unix.RawSyscall6(unix.SYS_PTRACE, unix.PTRACE_LISTEN, uintptr(e.id), 0, 0, 0, 0)
		return
	case event == 0:
		t.signalled(e, sig)
		deliver = int(sig)
	}
	if t.detach {
		t.leave(e, deliver)
		return
	}
	// Where this fails the thread was killed, which wait4 will tell.
	unix.PtraceSyscall(e.id, deliver)
}

func isStop(sig unix.Signal) bool {
	return sig == unix.SIGSTOP || sig == unix.SIGTSTP || sig == unix.SIGTTIN || sig == unix.SIGTTOU
}

// forked takes in a thread that another one has made. Which of the two is told
// of first is not certain.
func (t *tracer) forked(parent *tracee) {
	id, err := unix.PtraceGetEventMsg(parent.id)
	if err != nil || parent.process == nil {
		return
	}
	child := t.tracee(int(id))
	if child.process != nil {
		return
	}
	pid := leaderOf(child.id)
	if pid == 0 {
		pid = child.id // it is gone already
	}
	running := parent.process.running
	if pid != parent.process.id && t.options.PerProcess {
		running = t.imageLike(running, pid, parent.process.id)
	}
	t.belongs(child, pid, running)
	child.process.code = parent.process.code
	if child.stopped {
		child.stopped = false
		t.goOn(child, unix.PTRACE_EVENT_STOP, unix.SIGTRAP)
	}
}

// executed takes in that a process runs another program. Of its threads only the
// one that executed it is left, with the number of the process.
func (t *tracer) executed(e *tracee) *tracee {
	was, err := unix.PtraceGetEventMsg(e.id)
	if old := t.tracees[int(was)]; err == nil && old != nil && old != e {
		if p := e.process; p != nil {
			p.threads--
		}
		delete(t.tracees, old.id)
		old.id = e.id
		t.tracees[e.id] = old
		e = old
	}
	if p := e.process; p != nil {
		p.running, p.code = t.imageOf(p.id, parentOf(p.id), false), codeRange{}
	}
	return e
}

// gone takes in the end of a thread.
func (t *tracer) gone(id int, status unix.WaitStatus) {
	e := t.tracees[id]
	if id == t.command {
		t.command, t.status = 0, status
		close(t.commandEnded)
	}
	if e == nil {
		return
	}
	delete(t.tracees, id)
	t.endless(e, status.Signaled() && status.Signal() == unix.SIGSYS)
	if p := e.process; p != nil {
		if p.threads--; p.threads == 0 {
			delete(t.processes, p.id)
		}
	}
}

// leave stops watching a thread that is stopped.
func (t *tracer) leave(e *tracee, sig int) {
	t.endless(e, false)
	unix.RawSyscall6(unix.SYS_PTRACE, unix.PTRACE_DETACH, uintptr(e.id), 0, uintptr(sig), 0, 0)
	delete(t.tracees, e.id)
}

// leaveAll has every thread stop, and be left then.
func (t *tracer) leaveAll() {
	t.detach = true
	for _, e := range t.tracees {
		if e.stopped {
			t.leave(e, 0)
		} else {
			unix.PtraceInterrupt(e.id)
		}
	}
}

func (t *tracer) wait(ctx context.Context) error {
	select {
	case <-t.idle:
	case <-ctx.Done():
	}
	return nil
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

// An inCall is a call that has begun.
type inCall struct {
	image *image
	id    callID
	start time.Time
	args  [6]uint64
	stack uint64

	result uint64 // at its end
}

// parentOf returns the parent of a process, 0 if that is not known.
func parentOf(pid int) int {
	fields := statOf(pid)
	if len(fields) < 2 {
		return 0
	}
	parent, _ := strconv.Atoi(fields[1])
	return parent
}

// statOf returns the fields of /proc/PID/stat after the command's name, which can
// have any characters in it: the third of proc(5) is the first.
func statOf(pid int) []string {
	text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
}
