//go:build linux && (amd64 || arm64)

package launch

import (
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// A process is a program that runs, or has ended and not been waited for.
type process struct {
	pid     int
	signals chan os.Signal

	// mu is held to signal the process and to reap it, so that no signal goes to
	// a process that has got the number since.
	mu      sync.Mutex
	reaped  bool
	stopped bool // and not yet seen to go on
	watched bool // somebody else waits for it
}

func (p *process) wait() (Status, error) {
	for {
		// Only look, so that the process cannot vanish before the lock is held.
		err := unix.Waitid(unix.P_PID, p.pid, nil, unix.WEXITED|unix.WSTOPPED|unix.WNOWAIT, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return Status{}, err
		}
		if status, ended, err := p.take(); ended || err != nil {
			return status, err
		}
	}
}

// take takes what there is to know from the kernel: that the process has ended,
// or that it has stopped, or nothing, if it goes on already.
func (p *process) take() (status Status, ended bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var ws unix.WaitStatus
	pid, err := unix.Wait4(p.pid, &ws, unix.WNOHANG|unix.WUNTRACED, nil)
	switch {
	case err == unix.EINTR || err == nil && pid == 0:
		return Status{}, false, nil
	case err != nil:
		p.reaped = true // by somebody else
		return Status{}, false, err
	case ws.Stopped():
		p.stop(ws.StopSignal())
		return Status{}, false, nil
	}
	p.reaped = true
	if ws.Signaled() {
		return Status{Signal: int(ws.Signal())}, true, nil
	}
	return Status{Code: ws.ExitStatus()}, true, nil
}

// stop stops this process as the program has stopped. The lock stays held: what
// continues this process is seen after that.
func (p *process) stop(sig unix.Signal) {
	p.stopped = true
	raise(sig)
}

// leaveTo has somebody else wait. From then on nothing here may ask the kernel about
// the process: what it tells one it does not tell another.
func (p *process) leaveTo(reap func(stopped func(signal int)) (Status, error)) (Status, error) {
	p.mu.Lock()
	p.watched = true
	p.mu.Unlock()
	status, err := reap(func(sig int) {
		p.mu.Lock()
		defer p.mu.Unlock()
		// Else nobody would continue this process, and with it who watches.
		if p.stopped = true; p.sharesTerminal() {
			p.stop(unix.Signal(sig))
		}
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reaped = true
	return status, err
}

// kill sends the process a signal, unless it has ended. The lock is held.
func (p *process) kill(sig unix.Signal) {
	if !p.reaped {
		unix.Kill(p.pid, sig)
	}
}
