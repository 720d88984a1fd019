package filter

import (
	"fmt"
	"io"
	"strings"

	"github.com/gocurb/curb/syscalls"
)

// Disassemble writes the program for a reader, one instruction a line: its
// index, its parts as the kernel has them, and what it means. Jumps give the
// index that they lead to: "? 7 : 9" is to 7 if the comparison holds, else to 9.
//
// Names of system calls, and which half of an argument is which, come from the
// table of the architecture that the filter is for; without one, nil, they are
// left out. Of a program for several, the numbers of the others have no names. Any program can be written, also one that the kernel would refuse.
func (p Program) Disassemble(w io.Writer, t *syscalls.Table) error {
	for i, text := range p.Lines(t) {
		ins := p[i]
		if _, err := fmt.Fprintf(w, "%4d: %02x %3d %3d %08x  %s\n", i, ins.Code, ins.Jt, ins.Jf, ins.K, text); err != nil {
			return fmt.Errorf("write a listing: %w", err)
		}
	}
	return nil
}

// String gives the listing without names.
func (p Program) String() string {
	var b strings.Builder
	p.Disassemble(&b, nil) // a Builder takes everything
	return b.String()
}

// Lines gives the meaning of each instruction, in one line each, as Disassemble
// writes it.
func (p Program) Lines(t *syscalls.Table) []string {
	d := disassembler{table: t}
	if p.Validate() == nil {
		d.contents = p.contents()
		d.entries = p.entries(d.contents)
	}
	lines := make([]string, len(p))
	for pc, ins := range p {
		lines[pc] = d.line(pc, ins)
	}
	return lines
}

type disassembler struct {
	table    *syscalls.Table
	contents []word // nil for a program that is not valid
	entries  []entry
}

// The names of operations, at the place that opMask leaves of their codes. Maps
// would be made in every program, whenever it starts.
var (
	aluNames = [...]string{
		opAdd >> 4: "add", opSub >> 4: "sub", opMul >> 4: "mul", opDiv >> 4: "div", opOr >> 4: "or",
		opAnd >> 4: "and", opLsh >> 4: "lsh", opRsh >> 4: "rsh", opXor >> 4: "xor",
	}
	jumpNames = [...]string{
		jumpEqual >> 4: "jeq", jumpGreater >> 4: "jgt", jumpAtLeast >> 4: "jge", jumpSet >> 4: "jset",
	}
)

func (d disassembler) line(pc int, ins Instruction) string {
	if !permitted(ins.Code) {
		return "not permitted by seccomp"
	}
	operand := fmt.Sprintf("#%#x", ins.K)
	if ins.Code&sourceX != 0 {
		operand = "x"
	}
	switch {
	case ins.Code == loadWord:
		return fmt.Sprintf("%-12s; %s", fmt.Sprintf("ld [%d]", ins.K), d.wordName(ins.K))
	case ins.Code == returnK:
		return "ret " + ActionOf(ins.K).String()
	case ins.Code == classALU|opNeg:
		return "neg"
	case ins.Code&classMask == classALU:
		return aluNames[ins.Code&opMask>>4] + " " + operand
	case ins.Code == classJmp|jumpAlways:
		return fmt.Sprintf("ja %d", uint64(pc)+1+uint64(ins.K))
	case ins.Code&classMask == classJmp:
		if ins.Code&sourceX == 0 {
			operand = d.number(pc, ins.K)
		}
		return fmt.Sprintf("%s %s ? %d : %d", jumpNames[ins.Code&opMask>>4], operand, pc+1+int(ins.Jt), pc+1+int(ins.Jf))
	}
	switch ins.Code {
	case returnA:
		return "ret a"
	case miscTax:
		return "tax"
	case miscTxa:
		return "txa"
	case classSt:
		return fmt.Sprintf("st M[%d]", ins.K)
	case classStx:
		return fmt.Sprintf("stx M[%d]", ins.K)
	}
	name := "ld"
	if ins.Code&classMask == classLdx {
		name = "ldx"
	}
	switch ins.Code &^ classMask {
	case modeMem:
		return fmt.Sprintf("%s M[%d]", name, ins.K)
	case modeLen:
		return name + " len"
	default:
		return name + " " + operand
	}
}

// wordName says what is at an offset of the data.
func (d disassembler) wordName(offset uint32) string {
	switch offset {
	case offsetNr:
		return "system call number"
	case offsetArch:
		return "architecture"
	}
	name := "instruction pointer"
	if offset >= offsetArgs {
		name = fmt.Sprintf("argument %d", (offset-offsetArgs)/8)
	}
	first := offset%8 == 0
	switch {
	case d.table == nil && first:
		return name + ", first half"
	case d.table == nil:
		return name + ", second half"
	case first != d.table.BigEndian:
		return name + ", low half"
	}
	return name + ", high half"
}

// number writes what A is compared with, with its name where it has one.
func (d disassembler) number(pc int, k uint32) string {
	holds := unknown
	if d.contents != nil {
		holds = d.contents[pc]
	}
	text := fmt.Sprintf("#%#x", k)
	name := ""
	switch holds {
	case nrWord:
		if k < x32Bit {
			text = fmt.Sprintf("#%d", k)
		}
		// The numbers of another architecture are other calls.
		if e := d.entries[pc]; d.table != nil && (e == entry{} || e == entry{arch: d.table.AuditArch}) {
			if call, found := d.table.ByNumber(k); found {
				name = call.Name
			}
		}
	case archWord:
		name = syscalls.ArchName(k)
	default:
		if k < 10 {
			text = fmt.Sprintf("#%d", k)
		}
	}
	if name != "" {
		text += " (" + name + ")"
	}
	return text
}
