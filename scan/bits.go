package scan

import (
	"math/bits"
	"slices"

	"github.com/gocurb/curb/internal/isa"
)

// A bitset is what is known of a value: with the bits in free cleared, it is one
// of vals. None at all means that no code is known yet that makes one; anything
// is what cannot be told.
type bitset struct {
	vals []uint64 // sorted, each once, without the bits in free
	free uint64
}

func anything() bitset        { return bitset{vals: []uint64{0}, free: ^uint64(0)} }
func exactly(v uint64) bitset { return bitset{vals: []uint64{v}} }

func (x bitset) none() bool          { return len(x.vals) == 0 }
func (x bitset) any(size uint8) bool { return truncate(^x.free, size) == 0 }

func (x bitset) equal(y bitset) bool { return x.free == y.free && slices.Equal(x.vals, y.vals) }

// covers reports whether all that is in y is in x.
func (x bitset) covers(y bitset) bool {
	return y.free&^x.free == 0 && !slices.ContainsFunc(y.vals, func(v uint64) bool { return !slices.Contains(x.vals, v&^x.free) })
}

// normal brings values into the form of a bitset.
func normal(vals []uint64, free uint64) bitset {
	for i := range vals {
		vals[i] &^= free
	}
	slices.Sort(vals)
	x := bitset{slices.Compact(vals), free}
	if len(x.vals) > maxValues {
		return x.spread()
	}
	return x
}

// spread gives up the values, and keeps the bits that all of them have in common.
func (x bitset) spread() bitset {
	free := x.free
	for _, v := range x.vals {
		free |= v ^ x.vals[0]
	}
	return bitset{[]uint64{x.vals[0] &^ free}, free}
}

// union returns what is one or the other.
func (x bitset) union(y bitset) bitset {
	switch {
	case x.none():
		return y
	case y.none():
		return x
	}
	return normal(slices.Concat(x.vals, y.vals), x.free|y.free)
}

// cut keeps the lower bytes, and makes the others zero.
func (x bitset) cut(size uint8) bitset {
	mask := truncate(^uint64(0), size)
	if mask == ^uint64(0) {
		return x
	}
	vals := slices.Clone(x.vals)
	for i := range vals {
		vals[i] &= mask
	}
	return normal(vals, x.free&mask)
}

// extend makes the sign of the lower bytes that of the whole.
func (x bitset) extend(size uint8) bitset {
	shift := 64 - 8*uint(size)
	signed := func(v uint64) uint64 { return uint64(int64(v<<shift) >> shift) }
	vals := slices.Clone(x.vals)
	for i := range vals {
		vals[i] = signed(vals[i])
	}
	return normal(vals, signed(x.free))
}

// apply returns what an instruction makes of two values.
func (x bitset) apply(in *isa.Inst, y bitset) bitset {
	if x.none() || y.none() {
		return bitset{}
	}
	if len(x.vals)*len(y.vals) > maxValues*maxValues/4 {
		x, y = x.spread(), y.spread()
	}
	var free uint64
	switch in.Op {
	case isa.And, isa.Or:
		// A bit is known, too, where one of the two decides alone.
		decides := uint64(0) // in an AND
		if in.Op == isa.Or {
			decides = ^decides
		}
		for _, v := range x.vals {
			for _, w := range y.vals {
				free |= x.free&y.free | x.free&^y.free&(w^decides) | y.free&^x.free&(v^decides)
			}
		}
	case isa.Xor:
		free = x.free | y.free
	case isa.Add, isa.Sub:
		free = carried(x.free | y.free)
	case isa.Shl, isa.Shr:
		if y.free&shiftMask(in.Size) != 0 {
			return anything()
		}
		for _, n := range y.vals {
			free |= arith(in, x.free, n)
		}
	default:
		return anything()
	}
	return normal(combine(x.vals, y.vals, func(v, w uint64) uint64 { return arith(in, v, w) }), free)
}

// times returns the value multiplied by a power of two.
func (x bitset) times(scale uint8) bitset {
	return x.apply(&isa.Inst{Op: isa.Shl, Size: 8}, exactly(uint64(bits.TrailingZeros8(scale))))
}

// plus returns the sum of two values.
func (x bitset) plus(y bitset) bitset {
	return x.apply(&isa.Inst{Op: isa.Add, Size: 8}, y)
}

// carried returns the bits that cannot be told of a sum, of whose parts those in
// free cannot: the lowest of them and all above.
func carried(free uint64) uint64 {
	if free == 0 {
		return 0
	}
	return -(free & -free)
}
