package x86

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/gocurb/curb/internal/isa"
)

// TestHardware has the processor say what instructions do: a child process,
// stopped before its first instruction, executes one encoding after another
// in single steps, in a page of its own, with registers and memory that are
// set before and looked at after. What does not fault must be decoded, with
// the length that the processor saw; must write no register that is not in
// Writes and no memory but that of Dst; and must do what Op says.
//
// What faults proves nothing (but that little harm is done if we know it).
func TestHardware(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	var ran, faulted, unknown, skipped int
	failed := map[string]int{}
	try := func(opcode []byte, modrm byte) {
		code := withOperands(opcode, modrm)
		if entersKernel(code) {
			return
		}
		var in isa.Inst
		err := Decode(&in, code, codeAddr)
		// Most encodings do not exist, and a fault takes its time.
		if err != nil && !*long {
			if skipped++; skipped%17 != 0 {
				return
			}
		}
		before, after, ok := m.step(t, code)
		if !ok {
			faulted++
			return
		}
		ran++
		if err != nil {
			if !undecoded(code) {
				kind := fmt.Sprintf("unknown % x", opcode)
				if failed[kind]++; failed[kind] == 1 {
					t.Errorf("% x is executed: %v", code, err)
				}
			}
			unknown++
			return
		}
		if problem := m.judge(t, &in, before, after); problem != "" {
			kind, _, _ := strings.Cut(problem, ":")
			kind = fmt.Sprintf("%s % x", kind, opcode)
			if failed[kind]++; failed[kind] == 1 {
				t.Errorf("% x: %s\n%+v", code, problem, in)
			}
		}
	}
	for _, prefix := range legacyPrefixes() {
		eachLegacy(func(opcode []byte, modrm byte) { try(slices.Concat(prefix, opcode), modrm) })
	}
	eachVEX(try)
	eachEVEX(try)
	eachRandom(try)
	if len(failed) > 0 {
		t.Errorf("number of failures: %d", len(failed))
	}
	t.Logf("%d encodings executed (%d of them not known, as intended), %d faulted", ran, unknown, faulted)
	if ran < 50_000 {
		t.Errorf("only %d encodings were executed", ran)
	}
}

// entersKernel reports whether an instruction makes a system call, or, in a
// virtual machine, one to the machine below.
func entersKernel(code []byte) bool {
	i := slices.IndexFunc(code, func(b byte) bool { return prefixes[b] == notPrefix })
	switch code[i] {
	case 0x0f:
		return code[i+1] == 0x05 || code[i+1] == 0x34 || code[i+1] == 0x01 && (code[i+2] == 0xc1 || code[i+2] == 0xd9)
	case 0xcd:
		return true
	}
	return false
}

// undecoded has what processors execute and Decode does not know, on purpose.
func undecoded(code []byte) bool {
	i := slices.IndexFunc(code, func(b byte) bool { return prefixes[b] == notPrefix })
	if code[i] != 0x0f {
		return false
	}
	// Near conditional jumps under 66: Intel's and AMD's processors differ. VERW
	// and its like under LOCK: AMD's processors were seen not to mind.
	return code[i+1]>>4 == 8 && slices.Contains(code[:i], 0x66) || code[i+1] == 0 && slices.Contains(code[:i], 0xf0)
}

// withOperands adds to an opcode and a ModRM byte a SIB byte for [rbx], where
// one is due, and small numbers for displacements and immediates.
func withOperands(opcode []byte, modrm byte) []byte {
	code := append(slices.Clone(opcode), modrm)
	if modrm&7 == 4 && modrm < 0xc0 {
		code = append(code, 0x23)
	}
	code = append(code, 0x40)
	return append(code, make([]byte, maxLen+1-len(code))...)
}

// The child's memory: what the registers point to, and the page of code. The
// two are one file, which this process sees as machine.memory.
const (
	dataAddr = 0x10000000
	dataSize = 0x8000
	codePage = 0x20000000
	codeSize = 0x1000
	codeAddr = codePage + 0x100
)

// A machine is the child.
type machine struct {
	pid      int
	memory   []byte
	pristine []byte
	start    syscall.PtraceRegs
	floating [512]byte // as FXSAVE stores it
	changed  [512]byte
}

// registers that point to memory, into which any displacement used here leads
var pointers = []isa.Reg{BX, SP, BP, SI, DI, R11, R14}

func newMachine(t *testing.T) *machine {
	t.Helper()
	runtime.LockOSThread() // ptrace is between a thread and its child
	stayOnThisCPU()
	fd := memfd(t)
	defer syscall.Close(fd)
	memory, err := syscall.Mmap(fd, 0, dataSize+codeSize, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Munmap(memory) })
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^$")
	cmd.ExtraFiles = []*os.File{os.NewFile(uintptr(dup(t, fd)), "memory")}
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); errors.Is(err, syscall.EPERM) {
		t.Skipf("this machine does not let a process trace its child: %v", err)
	} else if err != nil {
		t.Fatal(err)
	}
	m := &machine{pid: cmd.Process.Pid, memory: memory}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	m.wait(t)
	if err := syscall.PtraceGetRegs(m.pid, &m.start); err != nil {
		t.Fatal(err)
	}
	m.fpregs(t, ptraceGetFPRegs, &m.floating)
	const shared = syscall.MAP_SHARED | syscall.MAP_FIXED
	m.call(t, syscall.SYS_MMAP, dataAddr, dataSize, syscall.PROT_READ|syscall.PROT_WRITE, shared, 3, 0)
	m.call(t, syscall.SYS_MMAP, codePage, codeSize, syscall.PROT_READ|syscall.PROT_WRITE|syscall.PROT_EXEC, shared, 3, dataSize)
	m.prepare()
	return m
}

// stayOnThisCPU keeps the thread, and the child that it starts, on one
// processor: they take turns, and waking up another one takes longer than a
// step does. It is a matter of speed only, so a failure is no matter.
func stayOnThisCPU() {
	var cpu uint32
	if _, _, errno := syscall.RawSyscall(sysGetcpu, uintptr(unsafe.Pointer(&cpu)), 0, 0); errno != 0 {
		return
	}
	var mask [128]byte
	mask[cpu/8%128] = 1 << (cpu % 8)
	syscall.RawSyscall(syscall.SYS_SCHED_SETAFFINITY, 0, uintptr(len(mask)), uintptr(unsafe.Pointer(&mask[0])))
}

// numbers that package syscall lacks
const (
	sysGetcpu      = 309
	sysMemfdCreate = 319
)

func memfd(t *testing.T) int {
	name := []byte("instructions\x00")
	fd, _, errno := syscall.Syscall(sysMemfdCreate, uintptr(unsafe.Pointer(&name[0])), 0, 0)
	if errno != 0 {
		t.Fatal(errno)
	}
	if err := syscall.Ftruncate(int(fd), dataSize+codeSize); err != nil {
		t.Fatal(err)
	}
	return int(fd)
}

func dup(t *testing.T, fd int) int {
	n, err := syscall.Dup(fd)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// call has the child make a system call.
func (m *machine) call(t *testing.T, number uint64, args ...uint64) {
	t.Helper()
	if _, err := syscall.PtracePokeText(m.pid, uintptr(m.start.Rip), []byte{0x0f, 0x05}); err != nil {
		t.Fatal(err)
	}
	r := m.start
	r.Orig_rax, r.Rax = ^uint64(0), number
	r.Rdi, r.Rsi, r.Rdx, r.R10, r.R8, r.R9 = args[0], args[1], args[2], args[3], args[4], args[5]
	if err := syscall.PtraceSetRegs(m.pid, &r); err != nil {
		t.Fatal(err)
	}
	if err := syscall.PtraceSingleStep(m.pid); err != nil {
		t.Fatal(err)
	}
	m.wait(t)
	if err := syscall.PtraceGetRegs(m.pid, &r); err != nil {
		t.Fatal(err)
	}
	if int64(r.Rax) < 0 {
		t.Fatalf("system call %d in the child: %v", number, syscall.Errno(-r.Rax))
	}
}

// prepare makes up what memory and registers hold before every step.
func (m *machine) prepare() {
	for i := range m.memory {
		m.memory[i] = byte(i*37 + i>>8*11)
	}
	m.pristine = bytes.Clone(m.memory)
	for i, p := range registers(&m.start) {
		*p = 0x9e3779b97f4a7c15 * uint64(i+3)
	}
	for i, r := range pointers {
		*registers(&m.start)[r] = dataAddr + 0x3000 + uint64(i)*0x400
	}
	m.start.Rcx = m.start.Rcx&^0xff | 3 // a shift count
	m.start.Rip = codeAddr
	m.start.Orig_rax = ^uint64(0) // no system call to restart
	for i := range 16 * 16 {
		m.floating[160+i] = byte(i*29 + 1)
	}
}

// registers has the general registers by their number.
func registers(r *syscall.PtraceRegs) [16]*uint64 {
	return [16]*uint64{&r.Rax, &r.Rcx, &r.Rdx, &r.Rbx, &r.Rsp, &r.Rbp, &r.Rsi, &r.Rdi,
		&r.R8, &r.R9, &r.R10, &r.R11, &r.R12, &r.R13, &r.R14, &r.R15}
}

const (
	ptraceGetFPRegs = 14
	ptraceSetFPRegs = 15
)

func (m *machine) fpregs(t *testing.T, request uintptr, to *[512]byte) {
	if _, _, errno := syscall.Syscall6(syscall.SYS_PTRACE, request, uintptr(m.pid), 0, uintptr(unsafe.Pointer(to)), 0, 0); errno != 0 {
		t.Fatal(errno)
	}
}

// wait waits for the child to stop and returns the signal that it stopped for.
func (m *machine) wait(t *testing.T) syscall.Signal {
	t.Helper()
	var status syscall.WaitStatus
	for {
		_, err := syscall.Wait4(m.pid, &status, 0, nil)
		if err == nil {
			break
		}
		if err != syscall.EINTR {
			t.Fatal(err)
		}
	}
	if !status.Stopped() {
		t.Fatalf("the child ended: status %#x", status)
	}
	return status.StopSignal()
}

// code is where the instruction is.
func (m *machine) code() []byte { return m.memory[dataSize+codeAddr-codePage:] }

// step executes one instruction; ok is false if it faulted.
func (m *machine) step(t *testing.T, code []byte) (before, after *syscall.PtraceRegs, ok bool) {
	copy(m.memory, m.pristine)
	copy(m.code(), code)
	if err := syscall.PtraceSetRegs(m.pid, &m.start); err != nil {
		t.Fatalf("% x: %v", code, err)
	}
	m.fpregs(t, ptraceSetFPRegs, &m.floating)
	if err := syscall.PtraceSingleStep(m.pid); err != nil {
		t.Fatalf("% x: %v", code, err)
	}
	if s := m.wait(t); s != syscall.SIGTRAP {
		return nil, nil, false
	}
	after = new(syscall.PtraceRegs)
	if err := syscall.PtraceGetRegs(m.pid, after); err != nil {
		t.Fatal(err)
	}
	return &m.start, after, true
}

// judge says what the decoded instruction does not tell of what was done.
func (m *machine) judge(t *testing.T, in *isa.Inst, before, after *syscall.PtraceRegs) string {
	if problem := m.judgeFlow(in, after); problem != "" {
		return problem
	}
	was, is := values(before), values(after)
	for r := range was {
		if was[r] != is[r] && in.Writes>>r&1 == 0 {
			return fmt.Sprintf("register: %d is written, Writes is %#x", r, in.Writes)
		}
	}
	if problem := m.judgeMemory(in, &was); problem != "" {
		return problem
	}
	if problem := m.judgeVectors(t, in); problem != "" {
		return problem
	}
	return m.judgeOp(t, in, before, after)
}

// judgeFlow compares where the instruction led to.
func (m *machine) judgeFlow(in *isa.Inst, after *syscall.PtraceRegs) string {
	next := codeAddr + uint64(in.Len)
	switch in.Op {
	case isa.Ret, isa.CallInd, isa.JumpInd:
		return ""
	case isa.Call, isa.Jump:
		next = in.Target
	case isa.CondJump:
		if after.Rip == in.Target {
			return ""
		}
	case isa.Trap:
		return ""
	}
	repeats := in.Op == isa.StringOp || in.Op == isa.Other && in.Writes>>CX&1 != 0
	if after.Rip == next || repeats && after.Rip == codeAddr {
		return ""
	}
	// XBEGIN: a step's trap ends the transaction, and one more instruction is executed
	// where that leads to.
	if code := m.code(); code[0] == 0xc7 && code[1] == 0xf8 && after.Rip > in.Target && after.Rip <= in.Target+maxLen {
		return ""
	}
	// Under a 66 prefix AMD's processors cut the target to 16 bits, and take
	// two bytes for four of the displacement.
	if in.Target != 0 && after.Rip < 1<<16 && hasPrefix(m.code(), 0x66) {
		return ""
	}
	return fmt.Sprintf("flow: went to %#x, want %#x", after.Rip, next)
}

// address is where a memory operand is; false if Imm, Base and Index do not
// say so.
func address(o *isa.Operand, regs *[16]uint64) (uint64, bool) {
	a := uint64(o.Imm)
	if o.Base != isa.NoReg {
		a += regs[o.Base]
	}
	if o.Index != isa.NoReg {
		a += regs[o.Index] * uint64(o.Scale)
	}
	return a, o.Kind == isa.KindMem && !o.Inexact
}

// place is the place of an address in machine.memory, or -1.
func place(a uint64) int {
	switch {
	case a >= dataAddr && a < dataAddr+dataSize:
		return int(a - dataAddr)
	case a >= codePage && a < codePage+codeSize:
		return int(a-codePage) + dataSize
	}
	return -1
}

// judgeMemory compares what memory was written.
func (m *machine) judgeMemory(in *isa.Inst, was *[16]uint64) string {
	now := bytes.Clone(m.memory)
	copy(now[dataSize+codeAddr-codePage:][:maxLen+1], m.pristine[dataSize+codeAddr-codePage:])
	dst := in.Dst
	if in.Op == isa.Push || in.Op == isa.Call || in.Op == isa.CallInd {
		dst = isa.Operand{Kind: isa.KindMem, Size: 8, Base: SP, Index: isa.NoReg, Imm: -8}
	}
	if dst.Kind == isa.KindMem {
		a, ok := address(&dst, was)
		if !ok {
			return ""
		}
		p, size := place(a), int(dst.Size)
		if size == 0 {
			size = 3 * 4096 // XSAVE's area, which has 11008 bytes where there are tiles (AMX)
		}
		if p >= 0 { // else nothing was written, for one reason or another
			copy(now[p:min(p+size, len(now))], m.pristine[p:])
		}
	}
	if bytes.Equal(now, m.pristine) {
		return ""
	}
	for i := range now {
		if now[i] != m.pristine[i] {
			return fmt.Sprintf("memory: the byte at place %#x is written, Dst is %+v", i, in.Dst)
		}
	}
	return ""
}
