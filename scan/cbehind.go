package scan

import (
	"slices"
	"strings"

	"github.com/gocurb/curb/internal/isa"
)

// A number can lie in a record, to which a function has a pointer: glibc has all threads
// make a setuid and the like, by a record in the frame of who asks for it, which it
// passes to a function that leaves its address to the handler of a signal.

// keepsRecord reports whether a function is one of those of glibc. Of these it is known
// that nobody changes the record meanwhile, and that the variable with its address is no
// part of another. In a stripped program that is linked statically they are known by the
// signal that glibc keeps for this alone (SIGSETXID, sysdeps/unix/sysv/linux/internal-signals.h),
// together with what they say if futexes fail (sysdeps/nptl/futex-internal.h).
func (a *analysis) keepsRecord(fn int) bool {
	if !a.inC(fn) {
		return false
	}
	name, static := a.name(fn), a.c.loader == noFunc
	return a.c.images[a.c.function(fn).image].Name == "libc.so.6" ||
		static && (strings.HasPrefix(name, "__nptl_setxid") || strings.HasPrefix(name, "0x") && a.names(fn, setxidSignal) && a.c.says(a.c.function(fn), futexFails, true))
}

const (
	setxidSignal = 33
	futexFails   = "The futex facility returned an unexpected error code.\n"
)

// names reports whether an instruction of a function has a number.
func (a *analysis) names(fn int, number int64) bool {
	return slices.ContainsFunc(a.body(fn).insts, func(in isa.Inst) bool {
		return in.Src.Kind == isa.KindImm && in.Src.Imm == number
	})
}

// says reports whether a function has the address of a text, or else a part of it that
// compilers have put elsewhere.
func (c *clib) says(at cfunc, text string, parts bool) bool {
	im := c.images[at.image]
	return slices.ContainsFunc(im.facts[at.fn].refs, func(x ref) bool {
		if to := im.FuncAt(x.addr); x.kind == refJump && parts && to >= 0 {
			return c.says(cfunc{at.image, to}, text, false)
		}
		have, ok := im.Text(x.addr)
		return x.takesAddr() && ok && have == text
	})
}

// A record is where a number lies behind a pointer.
type record struct {
	off  int64
	size uint8
}

// pointed goes on where the number is behind a pointer that a variable holds: at all
// stores to that.
func (c *climb) pointed(fn int, pc uint64, lf leaf, through []int) {
	a := c.a
	at := a.c.function(fn)
	im := a.c.images[at.image]
	if im.From(lf.value) != nil || im.slots.at(lf.value) != nil {
		a.unresolved(fn, pc, "the number cannot be told: "+lf.reason)
		return
	}
	for by := range a.cwalk.steps[at.image].reached {
		for _, x := range im.facts[by].refs {
			stores := x.kind == refStore && x.addr < lf.value+8 && lf.value < x.addr+uint64(x.size)
			if !stores && !(x.takesAddr() && x.addr == lf.value) {
				continue
			}
			from := a.c.number(cfunc{at.image, by})
			b := a.body(from)
			i, ok := b.find(x.place)
			if !ok || !stores || x.addr != lf.value || b.insts[i].Op != isa.Mov || b.insts[i].Size != 8 {
				a.unresolved(fn, pc, "the number cannot be told: "+lf.reason)
				continue
			}
			c.stored(fn, pc, from, i, lf, through)
		}
	}
}

// stored looks at one of these stores.
func (c *climb) stored(fn int, pc uint64, by, i int, lf leaf, through []int) {
	a := c.a
	b := a.body(by)
	leaves := []leaf{{kind: leafUnknown}}
	switch src := &b.insts[i].Src; src.Kind {
	case isa.KindImm:
		leaves = []leaf{{kind: leafConst, value: uint64(src.Imm)}}
	case isa.KindReg:
		leaves = a.origins(b, i, regLoc(src.Reg, 8))
	}
	for _, p := range leaves {
		switch {
		case p.kind == leafConst && p.value == 0: // it is none
		case p.kind == leafParam && p.loc.kind == inReg:
			c.behind(fn, pc, by, p.loc.reg, record{lf.loc.off, lf.size}, through)
		default:
			a.unresolved(fn, pc, "the number cannot be told: "+lf.reason)
		}
	}
}

// behind goes on where the number is in a record to which a function is passed a
// pointer: with what its callers have put there.
func (c *climb) behind(fn int, pc uint64, to int, reg isa.Reg, rec record, through []int) {
	a := c.a
	calls, ok := a.cwalk.allCalls(a.c.function(to))
	if !ok || writesRecord(a, to, reg, rec) {
		a.unresolved(fn, pc, "the number is behind a pointer, and who passes that is not known")
		return
	}
	for _, from := range calls {
		nr, ok := uint64(0), false
		if a.inC(from.fn) {
			b := a.body(from.fn)
			if i, found := b.find(from.place); found {
				nr, ok = a.recordedNumber(b, i, reg, rec)
			}
		}
		if !ok {
			a.unresolved(from.fn, a.entry(from.fn)+uint64(from.off), "the number is in a record, and what is put there cannot be told")
			continue
		}
		c.constant(fn, pc, uint32(nr), arguments{}, append([]int{from.fn}, through...))
	}
}

// writesRecord reports whether a function may write to the number in a record to which
// it is passed a pointer.
func writesRecord(a *analysis, fn int, reg isa.Reg, rec record) bool {
	b := a.body(fn)
	for i := range b.insts {
		o := &b.insts[i].Dst
		if o.Kind != isa.KindMem || o.Seg != 0 || o.Base == isa.NoReg || o.Base == a.arch.sp || b.insts[i].Op == isa.Cmp || b.insts[i].Op == isa.Test {
			continue
		}
		for _, p := range a.origins(b, i, regLoc(o.Base, 8)) {
			mine := p.kind == leafParam && p.loc == regLoc(reg, 8)
			if mine && (o.Index != isa.NoReg || o.Size == 0 || o.Inexact || o.Imm < rec.off+int64(rec.size) && rec.off < o.Imm+int64(o.Size)) {
				return true
			}
		}
	}
	return false
}

// recordedNumber returns the number that a function puts into a record in its frame, right
// before it calls another with the record's address in a register.
func (a *analysis) recordedNumber(b *body, call int, reg isa.Reg, rec record) (uint64, bool) {
	i, ok := b.recorded(call, reg, rec)
	if !ok {
		return 0, false
	}
	v, ok := a.constantOf(b, i, &b.insts[i].Src)
	return truncate(v, rec.size), ok
}

// recorded returns the instruction by which it puts the number there.
func (b *body) recorded(call int, reg isa.Reg, rec record) (int, bool) {
	place := int64(0)
	known := false
	for _, i := range b.straightTo(call) {
		in := &b.insts[i]
		if in.Writes&(1<<reg) == 0 {
			continue
		}
		switch {
		case in.Op == isa.Mov && in.Size == 8 && register(&in.Src, b.arch.sp):
			place, known = 0, true
		case in.Op == isa.Lea && in.Src.Base == b.arch.sp && in.Src.Index == isa.NoReg && in.Src.Seg == 0:
			place, known = in.Src.Imm, true
		}
		break // the last write to it
	}
	if !known {
		return 0, false
	}
	for _, i := range b.straightTo(call) {
		o := &b.insts[i].Dst
		if o.Kind != isa.KindMem || o.Imm >= place+rec.off+int64(rec.size) || place+rec.off >= o.Imm+int64(o.Size) {
			continue
		}
		return i, b.insts[i].Op == isa.Mov && o.Imm == place+rec.off && o.Size >= rec.size
	}
	return 0, false
}

// constantOf returns the one number that an operand is.
func (a *analysis) constantOf(b *body, at int, o *isa.Operand) (uint64, bool) {
	switch o.Kind {
	case isa.KindImm:
		return uint64(o.Imm), !o.Inexact
	case isa.KindReg: // where a store has no room for a number
		if from := a.origins(b, at, regLoc(o.Reg, o.Size)); len(from) == 1 && from[0].kind == leafConst {
			return from[0].value, true
		}
	}
	return 0, false
}

// straightTo returns the instructions that run right before another one, the last first,
// as far as control comes to each from the one before only, and none of them calls, moves
// the stack pointer, or writes to memory but in the frame, at a place that it says.
func (b *body) straightTo(i int) []int {
	var out []int
	for k := i - 1; k >= 0 && b.falls(k) && len(b.jumps[k+1]) == 0 && !b.open[k+1]; k-- {
		in := &b.insts[k]
		o := &in.Dst
		inFrame := o.Base == b.arch.sp && o.Index == isa.NoReg && o.Seg == 0 && o.Size > 0 && !o.Inexact
		plain := slices.Contains([]isa.Op{isa.Mov, isa.MovZX, isa.MovSX, isa.MovVec, isa.Lea, isa.Zero, isa.Add, isa.Sub, isa.And, isa.Or, isa.Xor, isa.Nop, isa.Landing}, in.Op) ||
			in.Op == isa.Other && o.Kind != isa.KindMem // of vector registers, say
		if !plain || in.Writes&(1<<b.arch.sp) != 0 || o.Kind == isa.KindMem && !inFrame {
			break
		}
		out = append(out, k)
	}
	return out
}
