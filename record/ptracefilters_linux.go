//go:build linux && (amd64 || arm64)

package record

import (
	"encoding/binary"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// A call that a filter denies has two ends for a tracer, as any other, and what it
// returns others return, too. What tells it is the filter: those that the watched
// programs load are read as they are loaded, and asked about each call here, as the
// kernel asks them.

// loaded are the filters that are in force for a thread.
type loaded struct {
	known  bool
	unseen bool // there are others, which only root can read
	first  *filters
}

// filters are a filter and those that were loaded before it. They are shared.
type filters struct {
	machine *bpf.VM // nil if it could not be read
	flags   uint64  // of seccomp(2)
	before  *filters
}

// strictest returns the verdict on a call.
func (l loaded) strictest(info *callInfo) uint32 {
	verdict := uint32(unix.SECCOMP_RET_ALLOW)
	if l.first == nil {
		return verdict
	}
	// The machine reads words of the network's byte order.
	words := [16]uint32{uint32(info.nr), info.arch, uint32(info.pc), uint32(info.pc >> 32)}
	for i, arg := range info.args {
		words[4+2*i], words[5+2*i] = uint32(arg), uint32(arg>>32)
	}
	var data [64]byte // struct seccomp_data
	for i, word := range words {
		binary.BigEndian.PutUint32(data[4*i:], word)
	}
	for f := l.first; f != nil; f = f.before {
		// The smallest as a signed number is the strictest (seccomp_run_filters).
		if value, err := f.machine.Run(data[:]); err == nil && int32(value)&action < int32(verdict)&action {
			verdict = uint32(value)
		}
	}
	return verdict
}

const action = -0x10000 // SECCOMP_RET_ACTION_FULL

// deny reports whether the filters that are known deny a call. What a supervisor
// decides is not known.
func (l loaded) deny(info *callInfo) bool {
	switch l.strictest(info) &^ 0xffff {
	case unix.SECCOMP_RET_ALLOW, unix.SECCOMP_RET_LOG, unix.SECCOMP_RET_USER_NOTIF:
		return false
	}
	return true
}

// readFilter reads the filter that a call is about to load.
func (c *counter) readFilter(id int, in *inCall, flags uint64) *filters {
	f := &filters{flags: flags}
	// struct sock_fprog is a length and a pointer.
	size, wide := 16, true
	if in.id.entry != native {
		size, wide = 8, false
	}
	c.memory.look(id)
	program, ok := c.memory.at(in.args[2], size)
	if !ok {
		return f
	}
	n, address := int(nativeOrder.Uint16(program)), uint64(nativeOrder.Uint32(program[4:]))
	if wide {
		address = nativeOrder.Uint64(program[8:])
	}
	raw := make([]bpf.RawInstruction, n)
	for i := range raw {
		const size = 8 // of struct sock_filter
		b, ok := c.memory.at(address+uint64(i*size), size)
		if !ok {
			return f
		}
		raw[i] = bpf.RawInstruction{Op: nativeOrder.Uint16(b), Jt: b[2], Jf: b[3], K: nativeOrder.Uint32(b[4:])}
	}
	f.assemble(raw)
	return f
}

// assemble makes a filter's machine, and reports whether it could.
func (f *filters) assemble(raw []bpf.RawInstruction) bool {
	program, ok := bpf.Disassemble(raw)
	if !ok {
		return false
	}
	var err error
	f.machine, err = bpf.NewVM(program)
	return err == nil
}

// taken reports whether the kernel has loaded the filter at a call's end.
func (f *filters) taken(in *inCall) bool {
	// Else the result is the thread that could not be synchronised.
	isListener := f.flags&unix.SECCOMP_FILTER_FLAG_NEW_LISTENER != 0
	return in.errno == 0 && !in.denied && (in.result == 0 || isListener)
}

// load puts a filter in force.
func (t *tracer) load(e *tracee, f *filters) {
	if f.machine == nil {
		e.filters.unseen = true
	} else {
		f.before = e.filters.first
		e.filters.first = f
	}
	if f.flags&unix.SECCOMP_FILTER_FLAG_TSYNC == 0 {
		return
	}
	for _, other := range t.tracees {
		if other.process == e.process {
			other.filters = e.filters
		}
	}
}

// filtersOf reads the filters that a stopped thread came with, which only root may
// who is under no filter.
func filtersOf(id int) loaded {
	l := loaded{known: true}
	mode, _ := statusOf(id, "Seccomp")
	if mode != unix.SECCOMP_MODE_FILTER {
		return l
	}
	var raw [unix.BPF_MAXINSNS]bpf.RawInstruction
	for i := uintptr(0); ; i++ {
		n, _, errno := unix.RawSyscall6(unix.SYS_PTRACE, unix.PTRACE_SECCOMP_GET_FILTER, uintptr(id), i, uintptr(unsafe.Pointer(&raw)), 0, 0)
		if errno == unix.ENOENT {
			return l
		}
		f := &filters{before: l.first}
		if errno != 0 || !f.assemble(raw[:n]) {
			l.unseen = true
			return l
		}
		l.first = f
	}
}
