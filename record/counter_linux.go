//go:build linux && (amd64 || arm64)

package record

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/syscalls"
	"github.com/gocurb/curb/usage"
)

// A counter sums up calls as the tracer sees them.
type counter struct {
	options  *Options
	tables   [entries]*syscalls.Table
	facts    map[callID]*facts
	images   map[imageKey]*image
	order    []*image
	others   *image // stands for all for which there was no room
	programs map[fileKey]*program
	memory   window
	cells    int // how many calls of images are kept
	stacks   int
	ways     int
	lost     usage.Lost
}

// What is kept at most, as by BPF.
const (
	maxCells  = 1 << 14
	maxStacks = 1 << 14
	maxWays   = 1 << 15
)

// facts are what counting needs to know of a call.
type facts struct {
	tracked []trackedArg
	forks   bool // it makes processes or threads
	prctl   bool // these two can load a filter
	seccomp bool
	returns bool // from a signal: its result is the one of the code that the signal interrupted
}

// A fileKey tells files apart, and those that could not be opened by their path.
type fileKey struct {
	device, inode uint64
	changed       syscall.Timespec
	path          string
}

// An imageKey tells images apart.
type imageKey struct {
	file    fileKey
	process int // its number, 0 where processes are not told apart
}

// An inCall is a call that has begun.
type inCall struct {
	image  *image
	id     callID
	args   [6]uint64
	stack  uint64
	denied bool     // by a filter that is known
	loads  *filters // it loads this
	forks  bool
	forked bool // and has

	start  time.Time
	took   time.Duration
	result uint64
	errno  int
}

func newCounter(o *Options, tables [entries]*syscalls.Table) *counter {
	return &counter{
		options: o, tables: tables, facts: map[callID]*facts{},
		images: map[imageKey]*image{}, programs: map[fileKey]*program{},
	}
}

func (c *counter) begun() bool { return len(c.order) > 0 }

func (c *counter) tally() *tally { return &tally{images: c.order, lost: c.lost} }

func (c *counter) closePrograms() {
	for _, p := range c.programs {
		p.close()
	}
}

func (c *counter) add(key imageKey, i *image) *image {
	c.order = append(c.order, i)
	c.images[key] = i
	return i
}

func (c *counter) launcherImage() *image {
	return c.add(imageKey{process: -1}, &image{program: unknownProgram(""), launcher: true})
}

// imageOf returns the image that a process runs.
func (c *counter) imageOf(pid, number, parent int, joined bool) *image {
	// The name is there even if the file cannot be read.
	path, _ := os.Readlink("/proc/" + strconv.Itoa(pid) + "/exe")
	p := openProgram(pid, strings.TrimSuffix(path, " (deleted)"), func(os.FileInfo) bool { return true })
	key := imageKey{file: keyOf(p)}
	if known := c.programs[key.file]; known != nil {
		p.close()
		p = known
	} else {
		c.programs[key.file] = p
	}
	if c.options.PerProcess {
		key.process = number
	}
	if i := c.images[key]; i != nil {
		return i
	}
	if len(c.order) >= maxImages {
		c.lost.Processes++
		if c.others == nil {
			c.others = c.add(imageKey{process: -2}, &image{program: unknownProgram("(others)")})
		}
		return c.others
	}
	return c.add(key, &image{
		program: p, pid: pid, parent: parent, command: commandOf(pid), joined: joined,
		unwanted: c.options.Wanted != nil && !c.options.Wanted(p.path),
	})
}

func keyOf(p *program) fileKey {
	if p.file != nil {
		info, err := p.file.Stat()
		if stat, ok := info.Sys().(*syscall.Stat_t); err == nil && ok {
			return fileKey{device: stat.Dev, inode: stat.Ino, changed: stat.Ctim}
		}
	}
	return fileKey{path: p.path}
}

func (c *counter) factsOf(id callID) *facts {
	if known := c.facts[id]; known != nil {
		return known
	}
	call, ok := c.tables[id.entry].ByNumber(id.nr)
	if !ok {
		return &facts{} // not kept: a program can make up any number
	}
	f := &facts{tracked: trackedArgs(call)}
	switch call.Name {
	case "clone", "clone3", "fork", "vfork":
		f.forks = true
	case "prctl":
		f.prctl = true
	case "seccomp":
		f.seccomp = true
	case "rt_sigreturn", "sigreturn":
		f.returns = true
	}
	c.facts[id] = f
	return f
}

func (c *counter) callID(info *callInfo) callID {
	nr := uint32(info.nr)
	switch {
	case info.arch != c.tables[native].AuditArch:
		return callID{compat, nr}
	case c.tables[x32] != nil && nr&x32Bit != 0 && nr != ^uint32(0):
		return callID{x32, nr}
	}
	return callID{native, nr}
}

func (c *counter) begins(e *tracee, info *callInfo) {
	in := &inCall{image: e.process.running, id: c.callID(info), args: info.args, denied: e.filters.deny(info)}
	f := c.factsOf(in.id)
	in.forks = f.forks
	switch {
	case f.prctl && uint32(in.args[0]) == unix.PR_SET_SECCOMP && in.args[1] == unix.SECCOMP_MODE_FILTER:
		in.loads = c.readFilter(e.id, in, 0)
	case f.seccomp && uint32(in.args[0]) == unix.SECCOMP_SET_MODE_FILTER:
		in.loads = c.readFilter(e.id, in, in.args[1])
	}
	if c.options.Stacks && in.id.entry == native && !in.denied {
		var alive bool
		if in.stack, alive = c.takeStack(e, info); !alive {
			return
		}
	}
	in.start = time.Now()
	e.current = in
}

// ends takes in a call's end. The end of one that did not begin is that of a fork in
// the child, or of a call in which the thread was when it was joined.
func (t *tracer) ends(e *tracee, info *callInfo) {
	in := e.current
	if in == nil {
		return
	}
	in.took = time.Since(in.start)
	in.result = info.nr
	if !t.factsOf(in.id).returns {
		in.errno = info.errno()
	}
	if in.forks && !in.forked && in.errno == 0 && !in.denied {
		t.lost.Processes++ // with CLONE_UNTRACED
	}
	if in.loads != nil && in.loads.taken(in) {
		t.load(e, in.loads)
	}
	e.current, e.last = nil, in
}

// settle counts the call that has ended. It waits until the thread's next stop,
// since what a filter traps has an end, and then a signal that says so.
func (c *counter) settle(e *tracee) {
	if e.last != nil {
		c.count(e.last)
		e.last = nil
	}
}

// count counts a call with its arguments and its stack.
func (c *counter) count(in *inCall) {
	if in.denied && c.options.CallsOnly {
		return
	}
	if in.image.calls[in.id] == nil {
		if c.cells >= maxCells {
			c.lost.Events++
			return
		}
		c.cells++
	}
	o := in.image.call(in.id)
	if in.denied {
		o.denied++
		return
	}
	o.calls++
	for k, arg := range c.factsOf(in.id).tracked {
		o.values[k].add(arg.cut(in.args[arg.index]))
	}
	if in.stack != 0 {
		c.countWay(o, in)
	}
	if !c.options.CallsOnly {
		o.time += in.took
		o.fail(in.errno, 1)
	}
}

func (c *counter) countWay(o *observed, in *inCall) {
	if o.ways[in.stack] == nil {
		if c.ways >= maxWays {
			c.lost.Stacks++
			return
		}
		c.ways++
	}
	w := o.way(in.stack)
	w.calls++
	if !c.options.CallsOnly {
		w.time += in.took
	}
}

// endless counts the call in which a thread has ended, or was left. If SIGSYS has
// killed it, that may be the verdict of a filter that is not known. Kernels since
// 5.16 show an end of such a call before.
func (c *counter) endless(e *tracee, killedBySIGSYS bool) {
	if killedBySIGSYS && e.filters.unseen {
		if e.current != nil {
			e.current.denied = true
		} else if e.last != nil && e.last.skipped() {
			e.last.denied = true
		}
	}
	c.settle(e)
	if e.current != nil {
		c.count(e.current)
		e.current = nil
	}
}

// signalled looks for a filter's verdict to trap: the signal comes after an end of
// the call, which was not made.
func (c *counter) signalled(e *tracee, sig unix.Signal) {
	const sysSeccomp = 1 // asm-generic/siginfo.h
	if sig != unix.SIGSYS || e.last == nil {
		return
	}
	var info unix.Siginfo
	if peek(unix.PTRACE_GETSIGINFO, e.id, 0, &info) == nil && info.Code == sysSeccomp {
		e.last.denied = true
	}
}

// skipped reports whether the registers at the end were those of the beginning, as
// after a verdict that ends in a signal (syscall_rollback in kernel/seccomp.c).
func (in *inCall) skipped() bool { return in.result == uint64(in.id.nr) || in.result == in.args[0] }
