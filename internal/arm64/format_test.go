package arm64

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/gocurb/curb/internal/isa"
)

// pc is where the instructions of the tests are executed.
const pc = 0x12345678

var opNames = map[isa.Op]string{
	isa.Other: "other", isa.Mov: "mov", isa.MovZX: "movzx", isa.MovSX: "movsx", isa.MovVec: "movvec", isa.Lea: "lea",
	isa.Add: "add", isa.Sub: "sub", isa.And: "and", isa.Or: "or", isa.Xor: "xor", isa.Zero: "zero", isa.Shl: "shl", isa.Shr: "shr",
	isa.Cmp: "cmp", isa.Test: "test", isa.Locked: "locked", isa.CondMove: "condmove", isa.SetCond: "setcond",
	isa.Call: "call", isa.CallInd: "callind", isa.Jump: "jump", isa.JumpInd: "jumpind", isa.CondJump: "condjump",
	isa.Ret: "ret", isa.Syscall: "syscall", isa.Trap: "trap", isa.Nop: "nop",
}

var condNames = map[isa.Cond]string{
	isa.Below: "below", isa.AboveEqual: "aboveequal", isa.Equal: "equal", isa.NotEqual: "notequal", isa.BelowEqual: "belowequal",
	isa.Above: "above", isa.Negative: "negative", isa.NotNegative: "notnegative", isa.Less: "less", isa.GreaterEqual: "greaterequal",
	isa.LessEqual: "lessequal", isa.Greater: "greater", isa.OtherCond: "othercond",
}

// format writes out instructions: "op.size.cond dst, src -> writes", with the
// registers in Writes other than Dst and those in Reads behind arrows.
func format(insts []isa.Inst) string {
	var out []string
	for i := range insts {
		in := &insts[i]
		s := opNames[in.Op]
		if in.Size != 0 {
			s += fmt.Sprintf(".%d", in.Size)
		}
		switch in.Op {
		case isa.CondJump, isa.CondMove, isa.SetCond:
			s += "." + condNames[in.Cond]
		}
		if in.Fused {
			s = "fused " + s
		}
		operands := []string{}
		for _, o := range []*isa.Operand{&in.Dst, &in.Src} {
			if text := formatOperand(o); text != "" {
				operands = append(operands, text)
			}
		}
		if in.Target != 0 {
			operands = append(operands, fmt.Sprintf("%+d", int64(in.Target-pc)))
		}
		if len(operands) > 0 {
			s += " " + strings.Join(operands, ", ")
		}
		more := in.Writes
		if in.Dst.Kind == isa.KindReg && in.Op != isa.Cmp && in.Op != isa.Test {
			if more&(1<<in.Dst.Reg) == 0 {
				s += " (Dst is not in Writes)"
			}
			more &^= 1 << in.Dst.Reg
		}
		out = append(out, s+regNames(" ->", more)+regNames(" <-", in.Reads))
	}
	return strings.Join(out, "; ")
}

// regNames lists the registers of a set behind an arrow, if there are any.
func regNames(arrow string, set isa.RegSet) string {
	if set == 0 {
		return ""
	}
	for r := range isa.Reg(32) {
		if set>>r&1 != 0 {
			arrow += " " + regName(r)
		}
	}
	return arrow
}

func regName(r isa.Reg) string {
	if r == SP {
		return "sp"
	}
	return fmt.Sprintf("x%d", r)
}

func formatOperand(o *isa.Operand) string {
	switch o.Kind {
	case isa.KindReg:
		return fmt.Sprintf("%s/%d", regName(o.Reg), o.Size)
	case isa.KindVec:
		return fmt.Sprintf("v%d/%d", o.Reg, o.Size)
	case isa.KindImm:
		s := fmt.Sprintf("%d", o.Imm)
		if o.Imm > 0xffff || o.Imm < -0xffff {
			s = fmt.Sprintf("%#x", uint64(o.Imm))
		}
		switch {
		case o.Rip:
			return "page " + s
		case o.Inexact:
			return "page~ " + s
		}
		return s
	case isa.KindMem:
		s := "["
		if o.Rip {
			s += fmt.Sprintf("pc%+d", o.Imm-pc)
		} else {
			s += regName(o.Base)
			if o.Index != isa.NoReg {
				s += fmt.Sprintf("+%s*%d", regName(o.Index), o.Scale)
			}
			if o.Imm != 0 {
				s += fmt.Sprintf("%+d", o.Imm)
			}
		}
		s += fmt.Sprintf("]/%d", o.Size)
		if o.Inexact {
			s += "~"
		}
		return s
	}
	return ""
}

// words makes code of instructions.
func words(w ...uint32) []byte {
	var code []byte
	for _, w := range w {
		code = binary.LittleEndian.AppendUint32(code, w)
	}
	return code
}

// decodeAll decodes all of code and formats what it is.
func decodeAll(t *testing.T, code []byte) string {
	t.Helper()
	var insts []isa.Inst
	for at := 0; at < len(code); {
		n := len(insts)
		var err error
		if insts, err = Append(insts, code[at:], pc+uint64(at)); err != nil {
			return err.Error()
		}
		for _, in := range insts[n:] {
			at += int(in.Len)
		}
	}
	return format(insts)
}
