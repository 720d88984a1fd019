package scan

import (
	"slices"

	"github.com/gocurb/curb/internal/isa"
)

// A cargument finds what the arguments of calls in C code can be: numbers, and
// addresses of what never changes. All of the code that the walk has reached counts.
type cargument struct {
	w    *cwalk
	seen map[cquery]bool
	out  []cplace // a number has the place that it would be at
	open bool     // it can be something else
}

// A cquery is a place where a value is asked for.
type cquery struct {
	by caller
	l  loc
}

// argument returns what an argument can be at a call. It is not ok if it can be
// something else, too.
func (w *cwalk) argument(by caller, r isa.Reg) (out []cplace, ok bool) {
	v := cargument{w: w, seen: map[cquery]bool{}}
	v.at(by, regLoc(r, 8))
	return v.out, !v.open
}

// at finds what l holds at a call.
func (v *cargument) at(by caller, l loc) {
	a := v.w.c.a
	if !a.inC(by.fn) {
		v.open = true
		return
	}
	b := a.body(by.fn)
	i, ok := b.find(by.place)
	if !ok || l.kind != inReg {
		v.open = true
		return
	}
	if q := (cquery{by, l}); v.seen[q] {
		return
	} else {
		v.seen[q] = true
	}
	at := a.c.function(by.fn)
	for _, lf := range a.origins(b, i, l) {
		switch lf.kind {
		case leafConst:
			v.out = append(v.out, cplace{at.image, lf.value})
		case leafGlobal:
			v.variable(cplace{at.image, lf.value})
		case leafParam:
			calls, ok := v.w.allCalls(at)
			v.open = v.open || !ok
			for _, from := range calls {
				v.at(from, lf.loc)
			}
		default:
			v.open = true
		}
	}
}

// variable takes the pointer that a word holds, if it never changes.
func (v *cargument) variable(p cplace) {
	im := v.w.c.images[p.image]
	if to := im.slots.at(p.addr); len(to) > 0 && im.Fixed(p.addr) {
		v.out = append(v.out, to...)
	} else {
		v.open = true
	}
}

// allCalls returns the calls of a function: the direct ones, and those through
// pointers. It is not ok if there may be others.
func (w *cwalk) allCalls(at cfunc) (calls []caller, ok bool) {
	calls, ok = w.callersOf(at), !w.roots[at]
	if _, taken := w.taken[cplace{at.image, w.c.images[at.image].Funcs[at.fn].Start}]; taken {
		held, known := w.heldCalls(at)
		calls, ok = slices.Concat(calls, held), ok && known
	}
	return calls, ok
}
