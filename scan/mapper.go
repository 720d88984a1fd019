package scan

import (
	"strings"

	"github.com/gocurb/curb/internal/isa"
)

// mappers are the functions that make the call mmap in package syscall and in
// x/sys, which both keep it in a field of a record that nothing else has, and
// call it in one method. TestMappers holds that against their sources.
var mappers = map[string]string{
	"syscall.mmap":               "syscall.(*mmapper).Mmap",
	"golang.org/x/sys/unix.mmap": "golang.org/x/sys/unix.(*mmapper).Mmap",
}

// mapperCalls returns the calls through a pointer in that method: none where a program
// does not have it. x/sys has another function that calls the field, which may be
// inlined anywhere: where a program has it, they cannot be told.
func (a *analysis) mapperCalls(method string) (calls []caller, ok bool) {
	pkg, _, _ := strings.Cut(method, ".(")
	for range a.file.Find([]byte(pkg + ".MmapPtr\x00")) {
		return nil, false
	}
	fn, ok := a.funcNamed(method)
	if !ok {
		return nil, true
	}
	b := a.body(fn)
	for i := range b.insts {
		if b.insts[i].Op == isa.CallInd && !a.callsOwn(b, i) {
			calls = append(calls, caller{fn, b.place(i)})
		}
	}
	return calls, len(calls) > 0
}

// callsOwn reports whether a call through a pointer is of a closure that the function
// has made in its own frame, as a deferred function is.
func (a *analysis) callsOwn(b *body, i int) bool {
	k := i - 1
	for k >= 0 && b.falls(k) && b.insts[k].Writes&(1<<a.arch.context) == 0 {
		k--
	}
	if k < 0 || !b.falls(k) {
		return false
	}
	in := &b.insts[k]
	if in.Op == isa.Lea {
		return in.Src.Base == a.arch.sp && in.Src.Index == isa.NoReg
	}
	slot, ok := b.slotOf(k, &in.Src)
	return ok && in.Op == isa.Mov && a.holdsOwn(b, slot)
}

// holdsOwn reports whether all that a function puts into a slot of its frame are
// addresses in the frame, and zeros.
func (a *analysis) holdsOwn(b *body, slot int64) bool {
	put := false
	for i := range b.insts {
		in := &b.insts[i]
		off, ok := b.slotOf(i, &in.Dst)
		if !ok || !slotLoc(slot, 8).overlaps(off, max(int64(in.Dst.Size), 1)) || b.zeroes(i) {
			continue
		}
		if in.Op != isa.Mov || in.Src.Kind != isa.KindReg {
			return false
		}
		for _, from := range a.origins(b, i, regLoc(in.Src.Reg, 8)) {
			if from.kind != leafStack && !(from.kind == leafConst && from.value == 0) {
				return false
			}
		}
		put = true
	}
	return put
}

// zeroes reports whether an instruction of compiled code stores nothing but zeros.
func (b *body) zeroes(i int) bool {
	in := &b.insts[i]
	return in.Op == isa.Mov && in.Src.Kind == isa.KindImm && in.Src.Imm == 0 ||
		in.Op == isa.MovVec && in.Src.Kind == isa.KindVec && in.Src.Reg == b.arch.zeroVec
}
