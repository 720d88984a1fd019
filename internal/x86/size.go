package x86

// size is the size of e's operands in bytes, 0 where it is not known.
func (d *decoder) size(e entry) uint8 {
	if e&sizeMask >= sk {
		return d.vectorSize(e)
	}
	// A table, because this is asked of every instruction and no branch
	// predictor could guess the answer.
	return sizes[e&sizeMask>>sizeShift][d.width]
}

// The widths that the prefixes of an instruction ask for.
const (
	width32 = iota
	width64 // REX.W or VEX.W, with or without 66
	width16 // 66
)

// sizes has the sizes that depend on nothing but the width.
var sizes = [...][3]uint8{
	s0 >> sizeShift:  {0, 0, 0},
	s1 >> sizeShift:  {1, 1, 1},
	s2 >> sizeShift:  {2, 2, 2},
	s4 >> sizeShift:  {4, 4, 4},
	s8 >> sizeShift:  {8, 8, 8},
	s10 >> sizeShift: {10, 10, 10},
	s16 >> sizeShift: {16, 16, 16},
	s32 >> sizeShift: {32, 32, 32},
	sv >> sizeShift:  {width32: 4, width16: 2, width64: 8},
	sz >> sizeShift:  {width32: 4, width16: 2, width64: 4},
	sy >> sizeShift:  {width32: 4, width16: 4, width64: 8},
	sb >> sizeShift:  {width32: 1, width16: 1, width64: 2},
	st >> sizeShift:  {width32: 8, width16: 2, width64: 8},
	sd >> sizeShift:  {width32: 8, width16: 8, width64: 16},
}

// vectorSize is size where it depends on the length of the vector or the
// mandatory prefix.
func (d *decoder) vectorSize(e entry) uint8 {
	switch e & sizeMask {
	case sk:
		if d.prefix == p66 {
			return d.byW(1, 4)
		}
		return d.byW(2, 8)
	case vl:
		return d.vl
	case vl2:
		return d.vl / 2
	case vl4:
		return d.vl / 4
	case vl8:
		return d.vl / 8
	case vdup:
		if d.vl == 16 {
			return 8
		}
		return d.vl
	}
	return d.byW(d.vl/2, d.vl) // vhw
}

// byW is one of two sizes.
func (d *decoder) byW(without, with uint8) uint8 {
	if d.width == width64 {
		return with
	}
	return without
}
