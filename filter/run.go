package filter

import "fmt"

// auditLittleEndian is __AUDIT_ARCH_LE of linux/audit.h.
const auditLittleEndian = 0x40000000

// word gives the 32 bits at an offset of the kernel's struct seccomp_data, in
// the byte order of the data's own architecture.
func (d *Data) word(offset uint32) uint32 {
	var long uint64
	switch {
	case offset == offsetNr:
		return d.Nr
	case offset == offsetArch:
		return d.Arch
	case offset < offsetArgs:
		long = d.IP
	default:
		long = d.Args[(offset-offsetArgs)/8]
	}
	first := offset%8 == 0
	if first == (d.Arch&auditLittleEndian != 0) {
		return uint32(long)
	}
	return uint32(long >> 32)
}

// Run runs the program on a system call as the kernel would and returns the
// action. It returns an error where it comes upon something that the kernel
// refuses to load; see [Program.Validate].
func (p Program) Run(d Data) (Action, error) {
	ret, _, err := p.run(&d)
	if err != nil {
		return 0, err
	}
	return ActionOf(ret), nil
}

// run returns the program's value, and how many instructions it took.
func (p Program) run(d *Data) (ret uint32, steps int, err error) {
	var (
		a, x   uint32
		memory [memoryWords]uint32
	)
	for pc := 0; pc < len(p); pc++ {
		steps++
		ins := &p[pc]
		if ins.Code == loadWord && ins.K < dataSize && ins.K%4 == 0 {
			a = d.word(ins.K)
			continue
		}
		operand := ins.K
		if ins.Code&sourceX != 0 {
			operand = x
		}
		if ins.Code&classMask == classJmp && permitted(ins.Code) {
			skip := jump(ins, a, operand)
			if skip >= uint32(len(p)-pc-1) {
				break
			}
			pc += int(skip)
			continue
		}
		if problem := p.problem(pc); problem != "" {
			return 0, steps, fmt.Errorf("run a filter: instruction %d: %s", pc, problem)
		}
		switch ins.Code {
		case returnK:
			return ins.K, steps, nil
		case returnA:
			return a, steps, nil
		case classLd | modeImm:
			a = ins.K
		case classLd | modeLen:
			a = dataSize
		case classLd | modeMem:
			a = memory[ins.K]
		case classLdx | modeImm:
			x = ins.K
		case classLdx | modeLen:
			x = dataSize
		case classLdx | modeMem:
			x = memory[ins.K]
		case classSt:
			memory[ins.K] = a
		case classStx:
			memory[ins.K] = x
		case miscTax:
			x = a
		case miscTxa:
			a = x
		default:
			if ins.Code&opMask == opDiv && operand == 0 {
				// The kernel ends the program with 0, which kills the thread.
				return 0, steps, nil
			}
			a = compute(ins.Code, a, operand)
		}
	}
	return 0, steps, fmt.Errorf("run a filter: it goes beyond its %d instructions", len(p))
}

// jump says how many instructions to skip.
func jump(ins *Instruction, a, operand uint32) uint32 {
	var holds bool
	switch ins.Code & opMask {
	case jumpAlways:
		return ins.K
	case jumpEqual:
		holds = a == operand
	case jumpGreater:
		holds = a > operand
	case jumpAtLeast:
		holds = a >= operand
	case jumpSet:
		holds = a&operand != 0
	}
	if holds {
		return uint32(ins.Jt)
	}
	return uint32(ins.Jf)
}

// compute is the arithmetic. Division by 0 is not among it.
func compute(code uint16, a, operand uint32) uint32 {
	switch code & opMask {
	case opAdd:
		return a + operand
	case opSub:
		return a - operand
	case opMul:
		return a * operand
	case opDiv:
		return a / operand
	case opOr:
		return a | operand
	case opAnd:
		return a & operand
	case opXor:
		return a ^ operand
	case opLsh:
		return a << (operand & 31) // as the kernel's interpreter does
	case opRsh:
		return a >> (operand & 31)
	default: // opNeg
		return -a
	}
}
