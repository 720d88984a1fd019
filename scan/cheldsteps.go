package scan

import (
	"slices"

	"github.com/gocurb/curb/internal/isa"
)

// step looks at what an instruction does with a pointer in a register.
func (h *cheld) step(s cstate) {
	if s.i == noFunc {
		h.returned(s)
		return
	}
	b := h.body(s.at)
	in := &b.insts[s.i]
	inside := in.Target >= b.fn.Entry && in.Target < b.fn.End
	switch in.Op {
	case isa.Call, isa.Trap:
		if in.Target != 0 {
			h.call(s, in)
		}
	case isa.CallInd, isa.JumpInd:
		h.indirect(s, in)
	case isa.Jump, isa.CondJump:
		if !inside {
			for _, to := range h.w.c.through(cplace{s.at.image, in.Target}) {
				h.enter(to, s.reg, s.ptr)
			}
		}
		h.after(s.at, s.i, s.reg, s.ptr)
	case isa.Ret:
		if h.results(s.reg) {
			h.push(cstate{s.at, noFunc, s.reg, s.ptr})
		}
	case isa.Syscall:
		if h.kernelGets(s, b) {
			h.open = true
		} else {
			h.survive(s, in)
		}
	case isa.Sysenter, isa.Int, isa.StringOp, isa.Leave:
		if !h.kept(s.reg) || in.Op == isa.Leave && s.reg == b.arch.fp {
			h.open = true // it reads registers that it does not name
		} else {
			h.survive(s, in)
		}
	default:
		h.operate(s, in)
	}
}

// kernelGets reports whether a system call may get the pointer: as one of its
// arguments, if that can be one.
func (h *cheld) kernelGets(s cstate, b *body) bool {
	a := h.w.c.a
	if a.arch.arguments&(1<<s.reg) == 0 {
		return false
	}
	argument := slices.Index(a.arch.inOrder[:], s.reg)
	for _, lf := range a.origins(b, s.i, regLoc(a.arch.number, 4)) {
		call, known := a.table.ByNumber(uint32(lf.value))
		if lf.kind != leafConst || !known || argument < 0 {
			return true
		}
		if args := call.Args(); argument < len(args) && args[argument].Width == 64 {
			return true
		}
	}
	return false
}

func (h *cheld) kept(r isa.Reg) bool { return h.w.c.a.arch.kept&(1<<r) != 0 }

// results reports whether a function may return something in a register.
func (h *cheld) results(r isa.Reg) bool {
	return r == h.w.c.a.arch.result || r == h.w.c.a.arch.context
}

// survive goes on behind an instruction that leaves the register as it is.
func (h *cheld) survive(s cstate, in *isa.Inst) {
	if in.Writes&(1<<s.reg) == 0 {
		h.after(s.at, s.i, s.reg, s.ptr)
	}
}

// call follows a pointer into a function. Of one in the same file the compiler may
// know that it leaves more registers alone than all do.
func (h *cheld) call(s cstate, in *isa.Inst) {
	local := true
	for _, to := range h.w.c.through(cplace{s.at.image, in.Target}) {
		local = local && to == cplace{s.at.image, in.Target}
		if !h.kept(s.reg) {
			h.enter(to, s.reg, s.ptr)
		}
	}
	if local || h.kept(s.reg) {
		h.after(s.at, s.i, s.reg, s.ptr)
	}
}

// indirect looks at a call or jump through a pointer.
func (h *cheld) indirect(s cstate, in *isa.Inst) {
	switch p, exact := h.place(s, &in.Src); {
	case in.Src.Kind == isa.KindReg && in.Src.Reg == s.reg:
		if s.ptr != h.fn {
			h.open = true
		}
		h.called(s.at, s.i, s.ptr)
	case exact:
		h.load(s.at, s.i, in, p, in.Src.Size)
	case based(in, s.reg):
		h.open = true
	case global(&in.Src) && h.w.c.images[s.at.image].linked[uint64(in.Src.Imm)]:
		for _, to := range h.w.c.images[s.at.image].slots.at(uint64(in.Src.Imm)) {
			if in.Op == isa.JumpInd || !h.kept(s.reg) {
				h.enter(to, s.reg, s.ptr)
			}
		}
		if in.Op == isa.JumpInd {
			return
		}
	case !h.kept(s.reg):
		h.open = true // who is called gets it
	}
	if in.Op == isa.JumpInd || h.kept(s.reg) {
		h.after(s.at, s.i, s.reg, s.ptr)
	}
}

// place returns the place in memory that an operand names by the pointer. It is not
// exact if it does so in another way, or not at all.
func (h *cheld) place(s cstate, o *isa.Operand) (p cplace, exact bool) {
	if o.Kind != isa.KindMem || o.Base != s.reg || o.Index != isa.NoReg || o.Seg != 0 || o.Inexact || s.ptr == h.fn {
		return cplace{}, false
	}
	return cplace{s.ptr.image, s.ptr.addr + uint64(o.Imm)}, true
}

// operate looks at an instruction that goes on to the next.
func (h *cheld) operate(s cstate, in *isa.Inst) {
	toReg := in.Size == 8 && in.Dst.Kind == isa.KindReg
	from := in.Src.Kind == isa.KindReg && in.Src.Reg == s.reg
	same := in.Dst.Kind == isa.KindReg && in.Dst.Reg == s.reg
	source, reads := h.place(s, &in.Src)
	dest, writes := h.place(s, &in.Dst)
	to := s.ptr
	switch {
	case in.Op == isa.CondMove && same && !from:
		h.after(s.at, s.i, s.reg, s.ptr) // perhaps it stays
		h.open = h.open || based(in, s.reg)
		return
	case !readsReg(in, s.reg) || in.Op == isa.Cmp || in.Op == isa.Test || in.Op == isa.BitTest:
	case toReg && from && (in.Op == isa.Mov || in.Op == isa.CondMove):
		h.after(s.at, s.i, in.Dst.Reg, to)
	case toReg && in.Op == isa.Lea && reads:
		h.after(s.at, s.i, in.Dst.Reg, source)
	case toReg && same && in.Src.Kind == isa.KindImm && (in.Op == isa.Add || in.Op == isa.Sub) && to != h.fn:
		if in.Op == isa.Sub {
			to.addr -= uint64(in.Src.Imm)
		} else {
			to.addr += uint64(in.Src.Imm)
		}
		h.after(s.at, s.i, s.reg, to)
	case reads && in.Op != isa.Lea && !same:
		h.load(s.at, s.i, in, source, in.Src.Size)
	case reads && (in.Op == isa.Mov || in.Op == isa.MovZX || in.Op == isa.MovSX):
		h.load(s.at, s.i, in, source, in.Src.Size)
	case writes && !from && (in.Op == isa.Mov || in.Op == isa.MovVec || in.Op == isa.SetCond || h.free(dest, in.Dst.Size)):
	default:
		h.open = true
	}
	h.survive(s, in)
}

// returned goes on behind the calls of a function that returns a pointer.
func (h *cheld) returned(s cstate) {
	f := h.w.c.images[s.at.image].Funcs[s.at.fn]
	for p := range h.w.taken {
		if p.image == s.at.image && f.Contains(p.addr) {
			h.open = true
			return
		}
	}
	for _, by := range h.w.callersOf(s.at) {
		if !h.w.c.a.inC(by.fn) {
			h.open = true
			return
		}
		from := h.w.c.function(by.fn)
		b := h.body(from)
		i, ok := b.find(by.place)
		switch {
		case !ok:
			h.open = true
		case b.insts[i].Op == isa.Jump || b.insts[i].Op == isa.CondJump || b.insts[i].Op == isa.JumpInd:
			h.push(cstate{from, noFunc, s.reg, s.ptr})
		default:
			h.after(from, i, s.reg, s.ptr)
		}
	}
}
