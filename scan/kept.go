package scan

// kept visits the functions that are in the program though neither code nor data,
// nor the method table of a type, was found to refer to them: the linker keeps what
// something refers to. That may be a word of assembly's data that is not aligned, or
// a half of one. (Of compiled code they are those of which only inlined copies are
// run: few, and what these call is called by the copies too.)
func (r *reach) kept() {
	file := r.a.file
	known := make([]bool, len(r.parent))
	note := func(fn int) {
		if fn >= 0 {
			known[fn] = true
		}
	}
	for fn := range r.a.facts {
		for _, x := range r.a.facts[fn].refs {
			switch x.kind {
			case refCall, refJump:
				note(file.FuncAt(x.addr))
			case refAddr, refNumber, refLoad:
				note(r.target(x.addr))
			}
		}
	}
	for _, w := range r.a.words {
		if file.Module.Text.Contains(w.value) {
			note(file.FuncAt(w.value))
		}
	}
	for _, fns := range r.a.methods(file.Module.Types, 4) {
		note(fns[0])
		note(fns[1])
	}
	for fn := range known {
		if !known[fn] && !r.has(fn) {
			r.viaPointer(fn, "the linker has kept it, and what refers to it was not found", step{how: byData})
		}
	}
}
