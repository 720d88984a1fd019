package scan

import (
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/gocurb/curb/internal/elfimage"
	"github.com/gocurb/curb/internal/gobin"
	"github.com/gocurb/curb/internal/isa"
)

// gather reads all functions of the images that are new.
func (c *clib) gather() {
	var list []int
	for i, im := range c.images {
		if im.facts == nil {
			list = append(list, i)
		}
	}
	unknown := c.recall(list)
	each(len(unknown), func(k int) { c.images[unknown[k]].findVDSO() })
	c.decode(unknown, nil)
	c.keep(unknown)
	targets := c.targets(list)
	each(len(list), func(k int) {
		i := list[k]
		if before := c.images[i].Funcs; c.split(i, targets[i]) {
			known := map[elfimage.Range]cfacts{}
			for fn, f := range before {
				known[f.Range] = c.images[i].facts[fn]
			}
			c.decode([]int{i}, known)
		}
		c.images[i].findPlaces()
	})
}

// findVDSO notes whether the file has what the names of functions of the vDSO begin with.
func (im *cimage) findVDSO() { im.vdso = im.Mentions("__vdso_") || im.Mentions("__kernel_") }

// findPlaces notes what of an image its functions take the addresses of, and where these
// lead to the middle of others.
func (im *cimage) findPlaces() {
	for fn := range im.facts {
		im.facts[fn].refs = slices.DeleteFunc(im.facts[fn].refs, func(r ref) bool {
			to := im.FuncAt(r.addr)
			return r.kind == refNumber && to >= 0 && !im.begins(r.addr) && !marks(im.Funcs[to].Start, r.addr)
		})
		for _, r := range im.facts[fn].refs {
			if r.takesAddr() {
				im.named[r.addr] = true
			}
		}
	}
	for fn := range im.facts {
		im.enterAll(fn)
	}
}

// marks reports whether an address may be a pointer to a function that is marked in its
// lowest bits, as far as these are zero where the function begins.
func marks(start, addr uint64) bool { return addr-start < min(16, start&-start) }

// enterAll notes where a function leads to the middle of others, or of itself.
func (im *cimage) enterAll(fn int) {
	for _, r := range im.facts[fn].refs {
		if r.kind == refCall || r.kind == refJump || r.takesAddr() {
			im.enter(fn, r)
		}
	}
	for _, pc := range im.outside(fn) {
		if to := im.FuncAt(pc); im.Funcs[to].Start != pc {
			im.addMid(to, pc)
		}
	}
}

// decode reads all functions of some images but those that are known.
func (c *clib) decode(list []int, known map[elfimage.Range]cfacts) {
	const batch = 64 // functions
	type piece struct {
		im    *cimage
		first int
	}
	var pieces []piece
	for _, i := range list {
		im := c.images[i]
		im.facts = make([]cfacts, len(im.Funcs))
		for fn := 0; fn < len(im.Funcs); fn += batch {
			pieces = append(pieces, piece{im, fn})
		}
	}
	each(len(pieces), func(k int) {
		g, ok := c.gatherers.Get().(*gatherer)
		if !ok {
			g = &gatherer{}
		}
		defer c.gatherers.Put(g)
		im, first := pieces[k].im, pieces[k].first
		for fn := first; fn < min(first+batch, len(im.Funcs)); fn++ {
			facts, ok := known[im.Funcs[fn].Range]
			if !ok {
				facts = im.gatherFunc(g, fn, nil)
			}
			im.facts[fn] = facts
		}
	})
}

// each calls a function for all numbers below n, on all processors.
func each(n int, do func(k int)) {
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for k := int(next.Add(1)) - 1; k < n; k = int(next.Add(1)) - 1 {
				do(k)
			}
		})
	}
	workers.Wait()
}

// gatherFunc gathers the facts of a function, which is entered at other places, too.
func (im *cimage) gatherFunc(g *gatherer, fn int, entries []uint64) cfacts {
	r := im.Funcs[fn].Range
	g.limits, g.numbers = gobin.Range(im.Span()), !im.PIC
	im.ready(&g.decoder, fn)
	return g.c(r, im.Bytes(r.Start, r.End-r.Start), entries)
}

// checkMids notes where functions are entered by way of words that the loader fills
// in, and reads those again that are entered in the middle of an instruction.
func (c *clib) checkMids() {
	for _, im := range c.images {
		for _, list := range im.slots.words {
			for _, to := range list {
				in := c.images[to.image]
				if fn := in.FuncAt(to.addr); fn >= 0 && in.Funcs[fn].Start != to.addr {
					in.addMid(fn, to.addr)
				}
			}
		}
	}
	c.wordsInside()
	for _, im := range c.images {
		for fn := range im.Funcs {
			pads, _ := im.Landings(fn)
			for _, pc := range pads {
				if to := im.FuncAt(pc); to >= 0 {
					im.addMid(to, pc)
				}
			}
		}
		for again := true; again; {
			again = false
			for _, fn := range slices.Sorted(maps.Keys(im.mids)) {
				again = im.decodeFrom(fn) || again
			}
		}
	}
}

// decodeFrom reads a function again, if it is entered where no instruction was seen
// to begin: its beginning by the tables for unwinding may be one byte too early. It
// reports whether more such places may be known then.
func (im *cimage) decodeFrom(fn int) bool {
	f, places := &im.Funcs[fn], im.mids[fn]
	facts := &im.facts[fn]
	if facts.entered == len(places) || !slices.ContainsFunc(places, func(pc uint64) bool { return !facts.begins(pc - f.Start) }) {
		return false
	}
	im.again(fn)
	return true
}

// again gathers what matters of a function of which more is known.
func (im *cimage) again(fn int) {
	places := im.mids[fn]
	im.facts[fn] = im.gatherFunc(&gatherer{}, fn, places)
	im.facts[fn].entered = len(places)
	for _, r := range im.facts[fn].refs {
		if r.takesAddr() {
			im.named[r.addr] = true
		}
	}
	im.enterAll(fn)
}

// enter notes that control can come to where a function refers, if that is in the
// middle of a function.
func (im *cimage) enter(fn int, r ref) {
	to := im.FuncAt(r.addr)
	if to >= 0 && im.Funcs[to].Start != r.addr {
		im.addMid(to, r.addr)
		return
	}
	if r.takesAddr() && im.facts[fn].indexed {
		for _, pc := range im.table(fn, r.addr) {
			if to := im.FuncAt(pc); to == fn {
				im.enterAt(fn, pc)
			} else if to >= 0 {
				im.addMid(to, pc)
			}
		}
	}
}

// addMid notes that a function is entered at a place, by other ways than its own switches.
func (im *cimage) addMid(fn int, pc uint64) {
	im.others[pc] = true
	im.enterAt(fn, pc)
}

func (im *cimage) enterAt(fn int, pc uint64) {
	if !slices.Contains(im.mids[fn], pc) && (im.arch.width == 0 || pc%im.arch.width == 0) {
		im.mids[fn] = append(im.mids[fn], pc)
	}
}

// table reads a switch's table at an address: how far the places lie from the
// table, or the places themselves. Those are in the function or, if it was
// split, in the middle of what is another by the tables for unwinding. The table
// ends where code takes the address of what is next.
func (im *cimage) table(fn int, addr uint64) []uint64 {
	fits := func(pc uint64) bool {
		to := im.FuncAt(pc)
		return to >= 0 && (to == fn || im.Funcs[to].Start != pc || !im.Funcs[to].Whole) && im.begins(pc)
	}
	var out []uint64
	for at := addr; ; at += 4 {
		b := im.Bytes(at, 4)
		if b == nil || at != addr && im.named[at] {
			break
		}
		pc := addr + uint64(int64(int32(leUint32(b))))
		if !fits(pc) {
			break
		}
		out = append(out, pc)
	}
	for at := addr; ; at += 8 {
		to, ok := im.word(at)
		if !ok || at != addr && im.named[at] || !fits(to) {
			break
		}
		out = append(out, to)
	}
	return out
}

// word returns the address that a word of the data holds.
func (im *cimage) word(at uint64) (uint64, bool) {
	if to := im.slots.at(at); to != nil {
		return to[0].addr, len(to) == 1
	}
	b := im.Bytes(at, 8)
	if b == nil || im.PIC {
		return 0, false
	}
	return le64(b), true
}

func leUint32(b []byte) uint32 {
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

// c gathers the facts of a function of C.
func (g *gatherer) c(r elfimage.Range, code []byte, entries []uint64) cfacts {
	fn := &gobin.Func{Entry: r.Start, End: r.End}
	g.buf = g.buf[:0]
	d := &g.decoder
	d.c(fn, code, entries)
	out := cfacts{plain: !d.descended && !d.overlaps}
	at := place{}
	for i, pc := range d.pcs {
		if off := uint32(pc - fn.Entry); i > 0 && off == at.off {
			at.part++
		} else {
			at = place{off: off}
		}
		in := &d.insts[i]
		if d.isLabel(i) {
			continue
		}
		g.inst(fn, at, in)
		g.pageRefs(i, at)
		g.linkage(i, fn)
		if last := len(g.buf) - 1; last >= 0 && g.buf[last].kind == refLoad && g.buf[last].place == at {
			switch in.Op {
			case isa.CallInd:
				g.buf[last].kind = refSlotCall
			case isa.JumpInd:
				g.buf[last].kind = refSlotJump
			}
		}
		out.returns = out.returns || in.Op == isa.Ret || in.Op == isa.JumpInd
		out.indexed = out.indexed || d.arch.width == 0 && in.Op == isa.JumpInd && (in.Src.Kind == isa.KindReg || in.Src.Index != isa.NoReg)
	}
	for _, pc := range d.bad {
		g.add(ref{place: place{off: uint32(pc - fn.Entry)}, kind: refBad})
	}
	g.farAddresses(fn)
	out.refs, out.tables, out.leaves = slices.Clone(g.buf), slices.Clone(d.switches), d.leaves()
	out.starts = make([]uint64, (len(code)+63)/64)
	for i, pc := range d.pcs {
		if off := pc - r.Start; off < uint64(len(code)) && !d.insts[i].Fused {
			out.starts[off/64] |= 1 << (off % 64)
		}
	}
	return out
}

// begins reports whether an instruction begins at an offset in the function.
func (f *cfacts) begins(off uint64) bool {
	return off/64 < uint64(len(f.starts)) && f.starts[off/64]>>(off%64)&1 != 0
}

// c decodes a function of C: straight on, with what jumps into the middle of
// instructions find there, or else what control can reach.
func (d *decoder) c(fn *gobin.Func, code []byte, entries []uint64) {
	d.reset()
	d.single = d.arch.width > 0
	if !d.straight(code, fn.Entry) || d.runsIntoData(fn, entries) || d.overlapping(fn, code) != nil || slices.ContainsFunc(entries, func(pc uint64) bool { return !d.enters(pc) }) {
		d.descended = true
		d.descend(fn, code, entries)
	}
	// What is one function may be two by the tables for unwinding. Padding is not run.
	k := len(d.insts) - 1
	for k > 0 && d.insts[k].Op == isa.Nop {
		k--
	}
	if k >= 0 && falls(&d.insts[k]) && !d.ends(k) {
		d.runOn(fn)
	}
	if d.arch.width > 0 {
		d.pages(fn, code, entries)
		d.findSwitches(code)
	}
}

// ends reports whether instruction i is a system call that ends the thread, as the
// one in clone is.
func (d *decoder) ends(i int) bool {
	if d.insts[i].Op != isa.Syscall || i == 0 {
		return false
	}
	before := &d.insts[i-1]
	return before.Op == isa.Mov && before.Dst.Kind == isa.KindReg && before.Dst.Reg == d.arch.number &&
		before.Src.Kind == isa.KindImm && slices.Contains(d.arch.exits, before.Src.Imm)
}
