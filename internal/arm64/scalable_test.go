package arm64

import (
	"testing"

	"github.com/gocurb/curb/internal/isa"
)

// Of what SVE does, the general registers and the memory that it writes count.
func TestScalable(t *testing.T) {
	for _, test := range []struct {
		word   uint32
		name   string
		writes isa.Reg
		base   isa.Reg
	}{
		{0x0420e3e3, "cntb x3", X3, isa.NoReg},
		{0x043f57ff, "addvl sp, sp, #-1", SP, isa.NoReg},
		{0x05e1a027, "lastb x7, p0, z1.d", X7, isa.NoReg},
		{0x25240c81, "whilelt p1.b, w4, w4", X1, isa.NoReg},
		{0xa5e0a0a0, "ld1d {z0.d}, p0/z, [x5]", X0, isa.NoReg},
		{0xe5e0e0a0, "st1d {z0.d}, p0, [x5]", X0, X5},
	} {
		got, err := Append(nil, words(test.word), pc)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		last := got[len(got)-1]
		if got[0].Op != isa.Other || got[0].Writes != 1<<test.writes || got[0].Dst.Kind != isa.None || last.Len != size {
			t.Errorf("%s: %+v", test.name, got)
		}
		stores := last.Dst.Kind == isa.KindMem
		if stores != (test.base != isa.NoReg) || stores && (last.Dst.Base != test.base || !last.Dst.Inexact) {
			t.Errorf("%s: writes memory at %+v", test.name, last.Dst)
		}
	}
}
