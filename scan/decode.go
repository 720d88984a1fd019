package scan

import (
	"slices"

	"github.com/gocurb/curb/internal/gobin"
	"github.com/gocurb/curb/internal/isa"
	"github.com/gocurb/curb/internal/x86"
)

// A decoder cuts functions into instructions. It is used for one function
// after another; what it returns is good until the next.
type decoder struct {
	insts []isa.Inst
	pcs   []uint64
	bad   []uint64 // places that control can reach and that cannot be decoded

	descended bool // only what control can reach was decoded
}

// function decodes one function: straight on, as the assembler laid it out. A
// few functions hold data between their instructions, which shows by a jump
// into the middle of what was taken for an instruction, or by bytes that mean
// nothing. There, only what control can reach is decoded.
func (d *decoder) function(f *gobin.File, fn *gobin.Func, entries []uint64) {
	d.insts, d.pcs, d.bad, d.descended = d.insts[:0], d.pcs[:0], d.bad[:0], false
	code := f.Code(fn)
	sound := true
	for off := 0; off < len(code); {
		d.insts = append(d.insts, isa.Inst{})
		in := &d.insts[len(d.insts)-1]
		if err := x86.Decode(in, code[off:], fn.Entry+uint64(off)); err != nil {
			sound = false
			break
		}
		d.pcs = append(d.pcs, fn.Entry+uint64(off))
		off += int(in.Len)
	}
	if !sound || !d.aligned(fn, entries) {
		d.descended = true
		d.descend(fn, code, entries)
	}
}

// aligned reports whether all jumps inside the function, and the places where
// it is entered, are instructions.
func (d *decoder) aligned(fn *gobin.Func, entries []uint64) bool {
	for _, pc := range entries {
		if _, ok := slices.BinarySearch(d.pcs, pc); !ok {
			return false
		}
	}
	for i := range d.pcs {
		in := &d.insts[i]
		if in.Op != isa.Jump && in.Op != isa.CondJump || in.Target < fn.Entry || in.Target >= fn.End {
			continue
		}
		if _, ok := slices.BinarySearch(d.pcs, in.Target); !ok {
			return false
		}
	}
	return true
}

// descend decodes what control can reach from the function's entries.
func (d *decoder) descend(fn *gobin.Func, code []byte, entries []uint64) {
	d.bad = d.bad[:0]
	at := map[uint64]isa.Inst{}
	work := append([]uint64{fn.Entry}, entries...)
	for len(work) > 0 {
		pc := work[len(work)-1]
		work = work[:len(work)-1]
		if _, seen := at[pc]; seen || pc < fn.Entry || pc >= fn.End {
			continue
		}
		var in isa.Inst
		if err := x86.Decode(&in, code[pc-fn.Entry:], pc); err != nil {
			d.bad = append(d.bad, pc)
			continue
		}
		at[pc] = in
		if in.Op == isa.JumpInd {
			d.bad = append(d.bad, pc) // where it goes to was not decoded
		}
		if in.Op == isa.Jump || in.Op == isa.CondJump {
			work = append(work, in.Target)
		}
		if falls(&in) {
			work = append(work, pc+uint64(in.Len))
		}
	}
	d.insts, d.pcs = d.insts[:0], d.pcs[:0]
	for pc := range at {
		d.pcs = append(d.pcs, pc)
	}
	slices.Sort(d.pcs)
	for _, pc := range d.pcs {
		d.insts = append(d.insts, at[pc])
	}
	slices.Sort(d.bad)
	d.bad = slices.Compact(d.bad)
}

// falls reports whether control can go on from an instruction to the next.
func falls(in *isa.Inst) bool {
	switch in.Op {
	case isa.Jump, isa.JumpInd, isa.Ret, isa.Trap:
		return false
	}
	return true
}
