package filter

import (
	"fmt"
	"slices"
)

// An assembler writes a program from its end to its beginning. Jumps only lead
// forward, so the place of every target is known when a jump to it is written,
// and a jump that does not reach far enough gets a stepping stone right away.
//
// It knows what the accumulator holds at every instruction: a comparison says
// what it compares, and whatever leads to it must have loaded that. A number
// cannot be compared while an argument is in the accumulator.
type assembler struct {
	passes passes
	code   []Instruction // the last one first
	notes  []note        // about each instruction
	alike  [64]int32     // by hash: the newest of the instructions with it, plus 1
	rets   []nearest     // where each action is returned, nearest to the front
	chains []chain       // what labels can lead to that is not written yet
	err    error         // the first misuse, which is a mistake in this package
}

// A note is what the assembler remembers of an instruction.
type note struct {
	needs   word  // what A must hold before it, or unknown where it does not matter
	loads   word  // of the first instruction of a load: what it loads
	yes, no label // of a comparison, and yes of a load: where it goes on
	stone   int32 // the nearest stepping stone to it, plus 1
	next    int32 // the next older instruction with the same hash, plus 1
}

type nearest struct {
	value uint32
	place int32
}

// A label is what a jump can lead to.
type label struct {
	kind  labelKind
	value uint32
}

type labelKind uint8

const (
	toPlace  labelKind = iota // an instruction: value is the number of those after it
	toReturn                  // value is returned: the assembler puts copies where they are needed
	toChain                   // chains[value], which is written where it is needed first
)

func newAssembler(enabled passes) *assembler {
	const usual = 128 // instructions
	return &assembler{passes: enabled, code: make([]Instruction, 0, usual), notes: make([]note, 0, usual)}
}

// ret is the label of an action's return.
func ret(action Action) label { return label{kind: toReturn, value: action.Return()} }

// needs is what A must hold on the way to a label, or unknown where it does not
// matter.
func (a *assembler) needs(to label) word {
	if to.kind != toPlace {
		return unknown
	}
	return a.notes[to.value].needs
}

func (a *assembler) fail(format string, args ...any) {
	if a.err == nil {
		a.err = fmt.Errorf("assemble a filter: mistake in curb: "+format, args...)
	}
}

// put writes an instruction before all others.
func (a *assembler) put(ins Instruction, n note) label {
	a.code = append(a.code, ins)
	a.notes = append(a.notes, n)
	return label{value: uint32(len(a.code) - 1)}
}

// skip is how many instructions a jump that is written next skips to a place.
func (a *assembler) skip(place int32) int { return len(a.code) - int(place) - 1 }

// write writes what a label leads to, unless it is there already.
func (a *assembler) write(to label) label {
	if to.kind != toChain {
		return to
	}
	return a.chains[to.value].write(a)
}

// reach gives a place that leads to the label and is at most limit instructions
// away from the one that is written next. If need be it writes one instruction
// there.
func (a *assembler) reach(to label, limit int) int32 {
	if to.kind == toReturn {
		return a.reachReturn(to.value, limit)
	}
	from := int32(to.value)
	if stone := a.notes[from].stone; stone != 0 && a.skip(from) > limit {
		from = stone - 1
	}
	if a.skip(from) <= limit {
		return from
	}
	a.put(Instruction{Code: classJmp | jumpAlways, K: uint32(a.skip(int32(to.value)))}, note{needs: a.needs(to)})
	a.notes[to.value].stone = int32(len(a.code))
	return int32(len(a.code) - 1)
}

func (a *assembler) reachReturn(value uint32, limit int) int32 {
	i := slices.IndexFunc(a.rets, func(n nearest) bool { return n.value == value })
	if i >= 0 && a.skip(a.rets[i].place) <= limit {
		return a.rets[i].place
	}
	a.put(Instruction{Code: returnK, K: value}, note{needs: unknown})
	place := int32(len(a.code) - 1)
	if i >= 0 {
		a.rets[i].place = place
	} else {
		a.rets = append(a.rets, nearest{value, place})
	}
	return place
}

// compare writes a comparison of A, which holds the word on. Where both ways
// lead to the same label it writes nothing.
func (a *assembler) compare(on word, how uint16, k uint32, yes, no label) label {
	yes, no = a.skipLoad(yes, on), a.skipLoad(no, on)
	for _, to := range [...]label{yes, no} {
		if needs := a.needs(to); needs != unknown && needs != on {
			a.fail("after a comparison of %v comes one of %v", on, needs)
		}
	}
	if yes == no {
		return yes
	}
	ins := Instruction{Code: classJmp | how, K: k}
	n := note{needs: on, yes: yes, no: no}
	if same, found := a.written(ins, &n); found {
		return same
	}
	// Between the first and this instruction comes one more at most.
	jt := a.reach(yes, 254)
	jf := a.reach(no, 255)
	ins.Jt, ins.Jf = uint8(a.skip(jt)), uint8(a.skip(jf))
	return a.remember(a.put(ins, n))
}

// load writes instructions that load a word and go on to the label. Where that
// does not need the word it writes nothing.
func (a *assembler) load(w word, to label) label {
	needs := a.needs(to)
	if needs == unknown {
		return to
	}
	if needs != w {
		a.fail("%v is loaded for a comparison of %v", w, needs)
	}
	ins := Instruction{Code: loadWord, K: w.offset}
	n := note{needs: unknown, loads: w, yes: to}
	if same, found := a.written(ins, &n); found {
		return same
	}
	a.reach(to, 0) // so that the next instruction leads to it
	if w.mask != whole {
		a.put(Instruction{Code: andK, K: w.mask}, note{needs: word{w.offset, whole}})
	}
	return a.remember(a.put(ins, n))
}

// skipLoad gives the label behind a load of what A holds already.
func (a *assembler) skipLoad(to label, holds word) label {
	if to.kind != toPlace || a.passes&passSkip == 0 {
		return to
	}
	w := a.notes[to.value].loads
	switch {
	case w == (word{}) || w.offset != holds.offset:
		return to
	case w == holds && w.mask != whole:
		return label{value: to.value - 2}
	case holds.mask == whole:
		return label{value: to.value - 1}
	}
	return to
}

// hash spreads instructions by what they do and where they lead.
func (a *assembler) hash(ins Instruction, n *note) uint32 {
	h := uint32(ins.Code)<<16 ^ ins.K*0x9e3779b1 ^ n.yes.value*31 ^ n.no.value*17
	return (h ^ h>>6 ^ h>>16) % uint32(len(a.alike))
}

// written looks for the same instruction, leading to the same labels, that a
// jump still reaches.
func (a *assembler) written(ins Instruction, n *note) (label, bool) {
	const near = 250
	if a.passes&passShare == 0 {
		return label{}, false
	}
	for at := a.alike[a.hash(ins, n)]; at != 0; at = a.notes[at-1].next {
		if a.skip(at-1) > near {
			break // and so are all older ones
		}
		old, known := a.code[at-1], &a.notes[at-1]
		if old.Code == ins.Code && old.K == ins.K && known.needs == n.needs && known.yes == n.yes && known.no == n.no && known.loads == n.loads {
			return label{value: uint32(at - 1)}, true
		}
	}
	return label{}, false
}

// remember lets an instruction be found by written.
func (a *assembler) remember(l label) label {
	if a.passes&passShare != 0 {
		n := &a.notes[l.value]
		head := &a.alike[a.hash(a.code[l.value], n)]
		n.next, *head = *head, int32(l.value)+1
	}
	return l
}

// program gives what was written, from the label on.
func (a *assembler) program(from label) (Program, error) {
	if needs := a.needs(from); needs != unknown {
		a.fail("nothing loads %v", needs)
	}
	if a.err != nil {
		return nil, a.err
	}
	a.reach(from, 0)
	slices.Reverse(a.code)
	p := Program(a.code)
	if a.passes&passTrim != 0 {
		p = dropUnreachable(p)
	}
	return p, nil
}

// dropUnreachable removes the instructions that no jump leads to, such as loads
// that all jumps skip. Jumps only become shorter by that.
func dropUnreachable(p Program) Program {
	reached := make([]bool, len(p))
	reached[0] = true
	place := make([]int32, len(p)) // where each instruction will be
	n := int32(0)
	for pc, ins := range p {
		place[pc] = n
		if !reached[pc] {
			continue
		}
		n++
		switch {
		case ins.Code == returnK:
		case ins.Code == classJmp|jumpAlways:
			reached[pc+1+int(ins.K)] = true
		case ins.Code&classMask == classJmp:
			reached[pc+1+int(ins.Jt)] = true
			reached[pc+1+int(ins.Jf)] = true
		default:
			reached[pc+1] = true
		}
	}
	if int(n) == len(p) {
		return p
	}
	short := p[:0]
	for pc, ins := range p {
		if !reached[pc] {
			continue
		}
		distance := func(skip int) int32 { return place[pc+1+skip] - place[pc] - 1 }
		if ins.Code == classJmp|jumpAlways {
			ins.K = uint32(distance(int(ins.K)))
		} else if ins.Code&classMask == classJmp {
			ins.Jt, ins.Jf = uint8(distance(int(ins.Jt))), uint8(distance(int(ins.Jf)))
		}
		short = append(short, ins)
	}
	return short
}
