package scan

import "slices"

// start returns the function of Go with which Go's part of the program begins, noFunc
// if that is not known.
func (a *analysis) start() int {
	if fn := a.file.FuncAt(a.file.Entry); fn >= 0 || a.c == nil {
		return fn
	}
	return a.c.start
}

// findStart finds that function: the only one to which the code at the program's
// entry point refers, if nothing else does. It is handed to the C library, which
// calls it once.
func (c *clib) findStart() int {
	found, entry := noFunc, c.atEntry()
	held := map[uint64]bool{} // the words from which it is read
	for fn, f := range c.images[0].facts {
		for _, x := range f.refs {
			to := c.goTarget(x)
			if to == noFunc || !entry[fn] {
				continue
			}
			if found != noFunc && found != to {
				return noFunc
			}
			found, held[x.addr] = to, true
		}
	}
	if found == noFunc || c.refersElsewhere(found, entry, held) {
		return noFunc
	}
	return found
}

// refersElsewhere reports whether anything refers to a function of Go but some of C,
// and the words that these read.
func (c *clib) refersElsewhere(goFn int, by map[int]bool, held map[uint64]bool) bool {
	for fn, f := range c.images[0].facts {
		for _, x := range f.refs {
			if !by[fn] && c.goTarget(x) == goFn {
				return true
			}
		}
	}
	for addr, to := range c.pointers {
		if to.image == 0 && c.a.file.FuncAt(to.addr) == goFn && !held[addr] {
			return true
		}
	}
	return false
}

// pointers yields what the words hold that hold addresses in the program's file,
// with their own places; those of the libraries have none.
func (c *clib) pointers(yield func(uint64, cplace) bool) {
	for i, im := range c.images {
		for addr, list := range im.slots.words {
			for _, to := range list {
				if i > 0 {
					addr = 0
				}
				if to.image == 0 && !yield(addr, to) {
					return
				}
			}
		}
	}
	for _, word := range c.a.words {
		if !yield(word.addr, cplace{0, word.value}) {
			return
		}
	}
}

// goTarget returns the function of Go to which C code refers, noFunc if it is none.
func (c *clib) goTarget(x ref) int {
	if fn := c.a.file.FuncAt(x.addr); fn >= 0 {
		if x.kind == refNumber && c.a.file.Funcs[fn].Entry != x.addr {
			return noFunc // that is a number
		}
		return fn
	}
	if x.kind != refCall && x.kind != refJump {
		if word, ok := c.a.file.Word(x.addr); ok {
			return c.a.file.FuncAt(word)
		}
	}
	return noFunc
}

// atEntry returns the functions of C that run at the program's entry point, and only
// there.
func (c *clib) atEntry() map[int]bool {
	im := c.images[0]
	by := map[int][]int{} // who refers to each
	for fn, f := range im.facts {
		for _, x := range f.refs {
			if to := im.FuncAt(x.addr); to >= 0 && to != fn {
				by[to] = append(by[to], fn)
			}
		}
	}
	for _, to := range c.pointers {
		if fn := im.FuncAt(to.addr); fn >= 0 {
			by[fn] = append(by[fn], noFunc)
		}
	}
	entry := map[int]bool{im.FuncAt(c.a.file.Entry): true}
	for more := true; more; {
		more = false
		for fn, list := range by {
			if !entry[fn] && !slices.ContainsFunc(list, func(from int) bool { return !entry[from] }) {
				entry[fn], more = true, true
			}
		}
	}
	return entry
}
