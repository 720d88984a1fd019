package arm64

import "github.com/gocurb/curb/internal/isa"

// system decodes hints, barriers and accesses to system registers.
func (d *decoder) system() bool {
	if d.bits(22, 2) != 0 {
		return false
	}
	rt := d.rd()
	op0, op1, op2 := d.bits(19, 2), d.bits(16, 3), d.bits(5, 3)
	crn, crm := d.bits(12, 4), d.bits(8, 4)
	if d.bit(21) { // MRS, SYSL
		if op0 == 0 {
			return false
		}
		return d.reads(rt)
	}
	switch op0 {
	case 0:
		switch {
		case crn == 4 && rt == 31:
			return d.unknown(0) // MSR to a field of the state, CFINV, AXFLAG, XAFLAG
		case op1 != 3:
			return false
		case crn == 1 && crm == 0 && op2 < 2: // WFET, WFIT
			return d.nop()
		case rt != 31:
			return false
		case crn == 2:
			return d.hint(crm<<3 | op2)
		case crn == 3:
			return d.barrier(crm, op2)
		}
		return false
	case 1:
		if op1 == 3 && crn == 7 && crm == 4 && (op2 == 1 || op2 == 4) && rt != zr { // DC ZVA, DC GZVA
			var m memory
			m.at(rt, 0, 0)
			m.inexact = true
			m.operand(&d.next().Dst)
			return true
		}
	}
	return d.unknown(0)
}

// reads appends the reading of a system register, which may change flags
// (RNDR).
func (d *decoder) reads(rt isa.Reg) bool {
	if rt == zr {
		return d.unknown(0)
	}
	return d.other(8, rt)
}

// barrier decodes what waits for memory or for other instructions.
func (d *decoder) barrier(crm, op2 uint32) bool {
	switch {
	case op2 == 2, op2 >= 4 && op2 <= 6, op2 == 1 && crm&3 == 2, op2 == 7 && crm == 0:
		return d.nop() // CLREX, DSB, DMB, ISB, DSB nXS, SB
	}
	return false
}

// hint decodes what older processors take for a NOP. Those that sign or
// authenticate a pointer change it in its register.
func (d *decoder) hint(n uint32) bool {
	switch n {
	case 0, 1, 2, 3, 4, 5, 6: // NOP, YIELD, WFE, WFI, SEV, SEVL, DGH
		return d.nop()
	case 7, 24, 25, 26, 27, 28, 29, 30, 31: // XPACLRI, PACIAZ, PACIASP, …, AUTIBSP
		return d.other(8, X30)
	case 8, 10, 12, 14: // PACIA1716, PACIB1716, AUTIA1716, AUTIB1716
		return d.other(8, X17)
	case 16, 17, 18, 19, 20, 22: // ESB, PSB, TSB, GCSB, CSDB, CLRBHB
		return d.nop()
	case 32, 34, 36, 38: // BTI
		return d.nop()
	case 40: // CHKFEAT
		return d.other(8, X16)
	}
	return false
}
