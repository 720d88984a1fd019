package scan

import (
	"slices"
	"sort"

	"github.com/gocurb/curb/internal/elfimage"
	"github.com/gocurb/curb/internal/isa"
)

// Not all C code has tables for unwinding, and stripping takes the symbols: musl's has
// neither. There, a function begins where something refers to as one.

// targets returns where the words that the loader fills in lead to, of the images of a
// list that have code to be cut.
func (c *clib) targets(list []int) map[int][]uint64 {
	out := map[int][]uint64{}
	for _, i := range list {
		if slices.ContainsFunc(c.images[i].Funcs, func(f elfimage.Func) bool { return !f.Whole }) {
			out[i] = []uint64{}
		}
	}
	for _, im := range c.images {
		for _, words := range im.slots.words {
			for _, to := range words {
				if old, cuts := out[to.image]; cuts {
					out[to.image] = append(old, to.addr)
				}
			}
		}
	}
	return out
}

// split cuts code of which no table says where its functions end, with words that lead
// to functions, and reports whether there is some.
func (c *clib) split(i int, targets []uint64) bool {
	im := c.images[i]
	if targets == nil {
		return false
	}
	s := splitter{im: im, decoder: decoder{arch: c.a.arch}, cuts: map[uint64]bool{}}
	for _, f := range im.Funcs {
		if n := len(s.open); !f.Whole && n > 0 && s.open[n-1].End == f.Start {
			s.open[n-1].End = f.End
		} else if !f.Whole {
			s.open = append(s.open, f.Range)
		}
	}
	for fn := range im.Funcs {
		s.read(fn)
	}
	if i == 0 {
		s.fromGo(c)
	}
	for _, addr := range targets {
		s.cut(addr)
	}
	for s.jumps() || s.addresses() {
	}
	return s.apply()
}

// A splitter finds the places where to cut an image's code.
type splitter struct {
	im      *cimage
	decoder decoder
	open    []elfimage.Range // code that is to be cut
	far     []cjump
	made    []cjump  // addresses, from where to what
	inds    []uint64 // jumps to computed places
	cuts    map[uint64]bool
}

// A cjump is a jump, from where to where.
type cjump struct{ from, to uint64 }

// read notes where a function refers to others.
func (s *splitter) read(fn int) {
	f := s.im.Funcs[fn]
	if f.Whole {
		for _, x := range s.im.facts[fn].refs {
			switch x.kind {
			case refCall, refAddr:
				s.cut(x.addr)
			case refJump:
				s.jump(f.Start+uint64(x.off), x.addr)
			}
		}
		return
	}
	d := &s.decoder
	d.reset()
	d.straight(s.im.Bytes(f.Start, f.End-f.Start), f.Start)
	for i := range d.insts {
		in := &d.insts[i]
		switch in.Op {
		case isa.Call:
			s.cut(in.Target)
		case isa.Jump, isa.CondJump:
			s.jump(d.pcs[i], in.Target)
		case isa.Lea:
			if in.Src.Rip && in.Src.Base == isa.NoReg && in.Src.Index == isa.NoReg && s.inOpen(uint64(in.Src.Imm)) {
				s.made = append(s.made, cjump{d.pcs[i], uint64(in.Src.Imm)})
			}
		case isa.JumpInd:
			if !global(&in.Src) {
				s.inds = append(s.inds, d.pcs[i])
			}
		}
	}
}

// fromGo notes where Go's code and the program's data refer to C code.
func (s *splitter) fromGo(c *clib) {
	for fn := range c.a.facts {
		for _, x := range c.a.facts[fn].refs {
			if x.kind == refCall || x.kind == refJump || x.takesAddr() {
				s.cut(x.addr)
			}
		}
	}
	for _, word := range c.a.words {
		s.cut(word.value)
	}
	s.cut(c.a.file.Entry)
}

// cut notes that a function begins at an address, if that is in code that is to be
// cut and an instruction begins there.
func (s *splitter) cut(addr uint64) {
	if s.inOpen(addr) && s.im.begins(addr) {
		s.cuts[addr] = true
	}
}

// jump notes a jump to code that is to be cut.
func (s *splitter) jump(from, to uint64) {
	if s.inOpen(to) {
		s.far = append(s.far, cjump{from, to})
	}
}

// inOpen reports whether an address is in code that is to be cut.
func (s *splitter) inOpen(addr uint64) bool {
	i := sort.Search(len(s.open), func(i int) bool { return s.open[i].End > addr })
	return i < len(s.open) && s.open[i].Contains(addr)
}

// jumps notes that functions begin where others jump to, if nothing else leads there,
// and reports whether there were more.
func (s *splitter) jumps() bool {
	if len(s.far) == 0 {
		return false
	}
	piece := s.pieces()
	inside := map[uint64]bool{} // where jumps in the same piece go
	for _, j := range s.far {
		if piece(j.from) == piece(j.to) {
			inside[j.to] = true
		}
	}
	more := false
	for _, j := range s.far {
		if !inside[j.to] && !s.cuts[j.to] && s.ends(j.to) {
			s.cut(j.to)
			more = more || s.cuts[j.to]
		}
	}
	return more
}

// addresses notes that functions begin where the code of others makes addresses, and
// reports whether there were more. One that jumps to where it computes may do so from an
// address in itself.
func (s *splitter) addresses() bool {
	if len(s.made) == 0 {
		return false
	}
	piece := s.pieces()
	computes := map[int]bool{}
	for _, pc := range s.inds {
		computes[piece(pc)] = true
	}
	more := false
	for _, m := range s.made {
		if p := piece(m.from); !s.cuts[m.to] && (p != piece(m.to) || !computes[p]) {
			s.cut(m.to)
			more = more || s.cuts[m.to]
		}
	}
	return more
}

// pieces returns a function that returns the number of the piece that a place is in.
func (s *splitter) pieces() func(pc uint64) int {
	starts := s.starts()
	return func(pc uint64) int {
		i, ok := slices.BinarySearch(starts, pc)
		if !ok {
			i--
		}
		return i
	}
}

// starts returns where pieces begin, in order.
func (s *splitter) starts() []uint64 {
	var out []uint64
	for _, f := range s.im.Funcs {
		out = append(out, f.Start)
	}
	for addr := range s.cuts {
		out = append(out, addr)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// ends reports whether control does not come to an address from the instruction
// before it: neither does it from a call that padding follows, or what saves where the
// function returns to, which the call would have changed.
func (s *splitter) ends(addr uint64) bool {
	fn := s.im.FuncAt(addr)
	if s.im.Funcs[fn].Start == addr || !s.im.begins(addr) {
		return false
	}
	pcs := s.im.straight(fn)
	d := &s.decoder
	i, _ := slices.BinarySearch(pcs, addr)
	for padded := false; i > 0; padded = true {
		i--
		insts, err := d.one(s.im.From(pcs[i]), pcs[i])
		if err != nil {
			return false
		}
		switch last := &insts[len(insts)-1]; {
		case last.Op == isa.Call:
			return padded || s.savesLink(addr)
		case last.Op != isa.Nop:
			return !falls(last)
		}
	}
	return false
}

// savesLink reports whether the instruction at an address saves the register in which
// calls leave where to return to.
func (s *splitter) savesLink(addr uint64) bool {
	d := &s.decoder
	insts, err := d.one(s.im.From(addr), addr)
	return err == nil && s.decoder.arch.link != isa.NoReg && slices.ContainsFunc(insts, func(in isa.Inst) bool {
		return in.Op == isa.Mov && in.Dst.Kind == isa.KindMem && in.Dst.Base == s.decoder.arch.sp && register(&in.Src, s.decoder.arch.link)
	})
}

// apply cuts the functions, and reports whether there was anything to cut.
func (s *splitter) apply() bool {
	if len(s.cuts) == 0 {
		return false
	}
	var out []elfimage.Func
	starts := s.starts()
	for _, f := range s.im.Funcs {
		i, _ := slices.BinarySearch(starts, f.Start)
		for i++; i < len(starts) && starts[i] < f.End; i++ {
			before := f
			before.End = starts[i]
			out = append(out, before)
			f.Start, f.Symbol = starts[i], ""
		}
		out = append(out, f)
	}
	s.im.Funcs = out
	clear(s.im.pcs) // by the numbers that functions had
	return true
}
