package scan

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gocurb/curb/internal/isa"
)

// has reports whether a value is in the set.
func (x bitset) has(v uint64) bool {
	return slices.Contains(x.vals, v&^x.free)
}

// random returns a set, and a value that is in it.
func random(rng *rand.Rand) (bitset, uint64) {
	var vals []uint64
	for range 1 + rng.IntN(4) {
		vals = append(vals, rng.Uint64()>>rng.IntN(64))
	}
	free := rng.Uint64() & rng.Uint64() & rng.Uint64()
	if rng.IntN(2) == 0 {
		free = 0
	}
	x := normal(vals, free)
	return x, x.vals[rng.IntN(len(x.vals))] | rng.Uint64()&free
}

// Whatever two values are in their sets, what is computed from them is in the
// set that is computed from those.
func TestBitsets(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	ops := []isa.Op{isa.Add, isa.Sub, isa.And, isa.Or, isa.Xor, isa.Shl, isa.Shr}
	for range 200000 {
		x, v := random(rng)
		y, w := random(rng)
		size := uint8(4 << rng.IntN(2))
		for _, op := range ops {
			in := &isa.Inst{Op: op, Size: size}
			if got := x.apply(in, y).cut(size); !got.has(truncate(arith(in, v, w), size)) {
				t.Fatalf("operation %d of size %d: %#x of %+v and %#x of %+v give %#x, not in %+v", op, size, v, x, w, y, truncate(arith(in, v, w), size), got)
			}
		}
		if u := x.union(y); !u.has(v) || !u.has(w) {
			t.Fatalf("%#x or %#x is not in %+v", v, w, u)
		}
		if !x.spread().has(v) || !x.cut(size).has(truncate(v, size)) {
			t.Fatalf("%#x is lost from %+v", v, x)
		}
		if got, want := x.extend(4), uint64(int64(int32(v))); !got.has(want) {
			t.Fatalf("%#x of %+v extends to %#x, not in %+v", v, x, want, got)
		}
		if scale := uint8(1 << rng.IntN(5)); !x.times(scale).plus(y).has(v*uint64(scale) + w) {
			t.Fatalf("%d times %#x of %+v and %#x of %+v", scale, v, x, w, y)
		}
	}
}

// What is known of bits is not given up where it need not be.
func TestBitsetsAreTight(t *testing.T) {
	any := anything()
	mask, flag := exactly(0xf0), exactly(0x80000)
	for name, tt := range map[string]struct{ got, want bitset }{
		"a mask":        {any.apply(&isa.Inst{Op: isa.And, Size: 8}, mask), bitset{[]uint64{0}, 0xf0}},
		"a flag":        {any.apply(&isa.Inst{Op: isa.Or, Size: 4}, flag).cut(4), bitset{[]uint64{0x80000}, 0xfff7ffff}},
		"two flags":     {exactly(1).union(exactly(2)).apply(&isa.Inst{Op: isa.Or, Size: 4}, flag), bitset{[]uint64{0x80001, 0x80002}, 0}},
		"a page number": {any.apply(&isa.Inst{Op: isa.Shl, Size: 8}, exactly(12)), bitset{[]uint64{0}, ^uint64(0xfff)}},
		"a sum":         {bitset{[]uint64{3}, 0xf0}.plus(exactly(1)), bitset{[]uint64{4}, ^uint64(0xf)}},
		"a sign":        {exactly(0xffff).extend(2), exactly(^uint64(0))},
	} {
		if !tt.got.equal(tt.want) {
			t.Errorf("%s: got %+v, want %+v", name, tt.got, tt.want)
		}
	}
	var many bitset
	for i := range uint64(maxValues + 1) {
		many = many.union(exactly(0x1000 + i*2))
	}
	if want := (bitset{[]uint64{0x1000}, 0xfe}); !many.equal(want) {
		t.Errorf("many values: got %+v, want %+v", many, want)
	}
}
