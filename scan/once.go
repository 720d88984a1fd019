package scan

import "maps"

// once holds functions that the program calls once, by way of a pointer that one
// other function makes and nobody else has.
type once struct {
	fns   map[int]bool
	words map[uint64]bool // of the data, with their addresses
}

// calledOnce finds out whether that is so of the code that the program's entry point
// leads to, of the first goroutine's function, which that code creates, and of
// main.main, which that function calls.
func (a *analysis) calledOnce() once {
	o := once{map[int]bool{}, map[uint64]bool{}}
	by := a.start()
	if fn, ok := a.funcNamed("main"); ok { // up to Go 1.26 it is between them on arm64
		by = fn
	}
	for _, name := range []string{"runtime.rt0_go", "runtime.main", "main.main"} {
		fn, ok := a.funcNamed(name)
		if !ok || by < 0 {
			break
		}
		if words, ok := a.heldBy(fn, by); ok {
			o.fns[fn] = true
			maps.Copy(o.words, words)
		}
		by = fn
	}
	return o
}

// heldBy returns the words of the data that hold a function's address, if only the
// function by refers to it or to them.
func (a *analysis) heldBy(fn, by int) (words map[uint64]bool, ok bool) {
	r := reach{a: a}
	words = map[uint64]bool{}
	for from := range a.facts {
		for _, x := range a.facts[from].refs {
			if !x.takesAddr() && x.kind != refLoad || r.target(x.addr) != fn {
				continue
			}
			if from != by {
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
