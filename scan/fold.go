package scan

import (
	"slices"

	"github.com/gocurb/curb/internal/isa"
)

// fold finds which instructions of a function can be reached, where its jumps
// depend on values that can be told from the function itself, and from the places
// that call it. decide is asked first. The body that it returns knows what is
// not reached: a search in it does not go there.
func (r *reach) fold(fn int, decide func(b *body, i int) (taken, ok bool)) *body {
	b := newBody(r.a.file, fn, r.a.mid[fn])
	for {
		ways := map[int]bool{}
		live := b.reachable(r.entries(fn, b), r.endings(fn, b), func(i int) (taken, ok bool) {
			if taken, ok = decide(b, i); !ok {
				taken, ok = r.decided(b, i)
			}
			if ok {
				ways[i] = taken
			}
			return taken, ok
		})
		if slices.Equal(live, b.live) {
			return b
		}
		b.live, b.ways = live, ways
	}
}

// goes reports whether control can go from one instruction to the other, which is
// next to it or where it jumps, as far as what is known of the values tells.
func (b *body) goes(from, to int) bool {
	if b.live == nil {
		return true
	}
	taken, ok := b.ways[from]
	if ok && to == from+1 && b.insts[from].Target == b.pcs[to] {
		ok = false // both ways lead there
	}
	return b.live[from] && (!ok || taken == (to != from+1))
}

// decided reports whether a conditional jump is taken, if that is known: if what was
// compared before it can be told.
func (r *reach) decided(b *body, i int) (taken, ok bool) {
	k := i - 1
	for k > 0 && b.insts[k].Op == isa.Nop {
		k--
	}
	if b.insts[i].Op != isa.CondJump || k < 0 || !b.leadsOnly(k, i) {
		return false, false
	}
	in := &b.insts[k]
	if in.Op != isa.Cmp && in.Op != isa.Test && in.Op != isa.BitTest {
		return false, false
	}
	g := guard{test: in.Op == isa.Test, bit: in.Op == isa.BitTest, width: in.Size, cond: b.insts[i].Cond}
	g.self = g.test && in.Src.Kind == isa.KindReg && in.Src == in.Dst
	xs, ok1 := r.held(b, k, &in.Dst, in.Size)
	ys, ok2 := r.held(b, k, &in.Src, in.Size)
	if !ok1 || !ok2 {
		return false, false
	}
	for n, x := range xs {
		for m, y := range ys {
			g.imm = y
			t, ok := g.takes(x)
			if !ok || (n > 0 || m > 0) && t != taken {
				return false, false
			}
			taken = t
		}
	}
	return taken, true
}

// leadsOnly reports whether control can come to instruction to only by way of from,
// one after the other.
func (b *body) leadsOnly(from, to int) bool {
	for i := from; i < to; i++ {
		if !b.falls(i) || len(b.jumps[i+1]) > 0 || b.open[i+1] {
			return false
		}
	}
	return true
}

// held returns what an operand of instruction i can hold, if that is constant.
func (r *reach) held(b *body, i int, o *isa.Operand, size uint8) ([]uint64, bool) {
	if o.Kind == isa.KindImm {
		return []uint64{uint64(o.Imm)}, true
	}
	s := search{a: r.a, b: b, seen: map[searchState]bool{}}
	s.source(i, o, size)
	return r.constant(b, s.run(), 0)
}

// constant returns the values of leaves that are constants, or what all callers leave
// in a parameter.
func (r *reach) constant(b *body, leaves []leaf, depth int) ([]uint64, bool) {
	const deepest = 4
	var out []uint64
	for _, lf := range leaves {
		switch {
		case lf.kind == leafConst:
			out = append(out, lf.value)
		case lf.kind == leafParam && depth < deepest:
			more, ok := r.argument(b.index, lf.loc, depth+1)
			if !ok {
				return nil, false
			}
			out = append(out, more...)
		default:
			return nil, false
		}
		if len(out) > maxValues {
			return nil, false
		}
	}
	return out, len(out) > 0
}

// argument returns what the only caller of a function leaves in l for it.
func (r *reach) argument(fn int, l loc, depth int) ([]uint64, bool) {
	from, ok := r.a.attrs.callerOf(fn)
	if !ok {
		return nil, false
	}
	b, _ := r.guarded(from.fn)
	if b == nil {
		return nil, false
	}
	i, ok := b.find(from.place)
	if !ok || l.kind == inSlot && b.sp[i] == unknownSP {
		return nil, false
	}
	if l.kind == inSlot {
		l.off += b.sp[i]
		if b.insts[i].Op == isa.Call {
			l.off -= r.a.arch.pushed
		}
	}
	return r.constant(b, r.a.origins(b, i, l), depth)
}
