package scan

import (
	"cmp"
	"slices"

	"github.com/gocurb/curb/internal/gobin"
	"github.com/gocurb/curb/internal/isa"
)

// A leaving is a jump out of a function, with the addresses that registers may hold
// there: what one part of a function begins, another may complete.
type leaving struct {
	to   uint64
	held []regHeld
}

// ready has a decoder know what is known of a function of the image.
func (im *cimage) ready(d *decoder, fn int) {
	d.arch, d.image, d.incoming, d.returns = im.arch, im, im.incoming[fn], im.ends[fn]
}

// leaves returns the jumps out of the function at which registers hold addresses.
func (d *decoder) leaves() []leaving {
	if d.flow == nil {
		return nil
	}
	var out []leaving
	for i := range d.insts {
		in := &d.insts[i]
		if in.Op != isa.Jump && in.Op != isa.CondJump || in.Target >= d.flow.fn.Entry && in.Target < d.flow.fn.End {
			continue
		}
		l := leaving{to: in.Target}
		for r, set := range d.flow.in[i].may {
			for h := range d.flow.each(set) {
				l.held = append(l.held, regHeld{isa.Reg(r), h})
			}
		}
		if len(l.held) > 0 {
			out = append(out, l)
		}
	}
	return out
}

// linkage notes that the function jumps on by a linkage table, if instruction i does so:
// the word that it has loaded just before is then no pointer to a function of anybody's.
func (g *gatherer) linkage(i int, fn *gobin.Func) {
	d, r := &g.decoder, g.decoder.arch.linkage
	if in := &d.insts[i]; d.flow == nil || in.Op != isa.JumpInd || in.Src.Kind != isa.KindReg || in.Src.Reg != r {
		return
	}
	at, ok := d.flow.writer(i, r)
	if !ok || d.insts[at].Op != isa.Mov || !absoluteAddr(&d.insts[at].Src) {
		return
	}
	for k := len(g.buf) - 1; k >= 0 && uint64(g.buf[k].off)+fn.Entry >= d.pcs[at]; k-- {
		if g.buf[k].kind == refLoad && g.buf[k].addr == uint64(d.insts[at].Src.Imm) {
			g.buf[k].kind = refSlotJump
		}
	}
}

// joinParts has what registers hold at jumps between the parts of functions known where
// these go to: to the midst of a function, and to where one begins by the tables for
// unwinding that nothing but jumps lead to. Other functions get only what they are passed.
func (c *clib) joinParts() {
	if c.a.arch.width == 0 {
		return
	}
	for i, im := range c.images {
		functions := c.beginnings(i)
		var queue []int
		for fn := range im.facts {
			if len(im.facts[fn].leaves) > 0 {
				queue = append(queue, fn)
			}
		}
		for len(queue) > 0 {
			fn := queue[0]
			queue = queue[1:]
			for _, l := range im.facts[fn].leaves {
				to := im.FuncAt(l.to)
				if to < 0 || functions[l.to] || !im.arrives(to, l) {
					continue
				}
				im.again(to)
				if !slices.Contains(queue, to) {
					queue = append(queue, to)
				}
			}
		}
	}
}

// endCalls reads the functions again in which pages are lost, with it known which of
// the functions that they call do not return: behind those calls registers hold what
// has nothing to do with the code there.
func (c *clib) endCalls() {
	for i, im := range c.images {
		for fn := range im.facts {
			if im.ends[fn] != nil || !slices.ContainsFunc(im.facts[fn].refs, func(r ref) bool { return r.kind == refPage }) {
				continue
			}
			im.ends[fn] = func(pc uint64) bool { return c.returns(cplace{i, pc}, 0) }
			im.again(fn)
		}
	}
}

// beginnings returns the addresses of an image that are called, or to which pointers
// lead.
func (c *clib) beginnings(i int) map[uint64]bool {
	im := c.images[i]
	out := map[uint64]bool{im.Entry: true, im.Init: true}
	for _, f := range im.facts {
		for _, r := range f.refs {
			if r.kind == refCall || r.takesAddr() {
				out[r.addr] = true
			}
		}
	}
	for s := range im.Exports {
		out[s.Addr] = true
	}
	for _, other := range c.images {
		for _, list := range other.slots.words {
			for _, to := range list {
				if to.image == i {
					out[to.addr] = true
				}
			}
		}
	}
	return out
}

// arrives notes what registers hold where a jump goes to. It reports whether that is new.
func (im *cimage) arrives(fn int, l leaving) bool {
	if im.incoming[fn] == nil {
		im.incoming[fn] = map[uint64][]regHeld{}
	}
	list := im.incoming[fn][l.to]
	n := len(list)
	for _, h := range l.held {
		if !slices.Contains(list, h) {
			list = append(list, h)
		}
	}
	slices.SortFunc(list, func(x, y regHeld) int { return cmp.Or(cmp.Compare(x.reg, y.reg), cmp.Compare(x.addr, y.addr)) })
	im.incoming[fn][l.to] = list
	return len(list) > n
}
