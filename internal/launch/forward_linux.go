//go:build linux && (amd64 || arm64)

package launch

import (
	"os"
	"os/signal"
	"sync"

	"golang.org/x/sys/unix"
)

// forwarded are the signals that are passed on: all but those that concern the
// process that gets them (faults, its own broken pipe, its limits, its children,
// its terminal) and SIGURG, which Go's runtime sends to itself.
var forwarded = sync.OnceValue(func() (list []os.Signal) {
	all := []unix.Signal{
		unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGABRT, unix.SIGUSR1, unix.SIGUSR2,
		unix.SIGALRM, unix.SIGTERM, unix.SIGCONT, unix.SIGTSTP, unix.SIGVTALRM,
		unix.SIGPROF, unix.SIGWINCH, unix.SIGIO, unix.SIGPWR,
	}
	// The C libraries use the first three real-time signals for themselves.
	for sig := unix.Signal(35); sig <= maxSignal; sig++ {
		all = append(all, sig)
	}
	for _, sig := range all {
		if !ignoredAtStart.has(sig) {
			list = append(list, sig)
		}
	}
	return list
})

// notify begins to catch the signals that are passed on.
func notify() chan os.Signal {
	signals := make(chan os.Signal, 128)
	signal.Notify(signals, forwarded()...)
	return signals
}

// release ends what notify began.
func (p *process) release() {
	signal.Stop(p.signals)
	close(p.signals)
}

// forwardAll passes signals on until release.
func (p *process) forwardAll() {
	for sig := range p.signals {
		p.forward(sig.(unix.Signal))
	}
}

func (p *process) forward(sig unix.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch sig {
	case unix.SIGCONT:
		p.resume()
	case unix.SIGINT, unix.SIGQUIT, unix.SIGTSTP, unix.SIGWINCH:
		if !p.sharesTerminal() {
			p.kill(sig)
		}
	default:
		p.kill(sig)
	}
}

// resume passes SIGCONT on. A shell sends it to the whole process group, so a
// program that goes on already has got it. The lock is held.
func (p *process) resume() {
	if p.reaped {
		return
	}
	if !p.watched && p.pending(unix.WSTOPPED) {
		if p.sharesTerminal() {
			// Go hands signals on in the order of their numbers, so that this one can be
			// older than the stop, which came from the terminal: wait sees to that.
			p.stopped = false
			return
		}
		p.changed(unix.WSTOPPED)
		p.stopped = true
	}
	if p.stopped {
		p.stopped = false
		if p.watched || !p.changed(unix.WCONTINUED) {
			p.kill(unix.SIGCONT)
		}
		return
	}
	if _, hasTerminal := terminalGroup(); !hasTerminal {
		p.kill(unix.SIGCONT)
	}
}

// changed reports whether the process has stopped or gone on, and takes that
// from the kernel.
func (p *process) changed(how int) bool {
	var info unix.Siginfo
	err := unix.Waitid(unix.P_PID, p.pid, &info, how|unix.WNOHANG, nil)
	return err == nil && info.Signo != 0
}

// pending is changed, and leaves it with the kernel.
func (p *process) pending(how int) bool { return p.changed(how | unix.WNOWAIT) }

// sharesTerminal reports whether the terminal sends its signals both to this
// process and to the program.
func (p *process) sharesTerminal() bool {
	foreground, ok := terminalGroup()
	if !ok || foreground != unix.Getpgrp() {
		return false
	}
	group, err := unix.Getpgid(p.pid)
	return err == nil && group == foreground
}

// terminalGroup returns the process group that is in the foreground of this
// process's controlling terminal, if it has one.
func terminalGroup() (group int, ok bool) {
	fd, err := unix.Open("/dev/tty", unix.O_RDONLY|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, false
	}
	defer unix.Close(fd)
	group, err = unix.IoctlGetInt(fd, unix.TIOCGPGRP)
	return group, err == nil
}
