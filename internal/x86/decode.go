package x86

import (
	"encoding/binary"
	"errors"

	"github.com/gocurb/curb/internal/isa"
)

// The two ways in which decoding fails. No length is known then.
var (
	// ErrTruncated says that the code ends before the instruction does.
	ErrTruncated = errors.New("code ends inside an instruction")
	// ErrUnknown says that the bytes are no instruction in 64-bit mode, or
	// none that the tables know: 3DNow, XOP, REX2 and the other
	// encodings of APX are not known.
	ErrUnknown = errors.New("not a known x86-64 instruction")
)

// maxLen is the limit of the architecture; a longer instruction faults.
const maxLen = 15

// Decode decodes the instruction that begins at code[0] and is executed at
// address pc. The error is ErrTruncated or ErrUnknown, and inst is then zero.
// Decode does not allocate, and never looks at more than 15 bytes.
func Decode(inst *isa.Inst, code []byte, pc uint64) error {
	limit := ErrTruncated
	if len(code) >= maxLen {
		code, limit = code[:maxLen], ErrUnknown
	}
	var d decoder
	d.code, d.pc, d.vl = code, pc, 16
	*inst = isa.Inst{}
	known := d.decode(inst)
	if d.short || !known {
		*inst = isa.Inst{}
		if d.short {
			return limit
		}
		return ErrUnknown
	}
	inst.Len = uint8(d.pos)
	return nil
}

// An encoding is the way in which an instruction names its opcode map and the
// upper bits of its registers.
type encoding uint8

const (
	legacy encoding = iota
	vex
	evex
)

// A decoder is the state of decoding one instruction.
type decoder struct {
	code  []byte
	pc    uint64
	pos   int  // of the next byte in code
	short bool // a byte beyond the end was asked for

	// Prefixes. The bits of register numbers are 0, 8 or 16, to be or-ed in.
	enc      encoding
	prefix   uint8 // mandatory prefix: np, p66, pF3, pF2
	op16     bool  // 66 was given
	addr32   bool  // 67
	lock     bool  // F0
	seg      uint8 // 64 or 65
	rex      bool  // any REX prefix: no high byte registers
	width    uint8 // width32, width16, width64
	r, x, b  uint8
	v        uint8 // VEX.vvvv; for EVEX with V'
	vl       uint8 // vector length in bytes
	masked   bool  // EVEX.aaa
	bcst     bool  // EVEX.b
	reserved bool  // EVEX.L'L is no length
	disp8    bool  // the displacement has one byte
	opcode   byte
	mod      uint8
	reg, rm  uint8 // fields of the ModRM byte, extended
	bareReg  uint8 // the reg field as it is: the member of a group
	modrm    byte
	imm      int64
	imm2     uint8 // the nesting level of ENTER
	mem      isa.Operand
	vague    bool // mem is not all that is touched, or not touched at all
}

// Prefix bytes by what they are.
const (
	notPrefix = iota
	rexPrefix
	op16Prefix
	addr32Prefix
	lockPrefix
	repPrefix
	repnePrefix
	segPrefix
	nullPrefix // segment overrides that have no effect in 64-bit mode
)

var prefixes = [256]uint8{
	0x26: nullPrefix, 0x2e: nullPrefix, 0x36: nullPrefix, 0x3e: nullPrefix,
	0x64: segPrefix, 0x65: segPrefix,
	0x66: op16Prefix, 0x67: addr32Prefix,
	0xf0: lockPrefix, 0xf2: repnePrefix, 0xf3: repPrefix,
	0x40: rexPrefix, 0x41: rexPrefix, 0x42: rexPrefix, 0x43: rexPrefix,
	0x44: rexPrefix, 0x45: rexPrefix, 0x46: rexPrefix, 0x47: rexPrefix,
	0x48: rexPrefix, 0x49: rexPrefix, 0x4a: rexPrefix, 0x4b: rexPrefix,
	0x4c: rexPrefix, 0x4d: rexPrefix, 0x4e: rexPrefix, 0x4f: rexPrefix,
}

// rexes has a 1 for the REX prefixes.
var rexes = [256]uint8{
	0x40: 1, 0x41: 1, 0x42: 1, 0x43: 1, 0x44: 1, 0x45: 1, 0x46: 1, 0x47: 1,
	0x48: 1, 0x49: 1, 0x4a: 1, 0x4b: 1, 0x4c: 1, 0x4d: 1, 0x4e: 1, 0x4f: 1,
}

// decode does the work of Decode; it reports whether the tables know the
// instruction.
func (d *decoder) decode(in *isa.Inst) bool {
	e := d.entry()
	if e.hasModRM() {
		d.readModRM(e)
		if e&groupMask != 0 {
			e = d.member(e)
		}
		if e&memOnly != 0 && d.mod == 3 || e&regOnly != 0 && d.mod != 3 {
			return false
		}
	}
	if e&valid == 0 {
		return false
	}
	size := d.size(e)
	if d.reserved && (d.mod != 3 || !d.bcst) {
		return false // EVEX.b and a register as the operand make them a rounding mode
	}
	if d.enc == evex && d.mod != 3 {
		var ok bool
		if size, ok = d.compressed(e, size); !ok {
			return false
		}
	}
	if e&immMask != 0 {
		d.immediate(in, e, size)
	}
	if d.mem.Rip {
		d.mem.Imm += int64(d.next())
		if d.addr32 {
			d.mem.Imm = int64(uint32(d.mem.Imm))
		}
	}
	d.vague = e&(vague|vsib) != 0
	if d.enc == evex && d.reg > 15 && e&formMask == gw {
		return false // there are no sixteen more general registers
	}
	in.Op = e.op()
	in.Size = size
	in.Writes = e.writes()
	if e&formMask >= modRM {
		d.modRMOperands(in, e, size)
	} else {
		d.operands(in, e, size)
	}
	return d.settle(in, e)
}

// entry reads the prefixes and the opcode, and looks it up.
func (d *decoder) entry() entry {
	b := d.prefixes()
	d.opcode = b
	switch b {
	case 0x0f:
		return d.escape()
	case 0x62:
		return d.evexEntry()
	case 0xc4, 0xc5:
		return d.vexEntry(b == 0xc4)
	}
	return oneByte[b]
}

// next is the address of the next byte to read.
func (d *decoder) next() uint64 { return d.pc + uint64(d.pos) }

// prefixes reads the legacy prefixes and REX, and returns the byte after them.
func (d *decoder) prefixes() byte {
	if len(d.code) > 1 {
		// A REX prefix or nothing, as nearly always, is taken without a branch:
		// which of the two it is cannot be predicted.
		n := int(rexes[d.code[0]])
		if b := d.code[n&1]; prefixes[b] == notPrefix {
			d.takeREX(d.code[0] & -byte(n))
			d.pos = n + 1
			return b
		}
	}
	return d.allPrefixes()
}

// takeREX takes the bits of a REX prefix, or of 0 if there is none.
func (d *decoder) takeREX(rex byte) {
	d.rex = rex != 0
	d.r, d.x, d.b = rex<<1&8, rex<<2&8, rex<<3&8
	d.width |= rex >> 3 & 1 // width64
}

// allPrefixes is prefixes in its full generality.
func (d *decoder) allPrefixes() byte {
	var rex, rep byte
	for {
		b := d.u8()
		switch prefixes[b] {
		case notPrefix:
			if rex&8 != 0 {
				d.width = width32
			}
			d.takeREX(rex)
			switch {
			case rep != 0:
				d.prefix = rep
			case d.op16:
				d.prefix = p66
			}
			return b
		case rexPrefix:
			rex = b
			continue
		case op16Prefix:
			d.op16, d.width = true, width16
		case addr32Prefix:
			d.addr32 = true
		case lockPrefix:
			d.lock = true
		case repPrefix:
			rep = pF3
		case repnePrefix:
			rep = pF2
		case segPrefix:
			d.seg = b
		}
		rex = 0 // REX counts right before the opcode only
	}
}

// escape looks up an opcode of the maps behind 0F.
func (d *decoder) escape() entry {
	d.opcode = d.u8()
	r := &twoByte[d.opcode]
	switch d.opcode {
	case 0x38:
		d.opcode = d.u8()
		r = &map0F38[d.opcode]
	case 0x3a:
		d.opcode = d.u8()
		r = &map0F3A[d.opcode]
	}
	return r.at(d.prefix)
}

// u8 reads a byte. Beyond the end it notes so, and returns 0: the end of
// decode is the one place that looks.
func (d *decoder) u8() byte {
	if d.pos >= len(d.code) {
		d.short = true
		return 0
	}
	b := d.code[d.pos]
	d.pos++
	return b
}

func (d *decoder) bytes(n int) []byte {
	if len(d.code)-d.pos < n {
		d.short = true
		return zeros[:n]
	}
	b := d.code[d.pos : d.pos+n]
	d.pos += n
	return b
}

var zeros [8]byte

func (d *decoder) i8() int64  { return int64(int8(d.u8())) }
func (d *decoder) u16() int64 { return int64(binary.LittleEndian.Uint16(d.bytes(2))) }
func (d *decoder) i16() int64 { return int64(int16(d.u16())) }
func (d *decoder) i32() int64 { return int64(int32(binary.LittleEndian.Uint32(d.bytes(4)))) }
func (d *decoder) i64() int64 { return int64(binary.LittleEndian.Uint64(d.bytes(8))) }

// immediate reads what follows the ModRM byte and the displacement.
func (d *decoder) immediate(in *isa.Inst, e entry, size uint8) {
	switch e & immMask {
	case ib:
		d.imm = d.i8()
	case ibu:
		d.imm = int64(d.u8())
	case iw:
		d.imm = d.u16()
	case iz:
		d.imm = d.sized(min(size, 4))
	case iv:
		d.imm = d.sized(size)
	case iwb:
		d.imm = d.u16()
		d.imm2 = d.u8()
	case ibb:
		d.imm = d.u16()
	case ia:
		if d.addr32 {
			d.imm = int64(uint32(d.i32()))
		} else {
			d.imm = d.i64()
		}
	case rel8:
		disp := d.i8()
		in.Target = d.next() + uint64(disp)
	case rel32:
		disp := d.i32()
		in.Target = d.next() + uint64(disp)
	case relz:
		disp := d.sized(min(size, 4))
		in.Target = d.next() + uint64(disp)
	}
}

// sized reads a signed number of 1, 2, 4 or 8 bytes.
func (d *decoder) sized(size uint8) int64 {
	switch size {
	case 1:
		return d.i8()
	case 2:
		return d.i16()
	case 4:
		return d.i32()
	}
	return d.i64()
}
