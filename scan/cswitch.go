package scan

import (
	"cmp"
	"slices"

	"github.com/gocurb/curb/internal/arm64"
	"github.com/gocurb/curb/internal/isa"
)

// A jumpTable is what a switch of C code reads to go on: how far places are from a label.
type jumpTable struct {
	i       int // the jump
	label   uint64
	table   uint64
	size    uint8 // of an entry
	signed  bool
	shift   uint8
	entries uint64 // how many there are, 0 where that is not known
	adr     int    // the instruction that makes the label's address, -1 if it is not known
}

// findSwitches finds the function's switches, where they read tables of distances
// that are scaled. A jump to a sum that is none that is known can go anywhere.
func (d *decoder) findSwitches(code []byte) {
	d.switches, d.stray = d.switches[:0], d.stray[:0]
	if d.flow == nil {
		return
	}
	word := func(i int) uint32 {
		off := d.pcs[i] - d.flow.fn.Entry
		return leUint32(code[off:])
	}
	for i := range d.insts {
		in := &d.insts[i]
		if in.Op != isa.JumpInd || in.Src.Kind != isa.KindReg {
			continue
		}
		if t, ok := d.flow.jumpTable(i, word); ok {
			d.switches = append(d.switches, t)
		} else if d.flow.computes(i) {
			d.stray = append(d.stray, i)
		}
	}
}

// writer returns the instruction before i that has written a register, if none but
// it can have.
func (f *pageFlow) writer(i int, r isa.Reg) (int, bool) {
	for {
		if len(f.b.jumps[i]) > 0 || f.isOpen(i) || i == 0 || !f.b.falls(i-1) {
			return 0, false
		}
		i--
		if in := &f.b.insts[i]; in.Writes>>r&1 != 0 || in.Op == isa.Call || in.Op == isa.CallInd {
			return i, true
		}
	}
}

func (f *pageFlow) isOpen(i int) bool { return slices.Contains(f.open, i) }

// jumpTable reads the code before a jump.
func (f *pageFlow) jumpTable(i int, word func(int) uint32) (jumpTable, bool) {
	t := jumpTable{i: i, adr: -1}
	add, ok := f.writer(i, f.b.insts[i].Src.Reg)
	if !ok {
		return t, false
	}
	sum, ok := arm64.ReadDisplaced(word(add))
	if !ok {
		return t, false
	}
	if load, ok := f.load(add, sum.Part, word); ok {
		return f.describe(t, add, load, sum, word)
	}
	sum.Base, sum.Part = sum.Part, sum.Base
	if load, ok := f.load(add, sum.Part, word); ok && sum.Size == 8 && sum.Shift == 0 {
		return f.describe(t, add, load, sum, word)
	}
	return t, false
}

// load returns the load from a table that has written a register.
func (f *pageFlow) load(i int, r isa.Reg, word func(int) uint32) (int, bool) {
	at, ok := f.writer(f.first(i), r)
	if !ok {
		return 0, false
	}
	_, ok = arm64.ReadTableLoad(word(at))
	return at, ok
}

// first returns the first part of the machine instruction that i is a part of.
func (f *pageFlow) first(i int) int {
	for i > 0 && f.b.pcs[i-1] == f.b.pcs[i] {
		i--
	}
	return i
}

// describe puts the parts of a switch together.
func (f *pageFlow) describe(t jumpTable, add, load int, sum arm64.Displaced, word func(int) uint32) (jumpTable, bool) {
	l, _ := arm64.ReadTableLoad(word(load))
	table, ok := f.only(&f.in[f.first(load)], l.Table)
	if !ok || table.kind == heldPage {
		return t, false
	}
	label, ok := f.only(&f.in[f.first(add)], sum.Base)
	if !ok || label.kind == heldPage {
		return t, false
	}
	if at, ok := f.writer(f.first(add), sum.Base); ok && absoluteAddr(&f.b.insts[at].Src) {
		t.adr = at
	}
	t.table, t.label, t.size, t.shift = table.addr, label.addr, l.Size, sum.Shift
	switch {
	case sum.Size > l.Size: // what the load makes of it counts
		t.signed = l.Signed
	case sum.Size == l.Size:
		t.signed = sum.Signed
	default:
		return t, false
	}
	t.entries = f.bound(f.first(load), l.Index)
	return t, true
}

// computes reports whether a jump may go to a sum: the code of a switch that is not
// known, and not a function that a pointer leads to.
func (f *pageFlow) computes(i int) bool {
	r := f.b.insts[i].Src.Reg
	for range 8 { // copies
		at, ok := f.writer(i, r)
		if !ok {
			return f.takesPlaces()
		}
		switch in := &f.b.insts[at]; in.Op {
		case isa.Mov:
			if in.Src.Kind != isa.KindReg {
				return false
			}
			i, r = at, in.Src.Reg
			continue
		case isa.Add, isa.Sub, isa.Lea, isa.Other, isa.Shl, isa.Or:
			return true
		}
		return f.takesPlaces()
	}
	return true
}

// takesPlaces reports whether the function takes the address of a place in itself.
func (f *pageFlow) takesPlaces() bool {
	return slices.ContainsFunc(f.known, func(h held) bool {
		return h.kind != heldPage && f.fn.Entry < h.addr && h.addr < f.fn.End
	})
}

// bound returns how many values a register can have before instruction i: what was
// compared with a constant on the way there, and is not above it.
func (f *pageFlow) bound(i int, r isa.Reg) uint64 {
	const most = 64
	for range most {
		taken := false
		switch {
		case f.isOpen(i) || i == 0:
			return 0
		case len(f.b.jumps[i]) == 0 && f.b.falls(i-1):
			i--
		case len(f.b.jumps[i]) == 1 && !f.b.falls(i-1):
			i, taken = f.b.jumps[i][0], true
		default:
			return 0
		}
		in := &f.b.insts[i]
		switch {
		case in.Op == isa.Call || in.Op == isa.CallInd:
			return 0
		case in.Op == isa.CondJump && (in.Cond == isa.Above && !taken || in.Cond == isa.BelowEqual && taken):
			if n := f.compared(i, r); n > 0 {
				return n
			}
		case in.Writes>>r&1 == 0:
		case in.Op == isa.Mov && in.Src.Kind == isa.KindReg:
			r = in.Src.Reg
		case in.Op == isa.And && in.Src.Kind == isa.KindImm && in.Src.Imm >= 0 && in.Src.Imm < 1<<16:
			return uint64(in.Src.Imm) + 1
		case in.Op == isa.MovZX && in.Src.Size == 1:
			return 256
		default:
			return 0
		}
	}
	return 0
}

// compared returns how many values a register has that is not above what it was
// compared with just before a conditional jump, 0 where that is another.
func (f *pageFlow) compared(i int, r isa.Reg) uint64 {
	for !f.isOpen(i) && len(f.b.jumps[i]) == 0 && i > 0 && f.b.falls(i-1) {
		i--
		switch in := &f.b.insts[i]; {
		case in.Op == isa.Cmp:
			if in.Dst.Kind == isa.KindReg && in.Dst.Reg == r && in.Src.Kind == isa.KindImm && in.Src.Imm >= 0 && in.Src.Imm < 1<<16 {
				return uint64(in.Src.Imm) + 1
			}
			return 0
		case in.Writes>>r&1 != 0, in.Op == isa.Test, in.Op == isa.BitTest, in.Op == isa.Other, in.Op == isa.Call, in.Op == isa.CallInd:
			return 0
		}
	}
	return 0
}

// isLabel reports whether an instruction does nothing but make the label's address of
// a switch that is known.
func (d *decoder) isLabel(i int) bool {
	return slices.ContainsFunc(d.switches, func(t jumpTable) bool { return t.adr == i })
}

// targets returns where a switch goes to. It is not ok if it may go elsewhere too.
func (im *cimage) targets(t jumpTable) (list []uint64, ok bool) {
	const most = 1 << 12
	for k := range cmp.Or(t.entries, most) {
		at := t.table + k*uint64(t.size)
		b := im.Bytes(at, uint64(t.size))
		if b == nil || t.entries == 0 && k > 0 && im.named[at] {
			return list, t.entries == 0
		}
		pc := t.label + uint64(t.distance(b))
		if pc&3 != 0 || im.FuncAt(pc) < 0 {
			return list, t.entries == 0 && k > 0
		}
		list = append(list, pc)
	}
	return list, t.entries > 0
}

// distance reads an entry.
func (t jumpTable) distance(b []byte) int64 {
	var v uint64
	for i, x := range b {
		v |= uint64(x) << (8 * i)
	}
	if unused := 64 - 8*uint(t.size); t.signed {
		return int64(v<<unused) >> unused << t.shift
	}
	return int64(v << t.shift)
}

// outside returns the places of other functions to which a function's switches go.
func (im *cimage) outside(fn int) []uint64 {
	var out []uint64
	for _, t := range im.facts[fn].tables {
		list, _ := im.targets(t)
		for _, pc := range list {
			if im.FuncAt(pc) != fn {
				out = append(out, pc)
			}
		}
	}
	return out
}

// switchJumps adds the jumps of the function's switches. Of a jump that may go
// anywhere, so do all ways.
func (b *body) switchJumps(d *decoder) {
	stray := len(d.stray) > 0
	for _, t := range d.switches {
		list, ok := d.image.targets(t)
		stray = stray || !ok
		for _, pc := range list {
			if to, ok := b.at(pc); ok && !slices.Contains(b.jumps[to], t.i) {
				b.jumps[to] = append(b.jumps[to], t.i)
			}
		}
	}
	for i := range b.insts {
		if stray {
			b.open[i] = true
		}
	}
}
