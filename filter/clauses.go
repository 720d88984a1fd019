package filter

import (
	"slices"
)

// Clauses say what happens to one call: of those whose conditions all hold, the
// last decides. The first has none.
type clauses[V comparable] []clause[V]

type clause[V comparable] struct {
	conds []Cond
	what  V
}

// A pair is what two policies say.
type pair[V comparable] struct{ a, b V }

// product says what both say. In the order of a's clauses, and for each in that of
// b's, the last pair that holds is the pair of the last ones that hold.
func product[V comparable](a, b clauses[V], shapes []shape) clauses[pair[V]] {
	var both clauses[pair[V]]
	for _, x := range a {
		for _, y := range b {
			if conds, possible := conjunction(x.conds, y.conds, shapes); possible {
				both = append(both, clause[pair[V]]{conds, pair[V]{x.what, y.what}})
			}
		}
	}
	return both
}

// conjunction joins conditions. They are not possible at once if no shape has
// arguments for that.
func conjunction(a, b []Cond, shapes []shape) (conds []Cond, possible bool) {
	conds = slices.Clone(a)
	for _, c := range b {
		if !slices.ContainsFunc(conds, func(other Cond) bool { return sameCond(c, other) }) {
			conds = append(conds, c)
		}
	}
	for _, s := range shapes {
		if _, found := s.find(box{}.with(s, conds)); found != no {
			return tidy(conds, shapes), true
		}
	}
	return nil, false
}

func sameCond(a, b Cond) bool {
	return a.Arg == b.Arg && a.Op == b.Op && a.Mask == b.Mask && slices.Equal(a.Values, b.Values)
}

// tidy leaves out what other conditions on the same argument say already: the
// values of a list that they rule out, and those that hold whenever the others do.
func tidy(conds []Cond, shapes []shape) []Cond {
	for i, c := range conds {
		if c.Op != Equal || c.Mask != 0 {
			continue
		}
		kept := slices.DeleteFunc(slices.Clone(c.Values), func(v uint64) bool {
			return !possibleValue(conds, i, v, shapes)
		})
		if len(kept) > 0 {
			conds[i].Values = kept
		}
	}
	for i := len(conds) - 1; i >= 0; i-- {
		rest := slices.Delete(slices.Clone(conds), i, i+1)
		if impliedBy(rest, conds[i:i+1], shapes) {
			conds = rest
		}
	}
	return conds
}

// possibleValue says whether an argument can have a value by all conditions but
// one.
func possibleValue(conds []Cond, but int, v uint64, shapes []shape) bool {
	is := Cond{Arg: conds[but].Arg, Op: Equal, Values: []uint64{v}}
	return slices.ContainsFunc(shapes, func(s shape) bool {
		b := box{}.with(s, conds[:but]).with(s, conds[but+1:]).with(s, []Cond{is})
		_, found := s.find(b)
		return found != no
	})
}

// impliedBy says whether the conditions hold whenever the others do, as far as can
// be told.
func impliedBy(given, conds []Cond, shapes []shape) bool {
	return !slices.ContainsFunc(shapes, func(s shape) bool {
		_, found := s.outside(box{}.with(s, given), [][]Cond{conds})
		return found != no
	})
}

// together says whether both may hold at once, as far as can be told.
func together(a, b []Cond, shapes []shape) bool {
	return slices.ContainsFunc(shapes, func(s shape) bool {
		_, found := s.find(box{}.with(s, a).with(s, b))
		return found != no
	})
}

// transform gives each clause another meaning.
func transform[V, W comparable](cs clauses[V], to func(V) W) clauses[W] {
	var out clauses[W]
	for _, c := range cs {
		out = append(out, clause[W]{c.conds, to(c.what)})
	}
	return out
}

// simplify leaves out the clauses that never decide, and those that decide what
// would be decided without them, and joins lists of values.
func (cs clauses[V]) simplify(shapes []shape) clauses[V] {
	for {
		before := len(cs)
		cs = cs.join(shapes)
		cs = cs.dropSilent(shapes)
		cs = cs.dropValues(shapes)
		cs = cs.dropIdle(shapes)
		if len(cs) == before {
			return cs
		}
	}
}

// dropSilent drops the clauses that never decide.
func (cs clauses[V]) dropSilent(shapes []shape) clauses[V] {
	var kept clauses[V]
	for i, c := range cs {
		if i == len(cs)-1 || cs.decides(i, shapes) {
			kept = append(kept, c)
		}
	}
	if len(kept) > 0 && len(kept[0].conds) > 0 {
		// What is left covers all: the first may as well do so by itself.
		kept[0].conds = nil
	}
	return kept
}

// decides says whether a clause ever decides, as far as can be told.
func (cs clauses[V]) decides(i int, shapes []shape) bool {
	for _, s := range shapes {
		if _, found := cs.witness(i, s); found != no {
			return true
		}
	}
	return false
}

// witness gives arguments for which a clause decides.
func (cs clauses[V]) witness(i int, s shape) ([6]uint64, answer) {
	return s.outside(box{}.with(s, cs[i].conds), cs.after(i))
}

// after gives the conditions of what comes after a clause.
func (cs clauses[V]) after(i int) [][]Cond {
	var later [][]Cond
	for _, l := range cs[i+1:] {
		later = append(later, l.conds)
	}
	return later
}

// dropValues drops from lists the values with which their clauses never decide.
func (cs clauses[V]) dropValues(shapes []shape) clauses[V] {
	cs = slices.Clone(cs)
	for i := range cs {
		later := cs.after(i)
		for j, c := range cs[i].conds {
			if c.Op != Equal || len(later) == 0 {
				continue
			}
			conds := slices.Clone(cs[i].conds)
			kept := slices.DeleteFunc(slices.Clone(c.Values), func(v uint64) bool {
				conds[j].Values = []uint64{v}
				return !slices.ContainsFunc(shapes, func(s shape) bool {
					_, found := s.outside(box{}.with(s, conds), later)
					return found != no
				})
			})
			if len(kept) > 0 {
				conds[j].Values = kept
				cs[i].conds = conds
			}
		}
	}
	return cs
}

// dropIdle drops the clauses without which the same would happen.
func (cs clauses[V]) dropIdle(shapes []shape) clauses[V] {
	for i := len(cs) - 1; i > 0; i-- {
		for j := i - 1; j >= 0; j-- {
			if cs[j].what != cs[i].what {
				if together(cs[i].conds, cs[j].conds, shapes) {
					break
				}
			} else if impliedBy(cs[i].conds, cs[j].conds, shapes) {
				cs = slices.Delete(slices.Clone(cs), i, i+1)
				break
			}
		}
	}
	return cs
}

// join makes one of two clauses that differ in the values of one list only. The
// earlier one moves to the later one, past clauses that do not mind.
func (cs clauses[V]) join(shapes []shape) clauses[V] {
	cs = slices.Clone(cs)
	for i := len(cs) - 1; i > 0; i-- {
		for j := i - 1; j > 0; j-- {
			if cs[j].what != cs[i].what {
				continue
			}
			conds, joined := joinLists(cs[j].conds, cs[i].conds, shapes)
			if joined && cs.canMove(j, i, shapes) {
				cs[i].conds = conds
				cs = slices.Delete(cs, j, j+1)
				i--
			}
		}
	}
	return cs
}

// canMove says whether a clause may as well stand where a later one does.
func (cs clauses[V]) canMove(from, to int, shapes []shape) bool {
	for _, c := range cs[from+1 : to] {
		if c.what != cs[from].what && together(c.conds, cs[from].conds, shapes) {
			return false
		}
	}
	return true
}

// joinLists gives the conditions of which a or b must hold, if they differ in one
// list of values.
func joinLists(a, b []Cond, shapes []shape) ([]Cond, bool) {
	if len(a) != len(b) {
		return nil, false
	}
	differ := -1
	for i := range a {
		if sameCond(a[i], b[i]) {
			continue
		}
		if differ >= 0 || a[i].Op != Equal || b[i].Op != Equal || a[i].Arg != b[i].Arg || a[i].Mask != b[i].Mask {
			return nil, false
		}
		differ = i
	}
	if differ < 0 {
		return b, true
	}
	joined := slices.Clone(b)
	c := &joined[differ]
	c.Values = append(slices.Clone(a[differ].Values), c.Values...)
	slices.Sort(c.Values)
	c.Values = slices.Compact(c.Values)
	for _, s := range shapes {
		if _, err := c.resolve(s[c.Arg], false); err != nil {
			return nil, false // all that the mask leaves
		}
	}
	return joined, true
}
