package scan

import (
	"cmp"
	"iter"
	"slices"
)

// A guardSet knows the variables that guard jumps, and which of them reachable
// code may change.
type guardSet struct {
	vars  []variable // sorted by address
	users map[variable][]int
	dirty map[variable]bool
	start map[variable]uint64 // of the object that holds the variable
}

// newGuardSet collects the guards' variables. A variable whose extent is not
// known, for want of symbols, or to which the program's data points, may be
// changed through a pointer from the start.
func newGuardSet(a *analysis) *guardSet {
	s := &guardSet{users: map[variable][]int{}, dirty: map[variable]bool{}, start: map[variable]uint64{}}
	for fn := range a.facts {
		for _, g := range a.facts[fn].guards {
			if _, ok := s.start[g.variable]; !ok {
				sym, ok := a.file.SymbolAt(g.addr)
				if !ok {
					continue
				}
				s.start[g.variable] = sym.Addr
				s.vars = append(s.vars, g.variable)
			}
			if users := s.users[g.variable]; len(users) == 0 || users[len(users)-1] != fn {
				s.users[g.variable] = append(users, fn)
			}
		}
	}
	slices.SortFunc(s.vars, func(x, y variable) int {
		return cmp.Or(cmp.Compare(x.addr, y.addr), cmp.Compare(x.size, y.size))
	})
	for _, v := range a.file.Pointers() {
		s.taken(v)
	}
	s.giveUpCommon(a)
	return s
}

// giveUpCommon drops the variables that guard a large part of all code, as the
// write barrier's switch does, if any code at all changes them: they would not
// hold for long, and all that code would be looked at twice.
func (s *guardSet) giveUpCommon(a *analysis) {
	const many = 64
	for fn := range a.facts {
		for _, x := range a.facts[fn].refs {
			if x.kind == refStore || x.kind == refAddr {
				v := variable{x.addr, max(x.size, 1)}
				for _, v.size = range []uint8{1, 4, 8} {
					if len(s.users[v]) > many {
						s.dirty[v] = true
					}
				}
			}
		}
	}
}

// holds reports whether no reachable code seen so far can change the variable.
func (s *guardSet) holds(v variable) bool {
	if s == nil {
		return false
	}
	_, known := s.start[v]
	return known && !s.dirty[v]
}

// stored notes a store and returns the functions that are to be looked at again.
func (s *guardSet) stored(addr uint64, size uint8) []int {
	return s.change(func(v variable) bool { return v.addr < addr+uint64(size) && addr < v.addr+uint64(v.size) }, addr, addr+uint64(size))
}

// taken notes that an address is taken: the object that it lies in may be
// changed from there on.
func (s *guardSet) taken(addr uint64) []int {
	return s.change(s.within(addr), addr, addr+maxObject)
}

// within tells the variables that a pointer to addr may reach.
func (s *guardSet) within(addr uint64) func(variable) bool {
	return func(v variable) bool { return s.start[v] <= addr && addr < v.addr+uint64(v.size) }
}

// mayChange reports whether taking an address would change what holds.
func (s *guardSet) mayChange(addr uint64) bool {
	if s != nil {
		for range s.clean(s.within(addr), addr, addr+maxObject) {
			return true
		}
	}
	return false
}

// maxObject bounds how far behind the start of an object its fields are looked for.
const maxObject = 1 << 20

func (s *guardSet) change(hit func(variable) bool, low, high uint64) []int {
	if s == nil {
		return nil
	}
	var out []int
	for v := range s.clean(hit, low, high) {
		s.dirty[v] = true
		out = append(out, s.users[v]...)
	}
	return out
}

// clean returns the variables between two addresses that hit names and that
// hold so far.
func (s *guardSet) clean(hit func(variable) bool, low, high uint64) iter.Seq[variable] {
	return func(yield func(variable) bool) {
		i, _ := slices.BinarySearchFunc(s.vars, low-min(low, 8), func(v variable, at uint64) int { return cmp.Compare(v.addr, at) })
		for ; i < len(s.vars) && s.vars[i].addr < high; i++ {
			if v := s.vars[i]; !s.dirty[v] && hit(v) && !yield(v) {
				return
			}
		}
	}
}
