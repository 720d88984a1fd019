package scan

import (
	"slices"
	"strings"

	"github.com/gocurb/curb/internal/isa"
)

// A program that starts others can ask for much on their behalf (chroot, setuid,
// ptrace, mount, …), by the fields of a syscall.SysProcAttr. Most programs never make
// one. Then the only ones there are belong to packages syscall and os, and all of
// their fields are zero but PidFD.
//
// That there are no others is known where
//
//   - only packages os and os/exec call what starts a process, and nobody has a
//     pointer to it: so none is on a stack, since what (*exec.Cmd).Start gets escapes;
//   - the garbage collector's own description of the variables has the form of one in
//     a single place, which only syscall.forkExec refers to: zeroSysProcAttr;
//   - no reachable code, and no data but types themselves, refers to the type, one of
//     the same form, or one that holds such by value: so none is allocated;
//   - reflection cannot come to the type from those of which values are made, or
//     makes no objects.
//
// Code that makes one by other means (memory of another type, cast by package
// unsafe, to which it holds no pointers) goes against what doc.go assumes of Go.

// attributes is what is known of a program's SysProcAttr, for as long as that holds.
type attributes struct {
	a        *analysis
	forkExec int
	child    []int // forkAndExecInChild, which forkExec calls, and forkAndExecInChild1, which that calls
	from     map[int]caller
	typ      uint64 // the type's descriptor
	size     int64
	pidFD    int64    // the offset of the last field, size where there is none
	places   []uint64 // in variables, that have the form of the type
	zero     uint64   // the variable of the type to which forkExec refers
	types    *typeSet
	leads    map[uint64]bool // types from which reflection can come to it: whether they hold one by value
}

// Where the functions find the attributes: forkExec is passed a *ProcAttr, which has
// a pointer to them, the others one of themselves. On arm64 Go 1.17 passes all of it
// on the stack; no function looks at the other places.
var (
	procAttrAt = map[string][]loc{"amd64": {regLoc(8, 8)}, "arm64": {regLoc(5, 8), slotLoc(48, 8)}}
	sysAttrAt  = map[string][]loc{"amd64": {slotLoc(16, 8)}, "arm64": {regLoc(10, 8), slotLoc(88, 8)}}
)

// paramsKept are the registers in which the functions are passed attributes and what is
// made of them, which they keep in the frame, and neither change nor point to.
var paramsKept = map[string]isa.RegSet{"amd64": 1 << 10, "arm64": 1<<7 | 1<<10}

// Of forkExec's and of the others' own variables these are more than what the largest
// to which they make pointers measures: two words, and a struct cloneArgs.
const (
	widestOfForkExec = 32
	widestOfChild    = 96
)

// procAttrSys is the offset of the field Sys in a syscall.ProcAttr: behind a
// string and two slices.
const procAttrSys = 8 * (2 + 3 + 3)

// starts are the functions that lead to forkExec, with those that may call them.
var starts = map[string][]string{
	"syscall.forkAndExecInChild1": {"syscall.forkAndExecInChild"},
	"syscall.forkAndExecInChild":  {"syscall.forkExec"},
	"syscall.forkExec":            {"syscall.StartProcess", "os.startProcess", "os.StartProcess", "os/exec.(*Cmd).Start"},
	"syscall.StartProcess":        {"os.startProcess", "os.StartProcess", "os/exec.(*Cmd).Start"},
	"syscall.ForkExec":            {},
	"os.startProcess":             {"os.StartProcess", "os/exec.(*Cmd).Start"},
	"os.StartProcess":             {"os/exec.(*Cmd).Start"},
}

// findAttributes finds the functions and the type. It returns nil where they are not
// as expected: then any attributes are possible.
func (a *analysis) findAttributes() *attributes {
	k := &attributes{a: a, from: map[int]caller{}}
	fns := map[string]int{}
	for fn := range a.file.Funcs {
		if name := a.file.Name(&a.file.Funcs[fn]); strings.HasPrefix(name, "syscall.fork") {
			fns[name] = fn
		}
	}
	for i, name := range []string{"syscall.forkExec", "syscall.forkAndExecInChild", "syscall.forkAndExecInChild1"} {
		fn, found := fns[name]
		switch {
		case !found:
			return nil
		case i == 0:
			k.forkExec = fn
			continue
		}
		from := k.forkExec
		if i > 1 {
			from = k.child[0]
		}
		at := slices.IndexFunc(a.facts[from].refs, func(x ref) bool {
			return x.kind == refCall && x.addr == a.file.Funcs[fn].Entry
		})
		if at < 0 {
			return nil
		}
		k.child = append(k.child, fn)
		k.from[fn] = caller{from, a.facts[from].refs[at].place}
	}
	if k.types = a.types(); k.types == nil {
		return nil
	}
	d := k.attr()
	if d == nil || len(d.fields) == 0 {
		return nil
	}
	k.typ, k.size = d.span.Start, int64(d.size)
	k.pidFD = k.size
	if d.fields[len(d.fields)-1].name == "PidFD" {
		k.pidFD -= 8
	}
	var ok bool
	if k.places, ok = a.file.FindPointers(a.file.PointerMask(k.typ)); !ok {
		return nil
	}
	for _, x := range a.facts[k.forkExec].refs {
		if x.takesAddr() && slices.Contains(k.places, x.addr) {
			k.zero = x.addr
		}
	}
	return k
}

// attr returns the descriptor of the type, nil if the program has none.
func (k *attributes) attr() *descriptor {
	for i := range k.types.types {
		d := &k.types.types[i]
		if d.kind == kindStruct && d.named && k.typeName(d.span.Start) == "syscall.SysProcAttr" {
			return d
		}
	}
	return nil
}

func (k *attributes) typeName(typ uint64) string { return (&objects{a: k.a}).typeName(typ) }

// covers reports whether a function's jumps may depend on the attributes.
func (k *attributes) covers(fn int) bool {
	return k != nil && (fn == k.forkExec || slices.Contains(k.child, fn))
}

// callerOf returns the one place that calls a function to which attributes are passed.
func (k *attributes) callerOf(fn int) (caller, bool) {
	if k == nil {
		return caller{}, false
	}
	c, ok := k.from[fn]
	return c, ok
}

// below returns the functions whose ways depend on those of another.
func (k *attributes) below(fn int) []int {
	if !k.covers(fn) {
		return nil
	}
	return k.child[slices.Index(k.child, fn)+1:]
}

// field returns what is read off behind what p is in a function: one of the attributes,
// or the pointer to them.
func (k *attributes) field(b *body, p leaf, off int64, size uint8) (leaf, bool) {
	if k == nil || !k.covers(b.index) {
		return leaf{}, false
	}
	at := func(places map[string][]loc) bool {
		return p.kind == leafParam && slices.ContainsFunc(places[k.a.file.Arch], func(l loc) bool {
			return l.kind == p.loc.kind && l.reg == p.loc.reg && l.off == p.loc.off
		})
	}
	if b.index == k.forkExec {
		variable := p.kind == leafConst && k.a.file.IsVariable(p.value)
		if (variable || at(procAttrAt)) && off == procAttrSys && size == 8 {
			return leaf{kind: leafAttr, reason: "it is a pointer to attributes"}, true
		}
		if p.kind != leafAttr && !(variable && k.isZero(p.value)) {
			return leaf{}, false
		}
	} else if !at(sysAttrAt) {
		return leaf{}, false
	}
	return leaf{kind: leafConst}, off >= 0 && off+int64(size) <= k.size && (off+int64(size) <= k.pidFD || off >= k.pidFD+8)
}

// keeps reports whether a slot of a function's frame is in no variable to which the
// function makes pointers, so that no call changes it. What makes a frame loose in
// compiled code is the frame pointer, of which it makes none.
func (k *attributes) keeps(b *body, off int64) bool {
	if k == nil || !k.covers(b.index) {
		return false
	}
	if off >= 0 {
		passed := func(l loc) bool { return l.kind == inSlot && l.off == off }
		return b.homes(paramsKept[k.a.file.Arch], off) || b.index != k.forkExec && slices.ContainsFunc(sysAttrAt[k.a.file.Arch], passed)
	}
	widest := int64(widestOfChild)
	if b.index == k.forkExec {
		widest = widestOfForkExec
	}
	return !slices.ContainsFunc(b.taken, func(t int64) bool { return t <= off && off-t < widest })
}

// homes reports whether a function begins with a store of one of the registers, as it
// was passed, to a slot of the frame.
func (b *body) homes(params isa.RegSet, off int64) bool {
	for i := range b.insts {
		in := &b.insts[i]
		if i > 0 && len(b.jumps[i]) > 0 || in.Op == isa.Call || in.Op == isa.CallInd || in.Op == isa.Jump {
			return false
		}
		stores := in.Op == isa.Mov && in.Size == 8 && in.Dst.Kind == isa.KindMem && in.Dst.Base == b.arch.sp && in.Dst.Index == isa.NoReg
		if stores && in.Src.Kind == isa.KindReg && params&(1<<in.Src.Reg) != 0 && b.sp[i] != unknownSP && b.sp[i]+in.Dst.Imm == off {
			return true
		}
		params &^= in.Writes
	}
	return false
}
