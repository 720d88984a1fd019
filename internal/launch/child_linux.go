//go:build linux && (amd64 || arm64)

package launch

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A plan is all that the child needs, made ready before the fork: the child
// itself cannot allocate. It holds no pointer that the child would have to
// store, since that could call Go's write barrier.
type plan struct {
	door    *door          // nil if there is no filter
	program unix.SockFprog // of the door
	// gate is the pipe from which the child reads a byte before it goes on; -1
	// and -1 if it need not wait.
	gate [2]int
	pass [1]byte
	// blocks are the memory areas of the path, the argument vector and the
	// environment vector, which the child moves to random addresses.
	blocks [3]block
	// addresses has the bits set that an address of this process can have.
	addresses uintptr
	fds       [3]int  // what becomes descriptors 0, 1 and 2; -1 leaves one as it is
	directory uintptr // the address of the path of its working directory, or 0
	ignored   signalSet
	mask      signalSet // the signal mask of the thread that forks
	parent    int
	bound     bool     // it dies with this process
	flags     uintptr  // of seccomp(2)
	outcome   *outcome // shared with the child

	// handover is for a filter with a listener, and nil without one.
	handover *handover
}

type block struct{ address, size uintptr }

// An outcome tells the parent how far the child came. It stays 0 if the child
// became the program.
type outcome struct {
	step  step
	errno syscall.Errno
	pid   int // of the child that becomes the program
	// listener is the number of the filter's listener in the child, or -1.
	listener int32
}

// A step is something that can fail in the child.
type step uint32

const (
	stepNone step = iota
	stepFork
	stepSignals
	stepFiles
	stepDirectory
	stepParent
	stepSecrecy
	stepAddresses
	stepPrivileges
	stepHold
	stepFilter
	stepExec
)

// doing says what a step does, for an error message.
var doing = [...]string{
	stepFork:       "fork",
	stepSignals:    "reset its signals",
	stepFiles:      "hand over its files",
	stepDirectory:  "change to its directory",
	stepParent:     "bind its life to its parent's",
	stepSecrecy:    "hide from other processes (PR_SET_DUMPABLE)",
	stepAddresses:  "find an address for its arguments",
	stepPrivileges: "give up new privileges (no_new_privs)",
	stepHold:       "wait for its recorder",
	stepFilter:     "install its filter (seccomp)",
	stepExec:       "", // the path and the error say it all
}

// kernelAction is struct sigaction as rt_sigaction(2) takes it.
type kernelAction struct {
	handler  uintptr
	flags    uint64
	restorer uintptr
	mask     signalSet
}

const (
	sigDefault = 0 // SIG_DFL
	sigIgnore  = 1 // SIG_IGN

	sizeofSignalSet = unsafe.Sizeof(signalSet(0))
)

// fork makes the child and returns its process id, or that of the child's
// go-between where there is a handover. The child becomes the program and does not
// return. The caller has locked the thread.
//
// As in package syscall's forkAndExecInChild, the child runs on in this
// function's frame and calls only what cannot grow the stack, since it has no
// runtime that could. Signals are blocked from before the fork on: a handler of
// Go's runtime would not work in the child.
//
//go:norace
//go:noinline
func (p *plan) fork() (pid int, err syscall.Errno) {
	blocked := ^signalSet(0)
	syscall.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&blocked)), uintptr(unsafe.Pointer(&p.mask)), sizeofSignalSet, 0, 0)
	id, _, err := syscall.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if err != 0 || id != 0 {
		p.restoreMask()
		return int(id), err
	}

	at := stepFork
	if p.handover != nil {
		err = p.goBetween()
	}
	if err == 0 {
		at, err = stepSignals, p.resetSignals()
	}
	if err == 0 {
		at, err = stepFiles, p.placeFiles()
	}
	if err == 0 && p.directory != 0 {
		at = stepDirectory
		_, _, err = syscall.RawSyscall6(unix.SYS_CHDIR, p.directory, 0, 0, 0, 0, 0)
	}
	if err == 0 && p.bound {
		at, err = stepParent, p.bindToParent()
	}
	// So that nobody reads the addresses that come next.
	if err == 0 && p.door != nil {
		at = stepSecrecy
		_, _, err = syscall.RawSyscall6(unix.SYS_PRCTL, unix.PR_SET_DUMPABLE, 0, 0, 0, 0, 0)
	}
	if err == 0 && p.door != nil {
		at, err = stepAddresses, p.hide()
	}
	if err == 0 && p.door != nil {
		at = stepPrivileges
		_, _, err = syscall.RawSyscall6(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0)
	}
	// From here on signals do what they do by default. This comes last before the
	// filter, which need not allow it.
	if err == 0 {
		at, err = stepSignals, p.restoreMask()
	}
	if err == 0 {
		at, err = stepHold, p.wait()
	}
	if err == 0 && p.door != nil {
		at = stepFilter
		var listener uintptr
		listener, _, err = syscall.RawSyscall6(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, p.flags, uintptr(unsafe.Pointer(&p.program)), 0, 0, 0)
		if err == 0 && p.handover != nil {
			p.outcome.listener = int32(listener)
		}
	}
	if err == 0 {
		at = stepExec
		_, _, err = syscall.RawSyscall6(unix.SYS_EXECVE, p.blocks[0].address, p.blocks[1].address, p.blocks[2].address, 0, 0, 0)
	}
	p.outcome.errno, p.outcome.step = err, at
	for at != stepExec || p.door == nil {
		syscall.RawSyscall6(unix.SYS_EXIT_GROUP, 1, 0, 0, 0, 0, 0)
	}
	// Under the filter even that may be denied: only a fault is sure to end.
	for {
		*(*uint32)(nil) = 0
	}
}

//go:nosplit
//go:norace
func (p *plan) restoreMask() syscall.Errno {
	_, _, err := syscall.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&p.mask)), 0, sizeofSignalSet, 0, 0)
	return err
}

// resetSignals takes Go's handlers away. An exec does so too, but between the
// filter and the exec a handler would make calls that the filter may deny.
//
//go:nosplit
//go:norace
func (p *plan) resetSignals() syscall.Errno {
	for sig := range uintptr(maxSignal + 1) {
		if sig == 0 || sig == uintptr(unix.SIGKILL) || sig == uintptr(unix.SIGSTOP) {
			continue
		}
		action := kernelAction{handler: sigDefault}
		if p.ignored>>(sig-1)&1 != 0 {
			action.handler = sigIgnore
		}
		if _, _, err := syscall.RawSyscall6(unix.SYS_RT_SIGACTION, sig, uintptr(unsafe.Pointer(&action)), 0, sizeofSignalSet, 0, 0); err != 0 {
			return err
		}
	}
	return 0
}

//go:nosplit
//go:norace
func (p *plan) placeFiles() syscall.Errno {
	for i := range p.fds {
		if p.fds[i] < 0 {
			continue
		}
		if _, _, err := syscall.RawSyscall6(unix.SYS_DUP3, uintptr(p.fds[i]), uintptr(i), 0, 0, 0, 0); err != 0 {
			return err
		}
	}
	return 0
}

// bindToParent has the kernel kill this process when the thread that forked
// ends. That is when the parent ends: Go's runtime ends a thread earlier only
// where a goroutine exits that is locked to it.
//
//go:nosplit
//go:norace
func (p *plan) bindToParent() syscall.Errno {
	if _, _, err := syscall.RawSyscall6(unix.SYS_PRCTL, unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0, 0); err != 0 {
		return err
	}
	if parent, _, _ := syscall.RawSyscall6(unix.SYS_GETPPID, 0, 0, 0, 0, 0, 0); int(parent) != p.parent {
		return unix.ESRCH // it died before
	}
	return 0
}

// wait waits until the parent lets the child go on.
//
//go:nosplit
//go:norace
func (p *plan) wait() syscall.Errno {
	if p.gate[0] < 0 {
		return 0
	}
	// The parent's death must end the pipe.
	syscall.RawSyscall6(unix.SYS_CLOSE, uintptr(p.gate[1]), 0, 0, 0, 0, 0)
	for {
		n, _, err := syscall.RawSyscall6(unix.SYS_READ, uintptr(p.gate[0]), uintptr(unsafe.Pointer(&p.pass)), 1, 0, 0, 0)
		if err == 0 && n == 0 {
			return unix.EPIPE
		}
		if err != unix.EINTR {
			return err
		}
	}
}

// hide moves the blocks to random addresses, and writes these into the door.
//
//go:nosplit
//go:norace
func (p *plan) hide() syscall.Errno {
	for i := range p.blocks {
		b := &p.blocks[i]
		address, err := p.reserve(b.size)
		if err != 0 {
			return err
		}
		if _, _, err := syscall.RawSyscall6(unix.SYS_MREMAP, b.address, b.size, b.size, unix.MREMAP_MAYMOVE|unix.MREMAP_FIXED, address, 0); err != 0 {
			return err
		}
		b.address = address
		p.door.program[p.door.halves[2*i]].K = uint32(address)
		p.door.program[p.door.halves[2*i+1]].K = uint32(address >> 32)
	}
	return 0
}

// reserve finds a random address with room for size bytes.
//
//go:nosplit
//go:norace
func (p *plan) reserve(size uintptr) (address uintptr, err syscall.Errno) {
	// Nearly all addresses are free. What fails again and again fails for another
	// reason, such as a limit.
	for range 100 {
		if _, _, err = syscall.RawSyscall6(unix.SYS_GETRANDOM, uintptr(unsafe.Pointer(&address)), unsafe.Sizeof(address), 0, 0, 0, 0); err != 0 {
			return 0, err
		}
		address &= p.addresses
		var got uintptr
		got, _, err = syscall.RawSyscall6(unix.SYS_MMAP, address, size, unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE|unix.MAP_FIXED_NOREPLACE, ^uintptr(0), 0)
		if err == 0 && got == address {
			return address, 0
		}
		if err == 0 {
			err = unix.EEXIST // from a kernel before 4.17, which takes the address as a hint
		}
	}
	return 0, err
}
