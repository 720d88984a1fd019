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
	code  []Instruction // the last one first
	loads map[int]word  // by place: the beginnings of loads, with what they load
	near  map[label]int // by label: the nearest place from which it is reached
	err   error         // the first misuse, which is a mistake in this package
}

// A label is what a jump can lead to: a place in the program, or the return of
// an action, of which the assembler puts copies where they are needed.
type label struct {
	place int    // the number of instructions after it
	ret   Action // not 0: the action that is returned, and place means nothing
	// needs is what A must hold on the way to it, or unknown where it does not
	// matter.
	needs word
}

func newAssembler() *assembler {
	return &assembler{loads: make(map[int]word), near: make(map[label]int)}
}

// ret is the label of an action's return.
func (a *assembler) ret(action Action) label { return label{ret: action, needs: unknown} }

func (a *assembler) fail(format string, args ...any) {
	if a.err == nil {
		a.err = fmt.Errorf("assemble a filter: mistake in curb: "+format, args...)
	}
}

// put writes an instruction before all others.
func (a *assembler) put(ins Instruction, needs word) label {
	a.code = append(a.code, ins)
	return label{place: len(a.code) - 1, needs: needs}
}

// skip is how many instructions a jump that is written next skips to a place.
func (a *assembler) skip(place int) int { return len(a.code) - place - 1 }

// reach gives a place that leads to the label and is at most limit instructions
// away from the one that is written next. If need be it writes one instruction
// there.
func (a *assembler) reach(to label, limit int) int {
	place, found := a.near[to]
	if !found && to.ret == 0 {
		place, found = to.place, true
	}
	if found && a.skip(place) <= limit {
		return place
	}
	stone := Instruction{Code: returnK, K: to.ret.Return()}
	if to.ret == 0 {
		stone = Instruction{Code: classJmp | jumpAlways, K: uint32(a.skip(place))}
	}
	place = a.put(stone, to.needs).place
	a.near[to] = place
	return place
}

// compare writes a comparison of A, which holds the word on. Where both ways
// lead to the same label it writes nothing.
func (a *assembler) compare(on word, how uint16, k uint32, yes, no label) label {
	yes, no = a.skipLoad(yes, on), a.skipLoad(no, on)
	for _, to := range []label{yes, no} {
		if to.needs != unknown && to.needs != on {
			a.fail("after a comparison of %v comes one of %v", on, to.needs)
		}
	}
	if yes == no {
		return yes
	}
	// Between the first and this instruction comes one more at most.
	jt := a.reach(yes, 254)
	jf := a.reach(no, 255)
	return a.put(Instruction{
		Code: classJmp | how, Jt: uint8(a.skip(jt)), Jf: uint8(a.skip(jf)), K: k,
	}, on)
}

// load writes instructions that load a word and go on to the label. Where that
// does not need the word it writes nothing.
func (a *assembler) load(w word, to label) label {
	if to.needs == unknown {
		return to
	}
	if to.needs != w {
		a.fail("%v is loaded for a comparison of %v", w, to.needs)
	}
	a.reach(to, 0) // so that the next instruction leads to it
	if w.mask != whole {
		a.put(Instruction{Code: andK, K: w.mask}, unknown)
	}
	l := a.put(Instruction{Code: loadWord, K: w.offset}, unknown)
	a.loads[l.place] = w
	return l
}

// skipLoad gives the label behind a load of what A holds already.
func (a *assembler) skipLoad(to label, holds word) label {
	w, isLoad := a.loads[to.place]
	switch {
	case to.ret != 0 || !isLoad || w.offset != holds.offset:
		return to
	case w == holds && w.mask != whole:
		return label{place: to.place - 2, needs: holds}
	case holds.mask == whole:
		return label{place: to.place - 1, needs: holds}
	}
	return to
}

// program gives what was written, from the label on.
func (a *assembler) program(from label) (Program, error) {
	if from.needs != unknown {
		a.fail("nothing loads %v", from.needs)
	}
	a.reach(from, 0)
	if a.err != nil {
		return nil, a.err
	}
	slices.Reverse(a.code)
	p := dropUnreachable(a.code)
	if len(p) > MaxInstructions {
		return nil, fmt.Errorf("the filter would have %d instructions, and the kernel takes %d: use fewer conditions, or fewer values in them", len(p), MaxInstructions)
	}
	if err := p.Validate(); err != nil {
		return nil, fmt.Errorf("assemble a filter: mistake in curb: %w", err)
	}
	return p, nil
}

// dropUnreachable removes the instructions that no jump leads to, such as loads
// that all jumps skip. Jumps only become shorter by that.
func dropUnreachable(p Program) Program {
	reached := make([]bool, len(p))
	reached[0] = true
	place := make([]int, len(p)) // where each instruction will be
	n := 0
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
	short := make(Program, 0, n)
	for pc, ins := range p {
		if !reached[pc] {
			continue
		}
		distance := func(skip int) int { return place[pc+1+skip] - place[pc] - 1 }
		if ins.Code == classJmp|jumpAlways {
			ins.K = uint32(distance(int(ins.K)))
		} else if ins.Code&classMask == classJmp {
			ins.Jt, ins.Jf = uint8(distance(int(ins.Jt))), uint8(distance(int(ins.Jf)))
		}
		short = append(short, ins)
	}
	return short
}
