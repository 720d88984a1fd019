package arm64

import "github.com/gocurb/curb/internal/isa"

// register decodes what is neither logical nor an addition or multiplication.
func (d *decoder) register() bool {
	switch d.bits(21, 3) {
	case 0:
		return d.addCarry()
	case 2:
		return d.compareIf()
	case 4:
		return d.selectIf()
	case 6:
		return d.oneOrTwo()
	}
	return false
}

// A shifted is a register operand as it is read: shifted or extended, and then
// perhaps inverted or negated.
type shifted struct {
	reg    isa.Reg // not the zero register
	extend isa.Op  // Mov, MovZX, MovSX
	from   uint8   // bytes, for extend
	op     isa.Op  // Shl or Shr by count
	count  int64
	invert bool // all bits
	negate bool
}

// The kinds of shifts.
const (
	lsl = iota
	lsr
	asr
	ror
)

// shift reads the operand Rm of the shifted forms; ok is false if isa has no
// shift of that kind.
func (s *shifted) shift(d *decoder, width uint8) (ok bool) {
	s.plainly(d.rm(), width)
	s.count = int64(d.bits(10, 6))
	kind := d.bits(22, 2)
	if kind == lsr {
		s.op = isa.Shr
	}
	return s.count == 0 || kind <= lsr
}

// plainly makes the operand a register as it is.
func (s *shifted) plainly(r isa.Reg, width uint8) {
	s.reg, s.extend, s.from, s.op, s.count = r, isa.Mov, width, isa.Shl, 0
}

// plain reports whether the operand is the register as it is.
func (s *shifted) plain(width uint8) bool {
	return s.extend == isa.Mov && s.from == width && s.count == 0 && !s.invert && !s.negate
}

// put appends rd = the operand.
func (d *decoder) put(width uint8, rd isa.Reg, s *shifted) {
	switch {
	case s.extend != isa.Mov:
		regOperand(&d.set(s.extend, width, rd).Src, s.reg, s.from)
	case s.from < width:
		d.setReg(isa.Mov, s.from, rd, s.reg)
	default:
		d.move(width, rd, s.reg)
	}
	if s.count != 0 {
		d.setImm(s.op, width, rd, s.count)
	}
	if s.invert || s.negate {
		d.setImm(isa.Xor, width, rd, -1)
	}
	if s.negate {
		d.setImm(isa.Add, width, rd, 1)
	}
}

// combine appends rd = rn op s, for an op that does not mind the order; rn is
// not the zero register. It reports false if it would need another register.
func (d *decoder) combine(op isa.Op, width uint8, rd, rn isa.Reg, s *shifted) bool {
	switch {
	case s.plain(width) && rd == rn:
		d.setReg(op, width, rd, s.reg)
	case s.plain(width) && rd != s.reg:
		d.setReg(isa.Mov, width, rd, rn)
		d.setReg(op, width, rd, s.reg)
	case rd != rn:
		d.put(width, rd, s)
		d.setReg(op, width, rd, rn)
	default:
		return false
	}
	return true
}

// logicalShifted decodes AND, ORR, EOR, ANDS, and these with the second operand
// inverted.
func (d *decoder) logicalShifted() bool {
	width, opc := d.width(), d.bits(29, 2)
	if width == 4 && d.bit(15) {
		return false
	}
	rd, rn := d.rd(), d.rn()
	var s shifted
	ok := s.shift(d, width)
	s.invert = d.bit(21)
	op := [...]isa.Op{isa.And, isa.Or, isa.Xor, isa.And}[opc]
	flags := opc == 3
	if flags && rd == zr {
		return d.testShifted(width, rn, &s)
	}
	if rd == zr {
		return d.nop()
	}
	n := len(d.insts)
	switch {
	case s.reg == zr || rn == zr:
		d.logicalZero(op, width, rd, rn, &s, ok)
	case !ok:
		d.other(width, rd)
	case s.plain(width) && rn == s.reg && op == isa.Xor:
		d.move(width, rd, zr)
	case s.plain(width) && rn == s.reg:
		d.move(width, rd, rn)
	case !d.combine(op, width, rd, rn, &s):
		d.other(width, rd)
	}
	if flags {
		d.compareReg(isa.Test, width, rd, rd)
	}
	return d.ensure(n)
}

// testShifted appends what ANDS leaves in the flags.
func (d *decoder) testShifted(width uint8, rn isa.Reg, s *shifted) bool {
	if s.plain(width) && rn != zr {
		d.compareReg(isa.Test, width, rn, s.reg)
		return true
	}
	return d.unknown(0)
}

// logicalZero appends a logical operation of which one operand is the zero
// register. MOV and MVN are such.
func (d *decoder) logicalZero(op isa.Op, width uint8, rd, rn isa.Reg, s *shifted, ok bool) {
	switch {
	case s.reg == zr && !s.invert: // rn op 0
		if op == isa.And {
			rn = zr
		}
		d.move(width, rd, rn)
	case s.reg == zr && op == isa.And: // rn op all ones
		d.move(width, rd, rn)
	case s.reg == zr && (op == isa.Or || rn == zr):
		d.setImm(isa.Mov, width, rd, -1)
	case s.reg == zr:
		d.move(width, rd, rn)
		d.setImm(isa.Xor, width, rd, -1)
	case op == isa.And: // 0 op rm
		d.move(width, rd, zr)
	case ok:
		d.put(width, rd, s)
	default:
		d.other(width, rd)
	}
}

// addShifted decodes ADD, ADDS, SUB and SUBS of registers; 31 is the zero
// register everywhere.
func (d *decoder) addShifted() bool {
	width := d.width()
	if d.bit(21) {
		return d.addExtended()
	}
	if d.bits(22, 2) == ror || width == 4 && d.bit(15) {
		return false
	}
	var s shifted
	ok := s.shift(d, width)
	if s.reg == zr {
		s.plainly(zr, width)
		ok = true
	}
	d.addRegister(width, d.rd(), d.rn(), &s, ok, false)
	return true
}

// addExtended decodes the same with the second operand extended and shifted to
// the left by up to 4. 31 is SP as the first operand, and as the destination
// where no flags are set.
func (d *decoder) addExtended() bool {
	width, option := d.width(), d.bits(13, 3)
	if d.bits(22, 2) != 0 || d.bits(10, 3) > 4 {
		return false
	}
	var s shifted
	s.plainly(d.rm(), width)
	s.count = int64(d.bits(10, 3))
	if from := uint8(1) << (option & 3); from < width {
		s.from = from
		switch {
		case option >= 4:
			s.extend = isa.MovSX
		case from < 4:
			s.extend = isa.MovZX
		}
	}
	if s.reg == zr {
		s.plainly(zr, width)
	}
	d.addRegister(width, d.rd(), d.rn(), &s, true, true)
	return true
}

// addRegister appends rd = rn ± s, and the flags. stack says that 31 is SP for
// rn, and for rd if no flags are set.
func (d *decoder) addRegister(width uint8, rd, rn isa.Reg, s *shifted, ok, stack bool) {
	sub, flags := d.bit(30), d.bit(29)
	if !flags {
		if rd == zr && !stack {
			d.nop()
		} else {
			d.sum(width, rd, rn, s, sub, ok, stack)
		}
		return
	}
	zero := rn == zr && !stack
	switch {
	case rd == zr && (!sub || zero || !s.plain(width)):
		d.unknown(0)
	case rd == zr:
		d.compareReg(isa.Cmp, width, rn, s.reg)
	case !sub || zero || !s.plain(width):
		d.other(width, rd)
	case rd == rn || rd == s.reg:
		d.compareReg(isa.Cmp, width, rn, s.reg)
		d.sum(width, rd, rn, s, sub, ok, stack)
	default:
		d.sum(width, rd, rn, s, sub, ok, stack)
		d.compareReg(isa.Cmp, width, rn, s.reg)
	}
}

// sum appends rd = rn ± s.
func (d *decoder) sum(width uint8, rd, rn isa.Reg, s *shifted, sub, ok, stack bool) {
	zero := rn == zr && !stack
	s.negate = sub
	n := len(d.insts)
	switch {
	case s.reg == zr && zero:
		d.set(isa.Zero, width, rd)
	case s.reg == zr:
		d.setReg(isa.Mov, width, rd, rn)
	case !ok:
		d.other(width, rd)
	case zero:
		d.put(width, rd, s)
	case sub:
		d.difference(width, rd, rn, s)
	case s.plain(width) && rd == rn:
		d.setReg(isa.Add, width, rd, s.reg)
	case s.plain(width) && rd == s.reg:
		d.setReg(isa.Add, width, rd, rn)
	case s.extend == isa.Mov && s.from == width && s.op == isa.Shl && s.count <= 4:
		var m memory
		m.at(rn, 0, width)
		m.index, m.scale = s.reg, 1<<s.count
		m.operand(&d.set(isa.Lea, width, rd).Src)
	case rd == SP || !d.combine(isa.Add, width, rd, rn, s):
		d.set(isa.Other, width, rd)
	}
	d.ensure(n)
}

// difference appends rd = rn - s; neither is the zero register.
func (d *decoder) difference(width uint8, rd, rn isa.Reg, s *shifted) {
	s.negate = false
	plain := s.plain(width)
	switch {
	case plain && rn == s.reg:
		d.set(isa.Zero, width, rd)
		return
	case plain && rd != s.reg:
		if rd != rn {
			d.setReg(isa.Mov, width, rd, rn)
		}
		d.setReg(isa.Sub, width, rd, s.reg)
		return
	}
	s.negate = true
	if rd == SP || !d.combine(isa.Add, width, rd, rn, s) {
		d.set(isa.Other, width, rd)
	}
}

// multiply decodes what has three operands and a destination.
func (d *decoder) multiply() bool {
	switch op := d.bits(21, 3)<<1 | d.bits(15, 1); op {
	case 0b0000, 0b0001: // MADD, MSUB
	case 0b0010, 0b0011, 0b0100, 0b1010, 0b1011, 0b1100: // SMADDL, SMSUBL, SMULH, UMADDL, UMSUBL, UMULH
		if d.width() == 4 {
			return false
		}
	default:
		return false
	}
	return d.other(d.width(), d.rd())
}

// addCarry decodes ADC, SBC and what moves bits into the flags.
func (d *decoder) addCarry() bool {
	switch op := d.bits(10, 6); {
	case op == 0: // ADC, ADCS, SBC, SBCS
		if d.bit(29) && d.rd() == zr {
			return d.unknown(0)
		}
		return d.other(d.width(), d.rd())
	case op&0x1f == 1 && d.bits(29, 3) == 0b101 && !d.bit(4): // RMIF
		return d.unknown(0)
	case op&0xf == 2 && d.bits(29, 3) == 0b001 && d.bits(15, 6) == 0 && d.bits(0, 5) == 13: // SETF8, SETF16
		return d.unknown(0)
	}
	return false
}

// compareIf decodes CCMP and CCMN.
func (d *decoder) compareIf() bool {
	if !d.bit(29) || d.bit(10) || d.bit(4) {
		return false
	}
	return d.unknown(0)
}

// selectIf decodes CSEL, CSINC, CSINV and CSNEG: Rd = Rn if the condition
// holds, else Rm, Rm+1, ^Rm, -Rm.
func (d *decoder) selectIf() bool {
	if d.bit(29) || d.bit(11) {
		return false
	}
	rd, rn, rm, width := d.rd(), d.rn(), d.rm(), d.width()
	code := d.bits(12, 4)
	cond := conditions[code]
	inc, inv := d.bit(10), d.bit(30)
	n := len(d.insts)
	switch {
	case rd == zr:
		d.nop()
	case code >= always:
		d.move(width, rd, rn)
	case inc && !inv && rn == zr && rm == zr: // CSET
		d.set(isa.Zero, width, rd)
		d.set(isa.SetCond, 1, rd).Cond = invert(cond)
	case !inc && !inv && rd == rn:
		d.condMove(width, rd, rm, invert(cond))
	case rd == rn:
		d.other(width, rd)
	default:
		var s shifted
		s.plainly(rm, width)
		s.invert, s.negate = inv && !inc, inv && inc
		switch {
		case rm == zr && s.invert:
			d.setImm(isa.Mov, width, rd, -1)
		case rm == zr:
			d.move(width, rd, zr)
		default:
			d.put(width, rd, &s)
		}
		if inc && !inv {
			d.setImm(isa.Add, width, rd, 1)
		}
		d.condMove(width, rd, rn, cond)
	}
	return d.ensure(n)
}

func (d *decoder) condMove(width uint8, rd, src isa.Reg, cond isa.Cond) {
	in := d.set(isa.CondMove, width, rd)
	in.Cond = cond
	sourceOperand(&in.Src, src, width)
}

// invert returns the opposite of a condition.
func invert(c isa.Cond) isa.Cond {
	if c == isa.OtherCond {
		return c
	}
	return c ^ 1
}

// oneOrTwo decodes what has one or two operands: divisions, shifts by a
// register, CRC32, reversals, counts, pointer authentication, tags.
func (d *decoder) oneOrTwo() bool {
	rd, width, op := d.rd(), d.width(), d.bits(10, 6)
	if d.bit(30) {
		return !d.bit(29) && d.one(op)
	}
	if d.bit(29) { // SUBPS
		if width == 8 && op == 0 {
			if rd == zr {
				return d.unknown(0)
			}
			return d.other(8, rd)
		}
		return false
	}
	switch op {
	case 2, 3, 10, 11: // UDIV, SDIV, ASRV, RORV
	case 8, 9:
		d.shiftVariable(width, rd, isa.Shl+isa.Op(op&1))
		return true
	case 0, 5, 12: // SUBP, GMI, PACGA
		if width == 4 {
			return false
		}
	case 4: // IRG
		if width == 4 {
			return false
		}
		d.set(isa.Other, 8, rd) // 31 is SP
		return true
	case 24, 25, 26, 27: // SMAX, UMAX, SMIN, UMIN
	case 16, 17, 18, 20, 21, 22: // CRC32B, CRC32H, CRC32W, CRC32CB, …
		if width == 8 {
			return false
		}
	case 19, 23: // CRC32X, CRC32CX
		if width == 4 {
			return false
		}
		width = 4
	default:
		return false
	}
	return d.other(width, rd)
}

// shiftVariable appends LSLV or LSRV.
func (d *decoder) shiftVariable(width uint8, rd isa.Reg, op isa.Op) {
	rn, rm := d.rn(), d.rm()
	n := len(d.insts)
	switch {
	case rd == zr:
		d.nop()
	case rn == zr || rm == zr:
		d.move(width, rd, rn)
	case rd == rm && rd != rn:
		d.other(width, rd)
	default:
		if rd != rn {
			d.setReg(isa.Mov, width, rd, rn)
		}
		d.setReg(op, width, rd, rm)
	}
	d.ensure(n)
}

// one decodes what has one operand.
func (d *decoder) one(op uint32) bool {
	wide := d.width() == 8
	switch d.bits(16, 5) {
	case 0: // RBIT, REV16, REV, CLZ, CLS, CTZ, CNT, ABS
		if op > 8 || op == 3 && !wide {
			return false
		}
	case 1: // PACIA, …, AUTDB; PACIZA, …, XPACD
		if !wide || op > 17 || op >= 8 && d.rn() != zr {
			return false
		}
	default:
		return false
	}
	return d.other(d.width(), d.rd())
}
