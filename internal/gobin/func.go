package gobin

import (
	"encoding/binary"
	"fmt"
	"sort"
)

// A Func is one function of the line table. It covers [Entry, End), End being
// the next function's entry: padding is part of it.
type Func struct {
	Entry, End uint64
	off        uint32 // of its record in the table
}

// Function flags and identities that the analysis looks at (internal/abi/symtab.go).
const (
	flagAsm     = 1 << 2
	flagSPWrite = 1 << 1
)

// Offsets of the fields of the runtime's _func record (runtime/runtime2.go);
// startLine came with Go 1.20.
const (
	fnEntry       = 0
	fnName        = 4
	fnArgs        = 8
	fnDeferReturn = 12
	fnPCSP        = 16
	fnPCFile      = 20
	fnPCLine      = 24
	fnNPCData     = 28
	fnCU          = 32
	fnStartLine   = 36
)

// The tables that a function's record lists.
const (
	pcdataInlTree   = 2
	funcdataInlTree = 3
)

// fnFixed is the size of the record before its variable part.
func (f *File) fnFixed() uint64 {
	if f.pcln.magic == magicGo118 {
		return 40
	}
	return 44
}

func (f *File) loadFuncs() error {
	t := &f.pcln
	f.Funcs = make([]Func, 0, t.nfunc)
	text := f.Module.Text.Start
	for i := uint64(0); i < t.nfunc; i++ {
		entry := text + uint64(f.Order.Uint32(t.funcs[8*i:]))
		end := text + uint64(f.Order.Uint32(t.funcs[8*i+8:]))
		off := f.Order.Uint32(t.funcs[8*i+4:])
		if end < entry || uint64(off)+f.fnFixed() > uint64(len(t.funcs)) {
			return fmt.Errorf("%w: damaged line table: function %d of %d", ErrNotGo, i, t.nfunc)
		}
		if entry == end {
			continue
		}
		if f.Bytes(entry, end-entry) == nil {
			return fmt.Errorf("%w: damaged line table: the function at %#x is not in the file", ErrNotGo, entry)
		}
		f.Funcs = append(f.Funcs, Func{entry, end, off})
	}
	return nil
}

// FuncAt returns the index of the function that contains the address, or -1.
func (f *File) FuncAt(addr uint64) int {
	i := sort.Search(len(f.Funcs), func(i int) bool { return f.Funcs[i].Entry > addr }) - 1
	if i < 0 || addr >= f.Funcs[i].End {
		return -1
	}
	return i
}

func (f *File) field(fn *Func, off uint64) uint32 {
	return f.Order.Uint32(f.pcln.funcs[uint64(fn.off)+off:])
}

// Name returns a function's full name, "net/http.(*Server).Serve".
func (f *File) Name(fn *Func) string {
	return str(f.pcln.names, uint64(f.field(fn, fnName)))
}

// Code returns a function's instructions.
func (f *File) Code(fn *Func) []byte { return f.Bytes(fn.Entry, fn.End-fn.Entry) }

// ArgsSize returns the bytes of its caller's frame that a function may use for
// arguments, results and spilled register arguments, or -1 where the table
// does not say (some assembly).
func (f *File) ArgsSize(fn *Func) int64 {
	if n := int32(f.field(fn, fnArgs)); n >= 0 {
		return int64(n)
	}
	return -1
}

// Asm reports whether a function was written in assembly. Go 1.19 and later tell.
func (f *File) Asm(fn *Func) bool { return f.flags(fn)&flagAsm != 0 }

func (f *File) flags(fn *Func) byte {
	return f.pcln.funcs[uint64(fn.off)+f.fnFixed()-3]
}

// SetsSP reports whether a function sets the stack pointer to arbitrary values.
func (f *File) SetsSP(fn *Func) bool { return f.flags(fn)&flagSPWrite != 0 }

// Frames returns the sizes of a function's frame at its instructions. They are
// to be asked for in the order of addresses.
func (f *File) Frames(fn *Func) *Frames {
	return &Frames{it: f.pcIter(f.field(fn, fnPCSP), fn.Entry)}
}

// Frames tells how far the stack pointer is below its value at the entry.
type Frames struct {
	it   pcIter
	ok   bool
	done bool
}

// At returns the size of the frame before the instruction at pc.
func (fr *Frames) At(pc uint64) (int64, bool) {
	for !fr.done && (!fr.ok || pc >= fr.it.pc) {
		if !fr.it.next() {
			fr.done = true
			break
		}
		fr.ok = true
	}
	if fr.done {
		return 0, false
	}
	return int64(fr.it.value), true
}

// DeferReturn returns the instruction at which a function goes on after it
// recovered from a panic.
func (f *File) DeferReturn(fn *Func) (uint64, bool) {
	off := uint64(f.field(fn, fnDeferReturn))
	return fn.Entry + off, off != 0 && fn.Entry+off < fn.End
}

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
	var out []Position
	file, line := f.fileLine(fn, pc)
	tree, ok := f.inlTree(fn)
	if ok {
		ix := f.pcdata(fn, pcdataInlTree, pc)
		for hops := 0; ix >= 0 && hops < 1000; hops++ {
			name, parentPC, ok := f.inlined(tree, ix)
			if !ok {
				break
			}
			out = append(out, Position{name, file, line})
			pc = fn.Entry + uint64(parentPC)
			file, line = f.fileLine(fn, pc)
			ix = f.pcdata(fn, pcdataInlTree, pc)
		}
	}
	return append(out, Position{f.Name(fn), file, line})
}

func (f *File) fileLine(fn *Func, pc uint64) (string, int) {
	index := f.pcValue(f.field(fn, fnPCFile), fn.Entry, pc)
	line := f.pcValue(f.field(fn, fnPCLine), fn.Entry, pc)
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
	at := uint64(fn.off) + f.fnFixed() + 4*uint64(table)
	if at+4 > uint64(len(f.pcln.funcs)) {
		return -1
	}
	return f.pcValue(f.Order.Uint32(f.pcln.funcs[at:]), fn.Entry, pc)
}

// inlTree returns the address of a function's table of inlined calls.
func (f *File) inlTree(fn *Func) (uint64, bool) {
	last := uint64(fn.off) + f.fnFixed()
	nfuncdata := f.pcln.funcs[last-1]
	if nfuncdata <= funcdataInlTree || f.Module.GoFunc == 0 {
		return 0, false
	}
	at := last + 4*uint64(f.field(fn, fnNPCData)) + 4*funcdataInlTree
	if at+4 > uint64(len(f.pcln.funcs)) {
		return 0, false
	}
	off := f.Order.Uint32(f.pcln.funcs[at:])
	if off == ^uint32(0) {
		return 0, false
	}
	return f.Module.GoFunc + uint64(off), true
}

// inlined reads one entry of a table of inlined calls (runtime/symtabinl.go):
// the name of the function that was inlined, and the offset of the place in
// the containing function that stands for the call.
func (f *File) inlined(tree uint64, index int32) (name string, parentPC int32, ok bool) {
	// Go 1.20 dropped the parent, file and line fields.
	size, nameAt, pcAt := uint64(16), 4, 8
	if f.pcln.magic == magicGo118 {
		size, nameAt, pcAt = 20, 12, 16
	}
	b := f.Bytes(tree+uint64(index)*size, size)
	if b == nil {
		return "", 0, false
	}
	name = str(f.pcln.names, uint64(f.Order.Uint32(b[nameAt:])))
	parentPC = int32(binary.LittleEndian.Uint32(b[pcAt:]))
	return name, parentPC, parentPC >= 0
}
