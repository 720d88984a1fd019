package filter

import (
	"fmt"
	"slices"
)

// Validate says whether the kernel takes the program, by the rules of
// bpf_check_classic (net/core/filter.c) and seccomp_check_filter
// (kernel/seccomp.c), and if not, why.
func (p Program) Validate() error {
	if len(p) == 0 || len(p) > MaxInstructions {
		return fmt.Errorf("a filter has 1 to %d instructions, and this one has %d", MaxInstructions, len(p))
	}
	for pc, ins := range p {
		if problem := p.problem(pc); problem != "" {
			return fmt.Errorf("instruction %d (code 0x%02x, k %#x): %s", pc, ins.Code, ins.K, problem)
		}
	}
	if last := p[len(p)-1].Code; last != returnK && last != returnA {
		return fmt.Errorf("instruction %d (code 0x%02x): the last one does not return", len(p)-1, last)
	}
	return p.checkMemory()
}

// problem says what is wrong with one instruction taken by itself.
func (p Program) problem(pc int) string {
	ins := p[pc]
	if !permitted(ins.Code) {
		return "seccomp does not permit this code"
	}
	rest := uint32(len(p) - pc - 1)
	switch {
	case ins.Code == loadWord:
		if ins.K >= dataSize || ins.K%4 != 0 {
			return fmt.Sprintf("there is no word at %d of %d", ins.K, dataSize)
		}
	case ins.Code == classALU|opDiv && ins.K == 0:
		return "division by 0"
	case (ins.Code == classALU|opLsh || ins.Code == classALU|opRsh) && ins.K >= 32:
		return "shift by more than 31"
	case memorySlot(ins.Code) && ins.K >= memoryWords:
		return fmt.Sprintf("there is no memory %d", ins.K)
	case ins.Code == classJmp|jumpAlways:
		if ins.K >= rest {
			return "jump beyond the end"
		}
	case ins.Code&classMask == classJmp && uint32(max(ins.Jt, ins.Jf)) >= rest:
		return "jump beyond the end"
	}
	return ""
}

func permitted(code uint16) bool {
	switch op := code & opMask; code & classMask {
	case classLd:
		return code == modeImm || code == loadWord || code == modeMem || code == modeLen
	case classLdx:
		return code == classLdx|modeImm || code == classLdx|modeMem || code == classLdx|modeLen
	case classSt, classStx:
		return code&^classMask == 0
	case classALU:
		return code < 0x100 && (op <= opRsh || op == opXor || code == classALU|opNeg)
	case classJmp:
		return code == classJmp|jumpAlways || code < 0x100 && op >= jumpEqual && op <= jumpSet
	case classRet:
		return code == returnK || code == returnA
	default:
		return code == miscTax || code == miscTxa
	}
}

// memorySlot reports whether k is the number of a word in memory.
func memorySlot(code uint16) bool {
	return code == classLd|modeMem || code == classLdx|modeMem || code == classSt || code == classStx
}

// checkMemory refuses programs that can read memory that they did not write
// (check_load_and_stores in net/core/filter.c).
func (p Program) checkMemory() error {
	if !slices.ContainsFunc(p, func(ins Instruction) bool { return memorySlot(ins.Code) }) {
		return nil
	}
	// written has, for each instruction, a bit for each word that was written
	// on all of the jumps to it.
	written := make([]uint16, len(p))
	for i := range written {
		written[i] = 0xffff
	}
	now := uint16(0)
	for pc, ins := range p {
		now &= written[pc]
		switch {
		case ins.Code == classSt || ins.Code == classStx:
			now |= 1 << ins.K
		case memorySlot(ins.Code) && now>>ins.K&1 == 0:
			return fmt.Errorf("instruction %d reads memory %d, which was not written", pc, ins.K)
		case ins.Code == classJmp|jumpAlways:
			written[pc+1+int(ins.K)] &= now
			now = 0xffff
		case ins.Code&classMask == classJmp:
			written[pc+1+int(ins.Jt)] &= now
			written[pc+1+int(ins.Jf)] &= now
			now = 0xffff
		}
	}
	return nil
}
