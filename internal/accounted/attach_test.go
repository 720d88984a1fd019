//go:build linux && amd64

package accounted

import (
	"context"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/usage"
)

// The auxiliary vector's types (getauxval(3)).
const (
	atNull        = 0
	atIgnore      = 1
	atSysinfoEhdr = 33 // where the vDSO is
)

// A start is a program that has been started and is stopped: at its first
// instruction, or where main.main begins. It is traced by this thread until it is
// left to strace.
type start struct {
	pid int
	err error // the first that there was
}

// begin starts a run's program. This thread has to be the only one that speaks to it.
func (r run) begin() *start {
	name := os.DevNull
	if r.files {
		name = filepath.Join(r.dir, "standard")
	}
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return &start{err: err}
	}
	defer file.Close()
	attr := &syscall.SysProcAttr{Ptrace: true, Setpgid: true}
	if r.nobody {
		attr.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
		r.dir = "/" // which that user can enter
	}
	p, err := os.StartProcess(r.path, slices.Concat([]string{r.path}, r.args, r.trigger.args), &os.ProcAttr{
		Env: append([]string{"PATH=/usr/bin:/bin"}, r.env...), Dir: r.dir, Files: []*os.File{file, file, file},
		Sys: attr,
	})
	if err != nil {
		return &start{err: err}
	}
	s := &start{pid: p.Pid}
	p.Release()
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(s.pid, &status, 0, nil); err != nil || !status.Stopped() {
		s.fail(fmt.Errorf("wait for the start of %s: %v, %#x", r.path, err, status))
	}
	return s
}

func (s *start) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

func (s *start) peek(at uint64) uint64 {
	var word [8]byte
	if _, err := syscall.PtracePeekData(s.pid, uintptr(at), word[:]); err != nil {
		s.fail(fmt.Errorf("read memory at %#x: %w", at, err))
	}
	return binary.LittleEndian.Uint64(word[:])
}

func (s *start) poke(at, value uint64) {
	word := binary.LittleEndian.AppendUint64(nil, value)
	if _, err := syscall.PtracePokeData(s.pid, uintptr(at), word); err != nil {
		s.fail(fmt.Errorf("write memory at %#x: %w", at, err))
	}
}

func (s *start) registers() (regs syscall.PtraceRegs) {
	if err := syscall.PtraceGetRegs(s.pid, &regs); err != nil {
		s.fail(fmt.Errorf("read the registers: %w", err))
	}
	return regs
}

// hide changes the type of each entry of the auxiliary vector that is one of those
// given: a program at its first instruction does not find them.
func (s *start) hide(types map[uint64]uint64) {
	at := s.registers().Rsp
	at += 8 * (2 + s.peek(at)) // the arguments' number, the arguments, a zero
	for s.err == nil && s.peek(at) != 0 {
		at += 8 // the environment
	}
	for at += 8; s.err == nil && s.peek(at) != atNull; at += 16 {
		if to, ok := types[s.peek(at)]; ok {
			s.poke(at, to)
		}
	}
}

// limit lowers the program's soft limit of open files, which Go raises again.
func (s *start) limit() {
	var now unix.Rlimit
	err := unix.Prlimit(s.pid, unix.RLIMIT_NOFILE, nil, &now)
	if err == nil {
		err = unix.Prlimit(s.pid, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: now.Max / 2, Max: now.Max}, nil)
	}
	if err != nil {
		s.fail(fmt.Errorf("lower the limit of open files: %w", err))
	}
}

// goTo lets the program run until its first thread comes to an address.
func (s *start) goTo(addr uint64) {
	const breakpoint = 0xcc
	code := s.peek(addr)
	s.poke(addr, code&^0xff|breakpoint)
	for signal := 0; s.err == nil; {
		if err := syscall.PtraceCont(s.pid, signal); err != nil {
			s.fail(fmt.Errorf("go on to main.main: %w", err))
			return
		}
		var status syscall.WaitStatus
		if _, err := syscall.Wait4(s.pid, &status, 0, nil); err != nil || !status.Stopped() {
			s.fail(fmt.Errorf("wait for main.main: %v, %#x", err, status))
			return
		}
		signal = int(status.StopSignal())
		if regs := s.registers(); signal == int(syscall.SIGTRAP) && regs.Rip == addr+1 {
			regs.Rip--
			if err := syscall.PtraceSetRegs(s.pid, &regs); err != nil {
				s.fail(err)
			}
			s.poke(addr, code)
			return
		}
	}
}

// leave ends the tracing; the program stays stopped.
func (s *start) leave() {
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_PTRACE, syscall.PTRACE_DETACH, uintptr(s.pid), 0, uintptr(syscall.SIGSTOP), 0, 0); errno != 0 {
		s.fail(fmt.Errorf("end the tracing: %w", errno))
	}
}

// A run is one run of a program, of which the calls in one phase are observed.
type run struct {
	path  string
	args  []string
	dir   string
	phase usage.Phase
	trigger
}

const patience = 30 * time.Second // much more than a run takes
var traced = regexp.MustCompile(`(?m)^\d+ +([a-z_][a-z0-9_]*)\(`)

// observe returns the names of the calls that the program makes in the phase, and its
// children until they become other programs.
func (r run) observe(t *testing.T) map[string]bool {
	t.Helper()
	log := filepath.Join(t.TempDir(), "log")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	s, tracer, err := r.attach(ctx, log)
	if s != nil && s.pid > 0 {
		defer syscall.Wait4(s.pid, nil, 0, nil)
		defer syscall.Kill(-s.pid, syscall.SIGKILL)
	}
	if err != nil {
		t.Fatalf("%s: %v", r.path, err)
	}
	if r.drive != nil {
		r.drive(s.pid)
	}
	tracer.Wait() // its status is the program's, which may be any
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	calls := map[string]bool{}
	for _, m := range traced.FindAllSubmatch(text, -1) {
		calls[string(m[1])] = true
	}
	return calls
}

// attach starts the program, and strace where the phase begins.
func (r run) attach(ctx context.Context, log string) (*start, *exec.Cmd, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	s := r.begin()
	if s.err == nil && r.hidden != nil {
		s.hide(r.hidden)
	}
	if s.err == nil && r.limited {
		s.limit()
	}
	if s.err == nil && r.phase == usage.Main {
		addr, err := mainOf(r.path)
		if err != nil {
			return s, nil, err
		}
		s.goTo(addr)
	}
	if s.pid > 0 {
		s.leave()
	}
	if s.err != nil {
		return s, nil, s.err
	}
	args := []string{"-f", "-qq", "-s", "0", "--detach-on=execve", "-o", log, "-p", fmt.Sprint(s.pid)}
	tracer := exec.CommandContext(ctx, "strace", append(args, r.strace...)...)
	if err := tracer.Start(); err != nil {
		return s, nil, err
	}
	if err := untilTraced(ctx, s.pid); err != nil {
		return s, tracer, err
	}
	return s, tracer, syscall.Kill(s.pid, syscall.SIGCONT)
}

// mainOf returns where main.main begins.
func mainOf(path string) (uint64, error) {
	f, err := elf.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	symbols, err := f.Symbols()
	for _, sym := range symbols {
		if sym.Name == "main.main" {
			return sym.Value, nil
		}
	}
	return 0, fmt.Errorf("%s has no main.main: %v", path, err)
}

// untilTraced waits until every thread of a process is traced.
func untilTraced(ctx context.Context, pid int) error {
	for ctx.Err() == nil {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
		if err != nil || len(threads) == 0 {
			return errors.Join(err, errors.New("the program has ended"))
		}
		all := true
		for _, thread := range threads {
			text, err := os.ReadFile(thread)
			all = all && err == nil && !strings.Contains(string(text), "TracerPid:\t0\n")
		}
		if all {
			return nil
		}
		time.Sleep(time.Millisecond)
	}
	return fmt.Errorf("wait for strace: %w", ctx.Err())
}
