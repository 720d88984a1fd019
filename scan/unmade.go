package scan

import (
	"slices"
	"strings"

	"github.com/gocurb/curb/internal/gobin"
	"github.com/gocurb/curb/internal/isa"
)

// disproved looks whether reachable code may make attributes of a process after all,
// and opens what they bring if so.
func (r *reach) disproved() bool {
	k := r.a.attrs
	if k == nil || !r.has(k.forkExec) && !slices.ContainsFunc(k.child, r.has) {
		return false
	}
	// What was made before a phase can be used in it.
	if k.unmade(r) == "" && (r.earlier == nil || k.unmade(r.earlier) == "") {
		return false
	}
	r.a.attrs = nil
	r.reopen(append(slices.Clone(k.child), k.forkExec))
	return true
}

// unmade says what in the reachable code may make attributes, "" if nothing does.
func (k *attributes) unmade(r *reach) string {
	for _, why := range []func(*reach) string{k.starters, k.variables, k.allocations} {
		if s := why(r); s != "" {
			return s
		}
	}
	return ""
}

// starters looks whether others than are known start processes.
func (k *attributes) starters(r *reach) string {
	file := k.a.file
	allowed := map[uint64][]string{}
	for fn := range file.Funcs {
		if by, ok := starts[file.Name(&file.Funcs[fn])]; ok {
			if why, indirect := r.indirect(fn); indirect {
				return why
			}
			allowed[file.Funcs[fn].Entry] = by
		}
	}
	for fn := range k.a.facts {
		for x := range r.live(fn) {
			if x.kind == refLoad || x.kind == refStore {
				continue
			}
			if by, ok := allowed[x.addr]; ok && !slices.Contains(by, file.Name(&file.Funcs[fn])) {
				return file.Name(&file.Funcs[fn]) + " starts processes"
			}
		}
	}
	return ""
}

// isZero reports whether at addr is the variable that stands for no attributes.
func (k *attributes) isZero(addr uint64) bool { return addr == k.zero && addr != 0 }

// variables looks for variables that hold attributes.
func (k *attributes) variables(r *reach) string {
	if slices.ContainsFunc(k.places, func(at uint64) bool { return at != k.zero }) {
		return "a variable has their form"
	}
	zero := gobin.Range{Start: k.zero, End: k.zero + uint64(k.size)}
	if i, _ := slices.BinarySearch(k.a.pointers, zero.Start); i < len(k.a.pointers) && zero.Contains(k.a.pointers[i]) {
		return "data points to the variable that stands for none"
	}
	for fn := range k.a.facts {
		for x := range r.live(fn) {
			if x.addr < zero.End && x.addr+uint64(x.size) > zero.Start && (x.addr >= zero.Start || x.size > 0) && fn != k.forkExec {
				return "code refers to the variable that stands for none"
			}
		}
	}
	return ""
}

// makers are the functions that allocate one of the type for themselves.
var makers = []string{"os.ensurePidfd", "os.startProcess", "os.StartProcess"}

// allocations looks for code that can allocate attributes.
func (k *attributes) allocations(r *reach) string {
	k.readTypes()
	file := k.a.file
	for _, w := range k.a.words {
		if _, leads := k.leads[w.value]; leads {
			if _, inType := k.types.at(w.addr); !inType {
				return "data refers to " + k.typeName(w.value)
			}
		}
	}
	for fn := range k.a.facts {
		for x := range r.live(fn) {
			if !x.takesAddr() && x.kind != refLoad || !file.Module.Types.Contains(x.addr) {
				continue
			}
			holds, leads := k.leads[x.addr]
			if !leads {
				continue
			}
			name := file.Name(&file.Funcs[fn])
			switch {
			case x.addr == k.typ && slices.Contains(makers, name):
			case holds || !k.a.onlyAllocates(fn, x):
				return name + " refers to " + k.typeName(x.addr)
			}
		}
	}
	return ""
}

// readTypes finds the types from which reflection can come to attributes, and those
// whose values hold some.
func (k *attributes) readTypes() {
	if k.leads != nil {
		return
	}
	k.leads = map[uint64]bool{}
	types, uses := k.types.types, k.types.uses()
	own := &types[k.types.index[k.typ]]
	sameOffset := func(x, y typeField) bool { return x.offset == y.offset }
	var work []int
	for id := range types {
		// A type of the same form can be converted to it.
		if d := &types[id]; d.kind == kindStruct && d.size == own.size && slices.EqualFunc(d.fields, own.fields, sameOffset) {
			k.leads[d.span.Start] = true
			work = append(work, id)
		}
	}
	for len(work) > 0 {
		id := work[0]
		work = work[1:]
		for _, u := range uses[id] {
			from := types[u.by].span.Start
			holds := u.byValue && k.leads[types[id].span.Start]
			if had, seen := k.leads[from]; !seen || holds && !had {
				k.leads[from] = holds
				work = append(work, u.by)
			}
		}
	}
}

// allocators are the functions of the runtime that are given types, and make no
// interfaces of them.
var allocators = []string{
	"runtime.newobject", "runtime.mallocgc", "runtime.makeslice", "runtime.growslice", "runtime.makechan",
	"runtime.makemap", "runtime.map", "runtime.typed", "runtime.wb", "internal/runtime/maps.",
}

// exec.Command gives commands a finalizer. What others give may be a function of an
// interface, and is not known here.
const (
	finalized = "os/exec.Command"
	finalizer = "runtime.SetFinalizer"
)

// onlyAllocates reports whether a reference to a type is for nothing but a call of
// such a function, which follows.
func (a *analysis) onlyAllocates(fn int, x ref) bool {
	b := a.view(fn)
	i, ok := b.find(x.place)
	if !ok || b.insts[i].Op != isa.Lea || b.insts[i].Dst.Kind != isa.KindReg {
		return false
	}
	r := b.insts[i].Dst.Reg
	for i++; i < len(b.insts) && b.falls(i-1) && len(b.jumps[i]) == 0 && !b.open[i]; i++ {
		in := &b.insts[i]
		switch {
		case in.Op == isa.Call:
			name := a.nameAt(in.Target)
			return name == finalizer && a.file.Name(b.fn) == finalized || slices.ContainsFunc(allocators, func(s string) bool { return strings.HasPrefix(name, s) })
		case in.Op == isa.CallInd || in.Op == isa.Jump || in.Op == isa.CondJump || in.Op == isa.Ret || readsReg(in, r):
			return false
		}
	}
	return false
}
