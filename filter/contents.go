package filter

// A word is what the accumulator holds, as far as a filter of ours needs it: 32
// bits of the kernel's struct seccomp_data, ANDed with a mask.
type word struct {
	offset uint32
	mask   uint32
}

const whole = 0xffffffff

var (
	nrWord   = word{offsetNr, whole}
	archWord = word{offsetArch, whole}

	// unknown is no word in particular.
	unknown = word{offset: whole}
)

// argWords gives the halves of an argument.
func argWords(arg int, bigEndian bool) (low, high word) {
	offset := uint32(offsetArgs + 8*arg)
	low, high = word{offset, whole}, word{offset + 4, whole}
	if bigEndian {
		low, high = high, low
	}
	return low, high
}

// contents says what A holds before each instruction, whatever jumps lead there:
// unknown where they do not agree, or where it is nothing that a word can say.
// The program must be valid.
func (p Program) contents() []word {
	before := make([]word, len(p))
	reached := make([]bool, len(p))
	flow := func(to int, w word) {
		if reached[to] && before[to] != w {
			w = unknown
		}
		before[to], reached[to] = w, true
	}
	flow(0, unknown)
	// All jumps lead forward, so one pass does.
	for pc, ins := range p {
		w := before[pc]
		switch ins.Code & classMask {
		case classRet:
			continue
		case classJmp:
			if ins.Code == classJmp|jumpAlways {
				flow(pc+1+int(ins.K), w)
				continue
			}
			flow(pc+1+int(ins.Jt), w)
			flow(pc+1+int(ins.Jf), w)
			continue
		case classLd, classALU, classMisc:
			w = after(ins, w)
		}
		flow(pc+1, w)
	}
	return before
}

// after says what A holds after an instruction that does not jump.
func after(ins Instruction, w word) word {
	switch {
	case ins.Code == loadWord:
		return word{ins.K, whole}
	case ins.Code == andK && w != unknown:
		w.mask &= ins.K
		return w
	case ins.Code == miscTax:
		return w
	}
	return unknown
}
