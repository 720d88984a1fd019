package scan

import (
	"slices"
)

// A middle is a place inside of a function to which something refers.
type middle struct {
	pc     uint64
	inData bool // by a word of the data, as the tables of switches do
	shared bool // and other functions than its own use that table
	onward bool // code takes the address: it may go to any place from there on
}

// findMiddles notes the places inside of functions to which any code or data
// refers: there, nothing is known of what came before. A jump, a call or a
// computed address can even be to the middle of an instruction, and the
// function is decoded anew with what it holds when it is entered there. Of
// words of data and other numbers only those count that fit an instruction. A
// place in runtime.systemstack_switch is for who walks up a stack, and nobody goes there.
func (a *analysis) findMiddles() {
	sure, weak := map[int][]middle{}, map[int][]middle{}
	note := func(to map[int][]middle, m middle) {
		if _, ok := a.file.FuncWithEntry(m.pc); ok || !a.file.Module.Text.Contains(m.pc) {
			return
		}
		if fn := a.file.FuncAt(m.pc); fn >= 0 && a.file.Name(&a.file.Funcs[fn]) != "runtime.systemstack_switch" {
			to[fn] = append(to[fn], m)
		}
	}
	for fn := range a.facts {
		for _, r := range a.facts[fn].refs {
			switch r.kind {
			case refCall, refJump, refAddr:
				note(sure, middle{pc: r.addr, onward: r.kind == refAddr})
			case refNumber:
				note(weak, middle{pc: r.addr})
			}
		}
	}
	for _, m := range a.codeTables() {
		note(weak, m)
	}
	d := decoder{arch: a.arch}
	for fn, places := range weak {
		d.function(a.file, &a.file.Funcs[fn], nil)
		for _, m := range places {
			if _, ok := slices.BinarySearch(d.pcs, m.pc); ok {
				a.mid[fn] = append(a.mid[fn], m)
			}
		}
	}
	g := newGatherer(a.file)
	for fn, places := range sure {
		a.mid[fn] = append(a.mid[fn], places...)
		pcs := entryPCs(a.mid[fn])
		if d.function(a.file, &a.file.Funcs[fn], pcs); d.descended {
			a.facts[fn] = g.function(&a.file.Funcs[fn], pcs)
		}
	}
}

// codeTables returns the words of all tables of code addresses in the data: runs
// of words that lie in the text, of which some code or data refers to one. A
// number that only happens to look like an address has no such neighbours, and
// nobody refers to it.
func (a *analysis) codeTables() []middle {
	var tables [][]middle
	owner := map[uint64]tableWord{} // by the place of each word
	first, last := ^uint64(0), uint64(0)
	for _, w := range a.words {
		if !a.file.Module.Text.Contains(w.value) || a.file.Module.Text.Contains(w.addr) {
			continue
		}
		if len(tables) == 0 || w.addr != last+8 {
			tables = append(tables, nil)
		}
		first, last = min(first, w.addr), w.addr
		i := len(tables) - 1
		owner[w.addr] = tableWord{i, len(tables[i])}
		tables[i] = append(tables[i], middle{pc: w.value, inData: true})
	}
	used := make([]bool, len(tables))
	use := func(addr uint64, fn int) {
		if addr < first || addr > last {
			return
		}
		if w, ok := owner[addr]; ok {
			used[w.table] = true
			a.share(tables[w.table][w.index:], fn)
		}
	}
	for fn := range a.facts {
		for _, r := range a.facts[fn].refs {
			if r.takesAddr() || r.kind == refLoad {
				use(r.addr, fn)
			}
		}
	}
	for _, w := range a.words {
		use(w.value, noFunc)
	}
	var out []middle
	for i, t := range tables {
		if used[i] {
			out = append(out, t...)
		}
	}
	return out
}

// A tableWord is the place of a word in the tables of code addresses.
type tableWord struct{ table, index int }

// share notes that the function fn uses the table that begins with these words:
// as far as they lie in one function, and that is another.
func (a *analysis) share(table []middle, fn int) {
	to := a.file.FuncAt(table[0].pc)
	for i := range table {
		if table[i].shared || to == fn || a.file.FuncAt(table[i].pc) != to {
			return
		}
		table[i].shared = true
	}
}

func entryPCs(places []middle) []uint64 {
	pcs := make([]uint64, len(places))
	for i, m := range places {
		pcs[i] = m.pc
	}
	return pcs
}
