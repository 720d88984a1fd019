package arm64

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gocurb/curb/internal/isa"
)

// FuzzAppend decodes anything. The result must be sound in itself, come to the
// same when it is appended to something, and depend on nothing behind the
// instructions that it is of.
func FuzzAppend(f *testing.F) {
	f.Add(words(0x9000001b, 0x9100437b, 0xf9400362), uint64(pc))
	f.Add(words(0xa8c17bfd), uint64(pc))
	f.Add(words(0x54000040), ^uint64(3))
	f.Add([]byte{1, 2, 3}, uint64(0))
	f.Fuzz(checkAppend)
}

// TestSound checks random words in the way of FuzzAppend.
func TestSound(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 300_000 {
		w := random.Uint32()
		code := words(w, addWord|w&31<<5|27, 0xf9400360|random.Uint32N(32))
		if random.IntN(4) == 0 {
			code = words(0x90000000|w>>8&0x1f, random.Uint32()&^(31<<5)|w>>8&31<<5, random.Uint32())
		}
		checkAppend(t, code, uint64(w)<<20)
	}
	for _, l := range readInstructions(t) {
		checkAppend(t, l.code, pc)
	}
}

func checkAppend(t *testing.T, code []byte, pc uint64) {
	before := []isa.Inst{{Op: isa.Ret, Len: 4}}
	insts, err := Append(nil, code, pc)
	again, againErr := Append(before, code, pc)
	if len(again) != len(insts)+1 || again[0] != before[0] || !slices.Equal(again[1:], insts) || !errors.Is(againErr, err) {
		t.Fatalf("% x: %s, %v; appended to something %s, %v", code, format(insts), err, format(again), againErr)
	}
	if err != nil {
		if len(insts) != 0 || errors.Is(err, ErrTruncated) != (len(code) < size) || !errors.Is(err, ErrTruncated) && !errors.Is(err, ErrUnknown) {
			t.Fatalf("% x: %s, %v", code, format(insts), err)
		}
		return
	}
	length := 0
	for i := range insts {
		in := &insts[i]
		if problem := unsound(in); problem != "" {
			t.Fatalf("% x: %s: %s", code, problem, format(insts))
		}
		if in.Fused != (length > 0) || in.Len != 0 && in.Len != size {
			t.Fatalf("% x: Fused or Len is wrong in part %d: %s", code, i, format(insts))
		}
		length += int(in.Len)
	}
	if length == 0 || length > len(code) || length > 3*size || insts[len(insts)-1].Len == 0 || len(insts) >= most {
		t.Fatalf("% x: length %d in %s", code, length, format(insts))
	}
	if alone, err := Append(nil, code[:length:length], pc); err != nil || !slices.Equal(alone, insts) {
		t.Fatalf("% x: %s, and without what follows %s, %v", code, format(insts), format(alone), err)
	}
}

// unsound says what in an instruction contradicts the comments on its type.
func unsound(in *isa.Inst) string {
	for _, o := range []*isa.Operand{&in.Dst, &in.Src} {
		switch {
		case o.Kind > isa.KindVec, (o.Kind == isa.KindReg || o.Kind == isa.KindVec) && o.Reg > 31:
			return "there is no such operand"
		case o.Kind == isa.KindMem && (o.Base > 31 && o.Base != isa.NoReg || o.Index > 30 && o.Index != isa.NoReg):
			return "there is no such base or index"
		case o.Kind == isa.KindMem && o.Rip != (o.Base == isa.NoReg):
			return "an address that is absolute and not, or neither"
		case o.Kind == isa.KindMem && o.Scale != 1 && o.Scale != 2 && o.Scale != 4 && o.Scale != 8 && o.Scale != 16:
			return "no scale"
		case o.Kind == isa.KindImm && o.Rip && in.Op != isa.Mov:
			return "a page that is not moved"
		}
	}
	if in.Dst.Kind == isa.KindImm {
		return "a number is written"
	}
	if in.Dst.Kind == isa.KindReg && in.Op != isa.Cmp && in.Op != isa.Test && in.Writes>>in.Dst.Reg&1 == 0 {
		return "Dst is not in Writes"
	}
	direct := in.Op == isa.Call || in.Op == isa.Jump || in.Op == isa.CondJump
	if !direct && in.Target != 0 {
		return "a target without a jump"
	}
	return ""
}
