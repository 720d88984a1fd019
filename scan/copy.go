package scan

import (
	"strings"

	"github.com/gocurb/curb/internal/isa"
)

// copies returns how many bytes a call copies, if it is one of runtime.duffcopy:
// compiled code enters that in the middle, at as many moves from its end as it
// needs, with the places in two registers (cmd/compile/internal/amd64/ssa.go,
// arm64/ssa.go).
func (a *analysis) copies(in *isa.Inst) (size int64, ok bool) {
	if in.Op != isa.Call {
		return 0, false
	}
	fn := a.file.FuncAt(in.Target)
	if fn < 0 || !strings.HasPrefix(a.file.Name(&a.file.Funcs[fn]), "runtime.duffcopy") {
		return 0, false
	}
	b := a.body(fn)
	i, ok := b.at(in.Target)
	if !ok {
		return 0, false
	}
	for ; i < len(b.insts) && b.insts[i].Op != isa.Ret; i++ {
		if o := &b.insts[i].Dst; o.Kind == isa.KindMem && o.Base == a.arch.copyTo {
			size += int64(o.Size)
		}
	}
	return size, size > 0 && i < len(b.insts)
}

func (a *analysis) isCopy(in *isa.Inst) bool {
	_, ok := a.copies(in)
	return ok
}

// stepCopy looks at what a copy of size bytes does to a slot of the stack.
func (s *search) stepCopy(i int, size int64, l loc) {
	if s.depth >= maxDepth {
		s.unknown("it is on the stack where the copy at %#x may change it", s.b.pcs[i])
		return
	}
	for _, to := range s.a.originsDepth(s.b, i, regLoc(s.a.arch.copyTo, 8), s.depth+1) {
		switch off := l.off - int64(to.value); {
		case to.kind != leafStack:
			s.unknown("it is on the stack where the copy at %#x may change it", s.b.pcs[i])
		case !l.overlaps(int64(to.value), size):
			s.push(i, l)
		case off < 0 || off+int64(l.size) > size:
			s.unknown("only a part of it is copied, at %#x", s.b.pcs[i])
		default:
			s.copied(i, off, l)
		}
	}
}

// copied goes on where the copied block comes from, off behind its start.
func (s *search) copied(i int, off int64, l loc) {
	for _, from := range s.a.originsDepth(s.b, i, regLoc(s.a.arch.copyFrom, 8), s.depth+1) {
		switch from.kind {
		case leafConst:
			s.leaf(leaf{kind: leafGlobal, value: from.value + uint64(off), size: l.size})
		case leafStack:
			s.push(i, slotLoc(int64(from.value)+off, l.size))
		default:
			s.unknown("it is copied from a place that is computed, at %#x", s.b.pcs[i])
		}
	}
}
