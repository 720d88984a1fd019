package scan

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/gocurb/curb/internal/source"
	"github.com/gocurb/curb/usage"
)

// A witness turns places in the binary into evidence that a reader can follow.
type witness struct {
	a      *analysis
	chains *chains
	names  *source.Namer
	places map[caller][]usage.Frame
}

func newWitness(a *analysis, ways *chains) *witness {
	return &witness{a: a, chains: ways, names: source.NewNamer(a.file), places: map[caller][]usage.Frame{}}
}

func (w *witness) evidence(f finding) usage.Evidence {
	chain := w.chainTo(f.fn, f.pc)
	place := chain[len(chain)-1].Place
	e := usage.Evidence{Frame: place[len(place)-1], Chain: chain}
	for _, fn := range f.through {
		e.Through = append(e.Through, w.name(fn))
	}
	return e
}

func (w *witness) unresolved(o openSite) usage.Unresolved {
	if o.fn == noFunc {
		return usage.Unresolved{Frame: usage.Frame{Function: fmt.Sprintf("%#x", o.pc)}, Reason: o.reason}
	}
	chain := w.chainTo(o.fn, o.pc)
	place := chain[len(chain)-1].Place
	reason := o.reason
	if w.a.inC(o.fn) {
		reason = fmt.Sprintf("%s (at %#x in %s)", reason, o.pc, w.a.c.images[w.a.c.function(o.fn).image].Name)
	}
	return usage.Unresolved{Frame: place[len(place)-1], Reason: reason, Chain: chain}
}

// chainTo lists the functions on one way from a root to the instruction at pc in
// fn, which may be of C.
func (w *witness) chainTo(fn int, pc uint64) []usage.Step {
	if w.a.inC(fn) {
		return w.a.cwalk.chain(w, w.a.c.function(fn))
	}
	return w.chain(fn, pc)
}

func (w *witness) name(fn int) string { return w.a.name(fn) }

// place describes the source of the instruction at an offset in a function: the
// frame in the function, then those of the calls that were inlined there. What
// it returns is shared.
func (w *witness) place(fn int, off uint32) []usage.Frame {
	at := caller{fn, place{off: off}}
	if p, ok := w.places[at]; ok {
		return p
	}
	code := &w.a.file.Funcs[fn]
	var out []usage.Frame
	for _, p := range slices.Backward(w.a.file.Position(code, code.Entry+uint64(off))) {
		out = append(out, w.names.Frame(p))
	}
	w.places[at] = out
	return out
}

// chain lists the functions on one shortest way from a root to the instruction
// at pc in fn.
func (w *witness) chain(fn int, pc uint64) []usage.Step {
	var out []usage.Step
	for off := uint32(pc - w.a.file.Funcs[fn].Entry); ; {
		way := w.chains.ways[fn]
		how := map[stepKind]string{isRoot: "root", byCall: "call", byJump: "jump", byAddress: "address", byData: "data"}[way.how]
		step := usage.Step{How: how, Frame: w.place(fn, 0)[0], Place: w.place(fn, off)}
		for way.object != noObject {
			object := int(way.object)
			step.Via = append(step.Via, w.object(object))
			way = w.chains.ways[w.chains.node(object)]
		}
		slices.Reverse(step.Via)
		out = append(out, step)
		if way.from == noFunc {
			break
		}
		fn, off = int(way.from), way.off
	}
	slices.Reverse(out)
	return out
}

// sortEvidence puts what a reader wants first first: the places nearest to a
// root, by calls before by data, and last those that no known way leads to.
func sortEvidence(ev []usage.Evidence) {
	distance := func(e usage.Evidence) int {
		if len(e.Chain) == 0 || e.Chain[0].How != "root" {
			return len(e.Chain) + 1<<30
		}
		n := len(e.Chain)
		for _, s := range e.Chain {
			for _, o := range s.Via {
				if o.Kind != "inits" {
					n += 1 << 20
				}
			}
		}
		return n
	}
	slices.SortStableFunc(ev, func(x, y usage.Evidence) int {
		return cmp.Or(
			cmp.Compare(distance(x), distance(y)),
			cmp.Compare(x.Function, y.Function),
			cmp.Compare(x.File, y.File),
			cmp.Compare(x.Line, y.Line),
		)
	})
}

// object describes a piece of the data.
func (w *witness) object(id int) usage.Object {
	objects, file := w.chains.objects, w.a.file
	start := objects.starts[id]
	out := usage.Object{Kind: "constant", Address: start}
	if file.IsVariable(start) {
		out.Kind = "variable"
	}
	symbol, named := file.SymbolAt(start)
	if named && symbol.Addr == start {
		out.Name = symbol.Name
	}
	word := func(i uint64) uint64 { w, _ := file.Word(start + 8*i); return w }
	to := w.a.reach.target(start)
	name, of := objects.typeName(start), objects.typeName(word(1))
	switch {
	case id == w.chains.module || w.chains.isInitTask(id) || w.chains.listsInitTasks(id):
		out.Kind = "inits"
	case name != "":
		out.Kind, out.Name = "type", name
	case to >= 0 && out.Kind == "constant":
		out.Kind, out.Name = "value", w.name(to)
	case of != "" && objects.isInterface(word(0)):
		out.Kind = "itab"
		if out.Name = itabName(out.Name); out.Name == "" {
			out.Name = of + "," + objects.typeName(word(0))
		}
	}
	return out
}

// itabName takes from an itab's symbol what is before its two types: "go:itab.",
// up to Go 1.19 "go.itab.".
func itabName(symbol string) string {
	if len(symbol) > len("go:itab.") && symbol[3:8] == "itab." {
		return symbol[len("go:itab."):]
	}
	return symbol
}
