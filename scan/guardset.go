package scan

import (
	"cmp"
	"slices"

	"github.com/gocurb/curb/internal/gobin"
)

// A guardSet knows the variables that guard jumps, and which of them reachable
// code may change.
type guardSet struct {
	file *gobin.File
	vars []guardVar // by address and size
}

// A guardVar is one variable that guards jumps.
type guardVar struct {
	variable
	start uint64 // of the object that holds it
	users []int  // functions with a jump that it guards
	dirty bool   // it may change
}

// newGuardSet collects the guards' variables. A variable whose extent is not
// known, for want of symbols, is left out: it may be changed through a pointer
// that nobody can tell. One to which the program's data points may be changed
// from the start.
func newGuardSet(a *analysis) *guardSet {
	s := &guardSet{file: a.file}
	users := map[variable][]int{}
	for fn := range a.facts {
		for _, g := range a.facts[fn].guards {
			if list := users[g.variable]; len(list) == 0 || list[len(list)-1] != fn {
				users[g.variable] = append(list, fn)
			}
		}
	}
	for v, list := range users {
		if sym, ok := a.file.SymbolAt(v.addr); ok {
			s.vars = append(s.vars, guardVar{variable: v, start: sym.Addr, users: list})
		}
	}
	slices.SortFunc(s.vars, func(x, y guardVar) int {
		return cmp.Or(cmp.Compare(x.addr, y.addr), cmp.Compare(x.size, y.size))
	})
	for _, v := range a.pointers {
		s.taken(v)
	}
	for _, v := range a.set {
		s.stored(v, 4)
	}
	s.giveUpCommon(a)
	return s
}

// giveUpCommon drops the variables that guard a large part of all code, as the
// write barrier's switch does, if any code at all changes them: they would not
// hold for long, and all that code would be looked at twice.
func (s *guardSet) giveUpCommon(a *analysis) {
	const many = 64
	for i := range s.vars {
		v := &s.vars[i]
		if len(v.users) <= many {
			continue
		}
		for fn := range a.facts {
			for _, x := range a.facts[fn].refs {
				if (x.kind == refStore || x.takesAddr()) && x.addr == v.addr {
					v.dirty = true
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
	i, ok := slices.BinarySearchFunc(s.vars, v, func(x guardVar, v variable) int {
		return cmp.Or(cmp.Compare(x.addr, v.addr), cmp.Compare(x.size, v.size))
	})
	return ok && !s.vars[i].dirty
}

// between returns the variables that may lie in [low, high).
func (s *guardSet) between(low, high uint64) []guardVar {
	if s == nil {
		return nil
	}
	const widest = 8
	byAddr := func(x guardVar, at uint64) int { return cmp.Compare(x.addr, at) }
	i, _ := slices.BinarySearchFunc(s.vars, low-min(low, widest), byAddr)
	k := i
	for k < len(s.vars) && s.vars[k].addr < high {
		k++
	}
	return s.vars[i:k]
}

// stored notes a store and returns the functions that are to be looked at again.
func (s *guardSet) stored(addr uint64, size uint8) []int {
	var again []int
	vars := s.between(addr, addr+uint64(size))
	for i := range vars {
		v := &vars[i]
		if !v.dirty && v.addr < addr+uint64(size) && addr < v.addr+uint64(v.size) {
			v.dirty = true
			again = append(again, v.users...)
		}
	}
	return again
}

// taken notes that an address is taken: the object that it lies in may be
// changed from there on. It returns the functions to be looked at again.
func (s *guardSet) taken(addr uint64) []int {
	var again []int
	vars := s.inObject(addr)
	for i := range vars {
		v := &vars[i]
		if v.reachedFrom(addr) {
			v.dirty = true
			again = append(again, v.users...)
		}
	}
	return again
}

// mayChange reports whether taking an address would change what holds.
func (s *guardSet) mayChange(addr uint64) bool {
	vars := s.inObject(addr)
	for i := range vars {
		if vars[i].reachedFrom(addr) {
			return true
		}
	}
	return false
}

// inObject returns the variables in the object at addr, from addr on.
func (s *guardSet) inObject(addr uint64) []guardVar {
	if s == nil || !s.file.IsVariable(addr) {
		return nil
	}
	sym, ok := s.file.SymbolAt(addr)
	if !ok {
		return nil
	}
	return s.between(addr, sym.Addr+sym.Size)
}

// reachedFrom reports whether a pointer to addr may change the variable, which
// holds so far.
func (v *guardVar) reachedFrom(addr uint64) bool {
	return !v.dirty && v.start <= addr && addr < v.addr+uint64(v.size)
}
