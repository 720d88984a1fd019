package scan

import "strings"

// What is known of a few functions by their names, since the code does not tell it.

// ofVDSO returns what a caller passes on that it has from the vDSO: the protection of
// the memory that random numbers are made in (runtime/vgetrandom_linux.go). The
// kernel has asked for memory to read and to write since it has that function
// (Linux 6.11, lib/vdso/getrandom.c); which flags go with it is left open.
func (a *analysis) ofVDSO(from caller, t term) (v uint64, ok bool) {
	const readWrite = 3
	if t.l.kind != inReg || t.l.reg != a.arch.third {
		return 0, false
	}
	ok = a.name(t.fn) == "runtime.mmap" && a.name(from.fn) == "runtime.vgetrandomGetState"
	return readWrite, ok
}

// methodResult returns what is left in l by a call through a pointer: it is known in
// net.favoriteAddrFamily, which calls methods of net's own addresses alone, and
// returns what the one called family says.
func (s *terms) methodResult(fn int, l loc) bitset {
	a := s.a
	if a.name(fn) != "net.favoriteAddrFamily" || l.kind != inReg || l.reg != a.arch.result {
		return anything()
	}
	var is bitset
	for to := range a.file.Funcs {
		if name := a.file.Name(&a.file.Funcs[to]); strings.HasPrefix(name, "net.(*") && strings.HasSuffix(name, ").family") {
			is = is.union(s.read(term{kind: termResult, fn: to, l: l, past: a.whole != a.reach}))
		}
	}
	return is
}
