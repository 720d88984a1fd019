package x86

import (
	"errors"
	"testing"

	"github.com/gocurb/curb/internal/isa"
)

// FuzzDecode decodes anything. The result must be sound in itself, depend on
// nothing behind the instruction and nothing but pc before it, and agree with
// golang.org/x/arch on legacy encodings.
func FuzzDecode(f *testing.F) {
	for _, code := range []string{
		"48 89 d8", "c7 05 10 00 00 00 ff ff ff ff", "f0 48 0f c7 0f", "8f 44 24 08", "c8 10 00 01", "f3 48 ab", "66 f2 0f 38 f1 c8",
		"c5 fe 6f 05 10 00 00 00", "c4 62 fb f6 c8", "62 f1 7c 58 58 40 02", "62 f2 7d 49 a0 44 88 01", "df e0", "0f 01 f9", "67 64 a1 44 33 22 91",
	} {
		f.Add(parse(f, code), uint64(pc))
	}
	f.Fuzz(func(t *testing.T, code []byte, pc uint64) {
		var in, again isa.Inst
		err := Decode(&in, code, pc)
		if err != nil {
			if !errors.Is(err, ErrTruncated) && !errors.Is(err, ErrUnknown) || in != (isa.Inst{}) {
				t.Fatalf("% x: error %v with %+v", code, err, in)
			}
			if errors.Is(err, ErrTruncated) && len(code) >= maxLen {
				t.Fatalf("% x: truncated, with %d bytes", code, len(code))
			}
			return
		}
		n := int(in.Len)
		if n == 0 || n > maxLen || n > len(code) {
			t.Fatalf("% x: length %d", code, n)
		}
		if err := Decode(&again, code[:n:n], pc); err != nil || again != in {
			t.Fatalf("% x: %+v, and without what follows %+v, %v", code, in, again, err)
		}
		for i := range n {
			if err := Decode(&again, code[:i], pc); err == nil {
				t.Fatalf("% x: the first %d bytes are an instruction too: %+v", code[:n], i, again)
			}
		}
		if problem := unsound(&in); problem != "" {
			t.Fatalf("% x: %s: %+v", code[:n], problem, in)
		}
		if pc>>47 != 0 || n == maxLen {
			return // x86asm has its own ideas of the limits
		}
		c := newComparison()
		c.compare(code[:n], pc)
		for _, problem := range c.first {
			t.Fatal(problem)
		}
	})
}

// unsound says what in an instruction contradicts the comments on its type.
func unsound(in *isa.Inst) string {
	for _, o := range []isa.Operand{in.Dst, in.Src} {
		switch {
		case o.Kind == isa.KindReg && o.Reg > R15, o.Kind == isa.KindVec && o.Reg > 31:
			return "there is no such register"
		case o.Kind == isa.KindMem && (o.Base > R15 && o.Base != isa.NoReg || o.Index > R15 && o.Index != isa.NoReg):
			return "there is no such base or index"
		case o.Kind == isa.KindMem && o.Rip && o.Base != isa.NoReg:
			return "a RIP-relative operand with a base"
		case o.Kind == isa.KindMem && o.Scale != 1 && o.Scale != 2 && o.Scale != 4 && o.Scale != 8:
			return "no scale"
		}
	}
	written := in.Dst.Kind == isa.KindReg && in.Op != isa.Cmp && in.Op != isa.Test && in.Op != isa.BitTest
	if written && in.Writes>>in.Dst.Reg&1 == 0 {
		return "Dst is not in Writes"
	}
	switch in.Op {
	case isa.Call, isa.Jump, isa.CondJump, isa.CallInd, isa.JumpInd, isa.Ret:
	default:
		if in.Target != 0 {
			return "a target without a jump"
		}
	}
	return ""
}
