package scan

import (
	"strings"

	"github.com/gocurb/curb/internal/isa"
)

// Go code calls a function of C by a variable of its own: cgo makes one for each that the
// program's source calls, with the address in it, and a function of Go that reads it and
// passes what it has read to runtime.cgocall, and to nobody else. So C code that only
// such a variable holds is called where reachable code has that function, and once that
// cannot run any more the address is nowhere that code would look for one to call.

// cgoNames are how the names of these functions of Go begin, after their packages: of
// those that return errno as well, and the one that C.CString and the like call.
var cgoNames = []string{"_Cfunc_", "_C2func_", "_cgo_cmalloc"}

// calledByCgo reports whether a function is one of these, by its name.
func calledByCgo(name string) bool {
	_, name, _ = strings.Cut(name[strings.LastIndexByte(name, '/')+1:], ".")
	for _, begins := range cgoNames {
		if strings.HasPrefix(name, begins) {
			return true
		}
	}
	return false
}

// findCgoCalls finds the variables, and where they are read for nothing but a call.
func (c *clib) findCgoCalls() {
	c.cgo, c.calls = map[uint64]cplace{}, map[caller]bool{}
	a, exe := c.a, c.images[0]
	for fn := range a.facts {
		if !calledByCgo(a.file.Name(&a.file.Funcs[fn])) {
			continue
		}
		for _, x := range a.facts[fn].refs {
			if x.kind != refLoad || x.size != 8 || x.addr%8 != 0 || !a.file.IsVariable(x.addr) {
				continue
			}
			if to, ok := exe.word(x.addr); ok && a.file.FuncAt(to) < 0 && exe.FuncAt(to) >= 0 {
				c.cgo[x.addr] = cplace{0, to}
				c.calls[caller{fn, x.place}] = a.passesToC(fn, x)
			}
		}
	}
	for at, to := range c.pointers {
		if !a.inModule(at) {
			delete(c.cgo, to.addr&^7) // others can come to it
		}
	}
	for s := range exe.Exports {
		delete(c.cgo, s.Addr&^7)
	}
}

// passesToC reports whether a function passes what it reads at a place to runtime.cgocall,
// and does nothing else with it.
func (a *analysis) passesToC(fn int, x ref) bool {
	b := a.view(fn)
	i, ok := b.find(x.place)
	if !ok || b.insts[i].Op != isa.Mov || b.insts[i].Size != 8 || !register(&b.insts[i].Dst, a.arch.result) {
		return false
	}
	for b.falls(i) && i+1 < len(b.insts) {
		i++
		in := &b.insts[i]
		switch {
		case in.Op == isa.Nop:
		case in.Op == isa.Call:
			return a.nameAt(in.Target) == "runtime.cgocall"
		case in.Op == isa.CallInd || in.Op == isa.Jump || in.Op == isa.CondJump || in.Op == isa.JumpInd || readsReg(in, a.arch.result) || in.Writes&(1<<a.arch.result) != 0:
			return false
		}
	}
	return false
}

// byCgo reports whether a word of the program's file is such a variable.
func (c *clib) byCgo(addr uint64) bool {
	if addr%8 != 0 {
		return false
	}
	_, ok := c.cgo[addr]
	return ok
}
