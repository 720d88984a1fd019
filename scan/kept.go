package scan

import "slices"

// kept visits the functions to which nothing was found to refer.
func (r *reach) kept() {
	for _, fn := range r.a.unreferenced() {
		if !r.has(fn) {
			r.viaPointer(fn, "the linker has kept it, and what refers to it was not found", step{how: byData})
		}
	}
}

// findUnreferenced returns the functions that are in the program though neither code
// nor data, nor the method table of a type, was found to refer to them: the linker
// keeps what something refers to. That may be a word of assembly's data that is not
// aligned, or a half of one. (Of compiled code they are those of which only inlined
// copies are run: few, and what these call is called by the copies too.)
func (a *analysis) findUnreferenced() []int {
	r := reach{a: a}
	known := slices.Clone(a.inTables())
	note := func(fn int) {
		if fn >= 0 {
			known[fn] = true
		}
	}
	for fn := range a.facts {
		for _, x := range a.facts[fn].refs {
			switch x.kind {
			case refCall, refJump:
				note(a.file.FuncAt(x.addr))
			case refAddr, refNumber, refLoad:
				note(r.target(x.addr))
			}
		}
	}
	for _, w := range a.words {
		if a.file.Module.Text.Contains(w.value) {
			note(a.file.FuncAt(w.value))
		}
	}
	var out []int
	for fn := range known {
		if !known[fn] {
			out = append(out, fn)
		}
	}
	return out
}
