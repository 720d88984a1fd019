package scan

import (
	"strings"
)

// A chains holds, for every reachable function, a shortest way from the root to
// it. Where a way leads through data, the objects are on it: code refers to a
// first object, that points to the next, and the last one to the function. It is
// evidence for a reader, and takes away nothing from what is reachable.
//
// A way with fewer objects comes before a shorter one with more, since code that
// calls says more than data that might be used. The lists of what package
// initialisers are to run count as code: the runtime calls all that is in them.
type chains struct {
	r       *reach
	objects *objects
	ways    []way // of the functions, and then of the objects
	edges   []edge
	module  int // the object that is the module data, noObject if it is none
	main    int // runtime.main, which runs the initialisers

	level     int32
	functions []int // to be followed
	now, next []int // objects, of this level and of the next
}

// A way says how a function or an object was reached.
type way struct {
	how    stepKind
	free   bool   // an object that does not count
	typ    bool   // an object that is a type
	level  int32  // objects on the way to it
	from   int32  // the function that refers to it, noFunc if none or if an object does
	object int32  // the object that holds it, noObject if code refers to it
	off    uint32 // the instruction in from
}

// An edge is a step that some way takes, between functions and objects by their
// place in chains.ways: any step in code, and those through data on the ways with
// the fewest objects. None leads on from a type: all code that handles values of
// the type refers to it, and little of that looks for its methods.
type edge struct{ from, to int32 }

const noObject = -1

// chains finds the ways to all reachable functions.
func (r *reach) chains() *chains {
	c := &chains{r: r, objects: newObjects(r.a), module: noObject, main: noFunc}
	c.ways = make([]way, len(r.a.facts)+len(c.objects.starts))
	if id, ok := c.objects.at(r.a.file.Module.Addr); ok {
		c.module = id
	}
	for fn := range r.a.facts {
		if r.has(fn) && r.a.file.Name(&r.a.file.Funcs[fn]) == "runtime.main" {
			c.main = fn
		}
	}
	for fn := range r.parent {
		if r.parent[fn].how == isRoot {
			c.visit(fn, way{how: isRoot, from: noFunc, object: noObject})
		}
	}
	c.follow()
	c.unreferenced(true)
	c.unreferenced(false)
	for fn := range r.parent {
		if r.has(fn) && c.ways[fn].how == notReached {
			c.visit(fn, way{how: byData, from: noFunc, object: noObject})
			c.follow()
		}
	}
	return c
}

// unreferenced goes on from objects that hold what was not reached, and to which
// no code is known to refer: from variables, or from all.
func (c *chains) unreferenced(variables bool) {
	for id, start := range c.objects.starts {
		if c.ways[c.node(id)].how == notReached && (!variables || c.r.a.file.IsVariable(start)) && c.holdsNew(id) {
			c.hold(id, way{from: noFunc, object: noObject})
			c.follow()
		}
	}
}

// node returns the place of an object in chains.ways.
func (c *chains) node(id int) int { return len(c.r.parent) + id }

// follow goes on from what was found until there is no more.
func (c *chains) follow() {
	for {
		for len(c.functions) > 0 || len(c.now) > 0 {
			if len(c.functions) > 0 {
				fn := c.functions[0]
				c.functions = c.functions[1:]
				c.function(fn)
			} else {
				id := c.now[0]
				c.now = c.now[1:]
				c.object(id)
			}
		}
		if len(c.next) == 0 {
			return
		}
		c.level++
		c.now, c.next = c.next, nil
	}
}

// visit adds a way to a function, if it is reachable.
func (c *chains) visit(fn int, w way) {
	if fn < 0 || !c.r.has(fn) {
		return
	}
	if c.ways[fn].how == notReached {
		w.level = c.level
		c.ways[fn] = w
		c.functions = append(c.functions, fn)
	}
	if w.object == noObject || c.ways[fn].level == c.level {
		c.edge(w, fn)
	}
}

// heldByType reports whether a way comes from a type.
func (c *chains) heldByType(w *way) bool {
	return w.object != noObject && c.ways[c.node(int(w.object))].typ
}

// hold adds a way to an object.
func (c *chains) hold(id int, w way) {
	to := &c.ways[c.node(id)]
	if to.how == notReached {
		w.how, w.level, w.free = byData, c.level, c.free(id, int(w.object))
		w.typ = c.objects.typeName(c.objects.starts[id]) != ""
		if w.free {
			c.now = append(c.now, id)
		} else {
			w.level++
			c.next = append(c.next, id)
		}
		*to = w
	}
	if to.level == c.level && to.free || to.level == c.level+1 && !to.free {
		c.edge(w, c.node(id))
	}
}

func (c *chains) edge(w way, to int) {
	switch {
	case c.heldByType(&w):
	case w.object != noObject:
		c.edges = append(c.edges, edge{int32(c.node(int(w.object))), int32(to)})
	case w.from != noFunc:
		c.edges = append(c.edges, edge{w.from, int32(to)})
	}
}

// function goes on from what a function's reachable code refers to.
func (c *chains) function(fn int) {
	file := c.r.a.file
	for x := range c.r.live(fn) {
		w := way{from: int32(fn), off: x.off, object: noObject}
		switch x.kind {
		case refCall:
			w.how = byCall
			c.visit(file.FuncAt(x.addr), w)
		case refJump:
			w.how = byJump
			c.visit(file.FuncAt(x.addr), w)
		case refAddr, refNumber, refLoad:
			w.how = byAddress
			if to := c.r.target(x.addr); to >= 0 {
				c.visit(to, w)
			} else if id, ok := c.objects.at(x.addr); ok && (id != c.module || fn == c.main || c.main == noFunc) {
				c.hold(id, w)
			}
		}
	}
}

// object goes on from what an object points to.
func (c *chains) object(id int) {
	w := way{how: byData, from: noFunc, object: int32(id)}
	start := c.objects.starts[id]
	for word := range c.objects.words(id) {
		if fn, ok := c.r.a.file.FuncWithEntry(word); ok {
			c.visit(fn, w)
		} else if to, ok := c.objects.at(word); ok && to != id && to != c.module && (id != c.module || c.listsInitTasks(to)) {
			c.hold(to, w)
		}
	}
	for _, fns := range c.r.a.methods(c.objects.methodTable(start), methodSize) {
		for _, fn := range fns {
			c.visit(fn, w)
		}
	}
	if pointer := c.objects.pointerTo(start); pointer != 0 {
		if to, ok := c.objects.at(pointer); ok {
			c.hold(to, w)
		}
	}
}

// holdsNew reports whether an object holds a function that was not reached yet.
func (c *chains) holdsNew(id int) bool {
	isNew := func(fn int) bool { return c.r.has(fn) && c.ways[fn].how == notReached }
	for word := range c.objects.words(id) {
		if fn, ok := c.r.a.file.FuncWithEntry(word); ok && isNew(fn) {
			return true
		}
	}
	for _, fns := range c.r.a.methods(c.objects.methodTable(c.objects.starts[id]), methodSize) {
		if isNew(fns[0]) || isNew(fns[1]) {
			return true
		}
	}
	return false
}

// listsInitTasks reports whether what the module data points to is the list of
// the initialisers, and not a part of the image or the list of all itabs.
func (c *chains) listsInitTasks(list int) bool {
	word, ok := c.r.a.file.Word(c.objects.starts[list])
	if !ok {
		return false
	}
	task, ok := c.objects.at(word)
	return ok && c.isInitTask(task)
}

// free reports whether an object stands for a step of the code: function values,
// and what the runtime finds the initialisers by.
func (c *chains) free(id, holder int) bool {
	return id == c.module || holder != noObject && holder == c.module ||
		c.r.target(c.objects.starts[id]) >= 0 || c.isInitTask(id)
}

// isInitTask reports whether an object lists the initialisers of a package
// (runtime.initTask): a variable that holds functions' addresses, where all
// other variables hold function values.
func (c *chains) isInitTask(id int) bool {
	const sure = 64 // words: a package with more initialisers has one among these
	span := c.objects.span(id)
	if !c.r.a.file.IsVariable(span.Start) {
		return false
	}
	if s, ok := c.r.a.file.SymbolAt(span.Start); ok {
		return strings.HasSuffix(s.Name, "..inittask")
	}
	for addr := span.Start; addr < min(span.End, span.Start+8*sure); addr += 8 {
		if word, ok := c.r.a.file.Word(addr); ok {
			if _, ok := c.r.a.file.FuncWithEntry(word); ok {
				return true
			}
		}
	}
	return false
}
