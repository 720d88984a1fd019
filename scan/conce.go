package scan

import (
	"slices"

	"github.com/gocurb/curb/internal/isa"
)

// The dynamic loader begins once. Most of what it does then is in a function that its
// entry has called by way of another one, which reads what the kernel has left on the
// stack and calls the function that it was given (glibc's _dl_start, _dl_sysdep_start
// and dl_main). The loader uses that one's address as a name for itself as well, so
// that it seems to be around for ever.

// startOnce finds the functions of the loader that only its start calls.
func (w *cwalk) startOnce() {
	if w.c.loader == noFunc {
		return
	}
	im := w.c.images[w.c.loader]
	entry := im.FuncAt(im.Entry)
	if entry < 0 {
		return
	}
	for _, x := range im.facts[entry].refs {
		if fn := im.FuncAt(x.addr); x.kind == refCall && fn >= 0 {
			w.c.handsOver(fn)
		}
	}
}

// handsOver notes the functions of which a function of the loader passes the address to
// one that calls it.
func (c *clib) handsOver(by int) {
	im := c.images[c.loader]
	b := c.a.body(c.number(cfunc{c.loader, by}))
	for _, x := range im.facts[by].refs {
		to := im.FuncAt(x.addr)
		if x.kind != refCall || to < 0 || to == by || im.Funcs[to].Start != x.addr {
			continue
		}
		i, ok := b.find(x.place)
		if !ok {
			continue
		}
		for _, reg := range c.callsParams(cfunc{c.loader, to}) {
			leaves := c.a.origins(b, i, regLoc(reg, 8))
			if len(leaves) != 1 || leaves[0].kind != leafConst {
				continue
			}
			p := cplace{c.loader, leaves[0].value}
			if fn := im.FuncAt(p.addr); fn >= 0 && im.Funcs[fn].Start == p.addr && !c.inData(p) {
				c.once[p] = true
			}
		}
	}
}

// callsParams returns the registers in which a function is given others that it calls.
func (c *clib) callsParams(at cfunc) []isa.Reg {
	var out []isa.Reg
	b := c.a.body(c.number(at))
	for i := range b.insts {
		in := &b.insts[i]
		if in.Op != isa.CallInd || in.Src.Kind != isa.KindReg {
			continue
		}
		leaves := c.a.origins(b, i, regLoc(in.Src.Reg, 8))
		if len(leaves) == 1 && leaves[0].kind == leafParam && leaves[0].loc.kind == inReg {
			out = append(out, leaves[0].loc.reg)
		}
	}
	return out
}

// inData reports whether a word that the loader fills in holds the address of a function.
func (c *clib) inData(p cplace) bool {
	for _, im := range c.images {
		for _, list := range im.slots.words {
			if slices.Contains(list, p) {
				return true
			}
		}
	}
	return false
}
