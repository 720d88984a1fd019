package scan

import (
	"runtime"
	"slices"
	"sync"

	"github.com/gocurb/curb/internal/gobin"
	"github.com/gocurb/curb/internal/isa"
)

// A ref is one thing in a function that matters outside of it: every function
// is decoded once, and only its refs are kept.
type ref struct {
	place
	kind refKind
	size uint8  // bytes, of a load or store
	addr uint64 // the target, or the address
}

// A place is one instruction in a function, or one of the parts of one.
type place struct {
	off  uint32 // of the machine instruction, from the function's entry
	part uint8
}

type refKind uint8

const (
	refCall     refKind = iota // calls addr
	refJump                    // jumps to addr, outside of the function
	refAddr                    // takes addr: nothing is known of what happens there
	refNumber                  // holds a number that may be such an address
	refLoad                    // reads size bytes at addr
	refStore                   // writes size bytes at addr
	refSyscall                 // is a SYSCALL instruction
	refInt80                   // is INT 0x80: a system call of the 32-bit kind
	refSysenter                // is SYSENTER: likewise
	refVsyscall                // names the vsyscall page, whose code makes system calls
	refBad                     // cannot be decoded: what follows is not known
	refSlotCall                // calls what the loader puts at addr (in C code)
	refSlotJump                // jumps there
	refPage                    // makes an address near addr: which one is not known
)

// takesAddr reports whether the code may make a pointer to addr.
func (r ref) takesAddr() bool { return r.kind == refAddr || r.kind == refNumber }

// facts is what is kept of a function.
type facts struct {
	refs   []ref
	guards []guard
}

// gather decodes all functions and returns what matters of each.
func gather(f *gobin.File) []facts {
	out := make([]facts, len(f.Funcs))
	const batch = 256
	next := make(chan int)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			g := newGatherer(f)
			for start := range next {
				for i := start; i < min(start+batch, len(f.Funcs)); i++ {
					out[i] = g.function(&f.Funcs[i], nil)
				}
			}
		})
	}
	for start := 0; start < len(f.Funcs); start += batch {
		next <- start
	}
	close(next)
	workers.Wait()
	return out
}

// A gatherer collects the refs of one function after another.
type gatherer struct {
	file     *gobin.File
	limits   gobin.Range // of the image: an absolute operand outside of it is a number
	numbers  bool        // a constant in this function may be an address
	compiled bool        // Go's compiler has made this function
	buf      []ref
	tests    guardFinder
	keeps    bool // the function may use addresses that the assembler left in its own register

	decoder decoder
}

func newGatherer(f *gobin.File) *gatherer {
	return &gatherer{file: f, limits: f.Span(), decoder: decoder{arch: archOf(f)}}
}

// function gathers the facts of a function that is entered at its start and at
// the other places given.
func (g *gatherer) function(fn *gobin.Func, entries []uint64) facts {
	g.numbers, g.compiled = !g.file.PIE && g.file.Asm(fn), !g.file.Asm(fn)
	g.buf = g.buf[:0]
	g.tests.reset()
	g.decoder.function(g.file, fn, entries)
	g.keeps = g.file.Asm(fn) && g.decoder.usesTemporary()
	at := place{}
	for i, pc := range g.decoder.pcs {
		if off := uint32(pc - fn.Entry); i > 0 && off == at.off {
			at.part++
		} else {
			at = place{off: off}
		}
		if !g.decoder.fakesFrame(i) && (g.keeps || !g.decoder.noAddress(i)) {
			g.inst(fn, at, &g.decoder.insts[i])
			g.pageRefs(i, at)
		}
		g.tests.inst(at.off, &g.decoder.insts[i])
	}
	for _, pc := range g.decoder.bad {
		g.add(ref{place: place{off: uint32(pc - fn.Entry)}, kind: refBad})
	}
	return facts{slices.Clone(g.buf), slices.Clone(g.tests.found)}
}

func (g *gatherer) add(r ref) { g.buf = append(g.buf, r) }

// inst adds what one instruction refers to.
func (g *gatherer) inst(fn *gobin.Func, at place, in *isa.Inst) {
	switch in.Op {
	case isa.Call:
		g.add(ref{place: at, kind: refCall, addr: in.Target})
		return
	case isa.Jump, isa.CondJump:
		if in.Target < fn.Entry || in.Target >= fn.End {
			g.add(ref{place: at, kind: refJump, addr: in.Target})
		}
		return
	case isa.Syscall:
		g.add(ref{place: at, kind: refSyscall})
		return
	case isa.Sysenter:
		g.add(ref{place: at, kind: refSysenter})
		return
	case isa.Int:
		if in.Src.Imm&0xff == 0x80 {
			g.add(ref{place: at, kind: refInt80})
		}
		return
	case isa.CallInd, isa.JumpInd:
		if in.Src.Kind == isa.None || in.Src.Inexact {
			// A far call or return: it may lead into 32-bit code.
			g.add(ref{place: at, kind: refBad})
		}
	case isa.Nop, isa.Landing, isa.Trap:
		return
	}
	g.operand(at, in, &in.Src, false)
	g.operand(at, in, &in.Dst, true)
}

func (g *gatherer) operand(at place, in *isa.Inst, o *isa.Operand, dst bool) {
	switch o.Kind {
	case isa.KindImm:
		switch {
		case o.Inexact:
			g.add(ref{place: at, kind: refPage, addr: uint64(o.Imm)})
		case g.compiled && in.Op == isa.Add: // of two numbers: -10<<20 looks like the vsyscall page
		case !o.Rip && in.Op != isa.Sub: // what is taken away is no address
			g.number(at, uint64(o.Imm))
		case in.Fused && g.keeps:
			g.add(ref{place: at, kind: refAddr, addr: uint64(o.Imm)})
		}
	case isa.KindMem:
		if o.Base != isa.NoReg || o.Index != isa.NoReg || o.Seg != 0 {
			// An absolute displacement beside a register: an array's start, but not
			// beside the stack pointer.
			if o.Base != g.decoder.arch.sp && !(g.compiled && in.Op == isa.Lea) {
				g.number(at, uint64(o.Imm))
			}
			return
		}
		addr := uint64(o.Imm)
		switch {
		case in.Op == isa.Lea && o.Rip && g.limits.Contains(addr):
			g.add(ref{place: at, kind: refAddr, addr: addr})
		case in.Op == isa.Lea:
			g.number(at, addr)
		case o.Size == 0 || o.Inexact || in.Op == isa.Locked || in.Op == isa.Xchg:
			// Of unknown extent, or read and written at once.
			g.add(ref{place: at, kind: refAddr, addr: addr})
		case !dst || in.Op == isa.Cmp || in.Op == isa.Test:
			g.add(ref{place: at, kind: refLoad, size: o.Size, addr: addr})
		default:
			if in.Op != isa.Mov && in.Op != isa.MovVec && in.Op != isa.SetCond && in.Op != isa.Pop {
				g.add(ref{place: at, kind: refLoad, size: o.Size, addr: addr})
			}
			g.add(ref{place: at, kind: refStore, size: o.Size, addr: addr})
		}
	}
}

// number adds a constant that may be an address: in assembly, which can take one
// that way (MOVQ $f(SB), AX). Go's compiler never does, and the code of a program
// that can be loaded anywhere has none.
func (g *gatherer) number(at place, v uint64) {
	switch {
	case g.limits.Contains(v) && g.numbers:
		g.add(ref{place: at, kind: refNumber, addr: v})
	case g.decoder.arch.vsyscall.Contains(v):
		g.add(ref{place: at, kind: refVsyscall, addr: v})
	}
}
