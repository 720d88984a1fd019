package x86

import (
	"flag"
	"math/rand/v2"
)

// long asks for the whole list of binaries and prefixes.
var long = flag.Bool("long", false, "compare all binaries and all combinations of prefixes")

// legacyPrefixes are tried with every opcode.
func legacyPrefixes() [][]byte {
	p := [][]byte{{}, {0x66}, {0xf2}, {0xf3}, {0x48}}
	if *long {
		p = append(p, []byte{0x67}, []byte{0x40}, []byte{0x41}, []byte{0x44}, []byte{0x4f}, []byte{0x64}, []byte{0x65},
			[]byte{0x2e}, []byte{0x66, 0x48}, []byte{0x66, 0xf3}, []byte{0x66, 0xf2}, []byte{0xf3, 0x48}, []byte{0xf2, 0x4f}, []byte{0x67, 0x42})
	}
	return p
}

// legacyModRMs has every register form and the kinds of memory operands with
// every value of the reg field.
var legacyModRMs = func() (m []byte) {
	for reg := range byte(8) {
		for _, b := range []byte{0x03, 0x05, 0x44, 0x86} { // [rbx], [rip+disp32], [sib+disp8], [rsi+disp32]
			m = append(m, b|reg<<3)
		}
		for rm := range byte(8) {
			m = append(m, 0xc0|reg<<3|rm)
		}
	}
	return m
}()

// eachLegacy calls f for all opcodes of the four maps, without the bytes that
// are prefixes, with all of legacyModRMs. The slice is used again.
func eachLegacy(f func(opcode []byte, modrm byte)) {
	buf := make([]byte, 0, 4)
	for _, escape := range [][]byte{{}, {0x0f}, {0x0f, 0x38}, {0x0f, 0x3a}} {
		for op := range 256 {
			switch {
			case len(escape) == 0 && (prefixes[op] != notPrefix || op == 0x0f || op == 0x62 || op == 0xc4 || op == 0xc5):
				continue
			case len(escape) == 0 && op == 0x9b: // objdump takes FWAIT for a prefix
				continue
			case len(escape) == 1 && (op == 0x38 || op == 0x3a):
				continue
			}
			buf = append(append(buf[:0], escape...), byte(op))
			for _, modrm := range legacyModRMs {
				f(buf, modrm)
			}
		}
	}
}

// eachVEX does the same for VEX, with all values of pp, L, W and the map, and
// some of vvvv and the bits that extend registers.
func eachVEX(f func(opcode []byte, modrm byte)) {
	for i := range 3 * 16 * 256 {
		op := byte(i)
		i >>= 8
		pp, w, l, opcodes := byte(i&3), byte(i&4)<<5, byte(i&8)>>1, byte(i>>4)+1
		plain := []byte{0xc4, 0xe0 | opcodes, w | 0x78 | l | pp, op}
		vvvv := []byte{0xc4, 0xe0 | opcodes, w | 0x68 | l | pp, op}
		extended := []byte{0xc4, opcodes, w | 0x28 | l | pp, op}
		for reg := byte(0); reg < 64; reg += 8 {
			f(plain, 0x03|reg)
			f(plain, 0x44|reg)
			f(plain, 0xc5|reg)
			f(vvvv, 0xc5|reg)
			f(extended, 0xc5|reg)
		}
		f(plain, 0x05)
	}
	for i := range 16 * 256 {
		op := byte(i)
		i >>= 8
		p := 0x68 | byte(i)<<7 | byte(i>>1)&7
		for _, modrm := range []byte{0xc5, 0x44, 0x53, 0xd5} {
			f([]byte{0xc5, p, op}, modrm)
			f([]byte{0xc5, p | 0x78, op}, modrm)
		}
	}
}

// eachEVEX does the same for EVEX, with all values of pp, L'L, W, b and the
// map, with and without a mask.
func eachEVEX(f func(opcode []byte, modrm byte)) {
	for _, opcodes := range []byte{1, 2, 3, 5, 6} {
		for i := range 96 * 256 {
			op := byte(i)
			i >>= 8
			pp, w, bcst, aaa := byte(i&3), byte(i&4)<<5, byte(i&8)<<1, byte(i&16)>>4
			l := byte(i>>5) << 5
			opcode := []byte{0x62, 0xf0 | opcodes, w | 0x7c | pp, l | bcst | 8 | aaa, op}
			for _, modrm := range evexModRMs(opcodes, op) {
				f(opcode, modrm)
			}
		}
	}
}

// evexModRMs has [sib+disp8], [rip+disp32], a register and [rbx+disp8], the
// first three with all values of reg for the opcodes that are groups.
func evexModRMs(opcodes, op byte) []byte {
	if group := opcodes == 1 && op >= 0x71 && op <= 0x73 || opcodes == 2 && op&^1 == 0xc6; !group {
		return []byte{0x44, 0x05, 0xcd, 0x4b}
	}
	var m []byte
	for reg := byte(0); reg < 64; reg += 8 {
		m = append(m, 0x44|reg, 0x05|reg, 0xc5|reg)
	}
	return m
}

// eachRandom calls f for what the others leave out: several prefixes, in any
// order, and any value of the fields of VEX and EVEX.
func eachRandom(f func(opcode []byte, modrm byte)) {
	r := rand.New(rand.NewPCG(1, 2))
	n := 60_000
	if *long {
		n = 1_000_000
	}
	legacy := []byte{0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x2e, 0x3e, 0x64}
	any := func() byte { return byte(r.Uint32()) }
	for range n {
		var code []byte
		switch r.IntN(4) {
		case 0:
			code = []byte{0xc4, any(), any(), any()}
		case 1:
			code = []byte{0x62, any(), any(), any(), any()}
		default:
			for r.IntN(2) == 0 && len(code) < 5 {
				code = append(code, legacy[r.IntN(len(legacy))])
			}
			if r.IntN(2) == 0 {
				code = append(code, 0x40|any()&15)
			}
			switch r.IntN(4) {
			case 0, 1:
				code = append(code, 0x0f)
			case 2:
				code = append(code, 0x0f, 0x38|any()&2)
			}
			code = append(code, any())
		}
		f(code, any())
	}
}
