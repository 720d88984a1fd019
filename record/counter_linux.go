//go:build linux && (amd64 || arm64)

package record

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/syscalls"
	"github.com/gocurb/curb/usage"
)

// A counter sums up calls as the tracer sees them.
type counter struct {
	options  *Options
	tables   [entries]*syscalls.Table
	tracked  map[callID][]trackedArg
	settling map[int]bool // threads that have been seized and not yet stopped
	images   map[imageKey]*image
	order    []*image
	programs map[fileIdentity]*program
	stacks   int // how many are kept
	lost     usage.Lost
}

// An imageKey tells images apart.
type imageKey struct {
	file    fileIdentity
	process int // 0 where processes are not told apart
	number  int // of the image, since a process can execute its own program
}

func newCounter(o *Options, tables [entries]*syscalls.Table) *counter {
	return &counter{
		options: o, tables: tables, tracked: map[callID][]trackedArg{}, settling: map[int]bool{},
		images: map[imageKey]*image{}, programs: map[fileIdentity]*program{},
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
	if len(c.order) >= maxImages {
		c.lost.Processes++
		i = c.order[len(c.order)-1]
	} else {
		c.order = append(c.order, i)
	}
	c.images[key] = i
	return i
}

func (c *counter) launcherImage() *image {
	return c.add(imageKey{process: -1}, &image{program: unknownProgram(""), launcher: true})
}

// imageOf returns the image that a process runs.
func (c *counter) imageOf(pid, parent int, joined bool) *image {
	p := openProgram(pid, "", func(os.FileInfo) bool { return true })
	key := imageKey{file: identityOf(p)}
	if known := c.programs[key.file]; known != nil && p.file != nil {
		p.close()
		p = known
	} else {
		c.programs[key.file] = p
	}
	if c.options.PerProcess {
		key.process, key.number = pid, len(c.order)
	}
	if i := c.images[key]; i != nil {
		return i
	}
	return c.add(key, &image{program: p, pid: pid, parent: parent, command: commandOf(pid), joined: joined})
}

// imageLike returns the image of a new process that runs what its parent does.
func (c *counter) imageLike(i *image, pid, parent int) *image {
	return c.add(imageKey{process: pid, number: len(c.order)}, &image{
		program: i.program, pid: pid, parent: parent, command: i.command, joined: i.joined, launcher: i.launcher,
	})
}

func identityOf(p *program) fileIdentity {
	if p.file == nil {
		return fileIdentity{}
	}
	info, err := p.file.Stat()
	stat, ok := info.Sys().(*syscall.Stat_t)
	if err != nil || !ok {
		return fileIdentity{}
	}
	return fileIdentity{Inode: stat.Ino, Size: uint64(stat.Size), Device: uint32(stat.Dev), Generation: uint32(stat.Mtim.Nsec)}
}

// A callInfo is struct ptrace_syscall_info (linux/ptrace.h): what is at a stop at
// one end of a call.
type callInfo struct {
	op     uint8
	_      [3]uint8
	arch   uint32
	pc, sp uint64
	nr     uint64 // or the result
	args   [6]uint64
	_      uint64 // more, at stops of another kind
}

// failed reports whether the result is an error.
func (i *callInfo) errno() int {
	const maxErrno = 4095
	if result := int64(i.nr); result < 0 && result >= -maxErrno {
		return int(-result)
	}
	return 0
}

// callStop takes in the beginning or the end of a call.
func (c *counter) callStop(e *tracee) {
	var info callInfo
	n, _, errno := unix.RawSyscall6(unix.SYS_PTRACE, unix.PTRACE_GET_SYSCALL_INFO, uintptr(e.id), unsafe.Sizeof(info), uintptr(unsafe.Pointer(&info)), 0, 0)
	if errno == unix.ESRCH {
		return // it was killed
	}
	if errno != 0 || n == 0 {
		c.lost.Events++
		return
	}
	switch info.op {
	case unix.PTRACE_SYSCALL_INFO_ENTRY:
		c.begins(e, &info)
	case unix.PTRACE_SYSCALL_INFO_EXIT:
		c.ends(e, &info)
	}
}

func (c *counter) begins(e *tracee, info *callInfo) {
	in := &inCall{image: e.process.running, id: c.callID(info), args: info.args}
	if c.options.Stacks && in.id.entry == native {
		in.stack = c.takeStack(e, info)
	}
	in.start = time.Now()
	e.current = in
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

// ends counts a call. The end of one that did not begin is that of a fork in the
// child, or of a call in which the thread was when it was joined.
func (c *counter) ends(e *tracee, info *callInfo) {
	in := e.current
	e.current, e.last = nil, in
	if in == nil {
		return
	}
	in.result = info.nr
	took := time.Since(in.start)
	o := c.count(in)
	if c.options.CallsOnly {
		return
	}
	o.time += took
	if in.stack != 0 {
		o.way(in.stack).time += took
	}
	// Its result is the one of the code that the signal interrupted.
	if name := nameOf(c.tables[in.id.entry], in.id.nr); name != "rt_sigreturn" && name != "sigreturn" {
		o.fail(info.errno(), 1)
	}
}

// count counts a call with its arguments and its stack.
func (c *counter) count(in *inCall) *observed {
	o := in.image.call(in.id)
	o.calls++
	for k, arg := range c.trackedArgs(in.id) {
		o.values[k].add(arg.cut(in.args[arg.index]))
	}
	if in.stack != 0 {
		o.way(in.stack).calls++
	}
	return o
}

func (c *counter) trackedArgs(id callID) []trackedArg {
	list, known := c.tracked[id]
	if !known {
		if call, ok := c.tables[id.entry].ByNumber(id.nr); ok {
			list = trackedArgs(call)
		}
		c.tracked[id] = list
	}
	return list
}

// endless counts the call in which a thread has ended, or was left. If a filter's
// verdict has killed it, kernels since 5.16 have shown an end of that call before.
func (c *counter) endless(e *tracee, killed bool) {
	in := e.current
	switch {
	case in != nil && killed:
		in.image.call(in.id).denied++
	case in != nil:
		c.count(in)
	case killed && e.last != nil && e.last.skipped():
		c.wasDenied(e)
	}
	e.current = nil
}

// signalled looks for a filter's verdict to trap: the signal comes before the
// program goes on, and after an end of the call, which was not made.
func (c *counter) signalled(e *tracee, sig unix.Signal) {
	const sysSeccomp = 1 // asm-generic/siginfo.h
	if sig != unix.SIGSYS || e.last == nil {
		return
	}
	var info unix.Siginfo
	_, _, errno := unix.RawSyscall6(unix.SYS_PTRACE, unix.PTRACE_GETSIGINFO, uintptr(e.id), 0, uintptr(unsafe.Pointer(&info)), 0, 0)
	if errno == 0 && info.Code == sysSeccomp {
		c.wasDenied(e)
	}
}

// wasDenied takes back that the last call was made.
func (c *counter) wasDenied(e *tracee) {
	o := e.last.image.call(e.last.id)
	o.calls--
	if !c.options.CallsOnly {
		o.denied++
	}
	e.last = nil
}

// skipped reports whether the registers at the end were those of the beginning, as
// after a verdict that ends in a signal (syscall_rollback in kernel/seccomp.c).
func (in *inCall) skipped() bool { return in.result == uint64(in.id.nr) || in.result == in.args[0] }

// A codeRange is where a process has the code of its program.
type codeRange struct{ start, end uint64 }

func codeOf(pid int) (codeRange, error) {
	// startcode and endcode are the fields 26 and 27 of proc(5).
	const startCode, endCode = 26 - 3, 27 - 3
	fields := statOf(pid)
	if len(fields) <= endCode {
		return codeRange{}, fmt.Errorf("the process %d is gone", pid)
	}
	start, err := strconv.ParseUint(fields[startCode], 10, 64)
	if err != nil {
		return codeRange{}, err
	}
	end, err := strconv.ParseUint(fields[endCode], 10, 64)
	return codeRange{start, end}, err
}
