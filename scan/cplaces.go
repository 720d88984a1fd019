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
	pcs, ok := im.pcs[fn]
	if !ok {
		d := decoder{arch: im.arch}
		if d.straight(im.Bytes(f.Start, f.End-f.Start), f.Start) {
			pcs = slices.Clone(d.pcs)
		}
		im.pcs[fn] = pcs
	}
	_, found := slices.BinarySearch(pcs, pc)
	return found || pcs == nil
}
