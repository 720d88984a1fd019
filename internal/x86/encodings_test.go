package x86

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gocurb/curb/internal/isa"
)

// Every opcode of every map, with every kind of operand and the prefixes that
// matter, is compared with objdump: whether it exists, how long it is, which
// memory it names, which general register it writes. Where the two may differ
// is said in objdumpOnly and weOnly, and nowhere else.

func TestLegacyEncodings(t *testing.T) {
	t.Parallel()
	for _, prefix := range legacyPrefixes() {
		var b blob
		eachLegacy(func(opcode []byte, modrm byte) { b.add(prefix, opcode, []byte{modrm}) })
		compare(t, &b)
	}
}

func TestVEXEncodings(t *testing.T) {
	t.Parallel()
	var b blob
	eachVEX(func(opcode []byte, modrm byte) { b.add(opcode, []byte{modrm}) })
	compare(t, &b)
}

func TestEVEXEncodings(t *testing.T) {
	t.Parallel()
	var b blob
	eachEVEX(func(opcode []byte, modrm byte) { b.add(opcode, []byte{modrm}) })
	compare(t, &b)
}

// compare decodes every slot of b and compares it with objdump.
func compare(t *testing.T, b *blob) {
	t.Helper()
	type slotOf struct {
		code []byte
		l    listed
	}
	var doubtful []slotOf       // we decode them, objdump does not
	exists := map[string]bool{} // the opcodes that objdump knows with some W, L, vvvv
	failed := map[string]int{}  // by mnemonic: one opcode fails many times
	fail := func(code []byte, l listed, format string, args ...any) {
		m := parseIntel(l.text).mnemonic
		if failed[m]++; failed[m] == 1 && len(failed) <= 20 {
			t.Errorf("% x %q: %s", code[:12], l.text, fmt.Sprintf(format, args...))
		}
	}
	b.list(t, func(code []byte, l listed) {
		var in isa.Inst
		err := Decode(&in, code, l.addr)
		// objdump writes {bad} into a mnemonic whose W does not fit.
		bad := l.text == "" || strings.Contains(l.text, "(bad)") || strings.Contains(l.text, "{bad}")
		if !bad {
			exists[shape(code)] = true
		}
		switch {
		case bad && err == nil:
			doubtful = append(doubtful, slotOf{code, l})
		case bad:
		case err != nil:
			if !objdumpOnly(code, l) {
				fail(code, l, "%v", err)
			}
		case int(in.Len) != l.len:
			if !otherLength(code) {
				fail(code, l, "length is %d, want %d", in.Len, l.len)
			}
		default:
			problem := comparePlaces(&in, l.text)
			if problem == "" && shape(code) != "" {
				problem = compareVEXWrites(&in, parseIntel(l.text))
			}
			if problem != "" {
				fail(code, l, "%s", problem)
			}
		}
	})
	for _, s := range doubtful {
		if !exists[shape(s.code)] && !weOnly(s.code) {
			fail(s.code, s.l, "is decoded")
		}
	}
	if len(failed) > 0 {
		t.Errorf("number of failures by mnemonic: %v", failed)
	}
}

// shape is the part of a VEX or EVEX instruction that says which one it is:
// without W, L, EVEX.b and the registers, which we do not refuse for single
// opcodes. Other instructions have no such part.
func shape(code []byte) string {
	var opcodes, pp, op, modrm byte
	switch code[0] {
	case 0xc4:
		opcodes, pp, op, modrm = code[1]&31, code[2]&3, code[3], code[4]
	case 0xc5:
		opcodes, pp, op, modrm = 1, code[1]&3, code[2], code[3]
	case 0x62:
		opcodes, pp, op, modrm = code[1]&7, code[2]&3, code[4], code[5]
	default:
		return ""
	}
	register := modrm >= 0xc0
	switch {
	case opcodes == 1 && (op >= 0x71 && op <= 0x73 || op == 0xae), opcodes == 2 && (op&^1 == 0xc6 || op == 0xf3 || op == 0x49):
		modrm &= 0x38 // groups
	default:
		modrm = 0
	}
	return fmt.Sprint(code[0] == 0x62, opcodes, pp, op, register, modrm)
}

// comparePlaces compares the memory operand and the general registers written
// with the text of an instruction.
func comparePlaces(in *isa.Inst, text string) string {
	p := parseIntel(text)
	var want []isa.Operand
	for _, o := range p.operands {
		if m, ok := memoryText(o, p.comment); ok {
			want = append(want, m)
		}
	}
	var got []isa.Operand
	if in.Dst.Kind == isa.KindMem && !unsaid(in, p.mnemonic) {
		got = append(got, in.Dst)
	}
	if in.Src.Kind == isa.KindMem {
		got = append(got, in.Src)
	}
	if in.Op != isa.Nop && in.Op != isa.Landing && in.Op != isa.Trap && len(got) < min(len(want), 1) || len(got) > len(want) {
		return fmt.Sprintf("%d memory operands, want %d", len(got), len(want))
	}
	for _, g := range got {
		if in.Op == isa.CallInd || in.Op == isa.JumpInd {
			g.Size = 0 // objdump reads a 66 prefix as AMD's processors do
		}
		if !slices.ContainsFunc(want, func(w isa.Operand) bool { return sameMemory(g, w, in.Op == isa.Lea || p.mnemonic == "lea") }) {
			return fmt.Sprintf("memory %+v, want one of %+v", g, want)
		}
	}
	return ""
}

// unsaid reports whether an instruction writes memory that the text does not
// name, or names as a register.
func unsaid(in *isa.Inst, mnemonic string) bool {
	switch mnemonic {
	case "maskmovq", "maskmovdqu", "vmaskmovdqu", "enter", "enterw", "movdir64b", "enqcmd", "enqcmds", "clzero":
		return true
	}
	// 16-bit pushes, whose stack slot is Dst
	return in.Op == isa.Other && in.Dst.Kind == isa.KindMem && in.Dst.Base == SP && strings.HasPrefix(mnemonic, "push")
}

// sameMemory compares an operand with what the text says: a size is not
// always printed, and not always told by us.
func sameMemory(got, want isa.Operand, lea bool) bool {
	if got.Size == 0 || want.Size == 0 {
		got.Size, want.Size = 0, 0
	}
	if want.Inexact && !got.Inexact {
		return false
	}
	got.Inexact, want.Inexact = false, false
	if lea {
		want.Seg = 0 // printed, and without effect
	}
	return got == want
}

// compareVEXWrites compares the set of written registers, which for VEX and
// EVEX the text tells wholly: the first operand is where the result goes.
func compareVEXWrites(in *isa.Inst, p parsed) string {
	var want isa.RegSet
	written := 1
	switch {
	case p.mnemonic == "mulx", strings.HasSuffix(p.mnemonic, "xadd"):
		written = 2
	case strings.HasPrefix(p.mnemonic, "vpcmpestri"), strings.HasPrefix(p.mnemonic, "vpcmpistri"):
		want = 1 << CX
	}
	for _, o := range p.operands[:min(written, len(p.operands))] {
		if r, ok := generals[o]; ok {
			want |= 1 << r
		}
	}
	if in.Writes != want {
		return fmt.Sprintf("writes %#x, want %#x", in.Writes, want)
	}
	if in.Op == isa.Nop || in.Op == isa.Landing || p.mnemonic == "vldmxcsr" || p.mnemonic == "ldtilecfg" || p.mnemonic == "vmaskmovdqu" || len(p.operands) == 0 {
		return ""
	}
	if _, first := memoryText(p.operands[0], ""); first != (in.Dst.Kind == isa.KindMem) {
		return fmt.Sprintf("memory is written: %v, want %v", in.Dst.Kind == isa.KindMem, first)
	}
	return ""
}

// objdumpOnly reports whether an instruction is listed by objdump and not
// known here, on purpose.
func objdumpOnly(code []byte, l listed) bool {
	m := parseIntel(l.text).mnemonic
	prefixes := func(names ...string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(m, n) })
	}
	register := !strings.Contains(l.text, "[")
	prefixed := slices.Contains([]byte{0x66, 0xf2, 0xf3}, code[0])
	switch {
	case m == "femms", // 3DNow
		prefixes("montmul", "xsha", "xstore", "xcrypt"), // VIA
		m == "frstpm(287": // 80287
		return true
	case m == "tdcall", prefixes("seam"), prefixes("rmp"): // TDX
		return true
	case code[0] == 0xc4 && prefixes("vpermil2"): // XOP's, though with this prefix
		return code[1]&31 == 3
	case prefixes("fxsave", "fxrstor"), m == "ldmxcsr", m == "stmxcsr", m == "sfence", m == "pmovmskb":
		return prefixed // of which objdump thinks nothing, and the processor that it is undefined
	case m == "vzeroupper", m == "vzeroall", m == "vldmxcsr", m == "vstmxcsr", m == "ldtilecfg":
		return true // likewise VEX.pp, and the reg field
	case prefixes("vmovnt"):
		return register || strings.Contains(l.text, "BCST") // whole registers, to memory
	case prefixes("vpmov") && strings.HasSuffix(m, "2m"):
		return !register // from registers only
	case code[0] == 0x62 && code[3]&16 != 0 && !register && strings.Contains(l.text, "BCST"):
		// objdump does not ask whether an instruction can broadcast; that
		// those rejected here fault is for TestHardware to say.
		return true
	case prefixes("vdbpsadbw", "vpshldw", "vpshrdw", "vrsqrt14p"):
		return code[0] == 0x62 && code[2]&3 != p66 // objdump ignores the prefix
	}
	// Near conditional jumps under 66 end where the processor likes.
	if i := slices.Index(code[:4], 0x0f); i >= 0 && code[i+1]>>4 == 8 {
		return slices.Contains(code[:i], 0x66)
	}
	return false
}

// otherLength reports whether code is a call or jump under a 66 prefix, which
// objdump reads as AMD's processors do.
func otherLength(code []byte) bool {
	i := slices.IndexFunc(code, func(b byte) bool { return b != 0x66 && b != 0xf2 && b != 0xf3 })
	return slices.Contains(code[:i], 0x66) && code[i]&^1 == 0xe8
}

// weOnly reports whether an instruction is decoded here and not listed by
// objdump: newer than it, or with a prefix or field that the processor
// ignores, or faults on, which does no harm.
func weOnly(code []byte) bool {
	switch code[0] {
	case 0xc4:
		pp, op := code[2]&3, code[3]
		switch code[1] & 31 {
		case 2:
			switch op {
			case 0xcb, 0xcc, 0xcd: // SHA512
				return pp == pF2
			case 0xda: // SM3, SM4
				return true
			case 0xd2, 0xd3: // AVX-VNNI-INT16
				return pp != pF2
			case 0x6c: // AMX-COMPLEX
				return pp <= p66
			case 0x49: // TILERELEASE: r/m is not looked at
				return pp == np
			}
		case 3:
			return op == 0xde && pp == p66 // SM3
		}
		return false
	case 0xc5, 0x62:
		return false
	}
	i := slices.IndexFunc(code, func(b byte) bool { return prefixes[b] == notPrefix })
	op, modrm := code[i], code[i+1]
	switch {
	case op&^7 == 0xd8: // the aliases in x87Forms
		return modrm >= 0xc8
	case op != 0x0f:
		return op&^1 == 0xc6 && modrm > 0xf8 // XABORT, XBEGIN: r/m is not looked at
	}
	op, modrm = code[i+1], code[i+2]
	switch op {
	case 0x01:
		return modrm < 0xc0 && modrm&0x38 == 0x28 // RSTORSSP without F3
	case 0x09, 0x0d, 0x1a, 0x1b, 0xbc, 0xbd: // WBINVD, hints, BSF: other prefixes
		return true
	case 0x3a:
		return modrm == 0xf0 // HRESET: r/m is not looked at
	case 0xae:
		return modrm > 0xf0 // MFENCE, SFENCE: r/m is not looked at
	case 0xc7:
		return modrm&0x38 == 0x30 // RDRAND, VMPTRLD: other prefixes
	}
	return false
}
