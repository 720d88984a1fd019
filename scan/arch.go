package scan

import (
	"debug/elf"

	"github.com/gocurb/curb/internal/gobin"
	"github.com/gocurb/curb/internal/isa"
)

// An arch is what the analysis has to know of an architecture: how its
// instructions are decoded, and which registers and places have a meaning to
// the kernel, to the processor and to Go. All else is the same everywhere.
type arch struct {
	machine elf.Machine
	// decode appends what the instruction at code[0] does. It may look at the
	// instructions behind it, and decode them too where they form one step.
	decode func(insts []isa.Inst, code []byte, pc uint64) ([]isa.Inst, error)
	// width is the length of every instruction, 0 where they differ.
	width uint64

	number isa.Reg // holds the number of a system call
	exits  []int64 // the numbers of exit and exit_group
	// arguments are the registers that the kernel reads at a system call, and
	// inOrder those of the arguments alone, in order.
	arguments isa.RegSet
	inOrder   [6]isa.Reg
	sp, fp    isa.Reg    // the stack pointer and the frame pointer
	kept      isa.RegSet // what C functions leave as it was
	returned  isa.RegSet // where they have their results

	// pushed is the bytes that a call puts on the stack. Arguments begin at
	// this offset from the stack pointer at a function's entry, or right above
	// a word of the caller's.
	pushed int64
	// argument is the offset of the first argument on the stack from the
	// stack pointer at the call.
	argument int64

	// The calling convention of compiled Go code (cmd/compile/abi-internal.md).
	result  isa.Reg // the first result
	results isa.RegSet
	third   isa.Reg // the third parameter that is an integer
	context isa.Reg // points to the closure that is called
	zeroVec isa.Reg // the vector register that is kept at zero, or NoReg

	// The write barrier's slow path leaves its result in one register, and
	// changes no others but those (runtime.gcWriteBarrier).
	barrierResult isa.Reg
	barrierWrites isa.RegSet

	// The register that the assembler uses within one of its instructions, or
	// NoReg: Go's own assembly expects nothing there, but may use it by name.
	temporary isa.Reg

	// The registers in which runtime.duffcopy gets the places to copy to and from.
	copyTo, copyFrom isa.Reg

	glibc   string  // how the path of the GNU C library's dynamic loader begins
	musl    string  // the name of musl's
	linkage isa.Reg // where linkage tables have the address that they jump to, or NoReg
	link    isa.Reg // where calls leave the address to return to, or NoReg

	// anchored means that compilers reach variables by displacements from others, or from
	// places in the midst of others (section anchors).
	anchored bool

	// vsyscall is a page whose code makes system calls by itself, if there is one.
	vsyscall gobin.Range
	// returnsByVDSO means that signal handlers return through the vDSO, whose code
	// makes the system call (Linux arch/arm64/kernel/signal.c, setup_return): the
	// program gives no code of its own for it.
	returnsByVDSO bool
}

// archs has the architectures that can be analysed, by GOARCH.
var archs = map[string]*arch{"amd64": &amd64, "arm64": &aarch64}

func archOf(f *gobin.File) *arch { return archs[f.Arch] }
