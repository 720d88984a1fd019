package x86

import "github.com/gocurb/curb/internal/isa"

// operands fills in Dst and Src, and adds the registers that are written
// through them to Writes.
func (d *decoder) operands(in *isa.Inst, e entry, size uint8) {
	written := in.Op != isa.Cmp && in.Op != isa.Test
	switch form := e & formMask; form {
	case z_:
		d.general(in, &in.Dst, d.opcode&7|d.b, size, written)
	case _z:
		d.general(in, &in.Src, d.opcode&7|d.b, size, false)
	case zi:
		d.general(in, &in.Dst, d.opcode&7|d.b, size, written)
		d.constant(&in.Src, size)
	case az:
		d.general(in, &in.Dst, 0, size, written)
		d.general(in, &in.Src, d.opcode&7|d.b, size, written)
	case ai:
		d.general(in, &in.Dst, 0, size, written)
		d.constant(&in.Src, size)
	case aa:
		d.general(in, &in.Dst, 0, size, written)
		d.general(in, &in.Src, 0, size/2, false)
	case ao:
		d.general(in, &in.Dst, 0, size, written)
		in.Src = isa.Operand{Kind: isa.KindMem, Size: size, Base: isa.NoReg, Index: isa.NoReg, Scale: 1, Seg: d.seg, Imm: d.imm}
	case oa:
		in.Dst = isa.Operand{Kind: isa.KindMem, Size: size, Base: isa.NoReg, Index: isa.NoReg, Scale: 1, Seg: d.seg, Imm: d.imm}
		d.general(in, &in.Src, 0, size, false)
	case _i:
		d.constant(&in.Src, size)
	case _b:
		in.Src = d.at(BX, size, 0)
		in.Src.Seg, in.Src.Inexact = d.seg, true // AL is added
	case a64:
		in.Dst = d.at(AX, 0, 0)
		in.Dst.Seg, in.Dst.Inexact = d.seg, true // the line of the cache that AX points into
	case yx, ya, y_, _x, _y:
		d.stringOperands(in, form, size)
	case frame:
		// Only the first word of the frame; with a nesting level more are copied.
		in.Dst = d.at(SP, 8, -8)
		in.Dst.Inexact = d.imm2 != 0
	}
}

// modRMOperands is operands for the forms with a ModRM byte.
func (d *decoder) modRMOperands(in *isa.Inst, e entry, size uint8) {
	written := in.Op != isa.Cmp && in.Op != isa.Test
	switch e & formMask {
	case e_:
		d.generalRM(in, &in.Dst, size, written)
	case es:
		if d.mod != 3 {
			size = 2
		}
		d.generalRM(in, &in.Dst, size, written)
	case _e:
		d.generalRM(in, &in.Src, size, false)
	case eg:
		d.generalRM(in, &in.Dst, size, written)
		d.general(in, &in.Src, d.reg, size, e&bothW != 0)
	case g_:
		in.Writes |= 1 << d.reg
	case ge:
		d.general(in, &in.Dst, d.reg, size, written)
		d.generalRM(in, &in.Src, size, false)
		if d.enc == vex && e&immMask == 0 { // RORX has no third one
			in.Reads = 1 << (d.v & 15)
		}
	case geb:
		d.general(in, &in.Dst, d.reg, size, written)
		d.generalRM(in, &in.Src, 1, false)
	case gew:
		d.general(in, &in.Dst, d.reg, size, written)
		d.generalRM(in, &in.Src, 2, false)
	case ged:
		d.general(in, &in.Dst, d.reg, size, written)
		d.generalRM(in, &in.Src, 4, false)
	case ei:
		d.generalRM(in, &in.Dst, size, written)
		d.constant(&in.Src, size)
	case ec:
		d.generalRM(in, &in.Dst, size, written)
		d.general(in, &in.Src, uint8(CX), 1, false)
	case e1:
		d.generalRM(in, &in.Dst, size, written)
		in.Src = isa.Operand{Kind: isa.KindImm, Size: size, Imm: 1}
	case gbe:
		in.Writes |= 1 << (d.v & 15)
		d.general(in, &in.Dst, d.reg, size, written)
		d.generalRM(in, &in.Src, size, false)
	case be:
		d.general(in, &in.Dst, d.v&15, size, written)
		d.generalRM(in, &in.Src, size, false)
	case gme:
		in.Dst = d.at(isa.Reg(d.reg), 64, 0)
		in.Dst.Inexact = d.addr32
		d.generalRM(in, &in.Src, 64, false)
	default:
		d.vectorOperands(in, e, size)
	}
}

// vectorOperands is operands for the forms with a vector register.
func (d *decoder) vectorOperands(in *isa.Inst, e entry, size uint8) {
	switch e & formMask {
	case vw, vx:
		vector(&in.Dst, d.reg, size)
		d.vectorRM(&in.Src, size)
	case wv:
		d.vectorRM(&in.Dst, size)
		vector(&in.Src, d.reg, size)
	case _w:
		d.vectorRM(&in.Src, size)
	case ve:
		vector(&in.Dst, d.reg, size)
		d.elementRM(in, &in.Src, size, false)
	case ev:
		d.elementRM(in, &in.Dst, size, true)
		vector(&in.Src, d.reg, size)
	case gw:
		d.general(in, &in.Dst, d.reg, d.byW(4, 8), true)
		d.vectorRM(&in.Src, size)
	case yv:
		in.Dst = d.at(DI, size, 0)
		in.Dst.Seg = d.seg
		in.Dst.Inexact = d.addr32
	}
}

// general makes o the general register n. Without REX the byte registers 4 to
// 7 are the high bytes of the first four, of which no operation is followed.
func (d *decoder) general(in *isa.Inst, o *isa.Operand, n, size uint8, written bool) {
	if size == 1 && n&^3 == 4 && !d.rex {
		in.Op = isa.Other
		if written {
			in.Writes |= 1 << (n - 4)
		}
		return
	}
	if written {
		in.Writes |= 1 << (n & 15)
	}
	o.Kind, o.Size, o.Reg = isa.KindReg, size, isa.Reg(n)
}

// generalRM makes o the r/m operand, a general register or memory.
func (d *decoder) generalRM(in *isa.Inst, o *isa.Operand, size uint8, written bool) {
	if d.mod == 3 {
		d.general(in, o, d.rm, size, written)
		return
	}
	d.memoryRM(o, size)
}

// elementRM is generalRM for an instruction that moves an element of a vector:
// a general register takes part with 32 bits at least (so that these never are
// the high byte registers).
func (d *decoder) elementRM(in *isa.Inst, o *isa.Operand, size uint8, written bool) {
	if d.mod == 3 {
		size = max(size, 4)
	}
	d.generalRM(in, o, size, written)
}

// vectorRM makes o the r/m operand, a vector register or memory.
func (d *decoder) vectorRM(o *isa.Operand, size uint8) {
	if d.mod != 3 {
		d.memoryRM(o, size)
		return
	}
	n := d.rm
	if d.enc == evex {
		n |= d.x << 1
	}
	vector(o, n, size)
}

func vector(o *isa.Operand, n, size uint8) {
	o.Kind, o.Size, o.Reg = isa.KindVec, size, isa.Reg(n)
}

// memoryRM makes o the memory of the ModRM byte.
func (d *decoder) memoryRM(o *isa.Operand, size uint8) {
	*o = d.mem
	o.Size = size
	if d.vague {
		o.Size, o.Inexact = 0, true
	}
}

// at is the memory at a register, by an instruction that does not say so in
// its ModRM byte.
func (d *decoder) at(base isa.Reg, size uint8, disp int64) isa.Operand {
	return isa.Operand{Kind: isa.KindMem, Size: size, Base: base, Index: isa.NoReg, Scale: 1, Imm: disp}
}

// constant makes o the immediate.
func (d *decoder) constant(o *isa.Operand, size uint8) {
	o.Kind, o.Size, o.Imm = isa.KindImm, size, d.imm
}

// stringOperands are those of the string instructions. A repeated one touches
// memory on either side of where its registers point, as the direction flag
// says.
func (d *decoder) stringOperands(in *isa.Inst, form entry, size uint8) {
	repeated := d.prefix == pF3 || d.prefix == pF2
	if repeated {
		in.Writes |= 1 << CX
	}
	there := d.at(DI, size, 0)
	here := d.at(SI, size, 0)
	here.Seg = d.seg
	for _, m := range [...]*isa.Operand{&there, &here} {
		m.Inexact = repeated || d.addr32
		if repeated {
			m.Size = 0
		}
	}
	switch form {
	case yx:
		in.Dst, in.Src = there, here
	case ya:
		in.Dst = there
		d.general(in, &in.Src, 0, size, false)
	case y_:
		in.Dst = there
	case _x:
		in.Src = here
	case _y:
		in.Src = there
	}
}
