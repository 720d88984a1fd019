package scan

import (
	"cmp"
	"slices"

	"github.com/gocurb/curb/internal/gobin"
)

// globals follows what the data has in variables from the start on: function values, and
// pointers to other variables. A function whose value only variables hold can be
// called only if reachable code reads such a variable, or makes a pointer to it.
//
// A pointer to a variable leads to what is behind it in the same variable. Where the
// linker gives a variable no symbol, as it does for those to which others point, all
// that is between two symbols counts as one.
type globals struct {
	bounds []uint64        // where variables start and end, as symbols have it
	held   []heldWord      // by address
	values map[uint64]bool // places of the function values among them
	begun  bool
}

// A heldWord is a word of a variable.
type heldWord struct {
	addr, value uint64
	to          int // the function of a function value; noFunc: it is a pointer
	read        bool
}

// globals finds the words, nil where symbols do not tell variables apart.
func (a *analysis) globals() *globals {
	if !a.file.HasSymbols() {
		return nil
	}
	g := &globals{values: map[uint64]bool{}}
	var last gobin.Range // symbols are in the order of their addresses, and may overlap
	for s := range a.file.Symbols() {
		switch {
		case !a.file.IsVariable(s.Addr):
		case s.Addr < last.End:
			last.End = max(last.End, s.Addr+s.Size)
		default:
			g.bounds = append(g.bounds, last.Start, last.End)
			last = gobin.Range{Start: s.Addr, End: s.Addr + s.Size}
		}
	}
	g.bounds = append(g.bounds, last.Start, last.End)
	for _, part := range slices.Concat(a.file.Module.Data, a.file.Module.Zero) {
		g.bounds = append(g.bounds, part.Start, part.End)
	}
	slices.Sort(g.bounds)
	r := reach{a: a}
	for _, part := range a.file.Module.Data {
		for _, w := range a.wordsIn(part) {
			switch {
			case a.inModule(w.addr):
			case a.file.IsVariable(w.value):
				g.held = append(g.held, heldWord{addr: w.addr, value: w.value, to: noFunc})
			case a.isFunctionValue(w.value):
				g.held = append(g.held, heldWord{addr: w.addr, value: w.value, to: r.target(w.value)})
				g.values[w.addr] = true
			}
		}
	}
	slices.SortFunc(g.held, func(x, y heldWord) int { return cmp.Compare(x.addr, y.addr) })
	return g
}

// wordsIn returns the words in a part of the data.
func (a *analysis) wordsIn(part gobin.Range) []word {
	byAddr := func(w word, at uint64) int { return cmp.Compare(w.addr, at) }
	i, _ := slices.BinarySearchFunc(a.words, part.Start, byAddr)
	k, _ := slices.BinarySearchFunc(a.words, part.End, byAddr)
	return a.words[i:max(i, k)]
}

// inModule reports whether a word is one of the runtime's own list of the program's parts.
func (a *analysis) inModule(addr uint64) bool {
	m := gobin.Range{Start: a.file.Module.Addr, End: a.file.Module.Addr + moduleData}
	return m.Contains(addr)
}

// isFunctionValue reports whether at addr is constant data that holds a function's
// entry, as a function value does.
func (a *analysis) isFunctionValue(addr uint64) bool {
	if addr%8 != 0 || a.file.Module.Text.Contains(addr) || a.file.IsVariable(addr) {
		return false
	}
	w, ok := a.file.Word(addr)
	if !ok {
		return false
	}
	_, ok = a.file.FuncWithEntry(w)
	return ok
}

// holds reports whether a word of the data counts only if reachable code reads it.
func (g *globals) holds(addr uint64) bool { return g != nil && g.values[addr] }

// end returns the end of the variable at addr.
func (g *globals) end(addr uint64) uint64 {
	i, _ := slices.BinarySearch(g.bounds, addr+1)
	if i == len(g.bounds) {
		return addr
	}
	return g.bounds[i]
}

// between marks the words that overlap [from, to) as read, and returns those that were
// not before.
func (g *globals) between(from, to uint64) []heldWord {
	i, _ := slices.BinarySearchFunc(g.held, from-min(from, 7), func(w heldWord, at uint64) int { return cmp.Compare(w.addr, at) })
	var fresh []heldWord
	for ; i < len(g.held) && g.held[i].addr < to; i++ {
		if !g.held[i].read {
			g.held[i].read = true
			fresh = append(fresh, g.held[i])
		}
	}
	return fresh
}

// readGlobals visits the functions whose values reachable code can read from variables
// by now, and reports whether there were any that were not known.
func (r *reach) readGlobals() bool {
	g := r.globals
	if g == nil {
		return false
	}
	var work []heldWord
	if !g.begun {
		g.begun = true
		for _, w := range r.a.words {
			if r.a.file.IsVariable(w.value) && !r.a.file.IsVariable(w.addr) && !r.a.inModule(w.addr) {
				work = append(work, g.between(w.value, g.end(w.value))...) // constant data points to it
			}
		}
	}
	for fn := range r.a.facts {
		for x := range r.live(fn) {
			switch {
			case x.takesAddr() && r.a.file.IsVariable(x.addr):
				work = append(work, g.between(x.addr, g.end(x.addr))...)
			case x.kind == refLoad:
				work = append(work, g.between(x.addr, x.addr+uint64(max(x.size, 1)))...)
			}
		}
	}
	found := false
	for len(work) > 0 {
		w := work[len(work)-1]
		work = work[:len(work)-1]
		if w.to == noFunc {
			work = append(work, g.between(w.value, g.end(w.value))...)
			continue
		}
		found = true
		r.viaPointer(w.to, inData, step{how: byData})
	}
	return found
}
