package scan

import (
	"fmt"
	"maps"
	"slices"

	"github.com/gocurb/curb/internal/gobin"
	"github.com/gocurb/curb/internal/isa"
)

// A decoder cuts functions into instructions. It is used for one function
// after another; what it returns is good until the next.
type decoder struct {
	arch *arch

	insts []isa.Inst
	pcs   []uint64 // of each; the parts of one machine instruction have the same
	data  []uint64 // words between the instructions that are none, and are not run
	bad   []uint64 // places that control can reach and that cannot be decoded

	descended bool // only what control can reach was decoded
	overlaps  bool // some instructions lie in each other

	single bool // each instruction is decoded on its own, where all have one length

	// Addresses that are made in several steps: see pages.go.
	image    *cimage              // of C code
	incoming map[uint64][]regHeld // what registers hold where the function is entered
	returns  func(pc uint64) bool // whether the function at an address may, nil where that is not asked
	pageRefs []pageRef
	flow     *pageFlow
	switches []jumpTable // and jumps that read a table to go on: see cswitch.go
	stray    []int       // and those that may go anywhere
}

// function decodes one function: straight on, as the assembler laid it out. A
// few functions hold data between their instructions, which shows by a jump
// into the middle of what was taken for an instruction, or by bytes that mean
// nothing. There, only what control can reach is decoded.
func (d *decoder) function(f *gobin.File, fn *gobin.Func, entries []uint64) {
	d.reset()
	code := f.Code(fn)
	const usual = 4 // bytes of an instruction
	d.insts, d.pcs = slices.Grow(d.insts, len(code)/usual), slices.Grow(d.pcs, len(code)/usual)
	if !d.straight(code, fn.Entry) || !d.aligned(fn, entries) || d.runsIntoData(fn, entries) {
		d.descended = true
		d.descend(fn, code, entries)
	}
	d.runOn(fn)
	if d.arch.width > 0 && slices.ContainsFunc(d.insts, func(in isa.Inst) bool { return isPage(&in) }) {
		d.pages(fn, code, entries) // C code among Go's: package runtime/cgo
	}
}

func (d *decoder) reset() {
	d.insts, d.pcs, d.data, d.bad, d.descended, d.overlaps = d.insts[:0], d.pcs[:0], d.data[:0], d.bad[:0], false, false
	d.pageRefs, d.flow, d.switches, d.stray = nil, nil, nil, nil
}

// runOn makes the way from the last instruction into the next function, which
// assembly may take, a jump: another part of that instruction. A call at the
// end, or before what fills the rest, does not return.
func (d *decoder) runOn(fn *gobin.Func) {
	n := len(d.insts)
	k := n - 1
	for k > 0 && d.insts[k].Op == isa.Nop {
		k--
	}
	if n == 0 || !falls(&d.insts[n-1]) || d.insts[k].Op == isa.Call || d.insts[k].Op == isa.CallInd {
		return
	}
	last := &d.insts[n-1]
	jump := isa.Inst{Op: isa.Jump, Len: last.Len, Size: 8, Target: fn.End}
	last.Len = 0
	d.insts, d.pcs = append(d.insts, jump), append(d.pcs, d.pcs[n-1])
}

// straight decodes one instruction after another, and reports whether all are known.
func (d *decoder) straight(code []byte, addr uint64) bool {
	for off := uint64(0); off+max(d.arch.width, 1) <= uint64(len(code)); {
		n, err := d.append(code[off:], addr+off)
		if err != nil && d.arch.width > 0 {
			// A literal pool. Where the next instruction is stays known.
			d.data = append(d.data, addr+off)
			d.insts = append(d.insts, isa.Inst{Op: isa.Trap, Len: uint8(d.arch.width)})
			d.pcs = append(d.pcs, addr+off)
			n, err = d.arch.width, nil
		}
		if err != nil {
			return false
		}
		off += n
	}
	return true
}

// runsIntoData reports whether control can fall or jump into what is no instruction.
func (d *decoder) runsIntoData(fn *gobin.Func, entries []uint64) bool {
	if len(d.data) == 0 {
		return false
	}
	isData := func(pc uint64) bool { _, ok := slices.BinarySearch(d.data, pc); return ok }
	if isData(fn.Entry) || slices.ContainsFunc(entries, isData) {
		return true
	}
	for i := range d.insts {
		in := &d.insts[i]
		if (in.Op == isa.Jump || in.Op == isa.CondJump) && isData(in.Target) {
			return true
		}
		if falls(in) && in.Len > 0 && isData(d.pcs[i]+uint64(in.Len)) {
			return true
		}
	}
	return false
}

// append decodes the instruction at code[0], and perhaps those after it that
// form one step with it. It returns how many bytes they have.
func (d *decoder) append(code []byte, pc uint64) (n uint64, err error) {
	k := len(d.insts)
	if d.single {
		code = code[:min(d.arch.width, uint64(len(code)))]
	}
	d.insts, err = d.arch.decode(d.insts, code, pc)
	if err != nil {
		d.insts = d.insts[:k]
		return 0, err
	}
	for ; k < len(d.insts); k++ {
		d.pcs = append(d.pcs, pc+n)
		n += uint64(d.insts[k].Len)
	}
	return n, nil
}

// aligned reports whether all jumps inside the function, and the places where
// it is entered, are instructions that stand for themselves.
func (d *decoder) aligned(fn *gobin.Func, entries []uint64) bool {
	for _, pc := range entries {
		if !d.enters(pc) {
			return false
		}
	}
	for i := range d.pcs {
		in := &d.insts[i]
		if in.Op != isa.Jump && in.Op != isa.CondJump || in.Target < fn.Entry || in.Target >= fn.End {
			continue
		}
		if !d.enters(in.Target) {
			return false
		}
	}
	return true
}

// enters reports whether control can come to pc.
func (d *decoder) enters(pc uint64) bool {
	i, ok := slices.BinarySearch(d.pcs, pc)
	return ok && !d.insts[i].Fused
}

// overlapping adds the instructions that start in the middle of others, where a
// jump goes: C libraries skip a LOCK prefix that way.
func (d *decoder) overlapping(fn *gobin.Func, code []byte) error {
	more := map[uint64][]isa.Inst{}
	known := len(d.pcs)
	var work []uint64
	jumps := func(insts []isa.Inst) {
		for _, in := range insts {
			if (in.Op == isa.Jump || in.Op == isa.CondJump) && in.Target >= fn.Entry && in.Target < fn.End {
				work = append(work, in.Target)
			}
		}
	}
	jumps(d.insts)
	for len(work) > 0 {
		pc := work[len(work)-1]
		work = work[:len(work)-1]
		if _, ok := slices.BinarySearch(d.pcs[:known], pc); ok || more[pc] != nil || pc >= fn.End {
			continue
		}
		insts, err := d.one(code[pc-fn.Entry:], pc)
		if err != nil {
			return fmt.Errorf("the instruction at %#x is not known", pc)
		}
		more[pc] = insts
		jumps(insts)
		if last := &insts[len(insts)-1]; falls(last) {
			work = append(work, pc+uint64(last.Len))
		}
	}
	if len(more) > 0 {
		d.overlaps = true
		for i, pc := range d.pcs {
			more[pc] = append(more[pc], d.insts[i])
		}
		d.lay(more)
	}
	return nil
}

// descend decodes what control can reach from the function's entries.
func (d *decoder) descend(fn *gobin.Func, code []byte, entries []uint64) {
	d.bad = d.bad[:0]
	at := map[uint64][]isa.Inst{}
	work := append([]uint64{fn.Entry}, entries...)
	for len(work) > 0 {
		pc := work[len(work)-1]
		work = work[:len(work)-1]
		if _, seen := at[pc]; seen || pc < fn.Entry || pc >= fn.End {
			continue
		}
		insts, err := d.one(code[pc-fn.Entry:], pc)
		if err != nil {
			d.bad = append(d.bad, pc)
			continue
		}
		at[pc] = insts
		last := &insts[len(insts)-1]
		if last.Op == isa.JumpInd {
			d.bad = append(d.bad, pc) // where it goes to was not decoded
		}
		if last.Op == isa.Jump || last.Op == isa.CondJump {
			work = append(work, last.Target)
		}
		if falls(last) {
			work = append(work, pc+uint64(last.Len))
		}
	}
	d.lay(at)
	slices.Sort(d.bad)
	d.bad = slices.Compact(d.bad)
}

// one decodes the instruction at code[0], on its own.
func (d *decoder) one(code []byte, pc uint64) ([]isa.Inst, error) {
	if d.arch.width > 0 {
		code = code[:min(d.arch.width, uint64(len(code)))]
	}
	return d.arch.decode(nil, code, pc)
}

// lay puts instructions in the order of their addresses.
func (d *decoder) lay(at map[uint64][]isa.Inst) {
	d.insts, d.pcs = d.insts[:0], d.pcs[:0]
	for _, pc := range slices.Sorted(maps.Keys(at)) {
		for _, in := range at[pc] {
			d.insts, d.pcs = append(d.insts, in), append(d.pcs, pc)
		}
	}
}

// falls reports whether control can go on from an instruction to the next.
func falls(in *isa.Inst) bool {
	switch in.Op {
	case isa.Jump, isa.JumpInd, isa.Ret, isa.Trap:
		return false
	}
	return true
}
