package scan

import (
	"slices"
	"strings"

	"github.com/gocurb/curb/internal/source"
)

// A method that is in the table of a type, and to which nothing else refers, is called
// in two ways. The runtime puts it into an itab, for an interface that asks for a
// method of that name and type; or reflection looks it up, which is how templates call
// methods. The linker keeps what either may need, by what all code that it keeps does.
//
// Interfaces are told by their descriptors: without one the runtime makes no itab. What
// can be looked up is told by how reflection comes to values. A value's type is that of
// an interface, to whose descriptor something in the program refers, or it is had from
// another value: an element, a key, a field, a result, a pointer to it. A value of a
// field that is not exported can be looked at, but it is marked, and so are all that
// are had from it: package reflect calls no method on them, nor passes them on. Only
// exported fields of embedded structs are as free as any.
//
// One could still take the type of such a field, and make a new value of it. So all
// types count as soon as any code does that which is not known to keep away from such
// fields: reflection calls functions in package reflect for it, and only those are
// allowed that are known not to (reads). Making a value needs no call where an unnamed
// type has the same form: reflection converts between the two when it calls a method.

// lookups are the functions by which reflection finds methods. Where nothing can, the
// linker leaves them out, of the itabs for reflect.Type too.
var lookups = []string{
	"reflect.Value.Method", "reflect.Value.MethodByName", "reflect.(*rtype).Method", "reflect.(*rtype).MethodByName",
}

// careful are the packages that make values of no other types than those of values
// that they were given, of what is in these, and of exported fields of structs.
var careful = []string{"reflect", "text/template", "encoding/json", "flag", "fmt"}

// reads are the functions of package reflect, and the types whose methods, that make
// no value but of a type of which there was one.
var (
	reads = []string{
		"reflect.TypeOf", "reflect.ValueOf", "reflect.DeepEqual", "reflect.deepValueEqual", "reflect.Indirect", "reflect.Copy",
		"reflect.Append", "reflect.AppendSlice", "reflect.Swapper", "reflect.VisibleFields", "reflect.unpackEface",
		"reflect.valueInterface", "reflect.packEface", "reflect.toType", "reflect.elem", "reflect.toRType", "reflect.copyVal", "reflect.mapiterinit",
		"reflect.mapiternext", "reflect.mapIterStart", "reflect.mapIterNext", "reflect.maplen", "reflect.chanlen", "reflect.chancap",
		"reflect.typedmemmove", "reflect.escapes", "reflect.noescape", "reflect.valueMethodName",
	}
	readers = []string{
		"reflect.Value.", "reflect.(*rtype).", "reflect.flag.", "reflect.(*MapIter).", "reflect.(*ValueError).", "reflect.Kind.",
		"reflect.StructTag.", "reflect.StructField.", "reflect.Method.", "reflect.ChanDir.",
	}
)

// isMaker reports whether a function of package reflect may make a value of a type
// that it was given.
func isMaker(name string) bool {
	if strings.HasPrefix(name, "reflect.Value.Convert") || name == "reflect.(*rtype).ptrTo" {
		return true // the second is what the compiler leaves of NewAt
	}
	return !slices.Contains(reads, name) && !slices.ContainsFunc(readers, func(s string) bool { return strings.HasPrefix(name, s) })
}

// findTableMethods returns the functions that can be called because they are in the
// method table of a type.
func (a *analysis) findTableMethods() []int {
	s := a.types()
	if s == nil { // their form is not known: all that look like methods
		var all []int
		for _, fns := range a.methods(a.file.Module.Types, 4) {
			all = append(all, fns[:]...)
		}
		return all
	}
	asked := map[signature]bool{}
	for i := range s.types {
		for _, sig := range s.types[i].wants {
			asked[sig] = true
		}
	}
	open := s.reflected(a)
	var out []int
	for id, list := range s.methods {
		for _, m := range list {
			if asked[m.signature] || m.exported && open[id] {
				out = append(out, m.fns[:]...)
			}
		}
	}
	for _, fns := range s.stray {
		out = append(out, fns[:]...)
	}
	return out
}

// reflected returns the types on whose values reflection can call methods that it
// looks up.
func (g *typeSet) reflected(a *analysis) []bool {
	c := &comeTo{typeSet: g, open: make([]bool, len(g.types)), walked: make([]bool, len(g.types))}
	switch looks, makes := a.usesReflection(); {
	case !looks:
		return c.open
	case makes:
		for id := range c.open {
			c.open[id] = true
		}
		return c.open
	}
	for _, id := range g.roots(a) {
		if g.types[id].kind != kindInterface { // which no value in an interface has for its type
			c.enter(id)
		}
	}
	c.convertible()
	for len(c.work) > 0 {
		id := c.work[len(c.work)-1]
		c.work = c.work[:len(c.work)-1]
		c.follow(id)
	}
	return c.open
}

// usesReflection reports whether reflection may look up methods, and whether code may
// make values of types that it finds. Where no function of package reflect is known by
// its name, it may do both.
func (a *analysis) usesReflection() (looks, makes bool) {
	file := a.file
	known := false
	makers := map[int]bool{}
	for fn := range file.Funcs {
		name := file.Name(&file.Funcs[fn])
		if !strings.HasPrefix(name, "reflect.") {
			continue
		}
		known = true
		looks = looks || slices.Contains(lookups, name)
		if isMaker(name) {
			makers[fn] = true
		}
	}
	if !known {
		return true, true
	}
	for fn := range a.facts {
		if looks && !makes && !slices.Contains(careful, source.PackageOf(file.Name(&file.Funcs[fn]))) {
			makes = a.refersTo(fn, makers)
		}
	}
	return looks, looks && (makes || a.holds(makers))
}

// refersTo reports whether a function refers to one of others.
func (a *analysis) refersTo(fn int, others map[int]bool) bool {
	r := reach{a: a}
	return slices.ContainsFunc(a.facts[fn].refs, func(x ref) bool {
		switch {
		case x.kind == refCall || x.kind == refJump:
			return others[a.file.FuncAt(x.addr)]
		case x.takesAddr() || x.kind == refLoad:
			return others[r.target(x.addr)]
		}
		return false
	})
}

// holds reports whether data holds one of the functions that package reflect exports,
// among those given: as a function value, or in an itab.
func (a *analysis) holds(fns map[int]bool) bool {
	return slices.ContainsFunc(a.words, func(w word) bool {
		fn, ok := a.file.FuncWithEntry(w.value)
		if !ok || !fns[fn] {
			return false
		}
		name := strings.TrimPrefix(a.file.Name(&a.file.Funcs[fn]), "reflect.")
		exported := name != "" && 'A' <= name[0] && name[0] <= 'Z' && !strings.Contains(name, ".func")
		return exported || strings.HasPrefix(name, "(*Value).")
	})
}

// comeTo finds how far reflection can come.
type comeTo struct {
	*typeSet
	open   []bool // of each type: there can be a value of it that is not marked
	walked []bool // of each type: its fields were followed
	work   []int
}

func (c *comeTo) enter(id int) {
	if !c.open[id] {
		c.open[id] = true
		c.work = append(c.work, id)
	}
}

// follow enters the types to whose values one of a type leads.
func (c *comeTo) follow(id int) {
	d := &c.types[id]
	for _, part := range d.parts {
		c.enter(c.index[part])
	}
	c.fields(id)
	for _, pointer := range c.pointers[id] {
		c.enter(pointer)
	}
	for _, sig := range d.wants {
		c.enter(c.index[sig.typ])
	}
	for _, m := range c.methods[id] {
		if typ, ok := c.index[m.typ]; ok && m.exported {
			c.enter(typ)
		}
	}
}

// fields enters the types of a struct's exported fields, those of embedded structs
// among them.
func (c *comeTo) fields(id int) {
	if c.walked[id] {
		return
	}
	c.walked[id] = true
	for _, f := range c.types[id].fields {
		to := c.index[f.typ]
		switch {
		case f.exported:
			c.enter(to)
		case f.embedded:
			c.fields(to)
			for _, elem := range c.types[to].parts {
				c.fields(c.index[elem]) // of a pointer
			}
		}
	}
}

// convertible enters the named types to whose form values of an unnamed type can be
// converted: there is always one, but of structs only those that the program has.
func (c *comeTo) convertible() {
	forms := map[string]bool{}
	for id := range c.types {
		if d := &c.types[id]; d.kind == kindStruct && !d.named {
			forms[d.form()] = true
		}
	}
	for id := range c.types {
		d := &c.types[id]
		switch d.kind {
		case kindArray, kindChan, kindFunc, kindMap, kindSlice, kindStruct:
			if d.named && (d.kind != kindStruct || forms[d.form()]) {
				c.enter(id)
			}
		}
	}
}
