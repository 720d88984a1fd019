package main

import (
	"context"
	"math/rand/v2"
	"os"
	"syscall"
	"time"
)

// A mode is what is special about a run.
type mode struct {
	name   string
	env    []string
	strace []string
	small  bool // for the small programs only
	crash  bool // it is ended by SIGQUIT
	pause  bool // it is stopped and continued while it works
	anyEnd bool // how it ends does not matter
	fault  bool // a call fails
}

// modes are those that every way of a program is observed in.
var modes = []mode{
	{name: "default"},
	{name: "one processor", env: []string{"GOMAXPROCS=1"}},
	{name: "collecting always", env: []string{"GOGC=5"}},
	{name: "stop and continue", pause: true},
	{name: "crash", env: []string{"GOTRACEBACK=crash"}, crash: true, anyEnd: true},
	{name: "no address twice", env: []string{"GODEBUG=efence=1"}, small: true, anyEnd: true},
}

// faults returns the modes in which one call fails: as on a kernel that does
// not have it, as if it were forbidden, and as if a signal came in between.
func faults(call string) []mode {
	first := "1"
	switch call {
	case "exit", "exit_group", "rt_sigreturn":
		return nil // these do not return
	case "getpid", "getppid", "gettid", "getpgrp", "getuid", "geteuid", "getgid", "getegid", "umask":
		return nil // these cannot fail, and nobody looks: kill(getpid(), …) would be kill(-1, …)
	case "execve":
		first = "2" // the first one is the launcher's
	}
	var all []mode
	for _, f := range []struct{ errno, when string }{
		{"ENOSYS", first + "+"},
		{"EPERM", first + "+"},
		{"EINTR", first + "+2"}, // each second time: it may be tried again until it succeeds
	} {
		all = append(all, mode{
			name: call + " fails with " + f.errno, fault: true, anyEnd: true,
			strace: []string{"-e", "inject=" + call + ":error=" + f.errno + ":when=" + f.when},
		})
	}
	return all
}

// during returns what happens while a program runs.
func during(w way, m mode, dir string, ports []string) func(context.Context, *os.Process) error {
	if w.drive == nil && !m.pause && !m.crash {
		return nil
	}
	return func(ctx context.Context, p *os.Process) error {
		l := &live{ctx: ctx, dir: dir, port: ports[0], port2: ports[1], process: p, mode: m}
		var err error
		switch {
		case w.drive != nil:
			err = w.drive(l)
		case m.crash:
			err = l.quit()
		default:
			err = l.pauses()
		}
		if err != nil && m.anyEnd {
			p.Kill() // nothing will end it now; what it did until here counts
			return nil
		}
		return err
	}
}

// quit ends a program, which ends soon by itself, with SIGQUIT, early in its
// life, but not always at the same place.
func (l *live) quit() error {
	if err := l.sleep(time.Duration(rand.N(30)) * time.Millisecond); err != nil {
		return err
	}
	return l.signal(syscall.SIGQUIT)
}

// pauses stops and continues a program until it ends.
func (l *live) pauses() error {
	for {
		if err := l.pause(5 * time.Millisecond); err != nil {
			return err
		}
		if err := l.sleep(10 * time.Millisecond); err != nil {
			return err
		}
	}
}
