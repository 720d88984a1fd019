package scan

import (
	"maps"
	"slices"

	"github.com/gocurb/curb/internal/isa"
)

// A stack finds which functions can be waiting for others when a phase begins, and
// where each of them goes on: see phase.go.
type stack struct {
	a       *analysis
	before  *reach
	callers map[int][]caller // in what runs before
	seen    map[int]bool
	work    []int
	inits   []int // initialisers among them

	points  []caller        // those that can be reached
	places  map[int][]place // where the functions go on
	unknown bool            // some function's callers cannot be told
}

// stackAt finds who can be waiting at the points, as far as they can be reached.
func (a *analysis) stackAt(before *reach, points map[int][]end) *stack {
	s := &stack{a: a, before: before, callers: map[int][]caller{}, seen: map[int]bool{}, places: map[int][]place{}}
	for fn := range a.facts {
		for x := range before.live(fn) {
			if x.kind == refCall || x.kind == refJump {
				to := a.file.FuncAt(x.addr)
				s.callers[to] = append(s.callers[to], caller{fn, x.place})
			}
		}
	}
	for _, fn := range slices.Sorted(maps.Keys(points)) {
		for _, e := range points[fn] {
			s.begin(fn, e)
		}
	}
	for len(s.work) > 0 && !s.unknown {
		fn := s.work[len(s.work)-1]
		s.work = s.work[:len(s.work)-1]
		s.waiting(fn)
	}
	return s
}

// begin notes a point at which the phase begins.
func (s *stack) begin(fn int, e end) {
	if !s.before.has(fn) {
		return
	}
	b, live := s.before.guarded(fn)
	if b == nil {
		b = s.a.view(fn)
	}
	i, ok := b.find(e.place)
	if ok && live != nil && !live[i] {
		return
	}
	s.points = append(s.points, caller{fn, e.place})
	switch {
	case !ok:
		s.unknown = true
	case e.before:
		s.goOn(fn, e.place)
	case b.insts[i].Op != isa.Call && b.insts[i].Op != isa.Jump:
		s.unknown = true // a pointer to what locks down
	default:
		s.behind(b, i)
	}
}

// behind notes that a function goes on behind instruction i, a call or a jump to
// another function.
func (s *stack) behind(b *body, i int) {
	s.push(b.index)
	if b.insts[i].Op != isa.Jump && b.falls(i) {
		s.goOn(b.index, b.place(i+1))
	}
}

func (s *stack) goOn(fn int, at place) {
	s.push(fn)
	if !slices.Contains(s.places[fn], at) {
		s.places[fn] = append(s.places[fn], at)
	}
}

func (s *stack) push(fn int) {
	if !s.seen[fn] {
		s.seen[fn] = true
		s.work = append(s.work, fn)
	}
}

// waiting goes on with who can have called a function.
func (s *stack) waiting(fn int) {
	file := s.a.file
	name := file.Name(&file.Funcs[fn])
	switch _, isInit := s.before.tasks.of[fn]; {
	case name == "runtime.main" && s.before.once.fns[fn]:
		return
	case name == "main.main" && s.before.once.fns[fn]:
		s.behindPointer(fn)
	case s.before.how[fn] != "":
		s.unknown = true
		return
	case isInit:
		s.inits = append(s.inits, fn)
		s.behindInits()
	}
	for _, c := range s.callers[fn] {
		b := s.a.view(c.fn)
		if i, ok := b.find(c.place); ok {
			s.behind(b, i)
		} else {
			s.unknown = true
		}
	}
}

// behindPointer notes that runtime.main goes on behind the call of main.main, to
// which it makes a pointer.
func (s *stack) behindPointer(main int) {
	from, ok := s.a.funcNamed("runtime.main")
	if !ok {
		s.unknown = true
		return
	}
	b := s.a.view(from)
	for _, x := range s.a.facts[from].refs {
		if !x.takesAddr() && x.kind != refLoad || s.before.target(x.addr) != main {
			continue
		}
		i, ok := b.find(x.place)
		for ok && i < len(b.insts)-1 && b.insts[i].Op != isa.CallInd {
			ok = b.falls(i)
			i++
		}
		if ok && b.insts[i].Op == isa.CallInd {
			s.behind(b, i)
		} else {
			s.unknown = true
		}
	}
}

// behindInits notes that the runtime goes on behind the calls of initialisers.
func (s *stack) behindInits() {
	found := false
	for _, name := range []string{"runtime.doInit1", "runtime.doInit"} {
		fn, ok := s.a.funcNamed(name)
		if !ok || !s.before.has(fn) {
			continue
		}
		b := s.a.view(fn)
		for i := range b.insts {
			if b.insts[i].Op == isa.CallInd {
				found = true
				s.behind(b, i)
			}
		}
	}
	s.unknown = s.unknown || !found
}

// from finds what can run from the places on at which a stack goes on.
func (a *analysis) from(s *stack) {
	before := s.before
	r := &reach{
		a: a, start: before.start, parent: make([]step, len(a.facts)), how: map[int]string{}, closed: map[int][]bool{},
		guards: before.guards, latents: before.latents, awake: before.awake,
		pointedTo: before.pointedTo, values: before.values, sleepers: maps.Clone(before.sleepers),
		folds: map[int]*body{}, globals: a.globals(), tasks: before.tasks, resumed: s.places, once: before.once, earlier: before,
	}
	maps.DeleteFunc(r.sleepers, func(fn int, _ *sleeper) bool { return before.has(fn) })
	for _, fn := range slices.Sorted(maps.Keys(s.places)) {
		r.parent[fn] = step{how: byResume}
		r.queue = append(r.queue, fn)
	}
	for _, fn := range s.inits {
		for _, later := range r.tasks.after(fn) {
			r.visit(later, step{how: byData})
		}
	}
	if fn, ok := a.funcNamed("runtime.mstart"); ok { // the first thread is in it
		r.visit(fn, step{how: byData})
	}
	for _, fn := range slices.Sorted(maps.Keys(before.how)) {
		if !r.once.fns[fn] {
			r.viaPointer(fn, before.how[fn], step{how: byData})
		}
	}
	r.finish()
	a.reach, a.whole = r, join(before, r)
}

// join returns all code of two walks, the second of which begins where the first ends.
func join(before, after *reach) *reach {
	r := &reach{
		a: before.a, start: before.start, parent: slices.Clone(before.parent), how: after.how,
		closed: map[int][]bool{}, values: after.values, folds: map[int]*body{},
	}
	for fn := range r.parent {
		had, has := before.has(fn), after.has(fn)
		switch {
		case had && has:
			if x, y := before.closed[fn], after.closed[fn]; x != nil && y != nil {
				r.closed[fn] = slices.Clone(x)
				for i := range x {
					r.closed[fn][i] = x[i] && y[i]
				}
			}
		case has:
			r.parent[fn], r.closed[fn] = after.parent[fn], after.closed[fn]
		case had:
			r.closed[fn] = before.closed[fn]
		}
	}
	return r
}
