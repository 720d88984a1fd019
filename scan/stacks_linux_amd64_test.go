package scan_test

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/internal/gobin"
	"github.com/gocurb/curb/usage"
)

// A tracer runs a program under ptrace and notes the stack of every system call
// that any of its threads makes, by the frame pointers.
type tracer struct {
	file   *gobin.File
	pid    int
	bias   uint64 // where the program is, less where its file says
	mem    *os.File
	inCall map[int]bool
	stacks map[string]*usage.Stack
}

// trace runs a program to its end and returns the different stacks that it had.
func trace(t *testing.T, path string, args ...string) []*usage.Stack {
	t.Helper()
	file, err := gobin.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	runtime.LockOSThread() // ptrace knows threads
	defer runtime.UnlockOSThread()
	var out bytes.Buffer
	cmd := exec.Command(path, args...)
	cmd.Dir = t.TempDir()
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	if err := cmd.Start(); err != nil {
		if errors.Is(err, unix.EPERM) {
			t.Skip("this machine does not let programs be traced:", err)
		}
		t.Fatal(err)
	}
	defer cmd.Process.Kill() // unless it has ended
	tr := &tracer{file: file, pid: cmd.Process.Pid, inCall: map[int]bool{}, stacks: map[string]*usage.Stack{}}
	if err := tr.run(); err != nil {
		t.Fatalf("trace %s: %v\n%s", path, err, &out)
	}
	var all []*usage.Stack
	for _, s := range tr.stacks {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *usage.Stack) int { return slices.Compare(a.PCs, b.PCs) })
	return all
}

func (tr *tracer) run() error {
	var status unix.WaitStatus
	if _, err := unix.Wait4(tr.pid, &status, 0, nil); err != nil {
		return err
	}
	if err := tr.locate(); err != nil {
		return err
	}
	defer tr.mem.Close()
	options := unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_EXITKILL
	if err := unix.PtraceSetOptions(tr.pid, options); err != nil {
		return err
	}
	for tid, signal := tr.pid, 0; ; {
		unix.PtraceSyscall(tid, signal) // a thread that is gone is reported below
		var err error
		tid, err = unix.Wait4(-1, &status, unix.WALL|unix.WNOTHREAD, nil)
		if err != nil {
			return err
		}
		signal = 0
		switch {
		case status.Exited() && tid == tr.pid:
			if status.ExitStatus() != 0 {
				return fmt.Errorf("it ended with status %d", status.ExitStatus())
			}
			return nil
		case status.Signaled() && tid == tr.pid:
			return fmt.Errorf("it was ended by %v", status.Signal())
		case !status.Stopped():
		case status.StopSignal() == unix.SIGTRAP|0x80:
			if tr.inCall[tid] = !tr.inCall[tid]; tr.inCall[tid] {
				tr.note(tid)
			}
		case status.StopSignal() != unix.SIGTRAP && status.StopSignal() != unix.SIGSTOP:
			signal = int(status.StopSignal())
		}
	}
}

// locate finds out where the program was loaded.
func (tr *tracer) locate() error {
	e, err := elf.Open(tr.file.Path)
	if err != nil {
		return err
	}
	defer e.Close()
	auxv, err := os.ReadFile(fmt.Sprintf("/proc/%d/auxv", tr.pid))
	if err != nil {
		return err
	}
	const atEntry = 9
	for ; len(auxv) >= 16; auxv = auxv[16:] {
		if binary.LittleEndian.Uint64(auxv) == atEntry {
			tr.bias = binary.LittleEndian.Uint64(auxv[8:]) - e.Entry
		}
	}
	tr.mem, err = os.Open(fmt.Sprintf("/proc/%d/mem", tr.pid))
	return err
}

// note takes a thread's stack.
func (tr *tracer) note(tid int) {
	var regs unix.PtraceRegs
	if unix.PtraceGetRegs(tid, &regs) != nil {
		return // it is gone
	}
	pcs := []uint64{tr.address(regs.Rip)}
	if pc := pcs[0]; pc != 0 {
		fn := tr.file.FuncAt(pc - 1)
		if size, ok := tr.file.Frames(&tr.file.Funcs[fn]).At(pc - 1); ok && size == 0 {
			pcs = append(pcs, tr.address(tr.word(regs.Rsp)))
		}
	}
	const deepest = 200
	for bp := regs.Rbp; bp != 0 && len(pcs) < deepest; bp = tr.word(bp) {
		pc := tr.word(bp + 8)
		if pc == 0 {
			break
		}
		pcs = append(pcs, tr.address(pc))
	}
	key := fmt.Sprint(pcs)
	if tr.stacks[key] == nil {
		tr.stacks[key] = &usage.Stack{PCs: pcs}
	}
	tr.stacks[key].Calls++
}

func (tr *tracer) word(addr uint64) uint64 {
	var b [8]byte
	if n, _ := tr.mem.ReadAt(b[:], int64(addr)); n < len(b) {
		return 0
	}
	return binary.LittleEndian.Uint64(b[:])
}

// address is where the file has the code at pc, 0 if it is none of the file's.
func (tr *tracer) address(pc uint64) uint64 {
	if pc -= tr.bias; tr.file.FuncAt(pc-1) >= 0 {
		return pc
	}
	return 0
}
