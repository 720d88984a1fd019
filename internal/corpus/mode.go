package main

import (
	"context"
	"errors"
	"os"
	"strings"
	"syscall"
	"time"
)

// A mode is what is special about a run.
type mode struct {
	name   string
	env    []string
	strace []string // further arguments for strace
	under  []string // the command line that starts strace
	small  bool     // for the small programs and the rows that are observed most widely only
	wide   bool     // for the rows that are observed most widely only
	short  bool     // not for what is driven from without
	crash  bool     // it is ended by SIGQUIT
	pause  bool     // it is stopped and continued while it works
	anyEnd bool     // how it ends does not matter
	fault  bool     // a call fails
	noVDSO bool     // it runs where there is no vDSO: under an emulator
	other  bool     // it runs as another user, who owns nothing
	full   bool     // the file system that it works on is full
}

// modes are those that every way of a program is observed in.
var modes = []mode{
	{name: "default"},
	{name: "one processor", env: []string{"GOMAXPROCS=1"}},
	{name: "collecting always", env: []string{"GOGC=5"}},
	{name: "stop and continue", pause: true},
	// It is held when it writes for the first time, or it would have ended.
	{name: "crash", env: []string{"GOTRACEBACK=crash"}, strace: held("200ms"), crash: true, anyEnd: true},
	{name: "no address twice", env: []string{"GODEBUG=efence=1"}, small: true, anyEnd: true},

	{name: "settings of the runtime", wide: true, anyEnd: true, env: []string{
		"GODEBUG=decoratemappings=1,disablethp=1,harddecommit=1,madvdontneed=0,gctrace=1,scavtrace=1,inittrace=1,schedtrace=5,netdns=go+2,multipathtcp=1",
		"GOTRACEBACK=system", "TZ=Mars/Phobos",
	}},
	// What waits for others goes on collecting and returning memory.
	{name: "slow", wide: true, short: true, pause: true, anyEnd: true, env: []string{"GOMEMLIMIT=1", "GOGC=1"}, strace: held("500ms")},
	{name: "no vDSO", wide: true, anyEnd: true, noVDSO: true},
	{name: "few files", wide: true, anyEnd: true, env: []string{"HOME=", "TMPDIR=/missing"}, under: []string{"prlimit", "--nofile=12", "--"}},
	{name: "little memory", wide: true, anyEnd: true, under: []string{"prlimit", "--as=800000000", "--"}},
	{name: "older kernel", wide: true, anyEnd: true, strace: lacking("faccessat2", "pidfd_open", "pidfd_send_signal", "copy_file_range", "getrandom", "openat2", "statx")},
	// Without that call a program asks who it is, and decides for itself.
	{name: "another user", wide: true, anyEnd: true, other: true, strace: append(lacking("faccessat2"), "-u", "nobody")},
	{name: "full disk", wide: true, anyEnd: true, full: true},
}

// lacking is a kernel without these calls.
func lacking(calls ...string) []string {
	return []string{"-e", "inject=" + strings.Join(calls, ",") + ":error=ENOSYS"}
}

// held has each thread stay in its first two calls of write.
func held(d string) []string { return []string{"-e", "inject=write:delay_enter=" + d + ":when=1..2"} }

// fits reports whether a way of a row's program is observed in the mode.
func (m *mode) fits(r *row, w *way) bool {
	return (!r.quick || m.name == modes[0].name) && (!m.small || r.small || r.wide) && (!m.wide || r.wide) && (!m.short || w.drive == nil) &&
		(!m.noVDSO || !r.locked()) // the emulator loads no filter
}

// Errors that a call can end with and that programs look for.
var expected = map[string][]string{
	"accept4":         {"ECONNABORTED", "EMFILE"},
	"clone":           {"EAGAIN"},
	"connect":         {"ECONNREFUSED"},
	"copy_file_range": {"EXDEV"},
	"epoll_ctl":       {"EEXIST"},
	"fcntl":           {"EBADF"},
	"futex":           {"EAGAIN"},
	"getcwd":          {"ENAMETOOLONG"},
	"linkat":          {"EXDEV"},
	"mmap":            {"ENOMEM"},
	"openat":          {"ENOENT", "EMFILE", "EACCES"},
	"read":            {"EAGAIN", "EIO"},
	"renameat":        {"EXDEV"},
	"sendfile":        {"EINVAL"},
	"setsockopt":      {"ENOPROTOOPT"},
	"socket":          {"EAFNOSUPPORT"},
	"splice":          {"EINVAL"},
	"write":           {"EPIPE", "ENOSPC", "EAGAIN"},
}

// faults returns the modes in which one call fails: as on a kernel that does
// not have it, as if it were forbidden, as if a signal came in between, and as
// programs expect of it.
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
	add := func(errno, when string) {
		all = append(all, mode{
			name: call + " fails with " + errno, fault: true, anyEnd: true,
			strace: []string{"-e", "inject=" + call + ":error=" + errno + ":when=" + when},
		})
	}
	add("ENOSYS", first+"+")
	add("EPERM", first+"+")
	add("EINTR", first+"+2") // each second time: it may be tried again until it succeeds
	for _, errno := range expected[call] {
		add(errno, first+"+2")
	}
	return all
}

// during returns what happens while a program runs.
func during(w way, m mode, dir string, ports []string) func(context.Context, *os.Process) error {
	if w.drive == nil && !m.pause && !m.crash {
		return nil
	}
	return func(ctx context.Context, p *os.Process) error {
		l := &live{ctx: ctx, dir: dir, port: ports[0], port2: ports[1], port3: ports[2], process: p, mode: m}
		var err error
		switch {
		case w.drive != nil:
			err = w.drive(l)
		case m.crash:
			err = errors.Join(l.sleep(100*time.Millisecond), l.signal(syscall.SIGQUIT))
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
