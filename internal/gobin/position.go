package gobin

// The tables that a function's record lists.
const (
	pcdataInlTree   = 2
	funcdataInlTree = 3
)

// A Position is a place in the source: the function whose body it is in, which
// inlining may have moved into another, and the line.
type Position struct {
	Func string
	File string
	Line int
}

// Position returns the source of an instruction, innermost inlined call first
// and the function that contains the code last.
func (f *File) Position(fn *Func, pc uint64) []Position {
	// Calls are nested less deeply than that.
	const deepest = 1000
	var out []Position
	file, line := f.fileLine(fn, pc)
	if tree, ok := f.inlTree(fn); ok {
		for ix := f.pcdata(fn, pcdataInlTree, pc); ix >= 0 && len(out) < deepest; {
			name, parentPC, ok := f.inlined(tree, ix)
			if !ok {
				break
			}
			out = append(out, Position{name, file, line})
			pc = fn.Entry + uint64(parentPC)
			file, line = f.fileLine(fn, pc)
			parent := f.pcdata(fn, pcdataInlTree, pc)
			if parent >= ix {
				break // the containing call always has the lower number: the tree is damaged
			}
			ix = parent
		}
	}
	return append(out, Position{f.Name(fn), file, line})
}

func (f *File) fileLine(fn *Func, pc uint64) (string, int) {
	index := f.pcValue(f.field(fn, fnPCFile), fn, pc)
	line := f.pcValue(f.field(fn, fnPCLine), fn, pc)
	if index < 0 {
		return "", int(line)
	}
	at := 4 * (uint64(f.field(fn, fnCU)) + uint64(index))
	if at+4 > uint64(len(f.pcln.cutab)) {
		return "", int(line)
	}
	return str(f.pcln.files, uint64(f.Order.Uint32(f.pcln.cutab[at:]))), int(line)
}

// pcdata returns the value at pc of one of a function's numbered tables.
func (f *File) pcdata(fn *Func, table uint32, pc uint64) int32 {
	if table >= f.field(fn, fnNPCData) {
		return -1
	}
	at := uint64(fn.off) + f.pcln.record + 4*uint64(table)
	if at+4 > uint64(len(f.pcln.funcs)) {
		return -1
	}
	return f.pcValue(f.Order.Uint32(f.pcln.funcs[at:]), fn, pc)
}

// inlTree returns the address of a function's table of inlined calls.
func (f *File) inlTree(fn *Func) (uint64, bool) {
	t := &f.pcln
	at := uint64(fn.off) + t.record
	if t.funcs[at-1] <= funcdataInlTree {
		return 0, false
	}
	at += 4 * uint64(f.field(fn, fnNPCData))
	if t.absolute {
		at = (at + 7) &^ 7 // the table itself is aligned
	}
	at += t.funcdata * funcdataInlTree
	if at+t.funcdata > uint64(len(t.funcs)) {
		return 0, false
	}
	if t.absolute {
		addr := f.Order.Uint64(t.funcs[at:])
		return addr, addr != 0
	}
	off := f.Order.Uint32(t.funcs[at:])
	return f.Module.GoFunc + uint64(off), off != ^uint32(0)
}

// inlined reads one entry of a table of inlined calls: the name of the function
// that was inlined, and the offset of the place in the containing function that
// stands for the call.
func (f *File) inlined(tree uint64, index int32) (name string, parentPC int32, ok bool) {
	in := &f.pcln.inlined
	b := f.Bytes(tree+uint64(index)*in.size, in.size)
	if b == nil {
		return "", 0, false
	}
	name = str(f.pcln.names, uint64(f.Order.Uint32(b[in.name:])))
	parentPC = int32(f.Order.Uint32(b[in.parentPC:]))
	return name, parentPC, parentPC >= 0
}
