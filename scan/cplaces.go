package scan

import "slices"

// begins reports whether an instruction begins at an address in the code, as far as
// that is known: what looks like such an address may be a number.
func (im *cimage) begins(pc uint64) bool {
	fn := im.FuncAt(pc)
	f := im.Funcs[fn]
	if f.Start == pc {
		return true
	}
	if facts := &im.facts[fn]; facts.plain {
		return facts.begins(pc - f.Start)
	}
	pcs := im.straight(fn)
	_, found := slices.BinarySearch(pcs, pc)
	return found || pcs == nil
}

// straight returns where the instructions of a function begin, if they lie one after
// another.
func (im *cimage) straight(fn int) []uint64 {
	pcs, ok := im.pcs[fn]
	if !ok {
		f, d := im.Funcs[fn], decoder{arch: im.arch}
		if d.straight(im.Bytes(f.Start, f.End-f.Start), f.Start) {
			pcs = slices.Clone(d.pcs)
		}
		im.pcs[fn] = pcs
	}
	return pcs
}
