package arm64

import (
	"encoding/binary"
	"errors"

	"github.com/gocurb/curb/internal/isa"
)

// The two ways in which decoding fails.
var (
	// ErrTruncated says that there are fewer than four bytes.
	ErrTruncated = errors.New("code ends inside an instruction")
	// ErrUnknown says that the word is no instruction, or one of an extension
	// that is not known, such as SVE.
	ErrUnknown = errors.New("not a known arm64 instruction")
)

// size is the length of every instruction.
const size = 4

// Append decodes the instruction at code[0], which is executed at pc, and
// appends what it does to insts: one isa.Inst, or several, of which all but the
// last have Len 0 and the last has Len 4. The error is ErrTruncated or
// ErrUnknown, and insts is then returned as it was.
//
// An ADRP is decoded together with the instruction behind it, if that is in
// code and completes the address: an ADD of an immediate, or a load or store
// whose base is ADRP's register. There is then a second isa.Inst with Len 4,
// whose operand is the whole address. For an ADD into X27 so is the load or
// store behind that. Those that depend on the one before are marked Fused.
func Append(insts []isa.Inst, code []byte, pc uint64) ([]isa.Inst, error) {
	if len(code) < size {
		return insts, ErrTruncated
	}
	d := decoder{insts: insts, pc: pc, word: binary.LittleEndian.Uint32(code)}
	if !d.decode() {
		return insts, ErrUnknown
	}
	d.last().Len = size
	if d.word&0x9f000000 == 0x90000000 { // ADRP
		d.fuse(code)
	}
	return d.insts, nil
}

// A decoder is the state of decoding one instruction.
type decoder struct {
	insts []isa.Inst // what was appended to
	pc    uint64
	word  uint32
}

// decode appends what the word does; it reports whether it is known.
func (d *decoder) decode() bool {
	switch d.word >> 25 & 15 {
	case 0b1000, 0b1001:
		return d.immediate()
	case 0b1010, 0b1011:
		return d.branch()
	case 0b0100, 0b0110, 0b1100, 0b1110:
		return d.loadStore()
	case 0b0101, 0b1101:
		return d.register()
	case 0b0111, 0b1111:
		return d.vector()
	}
	return d.reserved()
}

// reserved knows UDF, which padding is made of.
func (d *decoder) reserved() bool {
	if d.word>>16 != 0 {
		return false
	}
	d.next().Op = isa.Trap
	return true
}

// bits returns n bits of the word from bit lo on.
func (d *decoder) bits(lo, n uint) uint32 { return d.word >> lo & (1<<n - 1) }

// signed is bits, sign-extended.
func (d *decoder) signed(lo, n uint) int64 { return int64(int32(d.word<<(32-lo-n)) >> (32 - n)) }

// bit returns one bit.
func (d *decoder) bit(n uint) bool { return d.word>>n&1 != 0 }

// The registers, by the usual places of their numbers.
func (d *decoder) rd() isa.Reg  { return isa.Reg(d.word & 31) } // also Rt
func (d *decoder) rn() isa.Reg  { return isa.Reg(d.word >> 5 & 31) }
func (d *decoder) ra() isa.Reg  { return isa.Reg(d.word >> 10 & 31) } // also Rt2
func (d *decoder) rm() isa.Reg  { return isa.Reg(d.word >> 16 & 31) } // also Rs
func (d *decoder) width() uint8 { return uint8(4 + d.word>>31<<2) }   // by the sf bit

// next appends an instruction that does nothing yet.
func (d *decoder) next() *isa.Inst {
	d.insts = append(d.insts, isa.Inst{})
	return d.last()
}

func (d *decoder) last() *isa.Inst { return &d.insts[len(d.insts)-1] }

// regOperand is a register that is not the zero register.
func regOperand(r isa.Reg, size uint8) isa.Operand {
	return isa.Operand{Kind: isa.KindReg, Size: size, Reg: r}
}

// source is a register that is read, which may be the zero register.
func source(r isa.Reg, size uint8) isa.Operand {
	if r == zr {
		return immOperand(0, size)
	}
	return regOperand(r, size)
}

// immOperand is an immediate, of 4 bytes cut to them.
func immOperand(v int64, size uint8) isa.Operand {
	if size == 4 {
		v = int64(int32(v))
	}
	return isa.Operand{Kind: isa.KindImm, Size: size, Imm: v}
}

// memOperand is size bytes at base+disp. 31 is SP.
func memOperand(base isa.Reg, disp int64, size uint8) isa.Operand {
	return isa.Operand{Kind: isa.KindMem, Size: size, Base: base, Index: isa.NoReg, Scale: 1, Imm: disp}
}

func vecOperand(r isa.Reg, size uint8) isa.Operand {
	return isa.Operand{Kind: isa.KindVec, Size: size, Reg: r}
}

// set appends an operation on a register, which is not the zero register.
func (d *decoder) set(op isa.Op, size uint8, dst isa.Reg, src isa.Operand) {
	in := d.next()
	in.Op, in.Size, in.Writes = op, size, 1<<dst
	in.Dst = regOperand(dst, size)
	in.Src = src
}

func (d *decoder) setImm(op isa.Op, size uint8, dst isa.Reg, v int64) {
	d.set(op, size, dst, immOperand(v, size))
}

// setReg is set with a register that is not the zero register.
func (d *decoder) setReg(op isa.Op, size uint8, dst, src isa.Reg) {
	d.set(op, size, dst, regOperand(src, size))
}

// move appends Dst = Src for two registers, where Src may be the zero register.
// To itself nothing need be moved, but for the upper half to clear.
func (d *decoder) move(size uint8, dst, src isa.Reg) {
	switch {
	case src == zr:
		d.set(isa.Zero, size, dst, isa.Operand{})
	case src != dst || size == 4:
		d.setReg(isa.Mov, size, dst, src)
	}
}

// compare appends a Cmp or Test.
func (d *decoder) compare(op isa.Op, size uint8, dst isa.Reg, src isa.Operand) {
	in := d.next()
	in.Op, in.Size = op, size
	in.Dst = regOperand(dst, size)
	in.Src = src
}

// other appends an operation that is not followed and writes one register; if
// that is the zero register, nothing is done.
func (d *decoder) other(size uint8, dst isa.Reg) bool {
	if dst == zr {
		return d.nop()
	}
	d.set(isa.Other, size, dst, isa.Operand{})
	return true
}

// unknown appends an operation that writes flags, vector registers or the
// system's, and no general ones but these.
func (d *decoder) unknown(writes isa.RegSet) bool {
	d.next().Writes = writes
	return true
}

func (d *decoder) nop() bool {
	d.next().Op = isa.Nop
	return true
}

// ensure appends a Nop if nothing was appended since there were n: the
// instruction moves a register to itself.
func (d *decoder) ensure(n int) bool {
	if len(d.insts) == n {
		d.nop()
	}
	return true
}

// set1 is the set of one register, or none for the zero register.
func set1(r isa.Reg) isa.RegSet {
	if r == zr {
		return 0
	}
	return 1 << r
}
