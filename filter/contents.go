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

// An entry is what is known of the architecture of the call that is being looked
// at: nothing, where a way leads on which it was not found equal to one, that one,
// or that it differs by the way that led there.
type entry struct {
	arch    uint32
	differs bool
}

// entries says for each instruction by which entry calls come there. The program
// must be valid, and contents is that of it.
func (p Program) entries(contents []word) []entry {
	at := make([]entry, len(p))
	reached := make([]bool, len(p))
	flow := func(to int, e entry) {
		switch old := at[to]; {
		case !reached[to] || old == e:
		case old.arch != 0 && e.arch != 0 || old.differs || e.differs:
			e = entry{differs: true}
		default:
			e = entry{}
		}
		at[to], reached[to] = e, true
	}
	for pc, ins := range p {
		switch e := at[pc]; {
		case ins.Code&classMask == classRet:
		case ins.Code == classJmp|jumpAlways:
			flow(pc+1+int(ins.K), e)
		case ins.Code&classMask == classJmp:
			yes := e
			if ins.Code == classJmp|jumpEqual && contents[pc] == archWord {
				yes = entry{arch: ins.K}
			}
			flow(pc+1+int(ins.Jt), yes)
			flow(pc+1+int(ins.Jf), e)
		default:
			flow(pc+1, e)
		}
	}
	return at
}
