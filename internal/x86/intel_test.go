package x86

import (
	"strconv"
	"strings"

	"github.com/gocurb/curb/internal/isa"
)

// A parsed is objdump's Intel text of an instruction, taken apart.
type parsed struct {
	mnemonic string
	operands []string // without masks and rounding
	comment  string   // what follows #: the address of a RIP-relative operand
}

// words that objdump puts before the mnemonic
var prefixWords = map[string]bool{
	"lock": true, "rep": true, "repz": true, "repnz": true, "data16": true, "addr32": true,
	"cs": true, "ds": true, "es": true, "ss": true, "fs": true, "gs": true, "bnd": true, "notrack": true,
	"xacquire": true, "xrelease": true, "{evex}": true, "{vex}": true,
}

func parseIntel(text string) parsed {
	var p parsed
	text, p.comment, _ = strings.Cut(text, "#")
	p.comment, _, _ = strings.Cut(strings.TrimSpace(p.comment), " ")
	text, _, _ = strings.Cut(text, "<") // the symbol at a branch's target
	text = strings.TrimSpace(text)
	for {
		word, rest, _ := strings.Cut(text, " ")
		if prefixWords[word] || strings.HasPrefix(word, "rex") {
			text = strings.TrimSpace(rest)
			continue
		}
		p.mnemonic, text = word, strings.TrimSpace(rest)
		break
	}
	depth, start := 0, 0
	for i := 0; i <= len(text); i++ {
		switch {
		case i == len(text) || text[i] == ',' && depth == 0:
			o := text[start:i]
			if brace := strings.IndexByte(o, '{'); brace >= 0 {
				o = o[:brace]
			}
			if o != "" {
				p.operands = append(p.operands, o)
			}
			start = i + 1
		case text[i] == '[':
			depth++
		case text[i] == ']':
			depth--
		}
	}
	return p
}

// generals has the general registers by all their names.
var generals = func() map[string]isa.Reg {
	m := map[string]isa.Reg{}
	for i, n := range []string{"ax", "cx", "dx", "bx", "sp", "bp", "si", "di"} {
		r := isa.Reg(i)
		m[n], m["e"+n], m["r"+n] = r, r, r
		if i < 4 {
			m[n[:1]+"l"], m[n[:1]+"h"] = r, r
		} else {
			m[n+"l"] = r
		}
	}
	for i := 8; i < 16; i++ {
		n := "r" + strconv.Itoa(i)
		for _, suffix := range []string{"", "d", "w", "b"} {
			m[n+suffix] = isa.Reg(i)
		}
	}
	return m
}()

var memorySizes = map[string]uint8{
	"BYTE": 1, "WORD": 2, "DWORD": 4, "QWORD": 8, "XMMWORD": 16, "YMMWORD": 32, "ZMMWORD": 64, "TBYTE": 10, "OWORD": 16,
}

// memoryText reads an operand such as "DWORD PTR fs:[rax+rcx*4-0x10]" or
// "WORD BCST [rip+0x5]"; a RIP-relative one has its address in the comment.
// A vector index is reported by NoReg and Inexact.
func memoryText(operand, comment string) (m isa.Operand, ok bool) {
	before, inside, ok := strings.Cut(operand, "[")
	if !ok {
		return m, absoluteText(operand, &m)
	}
	m = isa.Operand{Kind: isa.KindMem, Base: isa.NoReg, Index: isa.NoReg, Scale: 1}
	for word := range strings.FieldsSeq(before) {
		if s, ok := memorySizes[word]; ok {
			m.Size = s
		}
		switch word {
		case "fs:":
			m.Seg = 0x64
		case "gs:":
			m.Seg = 0x65
		}
	}
	inside = strings.TrimSuffix(inside, "]")
	for _, term := range strings.FieldsFunc(strings.ReplaceAll(inside, "-", "+-"), func(r rune) bool { return r == '+' }) {
		name, scale, scaled := strings.Cut(term, "*")
		r, general := generals[name]
		switch {
		case name == "rip" || name == "eip":
			m.Rip = true
		case name == "riz" || name == "eiz":
		case general && (scaled || m.Base != isa.NoReg):
			m.Index, m.Scale = r, scale1(scale)
		case general:
			m.Base = r
		case strings.Contains(name, "mm"):
			m.Inexact = true
		default:
			m.Imm = hexadecimal(term)
		}
	}
	if m.Rip {
		m.Imm = hexadecimal(comment)
	}
	return m, true
}

// absoluteText reads "ds:0x1234" behind an optional size.
func absoluteText(operand string, m *isa.Operand) bool {
	for _, seg := range []string{"ds:", "fs:", "gs:", "es:", "ss:", "cs:"} {
		if _, addr, ok := strings.Cut(operand, seg+"0x"); ok {
			*m = isa.Operand{Kind: isa.KindMem, Base: isa.NoReg, Index: isa.NoReg, Scale: 1, Imm: hexadecimal("0x" + addr)}
			for word := range strings.FieldsSeq(operand) {
				if s, ok := memorySizes[word]; ok {
					m.Size = s
				}
			}
			switch seg {
			case "fs:":
				m.Seg = 0x64
			case "gs:":
				m.Seg = 0x65
			}
			return true
		}
	}
	return false
}

func scale1(s string) uint8 {
	if s == "" {
		return 1
	}
	return s[0] - '0'
}

func hexadecimal(s string) int64 {
	s = strings.TrimSpace(s)
	negative := strings.HasPrefix(s, "-")
	n, _ := strconv.ParseUint(strings.TrimPrefix(strings.TrimPrefix(s, "-"), "0x"), 16, 64)
	if negative {
		return -int64(n)
	}
	return int64(n)
}
