//go:build linux && (amd64 || arm64)

package record

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// happened handles what wait4 tells of a thread.
func (t *tracer) happened(id int, status unix.WaitStatus) {
	if !status.Stopped() {
		t.gone(id, status)
		t.adoptEarly()
		return
	}
	e := t.tracees[id]
	if e == nil {
		e = &tracee{id: id}
		t.tracees[id] = e
	}
	event := int(status>>16) & 0xff
	switch event {
	case unix.PTRACE_EVENT_EXEC:
		e = t.executed(e)
	case unix.PTRACE_EVENT_FORK, unix.PTRACE_EVENT_VFORK, unix.PTRACE_EVENT_CLONE:
		t.forked(e)
	}
	if e.process != nil {
		t.goOn(e, event, status.StopSignal())
	} else {
		t.early[id] = e // until its parent's event tells whose it is
	}
	t.adoptEarly()
}

// goOn lets a stopped thread go on. What stopped it decides how.
func (t *tracer) goOn(e *tracee, event int, sig unix.Signal) {
	deliver := 0
	if event == 0 && sig != unix.SIGTRAP|syscallStop {
		deliver = int(sig)
		t.signalled(e, sig)
	}
	t.settle(e)
	if !e.filters.known && !e.process.running.unwanted {
		e.filters = filtersOf(e.id)
	}
	switch {
	case event == 0 && sig == unix.SIGTRAP|syscallStop:
		t.callStop(e)
	case event == unix.PTRACE_EVENT_STOP && isStop(sig) && !t.detach:
		// The process is stopped, and stays so until SIGCONT.
		unix.RawSyscall6(unix.SYS_PTRACE, unix.PTRACE_LISTEN, uintptr(e.id), 0, 0, 0, 0)
		if e.id == t.command {
			t.tell(unix.WaitStatus(sig)<<8 | stoppedStatus)
		}
		return
	}
	if t.detach {
		t.leave(e, deliver)
		return
	}
	request := unix.PTRACE_SYSCALL
	if e.process.running.unwanted && e.current == nil {
		// Until it executes something else.
		request, e.filters = unix.PTRACE_CONT, loaded{}
	}
	// Where this fails the thread was killed, which wait4 will tell.
	unix.RawSyscall6(unix.SYS_PTRACE, uintptr(request), uintptr(e.id), 0, uintptr(deliver), 0, 0)
}

const (
	syscallStop   = 0x80 // PTRACE_O_TRACESYSGOOD: what a call's stop has besides SIGTRAP
	stoppedStatus = 0x7f // wait(2): what the status of a stop has in its lowest bits
)

func isStop(sig unix.Signal) bool {
	return sig == unix.SIGSTOP || sig == unix.SIGTSTP || sig == unix.SIGTTIN || sig == unix.SIGTTOU
}

// tell tells Reap of the command. A stop that nobody has taken yet is out of date.
func (t *tracer) tell(status unix.WaitStatus) {
	select {
	case <-t.commandChanged:
	default:
	}
	t.commandChanged <- status
}

// forked takes in a thread that another one has made. The new thread's own stop may
// have come before.
func (t *tracer) forked(parent *tracee) {
	id, err := unix.PtraceGetEventMsg(parent.id)
	if err != nil || id == 0 || parent.process == nil {
		return
	}
	if parent.current != nil {
		parent.current.forked = true
	}
	child := t.tracees[int(id)]
	if child == nil {
		if leaderOf(int(id)) == 0 {
			return // it was killed and is gone
		}
		child = &tracee{id: int(id)}
		t.tracees[child.id] = child
	} else if child.process != nil {
		return
	} else {
		delete(t.early, child.id)
		defer t.goOn(child, unix.PTRACE_EVENT_STOP, unix.SIGTRAP)
	}
	child.filters = parent.filters
	t.adopt(child, parent.process.running)
}

// adopt finds the process that a new thread belongs to. The image is that of its
// parent, nil if that is not known.
func (t *tracer) adopt(e *tracee, running *image) {
	pid := leaderOf(e.id)
	if pid == 0 {
		pid = e.id // it was killed
	}
	if t.processes[pid] == nil && (running == nil || t.options.PerProcess) {
		running = t.imageOf(pid, t.born+1, parentOf(pid), false)
	}
	t.belongs(e, pid, running)
}

// adoptEarly lets new threads go on whose parent's event will not come any more: the
// parent was killed in its fork. Nothing else would.
func (t *tracer) adoptEarly() {
	if len(t.early) == 0 {
		return
	}
	for _, e := range t.tracees {
		if in := e.current; in != nil && in.forks && !in.forked {
			return
		}
	}
	for id, e := range t.early {
		delete(t.early, id)
		t.adopt(e, nil)
		t.goOn(e, unix.PTRACE_EVENT_STOP, unix.SIGTRAP)
	}
}

// executed takes in that a process runs another program. Of its threads only the
// one that executed it is left, with the number of the process.
func (t *tracer) executed(e *tracee) *tracee {
	was, err := unix.PtraceGetEventMsg(e.id)
	if old := t.tracees[int(was)]; err == nil && old != nil && old != e {
		t.ended(e, false)
		delete(t.tracees, old.id)
		old.id = e.id
		t.tracees[e.id] = old
		e = old
	}
	if p := e.process; p != nil {
		p.running, p.code = t.imageOf(p.id, p.number, parentOf(p.id), false), codeRange{}
	}
	return e
}

// gone takes in the end of a thread.
func (t *tracer) gone(id int, status unix.WaitStatus) {
	if e := t.tracees[id]; e != nil {
		t.ended(e, status.Signaled() && status.Signal() == unix.SIGSYS)
	}
	if id == t.command {
		t.command = 0
		t.tell(status)
	}
}

// ended forgets a thread.
func (t *tracer) ended(e *tracee, killedBySIGSYS bool) {
	t.endless(e, killedBySIGSYS)
	delete(t.tracees, e.id)
	delete(t.early, e.id)
	if p := e.process; p != nil {
		if p.threads--; p.threads == 0 {
			delete(t.processes, p.id)
		}
	}
}

// callStop takes in the beginning or the end of a call.
func (t *tracer) callStop(e *tracee) {
	info, err := callInfoOf(e.id)
	switch {
	case err == unix.ESRCH: // it was killed
	case err == unix.EIO:
		t.failed = fmt.Errorf("stopping calls by ptrace needs Linux 5.3 or later (PTRACE_GET_SYSCALL_INFO); this is %s", kernelRelease())
		t.leaveAll()
	case err != nil:
		t.lost.Events++
	case info.op == unix.PTRACE_SYSCALL_INFO_ENTRY:
		t.begins(e, &info)
	case info.op == unix.PTRACE_SYSCALL_INFO_EXIT:
		t.ends(e, &info)
	}
}
