package scan

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/gocurb/curb/internal/gobin"
	"github.com/gocurb/curb/internal/isa"
	"github.com/gocurb/curb/syscalls"
	"github.com/gocurb/curb/usage"
)

// vdsoFallbacks maps the names under which a program looks up functions of the
// vDSO to the system calls that these make where the kernel cannot answer in
// user space: with another clock source than the processor's, in a time
// namespace, or before the random generator is ready (Linux
// lib/vdso/gettimeofday.c, lib/vdso/getrandom.c).
var vdsoFallbacks = []struct{ symbol, call string }{
	{"__vdso_clock_gettime", "clock_gettime"},
	{"__vdso_clock_getres", "clock_getres"},
	{"__vdso_gettimeofday", "gettimeofday"},
	{"__vdso_time", "time"},
	{"__vdso_getcpu", "getcpu"},
	{"__vdso_getrandom", "getrandom"},
	{"__kernel_clock_gettime", "clock_gettime"},
	{"__kernel_clock_getres", "clock_getres"},
	{"__kernel_gettimeofday", "gettimeofday"},
	{"__kernel_getrandom", "getrandom"},
}

// An implicitCall is a system call that no instruction of the program makes.
type implicitCall struct {
	origin   usage.Origin
	evidence usage.Evidence
}

// implicit returns the calls that the program's own code does not make, by number.
func (a *analysis) implicit(table *syscalls.Table) map[uint32]implicitCall {
	out := map[uint32]implicitCall{}
	add := func(name string, origin usage.Origin, function, note string) {
		if call, ok := table.ByName(name); ok {
			out[call.Nr] = implicitCall{origin, usage.Evidence{
				Frame: usage.Frame{Function: function}, Note: note,
			}}
		}
	}
	for _, c := range a.loaded {
		if _, ok := out[c.nr]; !ok {
			out[c.nr] = implicitCall{usage.Loader, usage.Evidence{
				Frame: usage.Frame{Function: fmt.Sprintf("%s+%#x", a.file.Interp, c.pc)},
				Note:  "the dynamic loader makes it before the program starts; all of its code is counted",
			}}
		}
	}
	for _, v := range vdsoFallbacks {
		if a.usesVDSO(v.symbol) || a.c.asksVDSO(v.symbol) {
			add(v.call, usage.VDSO, v.symbol, "the vDSO falls back on the call, with another clock source or kernel")
		}
	}
	if a.arch.returnsByVDSO {
		add("rt_sigreturn", usage.VDSO, "__kernel_rt_sigreturn", "signal handlers return by it")
	}
	// Calls that wait with a timeout are gone on with by this one after the
	// process was stopped and continued (restart_syscall(2)).
	add("restart_syscall", usage.Kernel, "kernel", "the kernel goes on with an interrupted wait by it")
	return out
}

// usesVDSO reports whether reachable code can call a function of the vDSO: the
// program holds its name, and not only in an entry of the runtime's table
// (runtime.vdsoSymbolKey: the name, two hashes, and the variable to put the
// function's address into) whose variable nobody reads.
func (a *analysis) usesVDSO(symbol string) bool {
	for name := range a.file.Find([]byte(symbol)) {
		entries := a.file.FindWord(name)
		if len(entries) == 0 {
			return true
		}
		for _, entry := range entries {
			size, ok1 := a.file.Word(entry + 8)
			to, ok2 := a.file.Word(entry + 24)
			if !ok1 || !ok2 || size != uint64(len(symbol)) || !a.file.IsVariable(to) || a.reads(to) {
				return true
			}
		}
	}
	return false
}

// reads reports whether reachable code reads the word at addr, or takes its address.
func (a *analysis) reads(addr uint64) bool {
	for fn := range a.facts {
		for r := range a.whole.live(fn) {
			if r.kind == refLoad && r.addr < addr+8 && addr < r.addr+uint64(r.size) || r.takesAddr() && r.addr <= addr && addr < r.addr+8 {
				return true
			}
		}
	}
	return false
}

// outside reports code that is in no Go function: it was not looked at.
func (a *analysis) outside() {
	text := a.file.Module.Text
	for _, r := range a.file.Executable() {
		before := gobin.Range{Start: r.Start, End: min(r.End, text.Start)}
		after := gobin.Range{Start: max(r.Start, text.End), End: r.End}
		for _, gap := range []gobin.Range{before, after} {
			if gap.Start >= gap.End {
				continue
			}
			if code := a.file.Bytes(gap.Start, gap.End-gap.Start); a.c == nil && !a.refused && !padding(code) && !a.linkage(code, gap.Start) {
				a.unresolved(noFunc, gap.Start, fmt.Sprintf("%d bytes of code that is not Go's (C code? build with CGO_ENABLED=0)", gap.End-gap.Start))
			}
		}
	}
}

// linkage reports whether code is what leads to the dynamic loader for symbols
// that are not bound yet (the head of .plt): it makes no calls itself, and in a
// program without libraries nothing goes there.
func (a *analysis) linkage(code []byte, addr uint64) bool {
	const most = 32
	if len(code) > most || a.file.Interp == "" {
		return false
	}
	d := decoder{arch: a.arch}
	return d.straight(code, addr) && !slices.ContainsFunc(d.insts, func(in isa.Inst) bool {
		return in.Op == isa.Syscall || in.Op == isa.Int || in.Op == isa.Sysenter || in.Op == isa.Call
	})
}

// padding reports whether code is nothing but what fills gaps: INT3 or zeros.
func padding(code []byte) bool {
	return code != nil && len(bytes.Trim(code, "\xcc\x00")) == 0
}
