package scan

import (
	"slices"

	"github.com/gocurb/curb/internal/gobin"
)

// A latent is a function value that reachable code makes and puts into
// variables, and nowhere else: its function can be called only if reachable
// code loads one of them.
type latent struct {
	fn    int // where it is made
	off   uint32
	to    int // the function
	sinks []uint64
}

// functionValues finds the words of the constant data that hold a function's
// address and that code refers to by their own address: function values. Such
// a word alone makes its function reachable only for whoever refers to it,
// while the words of itabs and other tables are looked up by way of their
// table's start. Those to which variables point are such, too.
func (a *analysis) functionValues(g *globals) map[uint64]bool {
	values := map[uint64]bool{}
	if g != nil {
		for _, w := range g.held {
			if w.to != noFunc {
				values[w.value] = true
			}
		}
	}
	for _, loads := range []bool{false, true} {
		for fn := range a.facts {
			for _, r := range a.facts[fn].refs {
				if loads && r.kind != refLoad || !loads && !r.takesAddr() || a.file.Module.Text.Contains(r.addr) || a.file.IsVariable(r.addr) {
					continue
				}
				if loads {
					delete(values, r.addr) // perhaps a field of a table
				} else if w, ok := a.file.Word(r.addr); ok && r.addr%8 == 0 {
					if _, ok := a.file.FuncWithEntry(w); ok {
						values[r.addr] = true
					}
				}
			}
		}
	}
	return values
}

// later reports whether a function value that reachable code makes need not be
// followed yet, and keeps it for settle if so.
func (r *reach) later(fn int, x ref, to int) bool {
	if r.guards == nil || !isInit(r.a.file.Name(&r.a.file.Funcs[fn])) {
		return false
	}
	if i := slices.IndexFunc(r.latents, func(l latent) bool { return l.fn == fn && l.off == x.off }); i >= 0 {
		return true // seen before
	}
	b := r.a.view(fn)
	i, ok := b.find(x.place)
	if !ok {
		return false
	}
	sinks, ok := r.a.sinks(b, i)
	if !ok || len(sinks) == 0 {
		return false
	}
	for _, s := range sinks {
		if _, known := r.a.file.SymbolAt(s); !known {
			return false // who can reach the variable is not known
		}
	}
	r.latents = append(r.latents, latent{fn, x.off, to, sinks})
	return true
}

// settle visits the function values that were put off and that reachable code
// can load after all, until there are no more of them.
func (r *reach) settle() {
	r.drain()
	for r.readGlobals() || r.wake() || r.roused() || r.disproved() {
		r.drain()
	}
}

// wake visits the latent function values whose variables are read by now, and
// reports whether there were any.
func (r *reach) wake() bool {
	objects := map[gobin.Symbol]bool{} // the sinks' variables; true: read
	for _, l := range r.latents {
		for _, s := range l.sinks {
			sym, _ := r.a.file.SymbolAt(s)
			objects[sym] = r.pointedTo[sym]
		}
	}
	if len(objects) == 0 {
		return false
	}
	for fn := range r.a.facts {
		for x := range r.live(fn) {
			if x.kind != refLoad && !x.takesAddr() {
				continue
			}
			last := x.addr + uint64(max(x.size, 1)) - 1
			for _, at := range []uint64{x.addr, last} {
				if sym, ok := r.a.file.SymbolAt(at); ok {
					if read, watched := objects[sym]; watched && !read && !r.discards(fn, x) {
						objects[sym] = true
					}
				}
			}
		}
	}
	woken := false
	for _, l := range r.latents {
		if r.awake[l.to] {
			continue
		}
		for _, s := range l.sinks {
			if sym, _ := r.a.file.SymbolAt(s); objects[sym] {
				r.awake[l.to], woken = true, true
				name := r.a.file.Name(&r.a.file.Funcs[l.fn])
				r.viaPointer(l.to, "its address is taken by "+name, step{byAddress, l.fn, l.off})
				break
			}
		}
	}
	return woken
}

// discards reports whether a load only hands the old value of a variable to
// the write barrier, when an initialiser overwrites it.
func (r *reach) discards(fn int, x ref) bool {
	if x.kind != refLoad || !isInit(r.a.file.Name(&r.a.file.Funcs[fn])) {
		return false
	}
	b := r.a.view(fn)
	i, ok := b.find(x.place)
	if !ok {
		return false
	}
	sinks, ok := r.a.sinks(b, i)
	return ok && len(sinks) == 0
}
