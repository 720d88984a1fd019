package scan

// once holds functions that the program calls once, by way of a pointer that one
// other function makes and nobody else has.
type once struct {
	fns   map[int]bool
	words map[uint64]bool // of the data, with their addresses
}

// calledOnce finds out whether that is so of the first goroutine's function, which
// the program's start creates, and of main.main, which that function calls.
func (a *analysis) calledOnce() once {
	o := once{map[int]bool{}, map[uint64]bool{}}
	for _, call := range [][2]string{{"runtime.rt0_go", "runtime.main"}, {"runtime.main", "main.main"}} {
		fn, ok := a.funcNamed(call[1])
		if !ok {
			continue
		}
		if words, ok := a.heldBy(fn, call[0]); ok {
			o.fns[fn] = true
			for w := range words {
				o.words[w] = true
			}
		}
	}
	return o
}

// heldBy returns the words of the data that hold a function's address, if only the
// function of that name refers to it or to them.
func (a *analysis) heldBy(fn int, by string) (words map[uint64]bool, ok bool) {
	r := reach{a: a}
	words = map[uint64]bool{}
	for from := range a.facts {
		for _, x := range a.facts[from].refs {
			if !x.takesAddr() && x.kind != refLoad || r.target(x.addr) != fn {
				continue
			}
			if a.file.Name(&a.file.Funcs[from]) != by {
				return nil, false
			}
			words[x.addr] = true
		}
	}
	for _, w := range a.words {
		if to, ok := a.file.FuncWithEntry(w.value); ok && to == fn && !words[w.addr] || words[w.value] {
			return nil, false
		}
	}
	return words, true
}
