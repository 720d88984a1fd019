package scan

import (
	"encoding/binary"
	"iter"
	"strings"
	"unicode"

	"github.com/gocurb/curb/internal/gobin"
)

// methodSize is that of an entry in a type's method table (internal/abi.Method:
// name, type, and the function for interfaces and for direct calls).
const methodSize = 16

// methods yields the entries of the types' method tables that lie in a part of
// the types, with the functions for interfaces and for direct calls. Where the
// tables are depends on the layout of types, which differs between releases;
// an entry's own form does not. It is looked for every so many bytes: 4, or
// methodSize in what is known to be one table.
func (a *analysis) methods(part gobin.Range, step uint64) iter.Seq2[uint64, [2]int] {
	m := &a.file.Module
	size := m.Types.End - m.Types.Start
	bytes := a.file.Bytes(part.Start, part.End-part.Start)
	return func(yield func(addr uint64, fns [2]int) bool) {
		word := func(i int) uint64 { return uint64(a.file.Order.Uint32(bytes[4*i:])) }
		for addr := part.Start; len(bytes) >= methodSize; addr, bytes = addr+step, bytes[step:] {
			name, typ := word(0), word(1)
			if name == 0 || typ == 0 || name >= size || typ >= size {
				continue
			}
			direct, ok := a.file.FuncWithEntry(m.Text.Start + word(3))
			if !ok {
				continue
			}
			viaInterface, ok := a.file.FuncWithEntry(m.Text.Start + word(2))
			if !ok || !a.anyMethods && !a.namesMethod(name, typ) {
				continue
			}
			if !yield(addr, [2]int{viaInterface, direct}) {
				return
			}
		}
	}
}

// findInTables tells of each function whether some type's method table has it.
func (a *analysis) findInTables() []bool {
	in := make([]bool, len(a.facts))
	for _, fns := range a.methods(a.file.Module.Types, 4) {
		in[fns[0]], in[fns[1]] = true, true
	}
	return in
}

// learnMethods finds out whether names and types have the form that is known. If
// no method has, they are those of another release, and anything with functions
// in the right places is taken for a method.
func (a *analysis) learnMethods() {
	for range a.methods(a.file.Module.Types, 4) {
		return
	}
	a.anyMethods = true
}

// namesMethod reports whether at the offsets in the types there are an
// identifier (internal/abi.Name: flags, length, bytes) and the type of a function.
func (a *analysis) namesMethod(name, typ uint64) bool {
	const (
		flags   = 15
		longest = 4096
	)
	types := a.file.From(a.file.Module.Types.Start)
	if uint64(len(types)) <= typ+typeKind || types[typ+typeKind]&kindMask != kindFunc || uint64(len(types)) <= name+1 {
		return false
	}
	length, n := binary.Uvarint(types[name+1:])
	text := types[name+1+uint64(max(n, 0)):]
	if types[name] > flags || n <= 0 || length == 0 || length > min(longest, uint64(len(text))) {
		return false
	}
	return !strings.ContainsFunc(string(text[:length]), func(r rune) bool {
		return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
}
