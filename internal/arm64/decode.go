package arm64

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/gocurb/curb/internal/isa"
)

// The two ways in which decoding fails.
var (
	// ErrTruncated says that there are fewer than four bytes.
	ErrTruncated = errors.New("code ends inside an instruction")
	// ErrUnknown says that the word is no instruction, or one of an extension
	// that is not known, such as SME.
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
// store behind that, and for one into X16 a BR is a Jump. Those that depend on
// the one before are marked Fused.
func Append(insts []isa.Inst, code []byte, pc uint64) ([]isa.Inst, error) {
	if len(code) < size {
		return insts, ErrTruncated
	}
	if cap(insts)-len(insts) < most {
		insts = slices.Grow(insts, most)
	}
	var d decoder
	d.insts, d.pc, d.word = insts, pc, binary.LittleEndian.Uint32(code)
	if !d.decode() {
		return insts, ErrUnknown
	}
	for i := len(insts); i < len(d.insts); i++ {
		if in := &d.insts[i]; in.Op == isa.Other && in.Writes != 0 { // more than flags
			in.Reads |= d.sources()
		}
	}
	d.last().Len = size
	if d.word&0x9f000000 == 0x90000000 { // ADRP
		d.fuse(code)
	}
	return d.insts, nil
}

// A decoder is the state of decoding one instruction.
type decoder struct {
	insts []isa.Inst // what was appended to; there is always room for one more
	pc    uint64
	word  uint32
}

// most is more than the number of isa.Insts that one call of Append makes.
const most = 16

// decode appends what the word does; it reports whether it is known. The eight
// bits at the top tell the classes of instructions apart.
func (d *decoder) decode() bool {
	switch d.word >> 24 {
	case 0x00:
		return d.reserved()
	case 0x04, 0x05, 0x24, 0x25, 0x44, 0x45, 0x64, 0x65, 0x84, 0x85, 0xa4, 0xa5, 0xc4, 0xc5, 0xe4, 0xe5:
		return d.scalable()
	case 0x10, 0x30, 0x50, 0x70, 0x90, 0xb0, 0xd0, 0xf0:
		return d.address()
	case 0x11, 0x31, 0x51, 0x71, 0x91, 0xb1, 0xd1, 0xf1:
		return d.addImmediate()
	case 0x12, 0x32, 0x52, 0x72, 0x92, 0xb2, 0xd2, 0xf2:
		return d.logicalImmediate()
	case 0x13, 0x33, 0x53, 0x93, 0xb3, 0xd3:
		return d.bitfield()
	case 0x14, 0x15, 0x16, 0x17, 0x94, 0x95, 0x96, 0x97:
		return d.branch()
	case 0x34, 0x35, 0x36, 0x37, 0xb4, 0xb5, 0xb6, 0xb7:
		return d.testAndBranch()
	case 0x54:
		return d.branchIf()
	case 0xd4:
		return d.exception()
	case 0xd5:
		return d.system()
	case 0xd6, 0xd7:
		return d.branchRegister()
	case 0x08, 0x48, 0x88, 0xc8:
		return d.exclusive()
	case 0x0c, 0x0d, 0x4c, 0x4d:
		return d.structure()
	case 0x18, 0x58, 0x98, 0xd8, 0x1c, 0x5c, 0x9c:
		return d.literal()
	case 0x19, 0x1d, 0x59, 0x99, 0xd9:
		return d.lateLoadStore()
	case 0x28, 0x29, 0x68, 0x69, 0xa8, 0xa9, 0x2c, 0x2d, 0x6c, 0x6d, 0xac, 0xad:
		return d.pair()
	case 0x38, 0x78, 0xb8, 0xf8, 0x3c, 0x7c, 0xbc, 0xfc:
		return d.loadStore()
	case 0x39, 0x79, 0xb9, 0xf9, 0x3d, 0x7d, 0xbd, 0xfd:
		return d.loadStoreUnsigned()
	case 0x0a, 0x2a, 0x4a, 0x6a, 0x8a, 0xaa, 0xca, 0xea:
		return d.logicalShifted()
	case 0x0b, 0x2b, 0x4b, 0x6b, 0x8b, 0xab, 0xcb, 0xeb:
		return d.addShifted()
	case 0x1a, 0x3a, 0x5a, 0x7a, 0x9a, 0xba, 0xda, 0xfa:
		return d.register()
	case 0x1b, 0x9b:
		return d.multiply()
	}
	return d.vector()
}

// sources returns the general registers that data processing reads, and stores
// of which it is left open what they do.
func (d *decoder) sources() isa.RegSet {
	rd, rn, rm, ra := set1(d.rd()), set1(d.rn()), set1(d.rm()), set1(d.ra())
	switch d.word >> 25 & 15 {
	case 0b1000, 0b1001:
		if d.word>>23&7 != 0b111 { // not EXTR
			rm = 0
		}
		return rd | rn | rm
	case 0b0101, 0b1101:
		if d.bits(24, 5) != 0b11011 { // not those with three operands
			ra = 0
		}
		return rn | rm | ra
	case 0b0100, 0b1100:
		return rd | ra
	}
	return 0
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
	n := len(d.insts)
	d.insts = d.insts[:n+1]
	in := &d.insts[n]
	*in = isa.Inst{}
	return in
}

func (d *decoder) last() *isa.Inst { return &d.insts[len(d.insts)-1] }

// set appends an operation on a register, which is not the zero register.
func (d *decoder) set(op isa.Op, size uint8, dst isa.Reg) *isa.Inst {
	in := d.next()
	in.Op, in.Size, in.Writes = op, size, 1<<dst
	regOperand(&in.Dst, dst, size)
	return in
}

func (d *decoder) setImm(op isa.Op, size uint8, dst isa.Reg, v int64) {
	immOperand(&d.set(op, size, dst).Src, v, size)
}

// setReg is set with a register that is not the zero register.
func (d *decoder) setReg(op isa.Op, size uint8, dst, src isa.Reg) {
	regOperand(&d.set(op, size, dst).Src, src, size)
}

// move appends Dst = Src for two registers, where Src may be the zero register.
// To itself nothing need be moved, but for the upper half to clear.
func (d *decoder) move(size uint8, dst, src isa.Reg) {
	switch {
	case src == zr:
		d.set(isa.Zero, size, dst)
	case src != dst || size == 4:
		d.setReg(isa.Mov, size, dst, src)
	}
}

// compare appends a Cmp or Test.
func (d *decoder) compare(op isa.Op, size uint8, dst isa.Reg) *isa.Inst {
	in := d.next()
	in.Op, in.Size = op, size
	regOperand(&in.Dst, dst, size)
	return in
}

func (d *decoder) compareImm(op isa.Op, size uint8, dst isa.Reg, v int64) {
	immOperand(&d.compare(op, size, dst).Src, v, size)
}

// compareReg is compare with a register that may be the zero register.
func (d *decoder) compareReg(op isa.Op, size uint8, dst, src isa.Reg) {
	sourceOperand(&d.compare(op, size, dst).Src, src, size)
}

// other appends an operation that is not followed and writes one register; if
// that is the zero register, nothing is done.
func (d *decoder) other(size uint8, dst isa.Reg) bool {
	if dst == zr {
		return d.nop()
	}
	d.set(isa.Other, size, dst)
	return true
}

// unknown appends an operation that writes flags, vector registers or the
// system's, and no general ones but these.
func (d *decoder) unknown(writes isa.RegSet) bool {
	d.next().Writes = writes
	return true
}

// fromGeneral appends an operation that is not followed, on a vector register
// and a general one, which it reads.
func (d *decoder) fromGeneral() bool {
	d.next().Reads = set1(d.rn())
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
