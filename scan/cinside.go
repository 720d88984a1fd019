package scan

import "slices"

// A static program has the C library in itself. It calls the functions that load
// others, or find them, by names of its own only: what calls these is not the library,
// which has others. That the data holds them is for the code in libraries that
// they have loaded.

// notableInside finds the functions whose callers matter in a static program.
func (c *clib) notableInside() {
	exe := c.images[0]
	if !loadsByItself(exe.Image) {
		return
	}
	for name := range watched {
		if name == "__libc_dlopen_mode" || name == "__libc_dlsym" {
			continue // the library's
		}
		for _, addr := range exe.Local(name) {
			c.notable[cplace{0, addr}] = name
		}
	}
	if len(exe.Local("main.main")) == 0 {
		c.notableByForm()
	}
}

// notableByForm finds those of them that load libraries in a program that has lost its
// symbols: each hands a function that does the work to another, and one such function
// has a message. The library has a table of all for others (glibc, dlfcn/dlfcn.h,
// struct dlfcn_hook).
func (c *clib) notableByForm() {
	exe := c.images[0]
	for _, at := range exe.FindText("invalid mode parameter") {
		for _, works := range c.takersOf(at) {
			for _, open := range c.takersOf(exe.Funcs[works].Start) {
				entry := exe.Funcs[open].Start
				c.notable[cplace{0, entry}] = "dlopen"
				for _, word := range c.a.words {
					if word.value == entry {
						c.notableInTable(word.addr)
					}
				}
			}
		}
	}
}

// notableInTable finds the functions that do as those in the table do.
func (c *clib) notableInTable(table uint64) {
	exe := c.images[0]
	for i, name := range map[uint64]string{2: "dlsym", 3: "dlvsym", 8: "dlmopen"} {
		to, ok := exe.word(table + 8*i)
		fn := exe.FuncAt(to)
		if !ok || fn < 0 {
			continue
		}
		for _, x := range exe.facts[fn].refs {
			if !x.takesAddr() || exe.FuncAt(x.addr) < 0 {
				continue
			}
			for _, same := range c.takersOf(x.addr) {
				c.notable[cplace{0, exe.Funcs[same].Start}] = name
			}
		}
	}
}

// takersOf returns the functions in the program's file that make a pointer to a place
// in it.
func (c *clib) takersOf(addr uint64) []int {
	var out []int
	for fn, f := range c.images[0].facts {
		if slices.ContainsFunc(f.refs, func(x ref) bool { return x.takesAddr() && x.addr == addr }) {
			out = append(out, fn)
		}
	}
	return out
}

// addressTaken reports whether code that the walk has reached makes a pointer to a
// function.
func (w *cwalk) addressTaken(p cplace) bool {
	return slices.ContainsFunc(w.c.takersOf(p.addr), func(fn int) bool { return w.steps[p.image][fn] != nil })
}
