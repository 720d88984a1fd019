package scan

import (
	"strings"

	"github.com/gocurb/curb/internal/isa"
)

// A flow follows a pointer forwards through one function, to see where it can
// end up: in variables, directly or inside of objects that the function
// allocates and stores there. It gives up (escapes) as soon as the pointer goes
// anywhere else.
//
// It serves package initialisers, which is where function values are put into
// variables that a program may never look at: var once = sync.OnceValue(f).
type flow struct {
	a       *analysis
	b       *body
	seen    map[searchState]bool
	work    []searchState
	out     map[int][]int
	sinks   []uint64 // the variables
	escaped bool
}

// sinks returns the variables in which the pointer that instruction i leaves in
// a register ends up. It is not ok if the pointer may get anywhere else.
func (a *analysis) sinks(b *body, i int) ([]uint64, bool) {
	in := &b.insts[i]
	if in.Dst.Kind != isa.KindReg || !isInit(a.file.Name(b.fn)) {
		return nil, false
	}
	f := flow{a: a, b: b, seen: map[searchState]bool{}, out: b.successors()}
	f.after(i, regLoc(in.Dst.Reg, 8))
	for len(f.work) > 0 && !f.escaped {
		st := f.work[len(f.work)-1]
		f.work = f.work[:len(f.work)-1]
		f.step(st.at, st.l)
	}
	return f.sinks, !f.escaped
}

// isInit reports whether a function is a package's initialiser, which has
// neither arguments nor results: PATH.init, or PATH.init.N.
func isInit(name string) bool {
	rest := name[strings.LastIndexByte(name, '/')+1:]
	_, rest, _ = strings.Cut(rest, ".")
	number, ok := strings.CutPrefix(rest, "init.")
	return rest == "init" || ok && strings.Trim(number, "0123456789") == ""
}

// after adds the state that l holds the pointer once instruction i is done.
func (f *flow) after(i int, l loc) {
	for _, k := range f.b.next(i, f.out, nil) {
		st := searchState{k, l}
		if !f.seen[st] {
			f.seen[st] = true
			f.work = append(f.work, st)
		}
	}
}

// step looks at what instruction i does with the pointer in l.
func (f *flow) step(i int, l loc) {
	in := &f.b.insts[i]
	if l.kind == inSlot {
		f.stepSlot(i, in, l)
		return
	}
	r := l.reg
	switch in.Op {
	case isa.Ret, isa.Cmp, isa.Test:
		if in.Op != isa.Ret && !based(in, r) {
			f.after(i, l)
		} else if in.Op != isa.Ret {
			f.escaped = true
		}
		return
	case isa.Call:
		f.call(i, in, l)
		return
	case isa.CallInd, isa.JumpInd, isa.Syscall, isa.Int, isa.Sysenter, isa.StringOp, isa.Xchg, isa.Locked:
		f.escaped = true
		return
	}
	leaves := (in.Op == isa.Jump || in.Op == isa.CondJump) && (in.Target < f.b.fn.Entry || in.Target >= f.b.fn.End)
	reads := in.Src.Kind == isa.KindMem && (in.Src.Base == r || in.Src.Index == r)
	loads := reads && in.Op == isa.Mov && in.Size == 8 && in.Src.Index == isa.NoReg && in.Dst.Kind == isa.KindReg
	switch {
	case loads: // what it holds may be the pointer that was stored there
		f.after(i, regLoc(in.Dst.Reg, 8))
	case leaves || reads || in.Dst.Kind == isa.KindMem && in.Dst.Index == r:
		f.escaped = true
	case in.Op == isa.Mov && in.Size == 8 && in.Src.Kind == isa.KindReg && in.Src.Reg == r:
		f.copied(i, &in.Dst)
	case in.Src.Kind == isa.KindReg && in.Src.Reg == r:
		f.escaped = true
	case in.Dst.Kind == isa.KindReg && in.Dst.Reg == r && in.Op != isa.Mov && in.Op != isa.MovZX && in.Op != isa.MovSX && in.Op != isa.Lea && in.Op != isa.Zero && in.Op != isa.Pop:
		f.escaped = true
	case in.Op == isa.Other && in.Writes&(1<<r) != 0 || in.Reads&(1<<r) != 0:
		f.escaped = true
	}
	if in.Writes&(1<<r) == 0 {
		f.after(i, l)
	}
}

// based reports whether the instruction reads memory through r.
func based(in *isa.Inst, r isa.Reg) bool {
	uses := func(o *isa.Operand) bool { return o.Kind == isa.KindMem && (o.Base == r || o.Index == r) }
	return uses(&in.Src) || uses(&in.Dst)
}

// call looks at a call with the pointer in a register: whether it is passed on.
func (f *flow) call(i int, in *isa.Inst, l loc) {
	if f.a.isWriteBarrier(in.Target) {
		if f.a.arch.barrierWrites&(1<<l.reg) == 0 {
			f.after(i, l)
		}
		return
	}
	if harmless, survives := f.a.passed(in.Target, l.reg, 1); !harmless || survives {
		f.escaped = true // survives: perhaps it is the result
	}
}

// copied follows a copy of the pointer to what an operand names.
func (f *flow) copied(i int, to *isa.Operand) {
	switch {
	case to.Kind == isa.KindReg:
		f.after(i, regLoc(to.Reg, 8))
	case to.Kind != isa.KindMem || to.Seg != 0 || to.Index != isa.NoReg || to.Inexact:
		f.escaped = true
	case to.Base == isa.NoReg:
		f.sink(uint64(to.Imm))
	case to.Base == f.a.arch.sp:
		f.toStack(i, f.b.sp[i], to.Imm)
	default:
		f.stored(i, to)
	}
}

func (f *flow) sink(addr uint64) {
	if !f.a.file.IsVariable(addr) {
		f.escaped = true
	}
	f.sinks = append(f.sinks, addr)
}

func (f *flow) toStack(i int, sp, off int64) {
	if sp == unknownSP || f.b.escapes(sp+off) || sp+off >= 0 {
		f.escaped = true
		return
	}
	f.after(i, slotLoc(sp+off, 8))
}

// stored follows a store of the pointer through another one: into an object
// that the function made, which then stands for the pointer itself, or into
// the write barrier's buffer, which only the garbage collector reads.
func (f *flow) stored(i int, to *isa.Operand) {
	for _, base := range f.a.origins(f.b, i, regLoc(to.Base, 8)) {
		switch base.kind {
		case leafConst:
			f.sink(base.value + uint64(to.Imm))
		case leafStack:
			f.toStack(i, int64(base.value), to.Imm)
		case leafCall:
			call := &f.b.insts[base.value]
			switch {
			case call.Op != isa.Call || base.loc.kind != inReg:
				f.escaped = true
			case f.a.isWriteBarrier(call.Target) && base.loc.reg == f.a.arch.barrierResult:
			case f.a.allocates(call.Target) && base.loc.reg == f.a.arch.result:
				f.after(int(base.value), base.loc)
			default:
				f.escaped = true
			}
		default:
			f.escaped = true
		}
	}
}

// stepSlot looks at what an instruction does with the pointer in a stack slot.
func (f *flow) stepSlot(i int, in *isa.Inst, l loc) {
	at := func(o *isa.Operand) bool {
		if o.Inexact {
			return true
		}
		if o.Kind != isa.KindMem || o.Base != f.a.arch.sp {
			return false
		}
		size := int64(o.Size)
		if size == 0 {
			size = 64
		}
		return f.b.sp[i] == unknownSP || o.Index != isa.NoReg || l.overlaps(f.b.sp[i]+o.Imm, size)
	}
	exact := func(o *isa.Operand) bool {
		return o.Index == isa.NoReg && f.b.sp[i] != unknownSP && f.b.sp[i]+o.Imm == l.off && o.Size == 8
	}
	switch {
	case in.Op == isa.Ret:
		return
	case in.Op == isa.Call && f.a.isWriteBarrier(in.Target):
	case in.Op == isa.Call || in.Op == isa.CallInd:
		args := f.a.argsSize(in.Target)
		if in.Op == isa.CallInd || f.b.sp[i] == unknownSP || args < 0 || l.overlaps(f.b.sp[i]+f.a.arch.argument, args) {
			f.escaped = true
			return
		}
	case in.Op == isa.Lea:
	case at(&in.Src):
		if in.Op != isa.Mov || !exact(&in.Src) || in.Dst.Kind != isa.KindReg {
			f.escaped = true
			return
		}
		f.after(i, regLoc(in.Dst.Reg, 8))
	case at(&in.Dst):
		if in.Op == isa.Mov && exact(&in.Dst) {
			return // overwritten
		}
		if in.Op != isa.Cmp && in.Op != isa.Test {
			f.escaped = true
			return
		}
	}
	f.after(i, l)
}

// isWriteBarrier reports whether the function at entry is the write barrier's
// slow path: it keeps nearly all registers and returns where to note the
// pointers (runtime/asm_amd64.s).
func (a *analysis) isWriteBarrier(entry uint64) bool {
	return strings.HasPrefix(a.nameAt(entry), "runtime.gcWriteBarrier")
}

// allocates reports whether the function at entry returns a new object, to which
// nothing else points, in the result register.
func (a *analysis) allocates(entry uint64) bool {
	name := a.nameAt(entry)
	return name == "runtime.newobject" || strings.HasPrefix(name, "runtime.mallocgc")
}

func (a *analysis) nameAt(entry uint64) string {
	if fn, ok := a.file.FuncWithEntry(entry); ok {
		return a.file.Name(&a.file.Funcs[fn])
	}
	return ""
}
