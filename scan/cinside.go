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
}

// addressTaken reports whether code that the walk has reached makes a pointer to a
// function.
func (w *cwalk) addressTaken(p cplace) bool {
	for fn := range w.steps[p.image] {
		if slices.ContainsFunc(w.c.images[p.image].facts[fn].refs, func(x ref) bool { return x.takesAddr() && x.addr == p.addr }) {
			return true
		}
	}
	return false
}
